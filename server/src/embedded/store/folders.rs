//! The store's folders on disk, its buckets, and how a file takes its place for good.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use sha2::{Digest, Sha256};

use super::error::{FileContext, StoreError};

/// Paths below the store's folder. No name in them comes from a client: keys and buckets are hashed, and
/// the ids of uploads are ours.
pub(super) struct Folders {
    root: PathBuf,
    _lock: File,
}

impl Folders {
    /// Makes the folders that are missing, takes the lock and throws away what was never finished.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(root).on("creating", root)?;
        let root = root.canonicalize().on("resolving", root)?;
        fs::set_permissions(&root, Permissions::from_mode(0o700)).on("closing", &root)?;
        let lock_file = root.join("lock");
        let lock = File::create(&lock_file).on("creating", &lock_file)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(StoreError::InUse { folder: root }),
            Err(fs::TryLockError::Error(source)) => return Err(source).on("locking", &lock_file),
        }
        let folders = Self { root, _lock: lock };
        let unfinished = folders.tmp();
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).on("emptying", &unfinished)?;
        }
        for folder in ["tmp", "buckets", "objects", "multipart"] {
            let folder = folders.root.join(folder);
            fs::create_dir_all(&folder).on("creating", &folder)?;
        }
        for shelf in 0..=u8::MAX {
            let shelf = folders.objects().join(format!("{shelf:02x}"));
            match fs::create_dir(&shelf) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(error).on("creating", &shelf);
                }
                _ => {}
            }
        }
        for folder in [folders.objects(), folders.root.clone()] {
            sync_folder(&folder).on("syncing", &folder)?;
        }
        Ok(folders)
    }

    pub fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    pub fn objects(&self) -> PathBuf {
        self.root.join("objects")
    }

    pub fn multipart(&self) -> PathBuf {
        self.root.join("multipart")
    }

    /// The file of an object: the hash tells bucket and key apart by a byte that no bucket's name has.
    pub fn object(&self, bucket: &str, key: &str) -> PathBuf {
        let hash =
            hex::encode(Sha256::new().chain_update(bucket).chain_update([0]).chain_update(key).finalize());
        let (shelf, name) = hash.split_at(2);
        self.objects().join(shelf).join(name)
    }

    /// The folder of an upload, if that can be the id of one.
    pub fn upload(&self, id: &str) -> Option<PathBuf> {
        let ours = id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        ours.then(|| self.multipart().join(id))
    }

    /// A new temporary file.
    pub fn unfinished_file(&self) -> io::Result<(Unfinished, File)> {
        let path = self.tmp().join(new_id());
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        Ok((Unfinished { path: Some(path) }, file))
    }

    /// Writes a small file so that after a crash it is there whole, or as it was before.
    pub fn write_whole(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let (unfinished, mut file) = self.unfinished_file()?;
        file.write_all(content)?;
        file.sync_all()?;
        unfinished.place(path)?;
        sync_parent(path)
    }

    /// Removes a folder at once for everybody who looks, and its content after that.
    pub fn remove_whole(&self, folder: &Path) -> io::Result<()> {
        let doomed = self.tmp().join(new_id());
        fs::rename(folder, &doomed)?;
        sync_parent(folder)?;
        fs::remove_dir_all(doomed)
    }
}

/// A random name that nobody can guess: 32 hexadecimal digits.
pub(super) fn new_id() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}

/// A temporary file that is removed unless it finds its place.
#[derive(Debug)]
pub(super) struct Unfinished {
    path: Option<PathBuf>,
}

impl Unfinished {
    /// Moves the file to its place, over what is there. The folder still has to be synced.
    pub fn place(mut self, path: &Path) -> io::Result<()> {
        if let Some(from) = &self.path {
            fs::rename(from, path)?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = self.path.take()
            && let Err(error) = fs::remove_file(&path)
        {
            tracing::warn!(%error, path = %path.display(), "a temporary file could not be removed");
        }
    }
}

/// Makes the names in a folder survive a crash of the machine.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes the name of a file survive a crash of the machine.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    sync_folder(path.parent().unwrap_or(Path::new("/")))
}

/// The buckets that exist. There are few, so their names stay in memory.
pub(super) struct Buckets {
    names: RwLock<BTreeSet<String>>,
}

impl Buckets {
    pub fn load(folders: &Folders) -> Result<Self, StoreError> {
        let folder = folders.root.join("buckets");
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(&folder).on("reading", &folder)? {
            let path = entry.on("reading", &folder)?.path();
            names.insert(fs::read_to_string(&path).on("reading", &path)?);
        }
        Ok(Self { names: RwLock::new(names) })
    }

    pub fn contains(&self, name: &str) -> bool {
        self.names.read().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    pub fn create(&self, folders: &Folders, name: &str) -> io::Result<()> {
        if self.contains(name) {
            return Ok(());
        }
        let file = folders.root.join("buckets").join(hex::encode(Sha256::digest(name)));
        folders.write_whole(&file, name.as_bytes())?;
        self.names.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        Ok(())
    }
}
