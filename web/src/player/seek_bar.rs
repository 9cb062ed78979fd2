//! The line along the bottom of a video: how far it is, and the way to anywhere in it.

use leptos::{ev, html, prelude::*};

use super::{keys::slider_key, playback::Playback, storyboard::Storyboard, time};
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
    /// Address of the small pictures that show where a pointer is, where there are any.
    #[prop(optional, into)]
    storyboard: Signal<Option<String>>,
) -> impl IntoView {
    let bar = NodeRef::<html::Div>::new();
    let storyboard = Storyboard::new(storyboard);
    let scrub = RwSignal::new(None::<f64>);
    let hover = RwSignal::new(None::<f64>);
    let pointed = move || scrub.get().or_else(|| hover.get());
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
        storyboard.want();
        scrub.set(Some(at));
        playback.seek_ms(at);
        scrubbed_at.set_value(event.time_stamp());
    };
    let slide = move |event: ev::PointerEvent| {
        if scrub.get_untracked().is_none() {
            // A finger that does not press does not point.
            if event.pointer_type() != "touch" {
                storyboard.want();
                hover.set(place(&event));
            }
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
    // Read once a move, by place and picture both.
    let tile = Memo::new(move |_| pointed().and_then(|at| storyboard.at(at)));
    let left = move || {
        let at = fraction(pointed().unwrap_or_else(|| playback.position_ms.get())) * 100.0;
        match tile.get() {
            // Not past the ends of the line.
            Some(tile) => {
                let half = tile.width / 2;
                format!("clamp({half}px, {at}%, calc(100% - {half}px))")
            }
            None => format!("{at}%"),
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
            class:pointed=move || hover.get().is_some()
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
            on:pointerleave=move |_| hover.set(None)
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
            // The slider itself says where it is.
            <div class="seek-time" class:tiled=move || tile.with(Option::is_some) style:left=left aria-hidden="true">
                {move || {
                    tile.get()
                        .map(|tile| {
                            view! {
                                <i
                                    class="seek-tile"
                                    style:width=format!("{}px", tile.width)
                                    style:height=format!("{}px", tile.height)
                                    style:background-image=format!("url(\"{}\")", tile.image)
                                    style:background-position=format!("-{}px -{}px", tile.x, tile.y)
                                ></i>
                            }
                        })
                }}
                <span>{move || pointed().map(time::clock)}</span>
                {move || {
                    let chapter = pointed().and_then(|at| chapters.with(|all| chapter_at(all, at)));
                    chapter.map(|title| view! { <span class="seek-name">{title}</span> })
                }}
            </div>
        </div>
    }
}

/// The chapter that a position is in.
fn chapter_at(chapters: &[Chapter], at_ms: f64) -> Option<String> {
    let begun = chapters.iter().take_while(|chapter| f64::from(chapter.start_ms) <= at_ms);
    begun.last().map(|chapter| chapter.title.clone())
}
