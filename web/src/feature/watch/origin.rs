//! Where an imported video was published first.

use leptos::prelude::*;

use crate::{
    api::Origin,
    ui::{Glyph, Icon, RelativeTime},
};

/// One line: by whom, where, and when, with a link to it.
#[component]
pub fn OriginLine(origin: Origin) -> impl IntoView {
    let Origin { url, author, posted_at } = origin;
    let place = url.as_deref().and_then(site_of).map(str::to_owned);
    let words = words(author.as_deref(), place.as_deref());
    let words = match url.filter(|url| site_of(url).is_some()) {
        Some(url) => view! {
            <a class="link" href=url rel="external noopener nofollow" target="_blank">
                {words}
            </a>
        }
        .into_any(),
        None => view! { <span>{words}</span> }.into_any(),
    };
    view! {
        <p class="watch-origin soft">
            <Glyph icon=Icon::Link />
            {words}
            {posted_at.map(|at| view! { <RelativeTime at /> })}
        </p>
    }
}

fn words(author: Option<&str>, place: Option<&str>) -> String {
    match (author, place) {
        (Some(author), Some(place)) => format!("From {author} on {place}"),
        (Some(author), None) => format!("From {author}"),
        (None, Some(place)) => format!("From {place}"),
        (None, None) => "First published".to_owned(),
    }
}

/// The host of a web address, without `www.`; None for any other kind of address.
fn site_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_linked() {
        assert_eq!(site_of("https://www.instagram.com/p/x/"), Some("instagram.com"));
        assert_eq!(site_of("http://example.org:8080?x"), Some("example.org:8080"));
        for other in ["javascript:alert(1)", "//evil", "", "https://"] {
            assert_eq!(site_of(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_known_is_said() {
        assert_eq!(words(Some("nasa"), Some("instagram.com")), "From nasa on instagram.com");
        assert_eq!(words(Some("nasa"), None), "From nasa");
        assert_eq!(words(None, Some("youtube.com")), "From youtube.com");
    }
}
