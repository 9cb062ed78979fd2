//! The line along the bottom of a video: how far it is, and the way to anywhere in it.

use leptos::{ev, html, prelude::*};

use super::{keys::slider_key, playback::Playback, time};
use crate::api::Chapter;

/// While sliding, the picture follows at most this often.
const SCRUB_EVERY_MS: f64 = 180.0;

/// A slider over the whole video, for finger, mouse, keyboard and ear.
#[component]
pub fn SeekBar(
    playback: Playback,
    /// Marked along the line, and named while sliding.
    #[prop(optional, into)]
    chapters: Signal<Vec<Chapter>>,
) -> impl IntoView {
    let bar = NodeRef::<html::Div>::new();
    let scrub = RwSignal::new(None::<f64>);
    let scrubbed_at = StoredValue::new(0.0_f64);

    let position = move || scrub.get().unwrap_or_else(|| playback.position_ms.get());
    let fraction = move |ms: f64| {
        let duration = playback.duration_ms.get();
        if duration > 0.0 { (ms / duration).clamp(0.0, 1.0) } else { 0.0 }
    };
    let place = move |event: &ev::PointerEvent| {
        let rect = bar.get_untracked()?.get_bounding_client_rect();
        let duration = playback.duration_ms.get_untracked();
        (rect.width() > 0.0 && duration > 0.0)
            .then(|| ((f64::from(event.client_x()) - rect.left()) / rect.width()).clamp(0.0, 1.0) * duration)
    };
    let press = move |event: ev::PointerEvent| {
        if event.button() != 0 {
            return;
        }
        event.stop_propagation();
        let Some(at) = place(&event) else { return };
        if let Some(bar) = bar.get_untracked() {
            // Without capture the slide ends at the edge of the bar, which is all that is lost.
            let _ = bar.set_pointer_capture(event.pointer_id());
        }
        scrub.set(Some(at));
        playback.seek_ms(at);
        scrubbed_at.set_value(event.time_stamp());
    };
    let slide = move |event: ev::PointerEvent| {
        if scrub.get_untracked().is_none() {
            return;
        }
        event.stop_propagation();
        let Some(at) = place(&event) else { return };
        scrub.set(Some(at));
        if event.time_stamp() - scrubbed_at.get_value() > SCRUB_EVERY_MS {
            scrubbed_at.set_value(event.time_stamp());
            playback.seek_ms(at);
        }
    };
    let lift = move |event: ev::PointerEvent| {
        if let Some(at) = scrub.get_untracked() {
            event.stop_propagation();
            playback.seek_ms(at);
            scrub.set(None);
        }
    };
    let key = move |event: ev::KeyboardEvent| {
        let goal = slider_key(
            &event.key(),
            playback.position_ms.get_untracked(),
            playback.duration_ms.get_untracked(),
        );
        if let Some(goal) = goal {
            event.prevent_default();
            event.stop_propagation();
            playback.seek_ms(goal);
        }
    };

    view! {
        <div
            node_ref=bar
            class="seek"
            class:held=move || scrub.get().is_some()
            data-no-swipe=""
            role="slider"
            tabindex="0"
            aria-label="Position"
            aria-valuemin="0"
            aria-valuemax=move || (playback.duration_ms.get() / 1000.0).round().to_string()
            aria-valuenow=move || (position() / 1000.0).floor().to_string()
            aria-valuetext=move || {
                format!("{} of {}", time::spoken(position()), time::spoken(playback.duration_ms.get()))
            }
            on:pointerdown=press
            on:pointermove=slide
            on:pointerup=lift
            on:pointercancel=lift
            on:keydown=key
            on:click=|event| event.stop_propagation()
        >
            <div class="seek-line">
                <div
                    class="seek-buffered"
                    style:transform=move || format!("scaleX({})", fraction(playback.buffered_ms.get()))
                ></div>
                <div
                    class="seek-played"
                    class:gliding=move || scrub.get().is_none() && playback.playing.get()
                    style:transform=move || format!("scaleX({})", fraction(position()))
                ></div>
            </div>
            {move || {
                let marks = chapters.get().into_iter().filter(|chapter| chapter.start_ms > 0);
                marks
                    .map(|chapter| {
                        let at = f64::from(chapter.start_ms);
                        view! {
                            <i class="seek-chapter" style:left=move || format!("{}%", fraction(at) * 100.0)></i>
                        }
                    })
                    .collect_view()
            }}
            <output class="seek-time" style:left=move || format!("{}%", fraction(position()) * 100.0)>
                {move || scrub.get().map(time::clock)}
                {move || {
                    let chapter = scrub.get().and_then(|at| chapters.with(|all| chapter_at(all, at)));
                    chapter.map(|title| view! { <span class="seek-name">{title}</span> })
                }}
            </output>
        </div>
    }
}

/// The chapter that a position is in.
fn chapter_at(chapters: &[Chapter], at_ms: f64) -> Option<String> {
    let begun = chapters.iter().take_while(|chapter| f64::from(chapter.start_ms) <= at_ms);
    begun.last().map(|chapter| chapter.title.clone())
}
