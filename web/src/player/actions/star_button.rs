//! Ten stars behind one button, for places with little room: press and slide.

use leptos::{ev, html, prelude::*};

use super::{
    opinion::ViewerActions,
    stars::{MOST, StarSlide, spoken, stars_key},
};
use crate::ui::{Glyph, Icon};

/// A button that is also a slider: a tap gives half, sliding gives more or less, keys do both.
#[component]
pub fn StarButton(actions: ViewerActions) -> impl IntoView {
    let button = NodeRef::<html::Button>::new();
    let slide = RwSignal::new(None::<StarSlide>);
    let shown = Memo::new(move |_| slide.get().map_or_else(|| actions.stars(), |slide| slide.stars()));

    let press = move |event: ev::PointerEvent| {
        if event.button() != 0 {
            return;
        }
        event.stop_propagation();
        if let Some(button) = button.get_untracked() {
            // Without capture the slide ends at the button's edge, which still rates.
            let _ = button.set_pointer_capture(event.pointer_id());
        }
        let rating = Some(untrack(|| actions.stars()));
        slide.set(Some(StarSlide::press(event.client_x().into(), event.client_y().into(), rating)));
    };
    let follow = move |event: ev::PointerEvent| {
        if slide.get_untracked().is_some() {
            event.stop_propagation();
            slide.update(|slide| {
                if let Some(slide) = slide {
                    slide.slide(event.client_x().into(), event.client_y().into());
                }
            });
        }
    };
    let lift = move |event: ev::PointerEvent| {
        if let Some(last) = slide.get_untracked() {
            event.stop_propagation();
            slide.set(None);
            actions.rate(last.stars());
        }
    };
    let key = move |event: ev::KeyboardEvent| {
        if let Some(stars) = stars_key(&event.key(), actions.stars()) {
            event.prevent_default();
            event.stop_propagation();
            actions.rate(stars);
        }
    };

    view! {
        <div class="stars" data-no-swipe="">
            <button
                node_ref=button
                type="button"
                class="action star-button"
                class:set=move || { shown.get() > 0 }
                role="slider"
                aria-label="Your rating"
                aria-valuemin="0"
                aria-valuemax=MOST.to_string()
                aria-valuenow=move || shown.get().to_string()
                aria-valuetext=move || spoken(shown.get())
                title="Rate: press and slide"
                on:pointerdown=press
                on:pointermove=follow
                on:pointerup=lift
                on:pointercancel=move |_| slide.set(None)
                on:keydown=key
                on:contextmenu=|event| event.prevent_default()
            >
                <Glyph icon=Icon::Star filled=Signal::derive(move || { shown.get() > 0 }) />
                <span class="action-name">
                    {move || match shown.get() {
                        0 => "Rate".to_owned(),
                        stars => stars.to_string(),
                    }}
                </span>
            </button>
            <Show when=move || slide.get().is_some()>
                <div class="stars-thumb" aria-hidden="true">
                    <strong>{move || shown.get()}</strong>
                    <span class="stars-row">
                        {(1..=MOST)
                            .map(|star| view! { <i class:on=move || { star <= shown.get() }></i> })
                            .collect_view()}
                    </span>
                    <small>{move || if shown.get() == 0 { "No rating" } else { "of 10" }}</small>
                </div>
            </Show>
        </div>
    }
}
