//! The videos that carry a tag.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{Filter, use_videos};
use crate::ui::{EmptyState, Icon, VideoGrid, set_title};

/// The address of a tag's page.
pub fn tag_href(tag: &str) -> String {
    format!("/tag/{}", String::from(js_sys::encode_uri_component(tag)))
}

/// One tag's grid.
#[component]
pub fn TagPage() -> impl IntoView {
    let params = use_params_map();
    let tag = Memo::new(move |_| params.with(|params| params.get("tag")).unwrap_or_default());
    set_title(move || format!("#{}", tag.get()));
    let list = use_videos(move || Filter { tag: Some(tag.get()), ..Filter::default() });
    view! {
        <div class="wide-page">
            <header class="browse-head">
                <h1>"#" {move || tag.get()}</h1>
            </header>
            <VideoGrid
                list=list
                empty=move || {
                    view! {
                        <EmptyState
                            icon=Icon::Film
                            text=format!("No public video is tagged “{}”.", tag.get())
                            action=("Browse videos", "/browse".to_owned())
                        />
                    }
                }
            />
        </div>
    }
}
