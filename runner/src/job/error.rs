//! How the work on a source can end without a result.

use std::io;

use super::refusal::Refusal;

/// Whose fault it is decides what happens: a refusal is final, a failure of ours is tried again.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The source cannot be used; with the last lines of the program that found it out, if one ran.
    #[error("the source is refused: {refusal}")]
    Refused { refusal: Refusal, log: String },
    /// This machine's disk is full.
    #[error("no space is left for the work folder: {0}")]
    OutOfDisk(String),
    /// Something here did not work as it should; the text is for the log.
    #[error("{0}")]
    Internal(String),
}

impl From<Refusal> for MediaError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused { refusal, log: String::new() }
    }
}

impl From<io::Error> for MediaError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::OutOfDisk(error.to_string()),
            _ => Self::Internal(error.to_string()),
        }
    }
}
