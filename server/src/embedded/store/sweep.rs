//! Clearing away what nobody will come back for.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::error::{FileContext, StoreError};
use super::multipart::{BEGUN, COMPLETED, COMPLETING, Upload, open_upload};
use super::record::Record;
use super::{Shelf, Store};

/// What a sweep removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Files of requests that broke off.
    pub temporary_files: u64,
    /// Uploads that were begun and never completed.
    pub abandoned_uploads: u64,
    /// What was left of completed uploads whose object is no more.
    pub receipts: u64,
    /// Bytes that are free again.
    pub freed_bytes: u64,
}

/// Beside the silence after which whoever uploads gives up. What S3's own rules for unfinished uploads usually say.
pub const LEFTOVERS_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

impl Store {
    /// Sweeps every hour, for as long as it is polled.
    pub async fn keep_swept(&self, older_than: Duration) {
        let mut every = tokio::time::interval(SWEEP_EVERY);
        loop {
            every.tick().await;
            if let Err(error) = self.sweep(older_than).await {
                tracing::warn!(%error, "the store could not be swept");
            }
        }
    }

    /// Removes temporary files, uploads and receipts that nothing has happened to for `older_than`.
    ///
    /// An upload that is swept is answered with `NoSuchUpload` from then on, and so is the repetition of a
    /// completion whose object was deleted.
    pub async fn sweep(&self, older_than: Duration) -> Result<SweepReport, StoreError> {
        self.blocking(move |shelf| shelf.sweep(older_than)).await
    }
}

impl Shelf {
    fn sweep(&self, older_than: Duration) -> Result<SweepReport, StoreError> {
        let mut report = SweepReport::default();
        let Some(before) = SystemTime::now().checked_sub(older_than) else { return Ok(report) };
        for entry in list(&self.folders.tmp())? {
            if changed(&entry).is_some_and(|changed| changed <= before) {
                report.temporary_files += 1;
                report.freed_bytes += size(&entry);
                let removed =
                    if entry.is_dir() { fs::remove_dir_all(&entry) } else { fs::remove_file(&entry) };
                unless_gone(removed).on("removing", &entry)?;
            }
        }
        for folder in list(&self.folders.multipart())? {
            let Some(id) = folder.file_name().and_then(|name| name.to_str()) else { continue };
            let _writing = self.upload_locks.lock(id);
            let upload = open_upload(&folder).on("reading", &folder)?;
            // Every part that arrives changes the folder.
            let touched = changed(&folder.join(COMPLETED)).or_else(|| changed(&folder));
            if touched.is_none_or(|touched| touched > before)
                || (upload.is_none() && self.is_in_use(&folder, id))
            {
                continue;
            }
            report.freed_bytes += size(&folder);
            if upload.is_some() {
                report.abandoned_uploads += 1;
            } else {
                report.receipts += 1;
            }
            unless_gone(self.folders.remove_whole(&folder)).on("removing", &folder)?;
        }
        Ok(report)
    }

    /// Whether an object has, or is about to have, its bytes in the parts of this upload, or somebody still
    /// reads them. When in doubt they are kept.
    fn is_in_use(&self, folder: &Path, id: &str) -> bool {
        if folder.join(COMPLETING).exists() || self.pins.is_pinned(id) {
            return true;
        }
        let begun = fs::read(folder.join(BEGUN)).ok();
        let upload = begun.and_then(|text| serde_json::from_slice::<Upload>(&text).ok());
        let Some(upload) = upload else { return true };
        match Record::open(&self.folders.object(&upload.bucket, &upload.key)) {
            Ok(Some((_, record))) => record.parts.is_some_and(|parts| parts.upload == id),
            Ok(None) => false,
            Err(_) => true,
        }
    }
}

fn list(folder: &Path) -> Result<Vec<std::path::PathBuf>, StoreError> {
    let entries = fs::read_dir(folder).on("reading", folder)?;
    entries.map(|entry| entry.map(|entry| entry.path()).on("reading", folder)).collect()
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// Bytes of a file, or of the files in a folder.
fn size(path: &Path) -> u64 {
    match fs::read_dir(path) {
        Ok(entries) => {
            entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|found| found.len()).sum()
        }
        Err(_) => fs::metadata(path).map_or(0, |found| found.len()),
    }
}

fn unless_gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
