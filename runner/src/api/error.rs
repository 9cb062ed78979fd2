//! What can go wrong between a program and the server, sorted by what the program does about it.

use std::time::Duration;

use serde::Deserialize;

/// An answer of the server that is not the one asked for, or no answer at all.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The server could not be reached, or what answered was not it. Worth trying again.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The server asks to come back later.
    #[error("the server asks to wait {} ms", retry_after.as_millis())]
    Busy { retry_after: Duration },
    /// The token is not the right one, or no longer good: UNAUTHENTICATED or FORBIDDEN. Trying again cannot help.
    #[error("the server refuses this token: {message}")]
    TokenRefused { code: &'static str, message: String },
    /// Another runner has the job now, or nobody wants it any more.
    #[error("the lease of this job is lost")]
    LeaseLost,
    /// Any other refusal, by its stable code.
    #[error("the server answered {code}: {message}")]
    Rejected { code: String, message: String },
}

impl ApiError {
    /// Whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Busy { .. } => true,
            Self::Rejected { code, .. } => code == "INTERNAL" || code == "UNAVAILABLE",
            Self::TokenRefused { .. } | Self::LeaseLost => false,
        }
    }

    /// How long the server asked to wait at least.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    pub(crate) fn from_graphql(message: String, extensions: Option<Extensions>) -> Self {
        let extensions = extensions.unwrap_or_default();
        match extensions.code.as_deref() {
            Some("UNAUTHENTICATED") => Self::TokenRefused { code: "UNAUTHENTICATED", message },
            Some("FORBIDDEN") => Self::TokenRefused { code: "FORBIDDEN", message },
            Some("LEASE_LOST") => Self::LeaseLost,
            Some("RATE_LIMITED") => {
                Self::Busy { retry_after: Duration::from_millis(extensions.retry_after_ms.unwrap_or(1_000)) }
            }
            code => Self::Rejected { code: code.unwrap_or("UNKNOWN").to_owned(), message },
        }
    }
}

/// `extensions` of a GraphQL error, as far as programs care.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Extensions {
    code: Option<String>,
    retry_after_ms: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str) -> ApiError {
        let extensions = Extensions { code: Some(code.to_owned()), retry_after_ms: Some(250) };
        ApiError::from_graphql("…".to_owned(), Some(extensions))
    }

    #[test]
    fn codes_become_what_the_runner_does_about_them() {
        assert!(matches!(error("UNAUTHENTICATED"), ApiError::TokenRefused { .. }));
        assert!(matches!(error("LEASE_LOST"), ApiError::LeaseLost));
        assert_eq!(error("RATE_LIMITED").retry_after(), Some(Duration::from_millis(250)));
        assert!(error("INTERNAL").is_transient());
        assert!(error("UNAVAILABLE").is_transient());
        assert!(!error("RESULT_REJECTED").is_transient());
        assert!(!error("LEASE_LOST").is_transient());
    }
}
