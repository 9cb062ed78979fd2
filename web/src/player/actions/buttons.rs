//! Keep and share.

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;

use super::opinion::ViewerActions;
use crate::ui::{Glyph, Icon, Toasts, copy, has, use_toasts};

/// Keeps the video among one's favourites.
#[component]
pub fn FavoriteButton(actions: ViewerActions) -> impl IntoView {
    let set = Memo::new(move |_| actions.is_favorite());
    view! {
        <button
            type="button"
            class="action"
            class:set=set
            aria-pressed=move || set.get().to_string()
            aria-label="Favourite"
            title=move || if set.get() { "Remove from favourites" } else { "Add to favourites" }
            on:click=move |event| {
                event.stop_propagation();
                actions.toggle_favorite();
            }
        >
            <Glyph icon=Icon::Heart filled=Signal::from(set) />
            <span class="action-name">"Favourite"</span>
        </button>
    }
}

/// Hands the video's address to the system's own sheet, or copies it and says so.
#[component]
pub fn ShareButton(actions: ViewerActions) -> impl IntoView {
    let toasts = use_toasts();
    let press = move |event: leptos::ev::MouseEvent| {
        event.stop_propagation();
        let Some(video) = actions.video.get_untracked() else { return };
        let origin = window().location().origin().unwrap_or_default();
        let url = format!("{origin}/watch/{}", video.id.inner());
        spawn_local(async move {
            match share(&video.title, &url).await {
                Shared::Done => {}
                Shared::Copied => toasts.say("Link copied."),
                Shared::Refused => toasts.say(url),
            }
        });
    };
    view! {
        <button type="button" class="action" aria-label="Share" title="Share" on:click=press>
            <Glyph icon=Icon::Share />
            <span class="action-name">"Share"</span>
        </button>
    }
}

enum Shared {
    /// The sheet was shown; whether it was used is the person's own business.
    Done,
    Copied,
    /// Neither is allowed here: the address itself is shown.
    Refused,
}

async fn share(title: &str, url: &str) -> Shared {
    let navigator = window().navigator();
    let has_sheet = has(&navigator, "share");
    // Desktop browsers have a sheet too, and a worse one than the clipboard.
    let touch = window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|query| query.matches());
    if has_sheet && touch {
        let data = web_sys::ShareData::new();
        data.set_title(title);
        data.set_url(url);
        // Closing the sheet is an error to the browser and none to the person.
        let _ = JsFuture::from(navigator.share_with_data(&data)).await;
        return Shared::Done;
    }
    if copy(url).await { Shared::Copied } else { Shared::Refused }
}

/// Copies an address and says so, or shows it where copying is not allowed.
pub fn copy_link(url: String, toasts: Toasts) {
    spawn_local(async move {
        if copy(&url).await {
            toasts.say("Link copied.");
        } else {
            toasts.say(url);
        }
    });
}
