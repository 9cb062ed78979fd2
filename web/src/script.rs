//! The page's own scripts, each fetched once, when something first needs it.

use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// What a script leaves behind as `globalThis[global]`; the first call fetches it by the page's loader, which knows
/// its hashed name. None when that failed, and the next call tries again.
pub async fn load(loader: &str, global: &str) -> Option<JsValue> {
    if let Some(script) = get(&window(), global) {
        return Some(script);
    }
    let page = get(&window(), "kinora")?;
    let load = get(&page, loader)?.dyn_into::<js_sys::Function>().ok()?;
    let promise = load.call0(&page).ok()?.dyn_into::<js_sys::Promise>().ok()?;
    JsFuture::from(promise).await.ok()?;
    get(&window(), global)
}

/// A property that is there.
pub fn get(target: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(target, &JsValue::from_str(name))
        .ok()
        .filter(|value| !value.is_undefined() && !value.is_null())
}
