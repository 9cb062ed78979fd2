//! Who runs Postgres. It refuses to run as root, so a server that was started as root runs it as an
//! unprivileged user, who must own the files and be able to get to them.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown};
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User, getegid, geteuid};

use super::error::{FileContext, PostgresError};

/// Users that may run Postgres for a server started as root, best first.
const CANDIDATES: [&str; 3] = ["postgres", "kinora", "nobody"];

/// The user that Postgres runs as.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub uid: u32,
    pub gid: u32,
    pub name: String,
    /// Whether that is another user than the server's own, which is then root.
    pub switched: bool,
}

impl Owner {
    /// The server's own user, or for root: whoever owns the cluster already, else the first candidate.
    pub fn choose(cluster: &Path) -> Result<Self, PostgresError> {
        let owner_of_files = fs::metadata(cluster).ok().map(|m| m.uid());
        if !geteuid().is_root() {
            let uid = geteuid().as_raw();
            if let Some(owner) = owner_of_files.filter(|owner| *owner != uid) {
                return Err(PostgresError::ForeignFolder { cluster: cluster.to_owned(), owner });
            }
            let gid = getegid().as_raw();
            return Ok(Self { uid, gid, name: uid.to_string(), switched: false });
        }
        let by_files =
            owner_of_files.filter(|uid| *uid != 0).and_then(|uid| User::from_uid(Uid::from_raw(uid)).ok()?);
        by_files
            .or_else(|| CANDIDATES.iter().find_map(|name| User::from_name(name).ok()?))
            .filter(|user| !user.uid.is_root())
            .map(|user| Self {
                uid: user.uid.as_raw(),
                gid: user.gid.as_raw(),
                name: user.name,
                switched: true,
            })
            .ok_or(PostgresError::NoUnprivilegedUser)
    }

    /// Makes the folder if it is missing, gives it to this user and closes it to all others.
    pub fn own_private_folder(&self, folder: &Path) -> Result<(), PostgresError> {
        fs::create_dir_all(folder).on("creating", folder)?;
        if self.switched {
            chown(folder, Some(self.uid), Some(self.gid)).on("changing the owner of", folder)?;
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).on("closing", folder)
    }

    /// Gives a whole cluster to this user if root owns it, as after a restored backup.
    pub fn take_over(&self, cluster: &Path) -> Result<(), PostgresError> {
        let owner = fs::metadata(cluster).on("reading", cluster)?.uid();
        if self.switched && owner != self.uid {
            give_all(cluster, self.uid, self.gid).on("changing the owner of", cluster)?;
        }
        Ok(())
    }

    /// The first folder on the way to `path` (itself included) through which this user may not pass, if any.
    pub fn blocked_on_the_way_to(&self, path: &Path) -> Option<PathBuf> {
        if !self.switched {
            return None;
        }
        let mut ancestors: Vec<&Path> = path.ancestors().collect();
        ancestors.reverse();
        let closed = |folder: &Path| fs::metadata(folder).map_or(true, |m| !self.may_pass(&m));
        ancestors.into_iter().find(|folder| closed(folder)).map(Path::to_owned)
    }

    fn may_pass(&self, folder: &fs::Metadata) -> bool {
        let bit = if folder.uid() == self.uid {
            0o100
        } else if folder.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        folder.mode() & bit != 0
    }
}

fn give_all(path: &Path, uid: u32, gid: u32) -> io::Result<()> {
    lchown(path, Some(uid), Some(gid))?;
    // A symbolic link is not followed: it may lead out of the cluster.
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            give_all(&entry?.path(), uid, gid)?;
        }
    }
    Ok(())
}
