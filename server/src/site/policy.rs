//! What browsers may do with our pages.

use axum::http::{HeaderMap, HeaderValue, header};
use url::Url;

use crate::config::Config;

/// Headers of every HTML page.
pub fn apply(headers: &mut HeaderMap, config: &Config, styles_in_page: bool) {
    let media = media_origins(config).join(" ");
    let socket = config.origin().replacen("http", "ws", 1);
    let origin = config.origin();
    // The app sets widths and positions as style attributes; GraphiQL brings style elements of its own.
    let styles =
        if styles_in_page { "'self' 'unsafe-inline'" } else { "'self'; style-src-attr 'unsafe-inline'" };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src {styles}; \
         img-src 'self' data: blob: {origin} {media}; media-src 'self' blob: {origin} {media}; \
         connect-src 'self' {origin} {socket} {media}; font-src 'self' data:; worker-src 'self' blob:; \
         manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (header::HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
}

/// Where the bytes of videos come from and go to.
fn media_origins(config: &Config) -> Vec<String> {
    let endpoint = config.s3.as_ref().map(|settings| &settings.endpoint);
    endpoint
        .into_iter()
        .chain(&config.media_url)
        .map(|url: &Url| url.origin().ascii_serialization())
        .collect()
}
