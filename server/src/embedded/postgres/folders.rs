//! Where the private Postgres keeps its things, and the lock that keeps a second server away.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::{FileContext, PostgresError};
use super::owner::Owner;

/// What Postgres calls its socket for the default port.
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// `sun_path` holds 108 bytes with the final zero on Linux, 104 on macOS.
const LONGEST_SOCKET_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// The folders of one private Postgres. Holding it holds the lock on them.
pub(super) struct Folders {
    /// The database itself.
    pub cluster: PathBuf,
    /// Where a new database is made before it takes the place of `cluster`.
    pub unfinished: PathBuf,
    /// What Postgres writes to its standard error.
    pub log: PathBuf,
    pub socket: PathBuf,
    root: PathBuf,
    _lock: File,
}

/// The folder of the database below a data folder.
pub(super) fn cluster_of(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres").join("cluster")
}

/// The socket in a socket folder.
pub(super) fn socket_file(socket_folder: &Path) -> PathBuf {
    socket_folder.join(SOCKET_NAME)
}

impl Folders {
    /// Makes the folder `data_dir/postgres` and locks it for as long as the value lives.
    pub fn lock(data_dir: &Path) -> Result<Self, PostgresError> {
        let root = data_dir.join("postgres");
        fs::create_dir_all(&root).on("creating", &root)?;
        let root = root.canonicalize().on("resolving", &root)?;
        // Others may pass through, so that the user who runs Postgres can, and may not look around.
        fs::set_permissions(&root, fs::Permissions::from_mode(0o711)).on("opening", &root)?;
        let lock_file = root.join("lock");
        let lock = File::create(&lock_file).on("creating", &lock_file)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(PostgresError::InUse { folder: root }),
            Err(fs::TryLockError::Error(source)) => return Err(source).on("locking", &lock_file),
        }
        Ok(Self {
            cluster: root.join("cluster"),
            unfinished: root.join("cluster.unfinished"),
            log: root.join("postgres.log"),
            socket: root.join("socket"),
            root,
            _lock: lock,
        })
    }

    /// Makes the folder of the socket: beside the cluster, or in a short place when that path is too long
    /// for a socket or closed to the user who runs Postgres.
    pub fn prepare_socket(&mut self, owner: &Owner) -> Result<(), PostgresError> {
        let fits = socket_file(&self.socket).as_os_str().len() <= LONGEST_SOCKET_PATH;
        if fits && owner.blocked_on_the_way_to(&self.root).is_none() {
            return owner.own_private_folder(&self.socket);
        }
        let digest = hex::encode(Sha256::digest(self.root.as_os_str().as_bytes()));
        let name = format!("kinora-{}-{}", owner.uid, &digest[..16]);
        let own_runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|_| !owner.switched).map(PathBuf::from);
        let system_runtime = owner.switched.then(|| PathBuf::from("/run"));
        let bases = own_runtime.into_iter().chain(system_runtime).chain([PathBuf::from("/tmp")]);
        for base in bases {
            let folder = base.join(&name);
            let usable = socket_file(&folder).as_os_str().len() <= LONGEST_SOCKET_PATH
                && owner.blocked_on_the_way_to(&base).is_none();
            if usable && make_private(&folder, owner).is_ok() {
                self.socket = folder;
                return Ok(());
            }
        }
        Err(PostgresError::SocketFolder { folder: Path::new("/tmp").join(name) })
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        // The short folder elsewhere is of no use without a socket in it, and no loss if it stays.
        if !self.socket.starts_with(&self.root) {
            let _ = fs::remove_dir(&self.socket);
        }
    }
}

/// Makes a folder where strangers may write as well: whatever is there already must be ours and closed.
fn make_private(folder: &Path, owner: &Owner) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) if owner.switched => chown(folder, Some(owner.uid), Some(owner.gid)),
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(folder)?;
            if found.is_dir() && found.uid() == owner.uid && found.mode() & 0o077 == 0 {
                Ok(())
            } else {
                Err(error)
            }
        }
        Err(error) => Err(error),
    }
}
