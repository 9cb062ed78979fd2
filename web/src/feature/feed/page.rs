//! The front page: one video a screen.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use super::{
    control::{Feed, Status},
    keys::{FeedKey, feed_key},
    slot_view::SlotView,
    swipe::Swipe,
    wheel::{Step, WheelIntent},
};
use crate::{
    player::{Idle, is_free_key, use_sound},
    session::use_session,
    ui::{EmptyState, ErrorState, Icon, IconButton, effect, set_title},
};

/// Pixels of a wheel line, where the browser counts in lines.
const LINE_PX: f64 = 40.0;

/// The feed.
#[component]
pub fn FeedPage() -> impl IntoView {
    set_title(String::new);
    use_sound().prepare(false);
    let session = use_session();
    let feed = Feed::open(Signal::derive(move || session.username()));
    let swipe = Swipe::new(feed);
    let wheel = StoredValue::new(WheelIntent::default());
    let idle = Idle::new(Signal::derive(move || feed.slot().playback.playing.get()));
    effect(move || {
        feed.current.track();
        idle.wake();
    });

    let keys = window_event_listener(ev::keydown, move |event| {
        idle.wake();
        let Some(key) = is_free_key(&event).then(|| feed_key(&event.key())).flatten() else { return };
        // A key held down would race through the feed.
        if !(event.repeat() && matches!(key, FeedKey::Go(_) | FeedKey::TogglePlay | FeedKey::Favorite)) {
            feed.act(key);
        }
        event.prevent_default();
    });
    let visibility = window_event_listener_untyped("visibilitychange", move |_| {
        feed.page_hidden(document().hidden());
    });
    on_cleanup(move || {
        keys.remove();
        visibility.remove();
    });

    let turn = move |event: ev::WheelEvent| {
        let in_dialog = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let in_dialog = in_dialog.is_some_and(|target| matches!(target.closest("dialog[open]"), Ok(Some(_))));
        if event.ctrl_key() || in_dialog {
            return;
        }
        let pixels = match event.delta_mode() {
            0 => event.delta_y(),
            1 => event.delta_y() * LINE_PX,
            _ => event.delta_y() * 400.0,
        };
        if let Some(Some(step)) = wheel.try_update_value(|wheel| wheel.turn(pixels, event.time_stamp())) {
            feed.go(step);
        }
    };
    // A touch on a bare picture only brings the words and buttons; everything else plays or pauses.
    let bare_touch = StoredValue::new(false);
    let press = move |event: ev::PointerEvent| {
        bare_touch.set_value(event.pointer_type() == "touch" && !idle.shows_controls_untracked());
        idle.wake();
        swipe.press(&event);
    };
    let tap = Callback::new(move |()| {
        if !bare_touch.get_value() {
            feed.act(FeedKey::TogglePlay);
        }
    });
    let has_pictures = Memo::new(move |_| {
        feed.item().and_then(|item| item.video.slides).is_some_and(|slides| slides.len() > 1)
    });
    let announced =
        move || feed.item().map(|item| format!("{}, by {}", item.video.title, item.video.uploader.username));

    view! {
        <section
            node_ref=feed.surface
            class="feed"
            class:bare=move || !idle.shows_controls()
            class:pictures=has_pictures
            aria-label="Feed"
            on:wheel=turn
            on:pointerdown=press
            on:pointermove=move |event| {
                if event.pointer_type() == "mouse" {
                    idle.wake();
                }
                swipe.follow(&event);
            }
            on:pointerup=move |event| swipe.lift(&event)
            on:pointercancel=move |event| swipe.lift(&event)
        >
            <h1 class="unseen">"Feed"</h1>
            <p class="unseen" aria-live="polite">
                {announced}
            </p>
            {feed.slots.into_iter().map(|slot| view! { <SlotView feed shows=slot on_tap=tap /> }).collect_view()}
            <Show when=move || feed.status.get() == Status::Showing>
                <FeedButtons feed />
            </Show>
            {move || match feed.status.get() {
                Status::Showing => None,
                Status::Loading => Some(view! { <FeedSkeleton /> }.into_any()),
                Status::Empty => {
                    Some(
                        view! {
                            <EmptyState
                                text="There is no video here yet."
                                icon=Icon::Film
                                action=("Upload the first", "/upload".to_owned())
                            />
                        }
                            .into_any(),
                    )
                }
                Status::Failed(error) => {
                    Some(view! { <ErrorState error retry=Callback::new(move |()| feed.fetch()) /> }.into_any())
                }
            }}
        </section>
    }
}

/// Sound, and the way on and back for those who neither swipe nor turn a wheel.
#[component]
fn FeedButtons(feed: Feed) -> impl IntoView {
    let muted = use_sound().muted;
    let silent = Memo::new(move |_| muted.get());
    let icon = Signal::derive(move || if silent.get() { Icon::Muted } else { Icon::Sound });
    let label = Signal::derive(move || if silent.get() { "Sound on" } else { "Mute" }.to_owned());
    view! {
        <div class="feed-sound" class:silent=silent data-no-swipe="" data-sound="">
            <IconButton icon label on_press=move |_| use_sound().toggle() />
        </div>
        <div class="feed-steps" data-no-swipe="">
            <IconButton icon=Icon::ChevronUp label="Previous video" on_press=move |_| feed.go(Step::Previous) />
            <IconButton icon=Icon::ChevronDown label="Next video" on_press=move |_| feed.go(Step::Next) />
        </div>
    }
}

/// The shape of what will come.
#[component]
fn FeedSkeleton() -> impl IntoView {
    view! {
        <div class="feed-skeleton late" role="status" aria-label="Loading">
            <div class="bone line"></div>
            <div class="bone line short"></div>
        </div>
    }
}
