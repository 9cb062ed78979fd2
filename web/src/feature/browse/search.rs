//! Finding by words. The words live in the address, so that a search can be shared and gone back to.

use leptos::{html, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use super::{Filter, use_videos};
use crate::ui::{EmptyState, Glyph, Icon, VideoGrid, effect, set_title};

/// The box, and what was found.
#[component]
pub fn SearchPage() -> impl IntoView {
    let query = use_query_map();
    let words = Memo::new(move |_| query.with(|query| query.get("q")).unwrap_or_default().trim().to_owned());
    set_title(move || match words.get() {
        words if words.is_empty() => "Search".to_owned(),
        words => format!("“{words}”"),
    });
    view! {
        <div class="wide-page">
            <header class="browse-head">
                <h1>"Search"</h1>
                <SearchBox words=words autofocus=words.with_untracked(String::is_empty) />
            </header>
            <Show
                when=move || words.with(|words| !words.is_empty())
                fallback=|| {
                    view! {
                        <EmptyState
                            icon=Icon::Search
                            text="Search titles, tags, descriptions and people."
                            action=("Browse videos", "/browse".to_owned())
                        />
                    }
                }
            >
                <Found words=words />
            </Show>
        </div>
    }
}

#[component]
fn Found(words: Memo<String>) -> impl IntoView {
    let list = use_videos(move || Filter { search: Some(words.get()), ..Filter::default() });
    view! {
        <VideoGrid
            list=list
            empty=move || {
                view! {
                    <EmptyState
                        icon=Icon::Search
                        text=format!("Nothing matches “{}”.", words.get())
                        action=("Browse videos", "/browse".to_owned())
                    />
                }
            }
        />
    }
}

/// A search box that leads to the search page; also there for a press of Enter on the browse page.
#[component]
pub fn SearchBox(#[prop(into)] words: Signal<String>, #[prop(optional)] autofocus: bool) -> impl IntoView {
    let navigate = use_navigate();
    let input = NodeRef::<html::Input>::new();
    if autofocus {
        effect(move || {
            if let Some(input) = input.get() {
                // Focus is a comfort: a page that cannot give it still works.
                let _ = input.focus();
            }
        });
    }
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(input) = input.get_untracked() else { return };
        let words = input.value();
        let words = words.trim();
        if words.is_empty() {
            return;
        }
        let encoded = String::from(js_sys::encode_uri_component(words));
        navigate(&format!("/search?q={encoded}"), NavigateOptions::default());
    };
    view! {
        <form class="search-box" role="search" action="/search" on:submit=submit>
            <Glyph icon=Icon::Search />
            <input
                node_ref=input
                type="search"
                name="q"
                aria-label="Search videos"
                placeholder="Search"
                autocomplete="off"
                maxlength="200"
                enterkeyhint="search"
                prop:value=move || words.get()
            />
        </form>
    }
}
