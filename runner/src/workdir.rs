//! The work folder: one folder for each runner, in it one for each job, gone when the job is.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use nix::unistd::geteuid;
use tempfile::TempDir;

/// The upload, inside a job's folder.
pub const SOURCE: &str = "source";
/// The folder of results, inside a job's folder.
pub const OUT: &str = "out";

const SOURCES: &str = "sources";
const RUNNER_PREFIX: &str = "runner-";
const LOCK: &str = "lock";

/// The folder of this runner, held by a lock for as long as it lives.
#[derive(Debug)]
pub struct RunnerFolder {
    folder: TempDir,
    _lock: File,
}

impl RunnerFolder {
    /// Makes a folder below `root`, after removing what dead runners left there.
    pub fn create(root: &Path) -> io::Result<Self> {
        private_folder(root)?;
        belongs_to_us(root)?;
        // Between making a folder and locking it, it looks like one of the dead.
        let gate = File::create(root.join(".lock"))?;
        gate.lock()?;
        sweep(root)?;
        let folder = private().prefix(RUNNER_PREFIX).tempdir_in(root)?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self { folder, _lock: lock })
    }

    /// Makes a folder for a job.
    pub fn job(&self) -> io::Result<JobFolder> {
        JobFolder::create(self.folder.path())
    }

    /// The folder of sources that outlast a job; made if missing.
    pub fn sources(&self) -> io::Result<PathBuf> {
        let folder = self.folder.path().join(SOURCES);
        private_folder(&folder)?;
        Ok(folder)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Folders that hold what strangers uploaded, which may be private, are for their owner alone.
fn private() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.permissions(fs::Permissions::from_mode(0o700));
    builder
}

/// Whoever can write to the folder, or owns it, could put a link in the place of any file in it.
fn belongs_to_us(root: &Path) -> io::Result<()> {
    let us = geteuid().as_raw();
    let link = fs::symlink_metadata(root)?;
    let found = fs::metadata(root)?;
    let refused = |why: &str| {
        let sentence = format!("{why}; name another folder with --work-dir");
        Err(io::Error::new(io::ErrorKind::PermissionDenied, sentence))
    };
    if found.uid() != us || link.is_symlink() && ![0, us].contains(&link.uid()) {
        return refused("it belongs to somebody else");
    }
    if found.mode() & 0o022 != 0 {
        return refused("others may write to it, which `chmod go-w` ends");
    }
    Ok(())
}

/// Removes the folders of runners that no longer hold their lock.
fn sweep(root: &Path) -> io::Result<()> {
    for entry in fs::read_dir(root)? {
        let path = entry?.path();
        let is_ours =
            path.file_name().and_then(|name| name.to_str()).is_some_and(|n| n.starts_with(RUNNER_PREFIX));
        if !is_ours {
            continue;
        }
        let is_alive = match File::open(path.join(LOCK)) {
            Ok(lock) => matches!(lock.try_lock(), Err(TryLockError::WouldBlock)),
            Err(_) => false,
        };
        if !is_alive {
            tracing::info!(folder = %path.display(), "removing what a dead runner left");
            if let Err(error) = fs::remove_dir_all(&path) {
                tracing::warn!(folder = %path.display(), %error, "cannot remove it");
            }
        }
    }
    Ok(())
}

/// The folder of one job: `source`, and `out/` for results. Removed when dropped.
#[derive(Debug)]
pub struct JobFolder {
    folder: TempDir,
}

impl JobFolder {
    /// Makes a folder with a random name below `parent`.
    pub fn create(parent: &Path) -> io::Result<Self> {
        let folder = private().prefix("job-").tempdir_in(parent)?;
        private_folder(&folder.path().join(OUT))?;
        Ok(Self { folder })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn source(&self) -> PathBuf {
        self.path().join(SOURCE)
    }

    pub fn out(&self) -> PathBuf {
        self.path().join(OUT)
    }
}

impl Drop for JobFolder {
    fn drop(&mut self) {
        // A program that was killed a moment ago may still make a file between listing and removing.
        for _ in 0..5 {
            if fs::remove_dir_all(self.path()).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        tracing::warn!(folder = %self.path().display(), "a job's folder cannot be removed");
    }
}

fn private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use super::*;

    #[test]
    fn a_folder_that_others_may_write_to_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let create = |mode| {
            fs::set_permissions(root.path(), fs::Permissions::from_mode(mode)).unwrap();
            RunnerFolder::create(root.path())
        };
        assert!(create(0o777).unwrap_err().to_string().contains("others may write"));
        let folder = create(0o755).unwrap();
        let job = folder.job().unwrap();
        for path in [folder.path(), job.path()] {
            assert_eq!(fs::metadata(path).unwrap().mode() & 0o077, 0, "{}", path.display());
        }
    }

    #[test]
    fn leftovers_of_the_dead_are_swept_and_the_living_are_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let dead = root.path().join("runner-dead");
        fs::create_dir_all(dead.join("job-x/out")).unwrap();
        File::create(dead.join(LOCK)).unwrap();
        fs::create_dir(root.path().join("something-else")).unwrap();

        let living = RunnerFolder::create(root.path()).unwrap();
        assert!(!dead.exists());
        let job = living.job().unwrap();
        let second = RunnerFolder::create(root.path()).unwrap();
        assert!(job.out().is_dir() && second.path().is_dir());
        assert!(root.path().join("something-else").is_dir());
    }

    #[test]
    fn a_job_leaves_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        let job = JobFolder::create(root.path()).unwrap();
        fs::write(job.source(), "bytes").unwrap();
        drop(job);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
