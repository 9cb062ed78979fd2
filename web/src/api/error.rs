//! What can go wrong between the site and the server, in one type that pages can show.

use leptos::wasm_split::SplitLoaderError;
use serde::Deserialize;
use serde_json::Value;

/// A stable reason, from `extensions.code` or found out on this side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    Unauthenticated,
    Forbidden,
    NotFound,
    BadUserInput,
    Conflict,
    RateLimited,
    QuotaExceeded,
    TooLarge,
    Internal,
    /// The server is there, and something that it needs is away for the moment.
    Unavailable,
    /// The request did not reach a server, or the answer was not one of ours.
    Offline,
    /// Any other code, such as `UPLOAD_EMPTY` or `MEDIA_TRUNCATED`.
    Other(String),
}

impl ErrorCode {
    fn parse(code: &str) -> Self {
        match code {
            "UNAUTHENTICATED" => Self::Unauthenticated,
            "FORBIDDEN" => Self::Forbidden,
            "NOT_FOUND" => Self::NotFound,
            "BAD_USER_INPUT" => Self::BadUserInput,
            "CONFLICT" => Self::Conflict,
            "RATE_LIMITED" => Self::RateLimited,
            "QUOTA_EXCEEDED" => Self::QuotaExceeded,
            "TOO_LARGE" => Self::TooLarge,
            "INTERNAL" => Self::Internal,
            "UNAVAILABLE" => Self::Unavailable,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// A failed request: a code to decide by, and a sentence to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    pub code: ErrorCode,
    /// A sentence for people, from the server where it sent one.
    pub message: String,
    /// The input field that the server did not accept.
    pub field: Option<String>,
    /// How long to wait before the same request can succeed.
    pub retry_after_ms: Option<u64>,
    /// An id that the server's log knows.
    pub request_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Extensions {
    code: Option<String>,
    field: Option<String>,
    retry_after_ms: Option<u64>,
    request_id: Option<String>,
}

impl ApiError {
    fn local(code: ErrorCode, message: &str) -> Self {
        Self { code, message: message.to_owned(), field: None, retry_after_ms: None, request_id: None }
    }

    /// No answer: the network is gone, or the server is.
    pub fn offline() -> Self {
        Self::local(ErrorCode::Offline, "The server cannot be reached. Check the connection.")
    }

    /// A part of this page's program did not arrive: no network, or a newer program on the server.
    fn part_missing() -> Self {
        Self::local(
            ErrorCode::Offline,
            "This page could not be loaded. Check the connection and try again; if it stays, reload the page.",
        )
    }

    /// An answer that is not GraphQL, such as a proxy's error page.
    pub fn unexpected(status: u16) -> Self {
        match status {
            502..=504 => Self::offline(),
            413 => Self::local(ErrorCode::TooLarge, "That is more than the server takes at once."),
            429 => Self::local(ErrorCode::RateLimited, "Too many requests. Wait a moment, then try again."),
            _ => Self::local(ErrorCode::Internal, "The server gave an answer that this page cannot read."),
        }
    }

    /// Nobody is logged in here any more.
    pub fn signed_out() -> Self {
        Self::local(ErrorCode::Unauthenticated, "You are logged out. Log in to go on.")
    }

    /// What the caller asked for is not there, or not theirs to see.
    pub fn not_found(message: &str) -> Self {
        Self::local(ErrorCode::NotFound, message)
    }

    /// Reads one entry of a GraphQL answer's `errors`.
    pub fn from_json(error: &Value) -> Self {
        let extensions: Extensions = error
            .get("extensions")
            .and_then(|value| serde_json::from_value(value.clone()).ok())
            .unwrap_or_default();
        Self {
            code: extensions.code.as_deref().map_or(ErrorCode::Internal, ErrorCode::parse),
            message: error
                .get("message")
                .and_then(Value::as_str)
                .unwrap_or("Something failed on the server.")
                .to_owned(),
            field: extensions.field,
            retry_after_ms: extensions.retry_after_ms,
            request_id: extensions.request_id,
        }
    }

    /// Whether the same request can succeed later without a change.
    pub fn can_retry(&self) -> bool {
        matches!(
            self.code,
            ErrorCode::Offline | ErrorCode::Unavailable | ErrorCode::Internal | ErrorCode::RateLimited
        )
    }
}

impl From<SplitLoaderError> for ApiError {
    fn from(_: SplitLoaderError) -> Self {
        Self::part_missing()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_code_field_and_retry() {
        let error = ApiError::from_json(&json!({
            "message": "That name is taken.",
            "extensions": {"code": "CONFLICT", "field": "username", "retryAfterMs": 1500, "requestId": "r1"}
        }));
        assert_eq!(error.code, ErrorCode::Conflict);
        assert_eq!(error.field.as_deref(), Some("username"));
        assert_eq!(error.retry_after_ms, Some(1500));
        assert_eq!(error.request_id.as_deref(), Some("r1"));
        assert!(!error.can_retry());
    }

    #[test]
    fn what_is_away_for_the_moment_is_worth_another_try() {
        let error = ApiError::from_json(&json!({"message": "x", "extensions": {"code": "UNAVAILABLE"}}));
        assert!(error.can_retry());
    }

    #[test]
    fn an_error_without_extensions_is_internal() {
        let error = ApiError::from_json(&json!({"message": "x"}));
        assert_eq!(error.code, ErrorCode::Internal);
        assert!(error.can_retry());
    }

    #[test]
    fn keeps_codes_it_does_not_know() {
        let error = ApiError::from_json(&json!({"message": "x", "extensions": {"code": "UPLOAD_EMPTY"}}));
        assert_eq!(error.code, ErrorCode::Other("UPLOAD_EMPTY".into()));
    }
}
