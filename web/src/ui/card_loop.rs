//! A few seconds of a video that move in its card while somebody points at it: one at a time on the whole page.

use std::time::Duration;

use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::effect;

/// Who only passes over sees nothing move.
const AFTER: Duration = Duration::from_millis(300);

thread_local! {
    /// The card whose loop plays.
    static PLAYING: ArcRwSignal<Option<u32>> = ArcRwSignal::new(None);
}

/// When the loop of one card plays.
#[derive(Clone, Copy)]
pub struct CardLoop {
    number: StoredValue<u32>,
    playing: Memo<bool>,
    timer: StoredValue<Option<TimeoutHandle>>,
    has_loop: bool,
}

impl CardLoop {
    pub fn new(has_loop: bool) -> Self {
        thread_local! {
            static NEXT: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
        }
        let number = NEXT.with(|next| next.replace(next.get().wrapping_add(1)));
        let now = PLAYING.with(Clone::clone);
        let playing = Memo::new(move |_| now.get() == Some(number));
        let card =
            Self { number: StoredValue::new(number), playing, timer: StoredValue::new(None), has_loop };
        on_cleanup(move || card.leave());
        card
    }

    /// A mouse, or the focus of a keyboard, has come to the card.
    pub fn come(self) {
        if !self.has_loop || !may_move() {
            return;
        }
        self.stop_timer();
        let number = self.number.get_value();
        let start = move || PLAYING.with(|playing| playing.set(Some(number)));
        self.timer.set_value(set_timeout_with_handle(start, AFTER).ok());
    }

    pub fn leave(self) {
        self.stop_timer();
        let Some(number) = self.number.try_get_value() else { return };
        PLAYING.with(|playing| {
            if playing.get_untracked() == Some(number) {
                playing.set(None);
            }
        });
    }

    fn stop_timer(self) {
        if let Some(Some(timer)) = self.timer.try_update_value(Option::take) {
            timer.clear();
        }
    }

    /// The element, there while it plays.
    pub fn view(self, url: Option<String>) -> impl IntoView {
        view! { <Show when=move || self.playing.get()>{url.clone().map(|url| view! { <LoopVideo url /> })}</Show> }
    }
}

#[component]
fn LoopVideo(url: String) -> impl IntoView {
    let element = NodeRef::<html::Video>::new();
    let plays = RwSignal::new(false);
    let started = StoredValue::new_local(None::<web_sys::HtmlVideoElement>);
    effect(move || {
        let Some(video) = element.get() else { return };
        // Browsers let nothing begin by itself that is not known to be silent before it has a source.
        video.set_muted(true);
        video.set_src(&url);
        if let Ok(playing) = video.play() {
            // Refused (a power saver), or left before it began: the poster stays.
            spawn_local(async move {
                let _ = JsFuture::from(playing).await;
            });
        }
        started.set_value(Some(video));
    });
    on_cleanup(move || {
        if let Some(Some(video)) = started.try_update_value(Option::take) {
            // Only an element without a source lets its connection and decoder go at once.
            let _ = video.pause();
            let _ = video.remove_attribute("src");
            video.load();
        }
    });
    view! {
        <video
            node_ref=element
            class="card-loop"
            class:plays=move || plays.get()
            playsinline
            loop=true
            tabindex="-1"
            aria-hidden="true"
            on:playing=move |_| plays.set(true)
        ></video>
    }
}

/// Not for who wants no motion, and not for who counts bytes.
fn may_move() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)").ok().flatten();
    let wants_rest = query.is_some_and(|query| query.matches());
    let saves_data = js_sys::Reflect::get(&window().navigator(), &JsValue::from_str("connection"))
        .and_then(|connection| js_sys::Reflect::get(&connection, &JsValue::from_str("saveData")))
        .is_ok_and(|saves| saves.is_truthy());
    !wants_rest && !saves_data
}
