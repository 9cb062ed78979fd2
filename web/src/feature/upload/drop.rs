//! Files dragged or pasted onto any page.

use leptos::{ev, html, prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ClipboardEvent, DataTransfer, Element, EventTarget};

use super::inbox::Inbox;
use crate::{
    script,
    ui::{Glyph, Icon},
};

/// Lights up while files are held over the page, takes them when they fall, and leads to the upload page.
#[component]
pub fn GlobalDrop() -> impl IntoView {
    let inbox: Inbox = expect_context();
    let navigate = use_navigate();
    let path = use_location().pathname;
    let over = RwSignal::new(false);
    let take = StoredValue::new_local(move |data: &DataTransfer| {
        let Some(files) = collect(data) else { return };
        let navigate = navigate.clone();
        spawn_local(async move {
            let Ok(files) = JsFuture::from(files).await else { return };
            inbox.dropped.update(|dropped| dropped.push(files));
            if path.get_untracked() != "/upload" {
                navigate("/upload", NavigateOptions::default());
            }
        });
    });
    let take = move |data: &DataTransfer| take.with_value(|take| take(data));
    let light = NodeRef::<html::Div>::new();

    let enter = window_event_listener(ev::dragenter, move |event| {
        if event.data_transfer().is_some_and(|data| has_files(&data)) {
            event.prevent_default();
            over.set(true);
        }
    });
    let hover = window_event_listener(ev::dragover, move |event| {
        if !event.data_transfer().is_some_and(|data| has_files(&data)) {
            return;
        }
        // Without this the browser opens the file in place of the page.
        event.prevent_default();
        if let Some(data) = event.data_transfer() {
            data.set_drop_effect("copy");
        }
        over.set(true);
        if let Some(light) = light.get_untracked() {
            let style = web_sys::HtmlElement::style(&light);
            // The light follows the pointer; a style that is refused only leaves it where it was.
            let _ = style.set_property("--x", &format!("{}px", event.client_x()));
            let _ = style.set_property("--y", &format!("{}px", event.client_y()));
        }
    });
    let leave = window_event_listener(ev::dragleave, move |event| {
        // Between two elements there is a related target; at the edge of the window there is none.
        if event.related_target().is_none() {
            over.set(false);
        }
    });
    let drop = window_event_listener(ev::drop, move |event| {
        if !event.data_transfer().is_some_and(|data| has_files(&data)) {
            return;
        }
        event.prevent_default();
        over.set(false);
        if let Some(data) = event.data_transfer() {
            take(&data);
        }
    });
    let paste = window_event_listener(ev::paste, move |event| {
        // A field takes what is pasted into it, and so does whoever pastes text: some programs copy a picture of it
        // along.
        let data = event.dyn_ref::<ClipboardEvent>().and_then(ClipboardEvent::clipboard_data);
        let is_typed = event.target().is_some_and(|target| takes_text(&target));
        if let Some(data) = data.filter(|data| !is_typed && has_files(data) && !has(data, "text/plain")) {
            event.prevent_default();
            take(&data);
        }
    });
    on_cleanup(move || {
        enter.remove();
        hover.remove();
        leave.remove();
        drop.remove();
        paste.remove();
    });

    view! {
        <div node_ref=light class="drop-light" class:on=over aria-hidden=move || (!over.get()).to_string()>
            <div class="drop-words">
                <Glyph icon=Icon::Upload />
                <p>"Drop to upload"</p>
            </div>
        </div>
        {move || inbox.pill.get().map(|make| make())}
    }
}

fn has_files(data: &DataTransfer) -> bool {
    has(data, "Files")
}

fn has(data: &DataTransfer, kind: &str) -> bool {
    data.types().includes(&JsValue::from_str(kind), 0)
}

fn takes_text(target: &EventTarget) -> bool {
    let field = target.dyn_ref::<Element>().map(|target| target.closest("input, textarea, dialog[open]"));
    matches!(field, Some(Ok(Some(_))))
}

/// The files in it and in its folders; must be called while the event is handled.
fn collect(data: &DataTransfer) -> Option<js_sys::Promise> {
    let page = script::get(&window(), "kinora")?;
    let collect = script::get(&page, "collect")?.dyn_into::<js_sys::Function>().ok()?;
    collect.call1(&page, data).ok()?.dyn_into().ok()
}
