//! The site in a real browser.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod account;
mod downloads;
mod extras;
mod feed;
mod journey;
mod look;
mod previews;
mod protection;
mod quality;
mod queue;
mod resume;
mod runners;
mod upload;
mod webhooks;

use kinora_tests::app::TestApp;
use kinora_tests::browser::{Browser, Profile};

/// A site with a runner, and a browser that has never been there.
async fn visit(app: &TestApp) -> Browser {
    Browser::start(&app.url, &Profile::fresh()).await
}
