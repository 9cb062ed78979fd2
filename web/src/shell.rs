//! The frame of every page: a bar of five at the foot of a phone, a slim rail beside a wide page.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    session::use_session,
    ui::{Glyph, Icon, Wordmark},
};

/// One of the five places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Feed,
    Browse,
    Upload,
    Search,
    You,
}

impl Place {
    const ALL: [Self; 5] = [Self::Feed, Self::Browse, Self::Upload, Self::Search, Self::You];

    fn icon(self) -> Icon {
        match self {
            Self::Feed => Icon::Feed,
            Self::Browse => Icon::Browse,
            Self::Upload => Icon::Upload,
            Self::Search => Icon::Search,
            Self::You => Icon::Person,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Feed => "Feed",
            Self::Browse => "Browse",
            Self::Upload => "Upload",
            Self::Search => "Search",
            Self::You => "You",
        }
    }

    fn href(self, signed_in: bool) -> &'static str {
        match self {
            Self::Feed => "/",
            Self::Browse => "/browse",
            Self::Upload => "/upload",
            Self::Search => "/search",
            Self::You if signed_in => "/studio",
            Self::You => "/login",
        }
    }

    /// Which of the five a path belongs to; a video's or a person's page belongs to none.
    fn of(path: &str) -> Option<Self> {
        match path.split('/').nth(1).unwrap_or_default() {
            "" => Some(Self::Feed),
            "browse" | "tag" => Some(Self::Browse),
            "upload" => Some(Self::Upload),
            "search" => Some(Self::Search),
            "studio" | "admin" | "login" | "signup" | "settings" => Some(Self::You),
            _ => None,
        }
    }
}

/// Navigation and the page beside it.
#[component]
pub fn Shell(children: Children) -> impl IntoView {
    let session = use_session();
    let path = use_location().pathname;
    let here = Memo::new(move |_| path.with(|path| Place::of(path)));
    let full_bleed = move || here.get() == Some(Place::Feed);
    view! {
        <a class="skip" href="#main" rel="external">
            "Skip to the page"
        </a>
        <div class="shell" class:full-bleed=full_bleed>
            <nav class="nav" aria-label="Main">
                <a class="nav-home" href="/" aria-label="Kinora">
                    <Wordmark />
                </a>
                <ul class="nav-list">
                    {Place::ALL
                        .into_iter()
                        .map(|place| {
                            let current = move || (here.get() == Some(place)).then_some("page");
                            view! {
                                <li>
                                    <a
                                        class="nav-item"
                                        href=move || place.href(session.signed_in())
                                        aria-current=current
                                    >
                                        <Glyph icon=place.icon() />
                                        <span>{place.label()}</span>
                                    </a>
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
            </nav>
            <main class="main" id="main" tabindex="-1">
                {children()}
            </main>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_one_of_the_five_or_none() {
        assert_eq!(Place::of("/"), Some(Place::Feed));
        assert_eq!(Place::of("/tag/sea"), Some(Place::Browse));
        assert_eq!(Place::of("/settings"), Some(Place::You));
        assert_eq!(Place::of("/watch/x"), None);
        assert_eq!(Place::of("/@ada"), None);
    }
}
