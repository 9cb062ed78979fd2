//! Failures of the store, for the one who starts it and for the one who sends requests.

use std::io;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use s3s::{S3Error, S3ErrorCode};

/// Why the store could not be opened or swept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("another Kinora server already uses the store in {}: stop it, or choose another KINORA_DATA_DIR", folder.display())]
    InUse {
        /// The store's folder.
        folder: PathBuf,
    },
    /// A file operation failed.
    #[error("{action} {} failed ({source}): check the folder's permissions and free space", path.display())]
    File {
        /// What was attempted, such as "creating".
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The server is stopping.
    #[error("the store's work was cut short because the server is stopping: start it again")]
    Stopping,
}

/// Work that was dropped because the runtime is shutting down.
pub(super) struct Interrupted;

impl From<Interrupted> for StoreError {
    fn from(_: Interrupted) -> Self {
        Self::Stopping
    }
}

impl From<Interrupted> for S3Error {
    fn from(_: Interrupted) -> Self {
        Self::with_message(S3ErrorCode::ServiceUnavailable, "The server is stopping: try again in a moment.")
    }
}

impl From<Interrupted> for io::Error {
    fn from(_: Interrupted) -> Self {
        io::ErrorKind::Interrupted.into()
    }
}

/// Turns an `io::Error` into [`StoreError::File`].
pub(super) trait FileContext<T> {
    fn on(self, action: &'static str, path: &Path) -> Result<T, StoreError>;
}

impl<T> FileContext<T> for io::Result<T> {
    fn on(self, action: &'static str, path: &Path) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::File { action, path: path.to_owned(), source })
    }
}

/// What a client hears of a failure of the disk. The detail is for the log only.
pub(super) fn disk(error: io::Error) -> S3Error {
    if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        tracing::error!(%error, "the disk of the store is full");
        let code = S3ErrorCode::Custom("InsufficientStorage".into());
        let mut full = S3Error::with_message(code, "The store's disk is full: make room, then try again.");
        full.set_status_code(StatusCode::INSUFFICIENT_STORAGE);
        return full;
    }
    tracing::error!(%error, "the store could not use its disk");
    S3Error::with_message(
        S3ErrorCode::InternalError,
        "The store could not use its disk: see the server's log.",
    )
}

/// An error with the standard status of its code.
pub(super) fn refuse(code: S3ErrorCode, message: &'static str) -> S3Error {
    S3Error::with_message(code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_507_and_any_other_failure_500() {
        let full = disk(io::Error::from_raw_os_error(nix::libc::ENOSPC));
        assert_eq!(full.status_code(), Some(StatusCode::INSUFFICIENT_STORAGE));
        assert_eq!(full.code().as_str(), "InsufficientStorage");
        let quota = disk(io::Error::from_raw_os_error(nix::libc::EDQUOT));
        assert_eq!(quota.status_code(), Some(StatusCode::INSUFFICIENT_STORAGE));
        let other = disk(io::Error::from_raw_os_error(nix::libc::EIO));
        assert_eq!(other.status_code(), Some(StatusCode::INTERNAL_SERVER_ERROR));
    }
}
