//! Going through a folder without leaving it, and opening what was found there.
//!
//! No link is ever followed: what a link inside the folder points to is found by itself, and what lies
//! outside is nobody's business here. A file is opened only if it is the one that was found.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io,
    os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use nix::libc::{ELOOP, O_NOFOLLOW, O_NONBLOCK};

use super::post::Problem;

/// A tree deeper than this is not one that people make.
const DEEPEST: usize = 64;

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Walk {
    /// By path.
    pub files: Vec<FoundFile>,
    pub problems: Vec<Problem>,
    /// Links that only point to what is found anyway.
    pub links: u64,
}

/// A regular file inside the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    path: PathBuf,
    /// Below the folder, with `/` between names.
    pub relative: String,
    pub size_bytes: u64,
    identity: (u64, u64),
}

impl FoundFile {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.relative.rsplit_once('/').map_or(self.relative.as_str(), |(_, name)| name)
    }

    /// What comes before the name, without the slash.
    pub fn folder(&self) -> &str {
        self.relative.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Opens it for reading.
    ///
    /// # Errors
    /// Whatever the system says; and when something else is there by now.
    pub fn open(&self) -> io::Result<File> {
        open(&self.path, Some(self.identity))
    }
}

/// Opens a regular file that is no link, without waiting for anything.
///
/// # Errors
/// Whatever the system says; and when it is something else, or not the file of that identity.
pub fn open(path: &Path, identity: Option<(u64, u64)>) -> io::Result<File> {
    // A FIFO that took a file's place would otherwise be waited for.
    let file = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    if identity.is_some_and(|identity| identity != identity_of(&metadata)) {
        return Err(io::Error::other("another file has taken its place; run the import again"));
    }
    Ok(file)
}

fn identity_of(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Finds every file below `folder`. Names that begin with a dot are nobody's posts and are left out.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn walk(folder: &Path) -> io::Result<Walk> {
    let root = folder.canonicalize()?;
    let mut walk = Walk::default();
    // The folder itself must be readable; what is below may fail one by one.
    fs::read_dir(&root)?;
    walk.folder(&root, &root, String::new(), 0);
    walk.files.sort_by(|a, b| a.relative.cmp(&b.relative));
    Ok(walk)
}

impl Walk {
    fn folder(&mut self, root: &Path, path: &Path, relative: String, depth: usize) {
        if depth > DEEPEST {
            return self.problem(&relative, "the folders are nested too deeply");
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return self.problem(&relative, &reason(&error)),
        };
        for entry in entries {
            match entry {
                Ok(entry) => self.entry(root, &entry.path(), &relative, depth),
                Err(error) => self.problem(&relative, &reason(&error)),
            }
        }
    }

    fn entry(&mut self, root: &Path, path: &Path, folder: &str, depth: usize) {
        let Some(name) = path.file_name() else { return };
        let shown = name.to_string_lossy();
        let relative = if folder.is_empty() { shown.to_string() } else { format!("{folder}/{shown}") };
        if shown.starts_with('.') {
            return;
        }
        if name.to_str().is_none() {
            return self.problem(&relative, "its name is not UTF-8; rename it");
        }
        let metadata = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return self.problem(&relative, &reason(&error)),
        };
        let kind = metadata.file_type();
        if kind.is_symlink() {
            self.link(root, path, &relative);
        } else if kind.is_dir() {
            self.folder(root, path, relative, depth + 1);
        } else if kind.is_file() {
            let (path, identity) = (path.to_owned(), identity_of(&metadata));
            self.files.push(FoundFile { path, relative, size_bytes: metadata.len(), identity });
        } else {
            let what = if kind.is_fifo() {
                "a pipe"
            } else if kind.is_socket() {
                "a socket"
            } else {
                "a device"
            };
            self.problem(&relative, &format!("it is {what} and no file"));
        }
    }

    fn link(&mut self, root: &Path, path: &Path, relative: &str) {
        match path.canonicalize() {
            Ok(target) if target.starts_with(root) => self.links += 1,
            Ok(_) => self.problem(relative, "it is a link that leads out of the folder"),
            Err(error) => {
                self.problem(relative, &format!("it is a link that leads nowhere: {}", reason(&error)))
            }
        }
    }

    fn problem(&mut self, name: &str, what: &str) {
        self.problems.push(Problem::new(name, what));
    }
}

/// What the system says, without its number.
pub fn reason(error: &io::Error) -> String {
    if error.raw_os_error() == Some(ELOOP) {
        return "links lead round in a circle".to_owned();
    }
    match error.kind() {
        io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        io::ErrorKind::NotFound => "it is not there any more".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_owned()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::os::unix::{ffi::OsStrExt, fs::symlink};

    use super::*;

    #[test]
    fn links_pipes_and_strange_names_are_named_and_everything_else_is_found() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.mp4"), "x").unwrap();
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        fs::create_dir(root.join("b")).unwrap();
        fs::write(root.join("b/clip.mp4"), "four").unwrap();
        fs::write(root.join("a.mp4"), "x").unwrap();
        fs::write(root.join(".hidden.mp4"), "x").unwrap();
        symlink(outside.path().join("secret.mp4"), root.join("out.mp4")).unwrap();
        symlink(outside.path(), root.join("outside")).unwrap();
        symlink(root, root.join("b/loop")).unwrap();
        symlink("round.mp4", root.join("round.mp4")).unwrap();
        nix::unistd::mkfifo(&root.join("pipe.mp4"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        fs::write(root.join(std::ffi::OsStr::from_bytes(b"caf\xe9.mp4")), "x").unwrap();

        let walk = walk(root).unwrap();
        let names: Vec<&str> = walk.files.iter().map(|file| file.relative.as_str()).collect();
        assert_eq!(names, ["a.mp4", "b/clip.mp4"]);
        assert_eq!(walk.links, 1);
        let mut problems: Vec<String> = walk.problems.iter().map(|problem| problem.to_string()).collect();
        problems.sort();
        assert_eq!(problems.len(), 5, "{problems:?}");
        assert!(problems.iter().any(|problem| problem.contains("UTF-8")), "{problems:?}");
        assert!(problems.iter().any(|problem| problem.contains("pipe.mp4: it is a pipe")), "{problems:?}");
    }

    #[test]
    fn what_takes_a_files_place_is_not_opened() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.mp4");
        fs::write(&path, "x").unwrap();
        let found = walk(place.path()).unwrap().files.remove(0);
        assert!(found.open().is_ok());
        fs::rename(&path, place.path().join("b.mp4")).unwrap();
        symlink("b.mp4", &path).unwrap();
        assert!(found.open().is_err());
        fs::remove_file(&path).unwrap();
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(found.open().is_err());
    }
}
