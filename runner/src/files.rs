//! Small files that nobody else may read, and files that are not trusted.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use nix::libc::{O_NOFOLLOW, O_NONBLOCK};

/// Opens what a program inside the walls made. A link or a pipe in a file's place would lead out of the walls, or be
/// waited for without end.
///
/// # Errors
/// When it is no file, and whatever the file system says.
pub fn open_made(path: &Path) -> io::Result<File> {
    open(path, fs::OpenOptions::new().read(true))
}

/// The same, to change it.
///
/// # Errors
/// When it is no file, and whatever the file system says.
pub fn open_made_to_change(path: &Path) -> io::Result<File> {
    open(path, fs::OpenOptions::new().read(true).write(true))
}

fn open(path: &Path, options: &mut fs::OpenOptions) -> io::Result<File> {
    let file = options.custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(no_file()) }
}

/// Bytes of what a program inside the walls made.
///
/// # Errors
/// When it is no file, and whatever the file system says.
pub fn made_size(path: &Path) -> io::Result<u64> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_file() { Ok(metadata.len()) } else { Err(no_file()) }
}

fn no_file() -> io::Error {
    io::Error::other("something else is in the place of a file")
}

/// The text of a secret, or nothing when there is no such file.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read_secret(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a secret, whole or not at all, readable by its owner alone.
///
/// # Errors
/// Whatever the file system says.
pub fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("new");
    // One that a crash left over may have other permissions.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use nix::{sys::stat::Mode, unistd::mkfifo};

    use super::*;

    #[test]
    fn only_files_are_taken_from_inside_the_walls() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), b"bytes").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        mkfifo(&at("pipe"), Mode::S_IRWXU).unwrap();
        fs::create_dir(at("folder")).unwrap();
        assert!(open_made(&at("file")).is_ok() && open_made_to_change(&at("file")).is_ok());
        assert_eq!(made_size(&at("file")).unwrap(), 5);
        for other in ["link", "pipe", "folder", "missing"] {
            assert!(open_made(&at(other)).is_err(), "{other}");
            assert!(open_made_to_change(&at(other)).is_err(), "{other}");
            assert!(made_size(&at(other)).is_err(), "{other}");
        }
    }
}
