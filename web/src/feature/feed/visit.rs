//! The feed is left for a video's page and come back to: it is then where it was.

use std::cell::RefCell;

use super::{api::Item, pages::Pages};

/// Older than this a visit begins anew, with what has been published since.
const FRESH_MS: f64 = 15.0 * 60.0 * 1000.0;

/// The list of one visit and the place in it.
#[derive(Clone)]
pub struct Visit {
    pub pages: Pages<Item>,
    pub current: usize,
}

struct Kept {
    visit: Visit,
    username: Option<String>,
    at_ms: f64,
}

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// The visit that was left a while ago by the same person, or a new one with a seed of its own.
pub fn resume(username: Option<&str>) -> Visit {
    let kept = KEPT.with_borrow_mut(Option::take);
    kept.filter(|kept| {
        kept.username.as_deref() == username
            && js_sys::Date::now() - kept.at_ms < FRESH_MS
            && !kept.visit.pages.entries().is_empty()
    })
    .map_or_else(|| Visit { pages: Pages::new(random_seed()), current: 0 }, |kept| kept.visit)
}

/// Keeps the place for when the feed is opened again.
pub fn keep(mut visit: Visit, username: Option<String>) {
    // A request under way ends with the page that sent it.
    visit.pages.failed();
    KEPT.with_borrow_mut(|kept| *kept = Some(Kept { visit, username, at_ms: js_sys::Date::now() }));
}

/// Something new was published: the next visit begins anew.
pub fn forget_visit() {
    KEPT.with_borrow_mut(|kept| *kept = None);
}

/// A seed for one order of all videos.
pub fn random_seed() -> i32 {
    (js_sys::Math::random() * f64::from(i32::MAX)) as i32
}
