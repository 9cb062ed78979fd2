//! What lies over a picture: the poster before it, the sign that it waits, the sentence when it fails.

use leptos::prelude::*;

use super::{playback::Playback, trouble::Trouble};
use crate::ui::{Button, Icon};

/// The poster, until the first picture is on the screen.
#[component]
pub fn PosterOver(playback: Playback, #[prop(into)] url: Signal<Option<String>>) -> impl IntoView {
    view! {
        <Show when=move || url.get().is_some()>
            <img
                class="picture poster"
                class:gone=move || playback.shown.get()
                src=move || url.get()
                alt=""
                draggable="false"
                decoding="async"
            />
        </Show>
    }
}

/// A quiet ring while the video waits for data; it only appears when that takes a moment.
#[component]
pub fn Waiting(playback: Playback) -> impl IntoView {
    view! {
        <Show when=move || playback.waiting.get() && playback.trouble.get().is_none()>
            <div class="waiting" role="status" aria-label="Loading"></div>
        </Show>
    }
}

/// What went wrong and what can be done.
#[component]
pub fn TroubleOver(playback: Playback) -> impl IntoView {
    let said = move |trouble: Trouble| {
        let button = trouble.can_retry().then(|| {
            view! { <Button label="Try again" icon=Icon::Retry on_press=move |_| playback.retry() /> }
        });
        view! {
            <div
                class="trouble"
                class:passing=trouble.is_passing()
                role="alert"
                data-no-swipe=""
                // A click on the picture would pause what has just been tried again.
                on:click=|event| event.stop_propagation()
            >
                <p>{trouble.words()}</p>
                {button}
            </div>
        }
    };
    move || playback.trouble.get().map(said)
}
