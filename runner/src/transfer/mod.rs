//! Moving bytes by presigned URL. The URLs are secrets for as long as they are valid, so they are never logged.

mod download;
mod upload;

use std::io;

pub(crate) use download::{download, download_range};
pub(crate) use upload::{Content, put};

/// Bytes that did not arrive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransferError {
    /// The storage does not answer, or not as it should.
    #[error("the storage is not available: {0}")]
    Unavailable(String),
    #[error("no space is left for the work folder: {0}")]
    OutOfDisk(String),
    #[error("the work folder cannot be used: {0}")]
    Disk(String),
}

impl From<io::Error> for TransferError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::OutOfDisk(error.to_string()),
            _ => Self::Disk(error.to_string()),
        }
    }
}
