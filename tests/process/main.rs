//! The program itself, as people start, stop and kill it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod chunks;
mod clocks;
mod commands;
mod desk;
mod faults;
mod memory;
mod publishing;
mod refusals;
mod runner;
mod sent_again;
mod stages;
mod store;
mod survival;
mod upload;
mod webhooks;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use kinora_tests::served;
use tempfile::TempDir;

/// A folder for one server's data, where the user who runs Postgres can reach it too.
struct Place {
    folder: TempDir,
}

impl Place {
    /// With a database that has its tables and nothing else: making that is most of what a first start costs.
    fn new() -> Self {
        let place = Self::empty();
        served::copy_of_migrated(&place.data());
        place
    }

    /// For a first start.
    fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("kinora-process-").tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}
