//! The name of the page in the browser's tab.

use leptos::prelude::*;

/// Names the page for as long as it is open; follows the signals that `title` reads.
pub fn set_title(title: impl Fn() -> String + 'static) {
    Effect::new(move |_| {
        let title = title();
        document().set_title(&if title.is_empty() { "Kinora".to_owned() } else { format!("{title} · Kinora") });
    });
}
