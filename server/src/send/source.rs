//! The file on this machine: what it must be, how it is recognised, and whether it stayed the same.

use std::{
    fs::{File, Metadata},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, SubsecRound, Utc};
use md5::{Digest, Md5};
use sha2::Sha256;
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

    /// When the file was last changed, as exactly as a browser knows it.
    pub fn modified_at(&self) -> DateTime<Utc> {
        DateTime::<Utc>::from(self.modified).trunc_subsecs(3)
    }

    /// What `sampleHash` means to the server: an MD5 over the first, middle and last slice, or over all of a small
    /// file.
    ///
    /// # Errors
    /// FILE_UNREADABLE.
    pub fn sample_hash(&self) -> Result<String, SendError> {
        let last = self.size_bytes.saturating_sub(SLICE_BYTES);
        let ranges = if self.size_bytes <= 3 * SLICE_BYTES {
            vec![(0, self.size_bytes)]
        } else {
            [0, last / 2, last].map(|offset| (offset, SLICE_BYTES)).to_vec()
        };
        let mut hash = Md5::new();
        for (offset, length) in ranges {
            let mut slice = vec![0; usize::try_from(length).unwrap_or_default()];
            self.file
                .read_exact_at(&mut slice, offset)
                .map_err(|error| SendError::unreadable(&self.path, &error))?;
            hash.update(&slice);
        }
        Ok(hex::encode(hash.finalize()))
    }

    /// The name under which an unfinished upload of this very file, with this sample, to this very server is
    /// remembered.
    pub fn key(&self, server: &Url, sample: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(server.as_str().as_bytes());
        hash.update([0]);
        hash.update(self.path.as_os_str().as_encoded_bytes());
        hash.update([0]);
        hash.update(self.size_bytes.to_le_bytes());
        let since_1970 = self.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        hash.update(since_1970.as_nanos().to_le_bytes());
        hash.update(sample.as_bytes());
        hex::encode(&hash.finalize()[..16])
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

    fn key_of(path: &Path, server: &Url) -> String {
        let source = Source::open(path).unwrap();
        source.key(server, &source.sample_hash().unwrap())
    }

    #[test]
    fn the_sample_is_what_the_server_says_it_is() {
        const SLICE: usize = 64 * 1024;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        for size in [1, SLICE, 3 * SLICE, 3 * SLICE + 1, 10 * SLICE + 7] {
            let bytes: Vec<u8> = (0..size).map(|index| (index / 251) as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            let expected = if size <= 3 * SLICE {
                Md5::digest(&bytes)
            } else {
                let last = size - SLICE;
                let slices = [0, last / 2, last].map(|from| &bytes[from..from + SLICE]);
                Md5::digest(slices.concat())
            };
            assert_eq!(Source::open(&path).unwrap().sample_hash().unwrap(), hex::encode(expected), "{size}");
        }
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
        let key = key_of(&path, &server);
        assert_eq!(key_of(&path, &server), key);
        assert_ne!(key_of(&path, &Url::parse("https://other.example/").unwrap()), key);
        source.check_unchanged().unwrap();

        // The same size and time, other bytes in the middle.
        let mut bytes = vec![1; 300_000];
        bytes[150_000] = 2;
        std::fs::write(&path, bytes).unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(source.modified).unwrap();
        assert_ne!(key_of(&path, &server), key);

        let later = source.modified + Duration::from_secs(1);
        File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        assert_eq!(source.check_unchanged().unwrap_err().code, "FILE_CHANGED");
    }
}
