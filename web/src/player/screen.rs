//! Full screen and picture in picture, where the browser has them.

use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlVideoElement};

/// Fills the screen with `frame`, or leaves it. Older iPhones can only do that with the video itself.
pub fn toggle_fullscreen(frame: &Element, video: &HtmlVideoElement) {
    if document().fullscreen_element().is_some() {
        document().exit_fullscreen();
    } else if frame.request_fullscreen().is_err() || !document().fullscreen_enabled() {
        call(video, "webkitEnterFullscreen");
    }
}

pub fn is_fullscreen() -> bool {
    document().fullscreen_element().is_some()
}

pub fn has_picture_in_picture() -> bool {
    get(&document(), "pictureInPictureEnabled").is_truthy()
}

/// Takes the video out into a small window of its own, or back.
pub fn toggle_picture_in_picture(video: &HtmlVideoElement) {
    if get(&document(), "pictureInPictureElement").is_truthy() {
        call(&document(), "exitPictureInPicture");
    } else {
        call(video, "requestPictureInPicture");
    }
}

fn get(target: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(target, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Calls a method that not every browser has; a refusal (no gesture, no metadata yet) changes nothing.
fn call(target: &JsValue, name: &str) {
    if let Ok(method) = get(target, name).dyn_into::<js_sys::Function>() {
        let _ = method.call0(target).map(|result| {
            if let Ok(promise) = result.dyn_into::<js_sys::Promise>() {
                leptos::task::spawn_local(async move {
                    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
                });
            }
        });
    }
}
