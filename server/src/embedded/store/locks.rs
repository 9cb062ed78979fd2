//! Who may touch what at the same time: writers of one object or upload go one by one, and the bytes of an
//! object stay while somebody reads them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Locks by name: a fixed number of them, so two names may rarely share one. A thread holds at most one of
/// each set at a time, an upload's before an object's.
pub(super) struct Stripes {
    locks: Vec<Mutex<()>>,
}

impl Default for Stripes {
    fn default() -> Self {
        Self { locks: (0..256).map(|_| Mutex::new(())).collect() }
    }
}

impl Stripes {
    pub fn lock(&self, name: impl Hash) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let stripe = (hasher.finish() % self.locks.len() as u64) as usize;
        self.locks[stripe].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts the readers of each completed upload's parts, which are files that could vanish under a reader.
#[derive(Default)]
pub(super) struct Pins {
    uploads: Arc<Mutex<HashMap<String, Readers>>>,
}

struct Readers {
    count: usize,
    /// What to do when the last one is gone.
    then: Option<Box<dyn FnOnce() + Send>>,
    /// The parts are being removed now.
    doomed: bool,
}

/// As long as it lives, the parts of its upload stay.
pub(super) struct Pin {
    uploads: Arc<Mutex<HashMap<String, Readers>>>,
    upload: String,
}

impl Pins {
    /// Keeps the parts of an upload; `None` when they are being removed already.
    pub fn pin(&self, upload: &str) -> Option<Pin> {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        let readers =
            uploads.entry(upload.to_owned()).or_insert(Readers { count: 0, then: None, doomed: false });
        if readers.doomed {
            return None;
        }
        readers.count += 1;
        Some(Pin { uploads: self.uploads.clone(), upload: upload.to_owned() })
    }

    /// Whether somebody reads the parts, or they are being removed.
    pub fn is_pinned(&self, upload: &str) -> bool {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner).contains_key(upload)
    }

    /// Runs `remove` now, or when the last reader is gone.
    pub fn remove_unread(&self, upload: &str, remove: impl FnOnce() + Send + 'static) {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(readers) = uploads.get_mut(upload) {
            readers.then = Some(Box::new(remove));
            return;
        }
        uploads.insert(upload.to_owned(), Readers { count: 0, then: None, doomed: true });
        drop(uploads);
        remove();
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner).remove(upload);
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(readers) = uploads.get_mut(&self.upload) else { return };
        readers.count -= 1;
        if readers.count > 0 {
            return;
        }
        let Some(remove) = readers.then.take() else {
            uploads.remove(&self.upload);
            return;
        };
        readers.doomed = true;
        drop(uploads);
        // A reader ends on an async thread, and thousands of parts take a while to remove.
        let uploads = self.uploads.clone();
        let upload = std::mem::take(&mut self.upload);
        std::thread::spawn(move || {
            remove();
            uploads.lock().unwrap_or_else(PoisonError::into_inner).remove(&upload);
        });
    }
}
