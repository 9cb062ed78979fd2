//! The files that the web build leaves in `web/dist`, compressed beforehand.
//!
//! Whoever starts a server brings them, so that this library can be compiled while they are being built.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// The bytes of a file by its path in the folder of the built site, such as `assets/app-1234.js`.
pub type ReadSiteFile = fn(&str) -> Option<Cow<'static, [u8]>>;

/// Compressed forms, the better first.
const ENCODINGS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];

/// A file as a response, in the smallest form that the browser takes.
pub fn serve(read: ReadSiteFile, path: &str, headers: &HeaderMap) -> Response {
    let accepts = |name: &str| {
        headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|item| item.split(';').next())
            .any(|item| item.trim() == name)
    };
    let compressed = ENCODINGS
        .into_iter()
        .filter(|(name, _)| accepts(name))
        .find_map(|(name, suffix)| Some((read(&format!("{path}.{suffix}"))?, Some(name))));
    let Some((file, encoding)) = compressed.or_else(|| Some((read(path)?, None))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = Body::from(file).into_response();
    let headers = response.headers_mut();
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    if let Ok(value) = HeaderValue::from_str(&kind) {
        headers.insert(header::CONTENT_TYPE, value);
    }
    if let Some(name) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // Names under /assets/ change with their content.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
