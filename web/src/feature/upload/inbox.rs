//! What stands above the pages before the uploader's own code has been fetched: files that were dropped or pasted,
//! and the place where the uploads will live.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::feature::members::MakeView;

/// Cheap to copy.
#[derive(Clone, Copy)]
pub struct Inbox {
    /// Lists of `{file, handle, inFolder}`, taken out by the uploads as soon as they are there.
    pub dropped: RwSignal<Vec<JsValue>, LocalStorage>,
    /// Shown on every page while files are on their way.
    pub pill: RwSignal<Option<MakeView>>,
    /// Lives as long as the site: what uploads are made of belongs to it, not to a page.
    pub owner: StoredValue<Owner>,
}

/// Holds the inbox, and later the uploads, for everything inside.
#[component]
pub fn UploadProvider(children: Children) -> impl IntoView {
    provide_context(Inbox {
        dropped: RwSignal::new_local(Vec::new()),
        pill: RwSignal::new(None),
        owner: StoredValue::new(Owner::current().unwrap_or_default()),
    });
    children()
}
