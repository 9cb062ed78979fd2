//! Files dragged onto any page.

use leptos::{ev, html, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DataTransfer, DragEvent};

use super::inbox::{Dropped, Inbox};
use crate::ui::{Glyph, Icon};

/// Lights up while files are held over the page, takes them when they fall, and leads to the upload page.
#[component]
pub fn GlobalDrop() -> impl IntoView {
    let inbox: Inbox = expect_context();
    let navigate = use_navigate();
    let path = use_location().pathname;
    let over = RwSignal::new(false);
    let light = NodeRef::<html::Div>::new();

    let enter = window_event_listener(ev::dragenter, move |event| {
        if has_files(&event) {
            event.prevent_default();
            over.set(true);
        }
    });
    let hover = window_event_listener(ev::dragover, move |event| {
        if !has_files(&event) {
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
        if !has_files(&event) {
            return;
        }
        event.prevent_default();
        over.set(false);
        let Some(data) = event.data_transfer() else { return };
        let fallen = sort(&data);
        if fallen.is_empty() {
            return;
        }
        inbox.dropped.update(|dropped| dropped.extend(fallen));
        if path.get_untracked() != "/upload" {
            navigate("/upload", NavigateOptions::default());
        }
    });
    on_cleanup(move || {
        enter.remove();
        hover.remove();
        leave.remove();
        drop.remove();
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

fn has_files(event: &DragEvent) -> bool {
    event.data_transfer().is_some_and(|data| data.types().includes(&JsValue::from_str("Files"), 0))
}

fn sort(data: &DataTransfer) -> Vec<Dropped> {
    let items = data.items();
    (0..items.length())
        .filter_map(|index| items.get(index))
        .filter_map(|item| {
            let file = item.get_as_file().ok()??;
            Some(if is_folder(&item) { Dropped::Folder(file) } else { Dropped::File(file) })
        })
        .collect()
}

fn is_folder(item: &JsValue) -> bool {
    let entry = js_sys::Reflect::get(item, &JsValue::from_str("webkitGetAsEntry"))
        .and_then(|method| method.dyn_into::<js_sys::Function>())
        .and_then(|method| method.call0(item));
    entry
        .and_then(|entry| js_sys::Reflect::get(&entry, &JsValue::from_str("isDirectory")))
        .is_ok_and(|folder| folder.is_truthy())
}
