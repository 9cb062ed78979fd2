//! Why a file did not become a video, with a code for scripts and a sentence for people.

use std::path::Path;

use kinora_runner::api::ApiError;

/// A failure of one file. `code` is stable: the server's own, or one of those made here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError {
    pub code: String,
    pub message: String,
}

impl SendError {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }

    /// The file itself cannot be read.
    pub fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => {
                Self::new("FILE_MISSING", format!("There is no file {}.", path.display()))
            }
            _ => Self::new("FILE_UNREADABLE", format!("{} cannot be read: {error}.", path.display())),
        }
    }

    /// The file is not what it was when its upload began.
    pub fn changed() -> Self {
        Self::new(
            "FILE_CHANGED",
            "The file changed while it was being sent, so the upload was given up. Run the command again once \
             nothing writes to it.",
        )
    }

    /// The person stopped the command.
    pub fn interrupted() -> Self {
        Self::new("INTERRUPTED", "Stopped before the end. Run the same command again to go on.")
    }

    /// Whether the upload behind it is over at the server, so that the next run must begin a new one.
    pub fn ends_upload(&self) -> bool {
        ["UPLOAD_CLOSED", "NOT_FOUND", "FILE_CHANGED"].contains(&self.code.as_str())
    }
}

impl From<ApiError> for SendError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::TokenRefused { code, message } => Self::new(code, message),
            ApiError::Rejected { code, message } => Self::new(&code, message),
            ApiError::Busy { .. } => Self::new("RATE_LIMITED", "The server asks to come back later."),
            ApiError::Unreachable(_) => Self::new("UNREACHABLE", format!("{}.", capital(&error.to_string()))),
            ApiError::LeaseLost => Self::new("LEASE_LOST", error.to_string()),
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
