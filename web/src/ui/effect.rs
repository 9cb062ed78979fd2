//! Effects, compiled once.

use leptos::prelude::*;

/// Runs `run` now, and again whenever a signal that it reads changes, until its owner goes. The closure is behind
/// a pointer, so that the machinery of an effect is in the page once and not once for each of them.
pub fn effect(run: impl FnMut() + 'static) {
    let mut run: Box<dyn FnMut()> = Box::new(run);
    Effect::new(move |_: Option<()>| run());
}
