//! Which keys belong to the player, and which to what has the focus.

use leptos::ev::KeyboardEvent;
use wasm_bindgen::JsCast;
use web_sys::Element;

/// Whether a key pressed anywhere on the page may steer a player: not while typing, not in a dialog or menu,
/// not with a modifier, and not Space or Enter on something that they press, nor arrows on a slider.
pub fn is_free_key(event: &KeyboardEvent) -> bool {
    if event.default_prevented()
        || event.ctrl_key()
        || event.alt_key()
        || event.meta_key()
        || event.is_composing()
    {
        return false;
    }
    let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
        return true;
    };
    let within = |selector: &str| target.closest(selector).ok().flatten().is_some();
    if within("input:not([type=range]), textarea, select, [contenteditable], dialog[open], [role=menu]") {
        return false;
    }
    let key = event.key();
    if within("button, a[href], summary") && matches!(key.as_str(), " " | "Enter") {
        return false;
    }
    let moves_slider =
        key.starts_with("Arrow") || key.starts_with("Page") || matches!(key.as_str(), "Home" | "End");
    let digit = matches!(key.as_bytes(), [b'0'..=b'9']);
    !(within("[role=slider], [type=range]") && (moves_slider || digit))
}
