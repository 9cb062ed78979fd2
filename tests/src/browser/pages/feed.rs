//! The feed: one video a screen.

use thirtyfour::Key;

use super::watch::plays_past_two_seconds;
use crate::browser::{Browser, PATIENCE};

pub struct Feed<'a> {
    browser: &'a Browser,
}

/// The video that is on the screen now, of the three that there are.
const ON_SCREEN: &str = "const middle = innerHeight / 2;
    const shown = Array.from(document.querySelectorAll('video')).find(video => {
        const box = video.getBoundingClientRect();
        return box.top < middle && box.bottom > middle && box.height > 0 && !video.closest('[inert]');
    });";

impl<'a> Feed<'a> {
    pub async fn open(browser: &'a Browser) -> Self {
        browser.open("/").await;
        browser.element("video").await;
        Self { browser }
    }

    pub async fn plays_past_two_seconds(&self) {
        plays_past_two_seconds(self.browser, ON_SCREEN).await;
    }

    /// The title of the video on the screen.
    pub async fn title(&self) -> String {
        let script = "const slot = Array.from(document.querySelectorAll('article:not([inert])')).find(slot => {
                const box = slot.getBoundingClientRect(); return box.top < innerHeight / 2 && box.bottom > innerHeight / 2 });
            return slot && slot.getAttribute('aria-label')";
        let title = self.browser.wait_for_script("a title", PATIENCE, script).await;
        title.as_str().unwrap().to_owned()
    }

    pub async fn next(&self) {
        self.browser.keys(Key::Down).await;
    }

    pub async fn previous(&self) {
        self.browser.keys(Key::Up).await;
    }

    pub async fn video_elements(&self) -> u64 {
        let count = self.browser.script("return document.querySelectorAll('video').length", vec![]).await;
        count.as_u64().unwrap()
    }
}
