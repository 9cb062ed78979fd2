//! Cross-site requests: a browser's cookie counts only where the page is ours.

use axum::http::{HeaderMap, header};
use url::Url;

use crate::config::Config;

/// Whether a request that carries the cookie comes from a page of this site: by its `Origin`, or by
/// `Sec-Fetch-Site` where there is none.
pub fn is_same_origin(headers: &HeaderMap, config: &Config) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    match text(header::ORIGIN) {
        // Where the site is https, a page that came by plain http may be anybody's.
        Some(origin) if config.is_https() && !origin.starts_with("https://") => false,
        Some(origin) => origin == config.origin() || is_host_of(origin, text(header::HOST)),
        None => text(header::HeaderName::from_static("sec-fetch-site")) == Some("same-origin"),
    }
}

/// The site may be opened by an address that is not its public one, such as 127.0.0.1: then the page
/// and the request name the same host. A cookie is never sent to a host that it was not set for.
fn is_host_of(origin: &str, host: Option<&str>) -> bool {
    let (Ok(origin), Some(host)) = (Url::parse(origin), host) else { return false };
    let Some(name) = origin.host_str() else { return false };
    let authority = origin.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
    authority == host
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn allowed(pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        is_same_origin(&headers, &Config::default())
    }

    #[test]
    fn only_pages_of_the_site_count() {
        assert!(allowed(&[("origin", "http://localhost:8080"), ("host", "localhost:8080")]));
        assert!(allowed(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]));
        assert!(allowed(&[("sec-fetch-site", "same-origin")]));
        for origin in [
            "http://evil.example",
            "null",
            "",
            "http://localhost:8080.evil.example",
            "http://localhost",
            "http://evil.example/localhost:8080",
        ] {
            assert!(!allowed(&[("origin", origin), ("host", "localhost:8080")]), "{origin}");
            assert!(
                !allowed(&[
                    ("origin", origin),
                    ("host", "localhost:8080"),
                    ("sec-fetch-site", "same-origin")
                ]),
                "{origin}"
            );
        }
        assert!(!allowed(&[("host", "localhost:8080")]));
        assert!(!allowed(&[("sec-fetch-site", "same-site")]));
    }
}
