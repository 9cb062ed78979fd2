//! A clock that is off, for programs of a test's choice. Time passes for them as it does for all: only what time it is
//! they do not know. Programs that they start with an environment of its own, as Postgres and ffmpeg, have the right
//! time.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// As Debian and others call the one for programs of many threads.
const LIBRARY: &str = "libfaketimeMT.so.1";

/// A clock, gone when dropped.
pub struct WrongClock {
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
}

impl WrongClock {
    /// One that is ahead by so many seconds, or behind. Nothing where no library makes clocks wrong.
    pub fn ahead_by(seconds: i64) -> Option<Self> {
        let library = library()?;
        let folder = tempfile::tempdir().unwrap();
        let settings = vec![
            ("LD_PRELOAD", library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", folder.path().join("clock").display().to_string()),
            // How long something takes is right by any clock.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("FAKETIME_CACHE_DURATION", "1".to_owned()),
        ];
        let clock = Self { folder, settings };
        clock.set(seconds);
        Some(clock)
    }

    /// Sets it; programs notice within a second or two.
    pub fn set(&self, seconds: i64) {
        let (now, next) = (self.folder.path().join("clock"), self.folder.path().join("next"));
        std::fs::write(&next, format!("{seconds:+}\n")).unwrap();
        std::fs::rename(next, now).unwrap();
    }

    /// What a program needs in its environment to go by it.
    pub fn settings(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }
}

impl Drop for WrongClock {
    /// Programs that were killed leave what their library shared.
    fn drop(&mut self) {
        let Ok(shared) = std::fs::read_dir("/dev/shm") else { return };
        for entry in shared.flatten() {
            let name = entry.file_name().into_string().unwrap_or_default();
            let process = name.split_once("faketime_").and_then(|(_, rest)| rest.rsplit_once('_'));
            if process.is_some_and(|(_, process)| !Path::new("/proc").join(process).exists()) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

fn library() -> Option<PathBuf> {
    let beside = |folder: PathBuf| folder.join("faketime").join(LIBRARY);
    let architectures = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    let folders = [PathBuf::from("/usr/lib"), PathBuf::from("/usr/local/lib")].into_iter();
    folders.chain(architectures).map(beside).find(|path| path.is_file())
}
