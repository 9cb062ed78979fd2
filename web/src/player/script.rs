//! The player script (`web/player`): loaded once, when the first video needs it.

use wasm_bindgen::{JsCast, prelude::*};
use web_sys::HtmlVideoElement;

use crate::script;

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

/// The script; None when it could not be fetched, and the next call tries again.
pub async fn player_script() -> Option<PlayerScript> {
    script::load("loadPlayer", "kinoraPlayer").await.map(JsCast::unchecked_into)
}
