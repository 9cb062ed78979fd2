//! A grid of videos in their true shapes, in even rows, growing as its end comes near.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::ResizeObserver;

use super::{
    Button, CardView, ErrorState, Paged, Sentinel,
    rows::{Measure, Place, justify},
};
use crate::api::VideoCard;

/// A growing grid. `empty` is shown in the place of a list that has nothing.
#[component]
pub fn VideoGrid(list: Paged<VideoCard>, #[prop(into)] empty: ViewFn) -> impl IntoView {
    let element = NodeRef::<html::Div>::new();
    let width = use_width(element);
    let places = Memo::new(move |_| {
        let ratios: Vec<f64> = list.items.with(|items| items.iter().map(VideoCard::aspect_ratio).collect());
        justify(&ratios, Measure::for_width(width.get()))
    });
    let place = move |index: usize| {
        Signal::derive(move || {
            places.with(|places| places.get(index).copied().unwrap_or(Place { width: 1.0, height: 1.0 }))
        })
    };
    view! {
        <div
            class="grid"
            node_ref=element
            style=("--gap", move || format!("{}px", Measure::for_width(width.get()).gap))
        >
            <For
                each=move || list.items.get().into_iter().enumerate()
                key=|(index, card)| (*index, card.id.inner().to_owned())
                let((index, card))
            >
                <CardView card=card place=place(index) />
            </For>
        </div>
        <Show when=move || list.is_starting()>
            <GridSkeleton />
        </Show>
        <Show when=move || list.is_empty()>{empty.run()}</Show>
        {move || {
            list.error
                .get()
                .map(|error| view! { <ErrorState error=error retry=move |()| list.load_more() /> })
        }}
        <Show when=move || list.more.get() && list.error.with(Option::is_none)>
            <Sentinel on_near=move |()| list.load_more() pulse=Signal::derive(move || list.items.with(Vec::len)) />
            // For a keyboard, and where a sentinel is never seen.
            <div class="grid-more">
                <Button
                    label="Show more"
                    busy=Signal::derive(move || list.loading.get())
                    on_press=move |_| list.load_more()
                />
            </div>
        </Show>
    }
}

/// The shape of a grid before its first page.
#[component]
fn GridSkeleton() -> impl IntoView {
    const RATIOS: [f64; 10] = [1.78, 0.56, 1.78, 1.33, 0.56, 1.78, 1.78, 0.56, 1.0, 1.78];
    let element = NodeRef::<html::Div>::new();
    let width = use_width(element);
    let places = move || justify(&RATIOS, Measure::for_width(width.get()));
    view! {
        <div
            class="grid late"
            node_ref=element
            role="status"
            aria-label="Loading videos"
            style=("--gap", move || format!("{}px", Measure::for_width(width.get()).gap))
        >
            {move || {
                places()
                    .into_iter()
                    .map(|place| {
                        view! {
                            <div class="card" style:width=format!("{}px", place.width)>
                                <div class="bone" style:height=format!("{}px", place.height)></div>
                                <div class="bone line"></div>
                                <div class="bone line short"></div>
                            </div>
                        }
                    })
                    .collect_view()
            }}
        </div>
    }
}

/// The inner width of an element in CSS pixels, kept up to date.
fn use_width(element: NodeRef<html::Div>) -> ReadSignal<f64> {
    let (width, set_width) = signal(0.0);
    super::effect(move || {
        let Some(target) = element.get() else { return };
        set_width.set(f64::from(target.client_width()));
        let observed = target.clone();
        let callback = Closure::<dyn FnMut()>::new(move || {
            let now = f64::from(observed.client_width());
            if width.try_get_untracked().is_some_and(|before| (before - now).abs() >= 1.0) {
                set_width.try_set(now);
            }
        });
        let observer = ResizeObserver::new(callback.as_ref().unchecked_ref()).ok();
        if let Some(observer) = &observer {
            observer.observe(&target);
        }
        let kept = send_wrapper::SendWrapper::new((observer, callback));
        on_cleanup(move || {
            if let (Some(observer), _) = &*kept {
                observer.disconnect();
            }
        });
    });
    width
}
