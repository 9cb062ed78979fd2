//! Where to go after logging in: only ever a page of this site.

use leptos::prelude::window;

/// The first path segments of the pages that log-in may lead back to.
const PAGES: [&str; 8] = ["", "browse", "search", "tag", "watch", "upload", "studio", "settings"];

/// The path to continue at, or `/` for anything that is not a page of this site. A full address, `//host`, a
/// back-slash or a control character would leave the site, or could.
pub fn safe_next(next: Option<&str>) -> String {
    next.filter(|path| is_page(path)).unwrap_or("/").to_owned()
}

fn is_page(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    if rest.starts_with('/') || path.contains('\\') || path.chars().any(char::is_control) {
        return false;
    }
    let first = rest.split(['/', '?', '#']).next().unwrap_or_default();
    PAGES.contains(&first) || first.strip_prefix('@').is_some_and(|name| !name.is_empty())
}

/// The log-in page's address that comes back to `path`.
pub fn login_href(path: &str) -> String {
    with_next("/login", path)
}

/// The sign-up page's address that goes on to `path`.
pub fn sign_up_href(path: &str) -> String {
    with_next("/signup", path)
}

fn with_next(page: &str, path: &str) -> String {
    if path == "/" || !is_page(path) { page.to_owned() } else { format!("{page}?next={}", encode(path)) }
}

/// The path and query of the page that is open.
pub fn current_path() -> String {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    path + &location.search().unwrap_or_default()
}

/// Percent-encodes what would end a query value.
fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' | b'@' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_site_are_kept() {
        for path in ["/", "/upload", "/watch/abc?t=10s", "/@ada", "/tag/sea", "/search?q=a"] {
            assert_eq!(safe_next(Some(path)), path);
        }
    }

    #[test]
    fn everything_else_is_the_front_page() {
        for path in [
            "",
            "upload",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/login",
            "/\tevil",
            "/graphql",
            "/@",
            "javascript:alert(1)",
            "/v/a/download",
        ] {
            assert_eq!(safe_next(Some(path)), "/", "{path}");
        }
        assert_eq!(safe_next(None), "/");
    }

    #[test]
    fn the_way_back_is_encoded() {
        assert_eq!(login_href("/watch/a?t=1s"), "/login?next=/watch/a%3Ft%3D1s");
        assert_eq!(login_href("/"), "/login");
        assert_eq!(sign_up_href("/upload"), "/signup?next=/upload");
    }
}
