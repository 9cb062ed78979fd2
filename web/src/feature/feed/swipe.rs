//! A finger on the feed: from pointer events to the reel.

use leptos::{ev::PointerEvent, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{control::Feed, keys::FeedKey, reel::Reel};

/// Less movement than this is a tap.
const SLOP_PX: f64 = 8.0;
/// So far to the side, and not up or down, turns from one picture of a post to the next.
const TURN_PX: f64 = 40.0;

#[derive(Clone, Copy)]
struct Finger {
    id: i32,
    x: f64,
    y: f64,
    drags: bool,
}

/// The one finger that swipes; others and the mouse are left alone.
#[derive(Clone, Copy)]
pub struct Swipe {
    feed: Feed,
    finger: StoredValue<Option<Finger>>,
}

impl Swipe {
    pub fn new(feed: Feed) -> Self {
        Self { feed, finger: StoredValue::new(None) }
    }

    pub fn press(self, event: &PointerEvent) {
        let own = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let elsewhere =
            own.is_some_and(|element| element.closest("[data-no-swipe]").ok().flatten().is_some());
        if event.pointer_type() == "mouse" || elsewhere || self.finger.get_value().is_some() {
            return;
        }
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        self.finger.set_value(Some(Finger { id: event.pointer_id(), x, y, drags: false }));
    }

    pub fn follow(self, event: &PointerEvent) {
        let Some(finger) = self.held(event) else { return };
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        if !finger.drags {
            let (across, along) = ((x - finger.x).abs(), (y - finger.y).abs());
            if along < SLOP_PX || along < across {
                return;
            }
            if let Some(surface) = self.feed.surface.get_untracked() {
                // With the pointer captured no link or button under the finger is clicked at the end.
                let _ = surface.set_pointer_capture(event.pointer_id());
            }
            self.finger.set_value(Some(Finger { drags: true, ..finger }));
            self.feed.reel.update_value(|reel| reel.press(y, event.time_stamp()));
        }
        let (height, last) = (self.height(), self.feed.last());
        self.feed.reel.update_value(|reel| reel.follow(y, event.time_stamp(), height, last));
        self.feed.draw();
    }

    pub fn lift(self, event: &PointerEvent) {
        let Some(finger) = self.held(event) else { return };
        self.finger.set_value(None);
        if !finger.drags {
            let across = f64::from(event.client_x()) - finger.x;
            let along = (f64::from(event.client_y()) - finger.y).abs();
            let has_pictures = self.feed.slides_untracked().is_some_and(|slides| slides.len() > 1);
            if has_pictures && event.type_() == "pointerup" && across.abs() > TURN_PX.max(2.0 * along) {
                // To the left is forward, as one turns pages.
                self.feed.act(FeedKey::SkipMs(-across));
            }
            return;
        }
        let (height, last) = (self.height(), self.feed.last());
        let target =
            self.feed.reel.try_update_value(|reel: &mut Reel| reel.release(event.time_stamp(), height, last));
        if let Some(target) = target {
            self.feed.arrive(target);
        }
    }

    fn held(self, event: &PointerEvent) -> Option<Finger> {
        self.finger.get_value().filter(|finger| finger.id == event.pointer_id())
    }

    fn height(self) -> f64 {
        self.feed.surface.get_untracked().map_or(1.0, |surface| f64::from(surface.client_height()))
    }
}
