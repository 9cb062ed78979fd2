//! The clipboard, where the browser lets a page have it.

use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Copies a text. `false` where that is not allowed, as on plain http.
pub async fn copy(text: &str) -> bool {
    let navigator = window().navigator();
    has(&navigator, "clipboard") && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}

/// Whether an object of this browser has a property of that name.
pub fn has(target: &JsValue, name: &str) -> bool {
    js_sys::Reflect::get(target.unchecked_ref(), &JsValue::from_str(name))
        .is_ok_and(|value| !value.is_undefined())
}
