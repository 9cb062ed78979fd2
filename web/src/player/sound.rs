//! The viewer's choice of sound: one for the whole site, remembered in their browser.

use std::{cell::RefCell, rc::Rc};

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

const STORAGE_KEY: &str = "kinora.sound";

/// What was chosen; None until somebody chose.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Choice {
    on: Option<bool>,
    volume: f64,
}

impl Default for Choice {
    fn default() -> Self {
        Self { on: None, volume: 1.0 }
    }
}

impl Choice {
    /// Browsers play sound only after a first gesture; until then everything is silent.
    fn is_muted(self, default_on: bool, gesture: bool) -> bool {
        !(gesture && self.on.unwrap_or(default_on))
    }
}

/// Shared by all players of the page.
#[derive(Clone)]
pub struct Sound {
    pub muted: ArcRwSignal<bool>,
    /// 0 to 1.
    pub volume: ArcRwSignal<f64>,
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    choice: Choice,
    gesture: bool,
    default_on: bool,
}

thread_local! {
    static SOUND: Sound = Sound::start();
}

/// The page's sound.
pub fn use_sound() -> Sound {
    SOUND.with(Clone::clone)
}

impl Sound {
    fn start() -> Self {
        let choice = storage()
            .and_then(|storage| storage.get_item(STORAGE_KEY).ok().flatten())
            .and_then(|text| serde_json::from_str::<Choice>(&text).ok())
            .unwrap_or_default();
        let sound = Self {
            muted: ArcRwSignal::new(true),
            volume: ArcRwSignal::new(choice.volume.clamp(0.0, 1.0)),
            state: Rc::new(RefCell::new(State { choice, gesture: page_was_touched(), default_on: false })),
        };
        sound.await_gesture();
        sound
    }

    /// A page with players opens; `default_on` is its sound for people who never chose.
    pub fn prepare(&self, default_on: bool) {
        let muted = {
            let mut state = self.state.borrow_mut();
            state.default_on = default_on;
            state.gesture |= page_was_touched();
            state.choice.is_muted(default_on, state.gesture)
        };
        self.muted.set(muted);
    }

    /// The viewer turns sound on or off.
    pub fn set_muted(&self, muted: bool) {
        self.remember(|choice| choice.on = Some(!muted));
        self.muted.set(muted);
        if !muted && self.volume.get_untracked() == 0.0 {
            self.volume.set(0.5);
        }
    }

    pub fn toggle(&self) {
        self.set_muted(!self.muted.get_untracked());
    }

    /// The viewer sets the volume, 0 to 1; silence mutes, anything else unmutes.
    pub fn set_volume(&self, volume: f64) {
        let volume = volume.clamp(0.0, 1.0);
        self.remember(|choice| {
            choice.volume = volume;
            choice.on = Some(volume > 0.0);
        });
        self.volume.set(volume);
        self.muted.set(volume == 0.0);
    }

    /// The browser refused to play with sound. The choice stays, for after the next gesture.
    pub fn refused(&self) {
        self.state.borrow_mut().gesture = false;
        self.muted.set(true);
        self.await_gesture();
    }

    fn remember(&self, change: impl FnOnce(&mut Choice)) {
        let mut state = self.state.borrow_mut();
        change(&mut state.choice);
        state.gesture = true;
        if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(&state.choice)) {
            // A full or forbidden storage only means that the choice is asked again next time.
            let _ = storage.set_item(STORAGE_KEY, &text);
        }
    }

    /// Applies the remembered choice at the first press or key anywhere.
    fn await_gesture(&self) {
        if self.state.borrow().gesture {
            return;
        }
        let sound = self.clone();
        let listen = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            let muted = {
                let mut state = sound.state.borrow_mut();
                if state.gesture {
                    return;
                }
                state.gesture = true;
                state.choice.is_muted(state.default_on, true)
            };
            // A gesture that is itself about sound says what it wants in a moment, from the silence that is heard.
            if !is_about_sound(&event) {
                sound.muted.set(muted);
            }
        });
        let options = web_sys::AddEventListenerOptions::new();
        options.set_once(true);
        options.set_capture(true);
        for name in ["pointerup", "keydown"] {
            // Listening can only fail where there is no window at all.
            let _ = window().add_event_listener_with_callback_and_add_event_listener_options(
                name,
                listen.as_ref().unchecked_ref(),
                &options,
            );
        }
        // Lives as long as the page: the listener removes itself after one event.
        listen.forget();
    }
}

/// The mute key, or a press or key on a control marked `data-sound`.
fn is_about_sound(event: &web_sys::Event) -> bool {
    let key = event.dyn_ref::<web_sys::KeyboardEvent>().map(web_sys::KeyboardEvent::key);
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    key.is_some_and(|key| key.eq_ignore_ascii_case("m"))
        || target.is_some_and(|target| target.closest("[data-sound]").ok().flatten().is_some())
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// Whether the person has already pressed something on this page.
fn page_was_touched() -> bool {
    js_sys::Reflect::get(&window().navigator(), &JsValue::from_str("userActivation"))
        .and_then(|activation| js_sys::Reflect::get(&activation, &JsValue::from_str("hasBeenActive")))
        .is_ok_and(|active| active.is_truthy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_sounds_before_a_gesture() {
        let choice = Choice { on: Some(true), volume: 1.0 };
        assert!(choice.is_muted(true, false));
        assert!(!choice.is_muted(false, true));
    }

    #[test]
    fn a_choice_outweighs_the_pages_default() {
        assert!(Choice { on: Some(false), volume: 1.0 }.is_muted(true, true));
        assert!(Choice::default().is_muted(false, true));
        assert!(!Choice::default().is_muted(true, true));
    }
}
