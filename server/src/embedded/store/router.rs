//! The store as a part of the site: its routes, what browsers are allowed to do, and the headers that keep
//! strangers' bytes from acting as pages of the site.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use s3s::auth::SimpleAuth;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Error, S3ErrorCode};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;

use super::Store;
use super::error::refuse;
use super::protocol::Backend;

/// A completion that lists 10,000 parts has about 1.5 MB.
const LONGEST_XML_BYTES: usize = 4 * 1024 * 1024;
/// How long a browser may remember what it is allowed to do.
const PREFLIGHT_AGE: Duration = Duration::from_secs(24 * 3600);

/// Serves the store under `/{bucket}`, path-style, and creates the bucket if it is missing.
///
/// Every request must be signed (SigV4, in headers or in the URL) with the given key; for that reason any
/// origin is welcome. There is no limit on bodies, and none may be put around it: parts are large.
pub fn router(store: Store, bucket: &str, access_key_id: &str, secret_access_key: &str) -> Router {
    let service = service(store, bucket, access_key_id, secret_access_key);
    let handler = any(answer);
    let routes = Router::new()
        .route(&format!("/{bucket}"), handler.clone())
        .route(&format!("/{bucket}/"), handler.clone())
        .route(&format!("/{bucket}/{{*key}}"), handler);
    guarded(routes.with_state(service))
}

/// The same with all of the host to itself: who asks for another bucket is told that there is none.
pub fn router_alone(store: Store, bucket: &str, access_key_id: &str, secret_access_key: &str) -> Router {
    let service = service(store, bucket, access_key_id, secret_access_key);
    guarded(Router::new().fallback(answer).with_state(service))
}

fn service(store: Store, bucket: &str, access_key_id: &str, secret_access_key: &str) -> S3Service {
    if let Err(error) = store.shelf.buckets.create(&store.shelf.folders, bucket) {
        tracing::error!(%error, bucket, "the bucket could not be created: requests to it will fail");
    }
    let mut config = S3Config::default();
    config.xml_max_body_size = LONGEST_XML_BYTES;
    // Uploads by HTML form are read into memory by the protocol's library, so there are none.
    config.post_object_max_file_size = 0;
    let mut builder = S3ServiceBuilder::new(Backend::new(store));
    builder.set_auth(SimpleAuth::from_single(access_key_id, secret_access_key));
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
    builder.build()
}

/// With what browsers are allowed to do, and what they must not take an object for.
fn guarded(routes: Router) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([
            Method::GET,
            Method::HEAD,
            Method::PUT,
            Method::POST,
            Method::DELETE,
            Method::OPTIONS,
        ])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([header::ETAG, header::CONTENT_RANGE, header::ACCEPT_RANGES, header::CONTENT_LENGTH])
        .max_age(PREFLIGHT_AGE);
    routes
        .layer(cors)
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .layer(always(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"))
}

fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

async fn answer(State(service): State<S3Service>, request: Request) -> Response {
    if !is_signed(&request) {
        return refusal(refuse(S3ErrorCode::AccessDenied, "Sign the request with AWS Signature Version 4."));
    }
    match service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => response.map(axum::body::Body::new),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether a request carries a signature of version 4, right or wrong. The library looks at the body of some
/// requests before it finds that nobody signed them, and would take version 2, which signs no lengths.
fn is_signed(request: &Request) -> bool {
    let header = request.headers().get(header::AUTHORIZATION);
    let by_header = header.is_some_and(|value| value.as_bytes().starts_with(b"AWS4-HMAC-SHA256 "));
    let query = request.uri().query().unwrap_or_default();
    let names = || query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    let by_query = names().any(|name| name == "X-Amz-Signature");
    let by_version_2 = names().any(|name| name == "Signature");
    let by_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().to_ascii_lowercase().starts_with(b"multipart/form-data"));
    (by_header || by_query) && !by_version_2 && !(by_form && request.method() == Method::POST)
}

fn refusal(error: S3Error) -> Response {
    let status = error.status_code().unwrap_or(StatusCode::FORBIDDEN);
    match error.to_http_response() {
        Ok(response) => response.map(axum::body::Body::new),
        Err(_) => status.into_response(),
    }
}
