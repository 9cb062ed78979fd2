//! The file on this machine: what it must be, how it is recognised, and whether it stayed the same.

use std::{
    fs::{File, Metadata},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use sha2::{Digest, Sha256};
use url::Url;

use super::error::SendError;

/// Three of these, from the front, the middle and the end, tell files of the same size apart.
const SLICE_BYTES: u64 = 64 * 1024;

/// A file that can be sent.
#[derive(Clone, Debug)]
pub struct Source {
    /// Absolute.
    pub path: PathBuf,
    pub size_bytes: u64,
    modified: SystemTime,
    file: Arc<File>,
}

impl Source {
    /// # Errors
    /// FILE_MISSING, FILE_UNREADABLE, FILE_IS_FOLDER, FILE_NOT_REGULAR, UPLOAD_EMPTY.
    pub fn open(path: &Path) -> Result<Self, SendError> {
        let unreadable = |error: io::Error| SendError::unreadable(path, &error);
        let path = std::path::absolute(path).map_err(unreadable)?;
        // Looked at before it is opened: opening a pipe would wait for somebody to write into it.
        let facts = std::fs::metadata(&path).map_err(unreadable)?;
        if facts.is_dir() {
            return Err(SendError::new(
                "FILE_IS_FOLDER",
                format!("{} is a folder. Name the files in it.", path.display()),
            ));
        }
        if !facts.is_file() {
            return Err(SendError::new("FILE_NOT_REGULAR", format!("{} is not a file.", path.display())));
        }
        let file = File::open(&path).map_err(unreadable)?;
        let facts = file.metadata().map_err(unreadable)?;
        if facts.len() == 0 {
            return Err(SendError::new(
                "UPLOAD_EMPTY",
                format!("{} is empty. Choose the file that holds the video.", path.display()),
            ));
        }
        let modified = facts.modified().map_err(unreadable)?;
        Ok(Self { path, size_bytes: facts.len(), modified, file: Arc::new(file) })
    }

    /// What the upload is called; a name that is not Unicode is shown as well as it can be.
    pub fn file_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The open file, for reading ranges.
    pub fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Whether the file still is what it was when it was opened.
    ///
    /// # Errors
    /// FILE_CHANGED.
    pub fn check_unchanged(&self) -> Result<(), SendError> {
        let same =
            |facts: Metadata| facts.len() == self.size_bytes && facts.modified().ok() == Some(self.modified);
        // What was sent is what the open file holds, even when its name is gone meanwhile. When another file has
        // taken the name, that one is what the person means.
        let open_is_same = self.file.metadata().is_ok_and(same);
        let named_is_same = std::fs::metadata(&self.path).map_or(true, same);
        if open_is_same && named_is_same { Ok(()) } else { Err(SendError::changed()) }
    }

    /// The name under which an unfinished upload of this very file to this very server is remembered.
    ///
    /// # Errors
    /// FILE_UNREADABLE.
    pub fn key(&self, server: &Url) -> Result<String, SendError> {
        let mut hash = Sha256::new();
        hash.update(server.as_str().as_bytes());
        hash.update([0]);
        hash.update(self.path.as_os_str().as_encoded_bytes());
        hash.update([0]);
        hash.update(self.size_bytes.to_le_bytes());
        let since_1970 = self.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        hash.update(since_1970.as_nanos().to_le_bytes());
        let length = SLICE_BYTES.min(self.size_bytes);
        let mut slice = vec![0; usize::try_from(length).unwrap_or_default()];
        for offset in [0, (self.size_bytes - length) / 2, self.size_bytes - length] {
            self.file
                .read_exact_at(&mut slice, offset)
                .map_err(|error| SendError::unreadable(&self.path, &error))?;
            hash.update(&slice);
        }
        Ok(hex::encode(&hash.finalize()[..16]))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::time::Duration;

    use super::*;

    fn code(path: &Path) -> String {
        Source::open(path).map(|source| source.path.display().to_string()).unwrap_err().code
    }

    #[test]
    fn only_files_with_something_in_them_can_be_sent() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.mp4");
        std::fs::write(&empty, "").unwrap();
        let pipe = folder.path().join("pipe.mp4");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).unwrap();
        assert_eq!(code(folder.path()), "FILE_IS_FOLDER");
        assert_eq!(code(&folder.path().join("none.mp4")), "FILE_MISSING");
        assert_eq!(code(&empty), "UPLOAD_EMPTY");
        assert_eq!(code(&pipe), "FILE_NOT_REGULAR");
        assert_eq!(code(&empty.join("below.mp4")), "FILE_UNREADABLE");
    }

    #[test]
    fn a_file_is_recognised_by_all_that_matters() {
        let server = Url::parse("https://video.example/").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        std::fs::write(&path, vec![1; 300_000]).unwrap();
        let source = Source::open(&path).unwrap();
        let key = source.key(&server).unwrap();
        assert_eq!(Source::open(&path).unwrap().key(&server).unwrap(), key);
        assert_ne!(source.key(&Url::parse("https://other.example/").unwrap()).unwrap(), key);
        source.check_unchanged().unwrap();

        // The same size and time, other bytes in the middle.
        let mut bytes = vec![1; 300_000];
        bytes[150_000] = 2;
        std::fs::write(&path, bytes).unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(source.modified).unwrap();
        assert_ne!(Source::open(&path).unwrap().key(&server).unwrap(), key);

        let later = source.modified + Duration::from_secs(1);
        File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        assert_eq!(source.check_unchanged().unwrap_err().code, "FILE_CHANGED");
    }
}
