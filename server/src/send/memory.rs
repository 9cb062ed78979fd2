//! What is remembered of unfinished uploads, so that the next run goes on where this one ended: one small file
//! each, in the person's own folder for such things. What the server says decides; this only says whom to ask about.

use std::{
    env,
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// The server has given an upload up long before.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(14 * 24 * 3600);

/// The folder of these files.
#[derive(Clone, Debug)]
pub struct Memory {
    folder: PathBuf,
}

/// The file of one upload, held by this process.
#[derive(Debug)]
pub struct Remembered {
    file: File,
    path: PathBuf,
    pub upload_id: Option<String>,
}

/// Why an upload cannot be remembered.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    #[error("another run of this command is sending this file")]
    Busy,
    #[error("{} cannot be used: {source}", path.display())]
    Disk { path: PathBuf, source: io::Error },
}

/// What a file holds. Names other than the upload's are for whoever looks into it.
#[derive(Serialize, Deserialize)]
struct Record {
    upload_id: String,
    server: String,
    file: String,
}

impl Memory {
    /// The folder that this system has for it; nothing where it says no home.
    pub fn of_this_user() -> Option<Self> {
        let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = env::home_dir().filter(|path| path.is_absolute());
        let folder = match (state, home) {
            (_, Some(home)) if cfg!(target_os = "macos") => home.join("Library/Application Support"),
            (Some(state), _) => state,
            (None, Some(home)) => home.join(".local/state"),
            (None, None) => return None,
        };
        Some(Self { folder: folder.join("kinora/uploads") })
    }

    /// Takes hold of what is known under a key: nothing, at first.
    ///
    /// # Errors
    /// [`MemoryError::Busy`] when another process holds it, [`MemoryError::Disk`].
    pub fn take(&self, key: &str) -> Result<Remembered, MemoryError> {
        let path = self.folder.join(format!("{key}.json"));
        let disk = |source| MemoryError::Disk { path: path.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(disk)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(disk)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(MemoryError::Busy),
            Err(TryLockError::Error(source)) => return Err(disk(source)),
        }
        let mut text = String::new();
        // What a crash left half-written says nothing, and the upload begins anew.
        let record: Option<Record> =
            file.read_to_string(&mut text).ok().and_then(|_| serde_json::from_str(&text).ok());
        Ok(Remembered { file, path, upload_id: record.map(|record| record.upload_id) })
    }

    /// Removes what nobody came back to.
    pub fn forget_old(&self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let age = entry.metadata().ok().and_then(|facts| facts.modified().ok()?.elapsed().ok());
            if age.is_some_and(|age| age > FORGOTTEN_AFTER) {
                // Housekeeping: one that stays is looked at again next time.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

impl Remembered {
    /// Takes note of the upload that was begun.
    ///
    /// # Errors
    /// [`MemoryError::Disk`].
    pub fn keep(&mut self, upload_id: &str, server: &str, file: &Path) -> Result<(), MemoryError> {
        let record = Record {
            upload_id: upload_id.to_owned(),
            server: server.to_owned(),
            file: file.display().to_string(),
        };
        self.upload_id = Some(record.upload_id.clone());
        self.write(&record).map_err(|source| MemoryError::Disk { path: self.path.clone(), source })
    }

    fn write(&mut self, record: &Record) -> io::Result<()> {
        let text = serde_json::to_vec(record)?;
        self.file.rewind()?;
        self.file.set_len(0)?;
        self.file.write_all(&text)?;
        self.file.sync_data()
    }

    /// Forgets the upload: it is complete, or over.
    pub fn forget(self) {
        // One that stays is answered by the server's word about that upload.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Drop for Remembered {
    /// Nothing is left of a file that never said anything.
    fn drop(&mut self) {
        if self.upload_id.is_none() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_remembered_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory { folder: folder.path().join("deep/uploads") };
        let mut first = memory.take("a").unwrap();
        assert_eq!(first.upload_id, None);
        assert!(matches!(memory.take("a"), Err(MemoryError::Busy)));
        first.keep("u1", "https://video.example/", Path::new("/a.mp4")).unwrap();
        drop(first);
        let again = memory.take("a").unwrap();
        assert_eq!(again.upload_id.as_deref(), Some("u1"));
        again.forget();
        assert_eq!(memory.take("a").unwrap().upload_id, None);
        assert_eq!(std::fs::read_dir(&memory.folder).unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_record_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory { folder: folder.path().to_owned() };
        for text in ["", "{\"upload_id\":", "\u{0}", "[]"] {
            std::fs::write(folder.path().join("a.json"), text).unwrap();
            assert_eq!(memory.take("a").unwrap().upload_id, None, "{text:?}");
        }
    }
}
