//! The player script (`web/player`): loaded once, when the first video needs it.

use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, prelude::*};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, HtmlVideoElement};

#[wasm_bindgen]
extern "C" {
    /// What the script leaves behind as `globalThis.kinoraPlayer`.
    #[derive(Clone)]
    pub type PlayerScript;

    /// Begins to load `url` into `video`; see `web/player/index.js` for options and events.
    #[wasm_bindgen(method)]
    pub fn attach(
        this: &PlayerScript,
        video: &HtmlVideoElement,
        url: &str,
        options: &js_sys::Object,
        listener: &js_sys::Function,
    ) -> PlayerSession;

    /// A still of a local file: a promise of `{url, width, height, durationMs}` or null.
    #[wasm_bindgen(method, js_name = previewFrame)]
    pub fn preview_frame(this: &PlayerScript, file: &File) -> js_sys::Promise;

    /// One source in one element, until it is detached.
    #[derive(Clone)]
    pub type PlayerSession;

    #[wasm_bindgen(method, js_name = setActive)]
    pub fn set_active(this: &PlayerSession, active: bool);

    #[wasm_bindgen(method, js_name = setLevel)]
    pub fn set_level(this: &PlayerSession, index: i32);

    #[wasm_bindgen(method)]
    pub fn retry(this: &PlayerSession);

    #[wasm_bindgen(method)]
    pub fn detach(this: &PlayerSession);
}

/// The script; the first call fetches it. None when that failed, and the next call tries again.
pub async fn player_script() -> Option<PlayerScript> {
    if let Some(script) = global() {
        return Some(script);
    }
    // The page's own loader knows the hashed name and fetches once for all who wait.
    let loader = get(&window(), "kinora")?;
    let load = get(&loader, "loadPlayer")?.dyn_into::<js_sys::Function>().ok()?;
    let promise = load.call0(&loader).ok()?.dyn_into::<js_sys::Promise>().ok()?;
    JsFuture::from(promise).await.ok()?;
    global()
}

fn global() -> Option<PlayerScript> {
    get(&window(), "kinoraPlayer").map(JsCast::unchecked_into)
}

fn get(target: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(target, &JsValue::from_str(name)).ok().filter(|value| !value.is_undefined())
}
