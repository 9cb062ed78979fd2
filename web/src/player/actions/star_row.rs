//! Ten stars in a row, for places with room: press one, or press and slide.

use leptos::{ev, html, prelude::*};

use super::{
    opinion::ViewerActions,
    stars::{MOST, spoken, stars_at, stars_key},
};
use crate::ui::{Glyph, Icon};

/// The row, the viewer's number beside it, and what others gave.
#[component]
pub fn StarRow(actions: ViewerActions) -> impl IntoView {
    let row = NodeRef::<html::Div>::new();
    let held = RwSignal::new(None::<i32>);
    let hover = RwSignal::new(None::<i32>);
    let shown = Memo::new(move |_| held.get().or_else(|| hover.get()).unwrap_or_else(|| actions.stars()));

    let at = move |event: &ev::PointerEvent| {
        let rect = row.get_untracked().map(|row| row.get_bounding_client_rect());
        rect.map_or(0, |rect| stars_at(f64::from(event.client_x()) - rect.left(), rect.width()))
    };
    let press = move |event: ev::PointerEvent| {
        if event.button() != 0 {
            return;
        }
        event.stop_propagation();
        if let Some(row) = row.get_untracked() {
            // Without capture the slide ends at the row's edge, which still rates.
            let _ = row.set_pointer_capture(event.pointer_id());
        }
        held.set(Some(at(&event)));
    };
    let follow = move |event: ev::PointerEvent| {
        if held.get_untracked().is_some() {
            event.stop_propagation();
            held.set(Some(at(&event)));
        } else if event.pointer_type() == "mouse" {
            hover.set(Some(at(&event)));
        }
    };
    let lift = move |event: ev::PointerEvent| {
        if let Some(stars) = held.get_untracked() {
            event.stop_propagation();
            held.set(None);
            hover.set(None);
            // The same star again takes the rating back.
            let same = stars == untrack(|| actions.stars());
            actions.rate(if same { 0 } else { stars });
        }
    };
    let key = move |event: ev::KeyboardEvent| {
        if let Some(stars) = stars_key(&event.key(), actions.stars()) {
            event.prevent_default();
            event.stop_propagation();
            actions.rate(stars);
        }
    };
    let others = move || {
        let count = actions.rating_count();
        actions.average().filter(|_| count > 0).map(|average| match count {
            1 => format!("{average:.1} from 1 rating"),
            count => format!("{average:.1} from {count} ratings"),
        })
    };

    view! {
        <div class="star-line" data-no-swipe="">
            <div
                node_ref=row
                class="star-row"
                class:held=move || held.get().is_some()
                role="slider"
                tabindex="0"
                aria-label="Your rating"
                aria-valuemin="0"
                aria-valuemax=MOST.to_string()
                aria-valuenow=move || actions.stars().to_string()
                aria-valuetext=move || spoken(actions.stars())
                on:pointerdown=press
                on:pointermove=follow
                on:pointerup=lift
                on:pointercancel=move |_| held.set(None)
                on:pointerleave=move |_| hover.set(None)
                on:keydown=key
            >
                {(1..=MOST)
                    .map(|star| {
                        view! {
                            <span class="star" class:on=move || { star <= shown.get() }>
                                <Glyph icon=Icon::Star filled=Signal::derive(move || { star <= shown.get() }) />
                            </span>
                        }
                    })
                    .collect_view()}
            </div>
            <strong class="star-number" class:large=move || held.get().is_some()>
                {move || (shown.get() > 0).then(|| shown.get())}
            </strong>
            <span class="star-others">{others}</span>
        </div>
    }
}
