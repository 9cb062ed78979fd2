//! Sources of videos that are being worked on, kept from job to job, and fetched only as far as they are needed.

mod ranges;
mod sparse;

pub use ranges::Ranges;
pub(crate) use sparse::{CachedSource, Origin};

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use crate::workdir::RunnerFolder;

/// So many sources are kept that no job is using right now.
const MOST_IDLE: usize = 6;
/// And so many bytes of them.
const MOST_IDLE_BYTES: u64 = 8 << 30;
/// And so much memory for where their frames are.
const MOST_IDLE_INDEX_BYTES: u64 = 128 << 20;

/// The sources that this runner has, or has parts of. They are gone when the runner is.
#[derive(Debug)]
pub(crate) struct SourceCache {
    folder: PathBuf,
    /// The one that was used last comes last.
    entries: Mutex<Vec<Arc<CachedSource>>>,
}

impl SourceCache {
    pub fn new(folder: &RunnerFolder) -> std::io::Result<Self> {
        Ok(Self { folder: folder.sources()?, entries: Mutex::default() })
    }

    /// The source of a video; empty if it is new here.
    pub fn of(&self, video_id: &str, size: u64) -> Arc<CachedSource> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let found = entries.iter().position(|entry| entry.is_of(video_id, size));
        let entry = match found {
            Some(at) => entries.remove(at),
            None => Arc::new(CachedSource::new(&self.folder, video_id, size)),
        };
        entries.push(Arc::clone(&entry));
        make_room(&mut entries);
        entry
    }

    /// After a job, whose source may be one too many now.
    pub fn make_room(&self) {
        make_room(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Where the disk is full, nothing is kept that no job is using.
    pub fn forget_idle(&self) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| !is_idle(entry));
    }
}

/// Drops what has not been used for longest; dropping it removes the file.
fn make_room(entries: &mut Vec<Arc<CachedSource>>) {
    loop {
        let idle = || entries.iter().filter(|entry| is_idle(entry));
        let bytes: u64 = idle().map(|entry| entry.stored_bytes()).sum();
        let index_bytes: u64 = idle().map(|entry| entry.index_bytes()).sum();
        let fits = bytes <= MOST_IDLE_BYTES && index_bytes <= MOST_IDLE_INDEX_BYTES;
        if idle().count() <= MOST_IDLE && fits {
            return;
        }
        let Some(oldest) = entries.iter().position(is_idle) else { return };
        entries.remove(oldest);
    }
}

/// Whether no job is using it, in whichever container.
fn is_idle(entry: &Arc<CachedSource>) -> bool {
    let is_alone = |source: &Arc<CachedSource>| Arc::strong_count(source) == 1;
    is_alone(entry) && entry.rewrapped().get().is_none_or(is_alone)
}
