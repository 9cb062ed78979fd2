//! Controls that go away while nobody needs them.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;

/// Milliseconds without touch, move or key until the controls fade.
const FADE_AFTER_MS: u32 = 2_000;

/// Whether the controls are to be seen. They stay while the video stands still.
#[derive(Clone, Copy)]
pub struct Idle {
    awake: RwSignal<bool>,
    playing: Signal<bool>,
    timer: StoredValue<Option<Timeout>, LocalStorage>,
}

impl Idle {
    pub fn new(playing: Signal<bool>) -> Self {
        let idle = Self { awake: RwSignal::new(true), playing, timer: StoredValue::new_local(None) };
        crate::ui::effect(move || {
            playing.track();
            idle.wake();
        });
        idle
    }

    /// Somebody is here: the controls come, and the time begins again.
    pub fn wake(self) {
        self.awake.set(true);
        let timer = Timeout::new(FADE_AFTER_MS, move || {
            // The page may be gone by then.
            let _ = self.awake.try_set(false);
        });
        self.timer.set_value(Some(timer));
    }

    /// The pointer has left: no reason to wait.
    pub fn leave(self) {
        self.timer.set_value(None);
        self.awake.set(false);
    }

    pub fn shows_controls(self) -> bool {
        self.awake.get() || !self.playing.get()
    }

    pub fn shows_controls_untracked(self) -> bool {
        self.awake.get_untracked() || !self.playing.get_untracked()
    }
}
