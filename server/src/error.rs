//! The one error type of the server, mapped once to GraphQL and once to HTTP.

use std::{sync::Arc, time::Duration};

use async_graphql::ErrorExtensionValues;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sea_orm::DbErr;
use serde_json::json;

/// What can go wrong, as clients are told. It does not implement `Display` on purpose: GraphQL would
/// then take the text and lose the code.
#[derive(Clone, Debug)]
pub enum Error {
    /// Nobody is logged in, or the token is not (or no longer) good.
    Unauthenticated(String),
    /// Logged in, but not allowed.
    Forbidden(String),
    /// It does not exist, or the caller may not know that it does.
    NotFound(String),
    /// An input is wrong; `field` names which.
    BadInput { field: &'static str, message: String },
    /// It contradicts what is there already.
    Conflict { field: Option<&'static str>, message: String },
    /// Too often.
    RateLimited { retry_after: Duration },
    /// Larger than the site takes.
    TooLarge(String),
    /// The lease is not (or no longer) the caller's.
    LeaseLost,
    /// An outcome with a code of its own, such as `UPLOAD_EMPTY`.
    Coded { code: &'static str, message: String },
    /// The database or the store is away for the moment.
    Unavailable(Arc<anyhow::Error>),
    /// Ours to mend. Goes to the log; the client gets a request id.
    Internal(Arc<anyhow::Error>),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn bad_input(field: &'static str, message: impl Into<String>) -> Self {
        Self::BadInput { field, message: message.into() }
    }

    pub fn not_found(what: &str) -> Self {
        Self::NotFound(format!("There is no such {what}."))
    }

    pub fn coded(code: &'static str, message: impl Into<String>) -> Self {
        Self::Coded { code, message: message.into() }
    }

    /// A failure of ours, for the log.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::Internal(Arc::new(cause.into()))
    }

    /// A service that is away, for the log.
    pub fn unavailable(cause: impl Into<anyhow::Error>) -> Self {
        Self::Unavailable(Arc::new(cause.into()))
    }

    pub fn log_in_first() -> Self {
        Self::Unauthenticated("Log in to do this.".into())
    }

    /// The stable code of `extensions.code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated(_) => "UNAUTHENTICATED",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::NotFound(_) => "NOT_FOUND",
            Self::BadInput { .. } => "BAD_USER_INPUT",
            Self::Conflict { .. } => "CONFLICT",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::TooLarge(_) => "TOO_LARGE",
            Self::LeaseLost => "LEASE_LOST",
            Self::Coded { code, .. } => code,
            Self::Unavailable(_) => "UNAVAILABLE",
            Self::Internal(_) => "INTERNAL",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadInput { .. } | Self::Coded { .. } => StatusCode::BAD_REQUEST,
            Self::Conflict { .. } | Self::LeaseLost => StatusCode::CONFLICT,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The sentence for the client, and the id under which the log has the rest.
    fn describe(self) -> (String, Option<String>) {
        match self {
            Self::Unauthenticated(message)
            | Self::Forbidden(message)
            | Self::NotFound(message)
            | Self::BadInput { message, .. }
            | Self::Conflict { message, .. }
            | Self::TooLarge(message)
            | Self::Coded { message, .. } => (message, None),
            Self::RateLimited { retry_after } => {
                let seconds = retry_after.as_secs().max(1);
                (format!("Too many tries. Try again in {seconds} s."), None)
            }
            Self::LeaseLost => {
                ("The lease on this job has ended. Drop the work and lease again.".into(), None)
            }
            Self::Unavailable(error) => {
                let id = request_id();
                tracing::warn!(request_id = id, error = format!("{error:#}"), "a service is away");
                ("A part of the site is away for the moment. Try again in a few seconds.".into(), Some(id))
            }
            Self::Internal(error) => {
                let id = request_id();
                tracing::error!(request_id = id, error = format!("{error:#}"), "request failed");
                ("Something failed on our side. Nothing was changed; try again.".into(), Some(id))
            }
        }
    }
}

fn request_id() -> String {
    hex::encode(rand::random::<[u8; 6]>())
}

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        let code = error.code();
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code);
        match &error {
            Error::BadInput { field, .. } | Error::Conflict { field: Some(field), .. } => {
                extensions.set("field", *field);
            }
            Error::RateLimited { retry_after } => {
                extensions.set("retryAfterMs", u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX));
            }
            _ => {}
        }
        let (message, request_id) = error.describe();
        if let Some(id) = request_id {
            extensions.set("requestId", id);
        }
        Self { message, source: None, extensions: Some(extensions) }
    }
}

/// A problem document (RFC 9457) with the same code as in GraphQL.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (code, status) = (self.code(), self.status());
        let retry_after_s = match &self {
            Error::RateLimited { retry_after } => Some(retry_after.as_secs().max(1)),
            Error::Unavailable(_) => Some(5),
            _ => None,
        };
        let (message, request_id) = self.describe();
        let mut body = json!({ "title": message, "status": status.as_u16(), "code": code });
        if let Some(id) = request_id {
            body["requestId"] = id.into();
        }
        let mut response = (status, Json(body)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => Self::unavailable(error),
            // SQLSTATE class 57P: the server is shutting down or starting; class 08: the connection broke.
            DbErr::Exec(runtime) | DbErr::Query(runtime) => {
                let text = runtime.to_string();
                if text.contains("shutting down")
                    || text.contains("starting up")
                    || text.contains("terminating connection")
                    || text.contains("communicating with database")
                {
                    Self::unavailable(error)
                } else {
                    Self::internal(error)
                }
            }
            _ => Self::internal(error),
        }
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(Arc::new(error))
    }
}
