//! An S3 store in the server's own process: the protocol and its signatures by `s3s`, the keeping of bytes
//! by ourselves.
//!
//! On disk, below the store's folder:
//!
//! ```text
//! lock                       held while the store is open
//! buckets/{hash}             a bucket's name
//! objects/{ab}/{hash}        an object: its bytes, then its record (see `record`); {hash} is of bucket and key
//! multipart/{id}/            an upload: `upload.json`, the parts `00001` …, then `completed.json`
//! tmp/                       whatever is not finished; emptied when the store is opened
//! ```
//!
//! Everything comes into being in `tmp/`, is synced, and takes its place by one rename, so a crash leaves
//! the old state or the new one. A completed upload is not copied: its object's record names the parts.

mod bytes_in;
mod bytes_out;
mod checksum;
mod error;
mod folders;
mod index;
mod locks;
mod multipart;
mod objects;
mod protocol;
mod record;
mod router;
mod sweep;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

pub use error::StoreError;
pub use router::{router, router_alone};
pub use sweep::{LEFTOVERS_AFTER, SweepReport};

/// A store that is open. Clones share it; the folder is free for another one when the last is dropped.
#[derive(Clone)]
pub struct Store {
    shelf: Arc<Shelf>,
}

/// What the parts of an open store share.
struct Shelf {
    folders: folders::Folders,
    buckets: folders::Buckets,
    index: index::Index,
    object_locks: locks::Stripes,
    upload_locks: locks::Stripes,
    pins: locks::Pins,
}

impl Store {
    /// Opens the store in `folder`, and makes it if there is none. Finishes what a crash interrupted.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let folders = folders::Folders::open(folder)?;
        let buckets = folders::Buckets::load(&folders)?;
        let shelf = Shelf {
            folders,
            buckets,
            index: index::Index::default(),
            object_locks: locks::Stripes::default(),
            upload_locks: locks::Stripes::default(),
            pins: locks::Pins::default(),
        };
        shelf.finish_interrupted_completions()?;
        Ok(Self { shelf: Arc::new(shelf) })
    }

    /// Runs `work`, which waits for the disk, off the async threads.
    async fn blocking<T, E>(&self, work: impl FnOnce(&Shelf) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: Send + From<error::Interrupted> + 'static,
    {
        let shelf = self.shelf.clone();
        let finished = tokio::task::spawn_blocking(move || work(&shelf)).await;
        finished.unwrap_or_else(|_| Err(error::Interrupted.into()))
    }
}
