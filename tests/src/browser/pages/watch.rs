//! A video's own page.

use std::time::Duration;

use serde_json::Value;
use thirtyfour::Key;

use crate::browser::{Browser, PATIENCE};

pub struct WatchPage<'a> {
    browser: &'a Browser,
}

/// The only video of the page.
const SHOWN: &str = "const shown = document.querySelector('video');";

impl<'a> WatchPage<'a> {
    pub async fn open(browser: &'a Browser, path: &str) -> Self {
        browser.open(path).await;
        browser.element("video").await;
        Self { browser }
    }

    /// Presses play where the browser has not begun by itself.
    pub async fn play(&self) {
        let playing = "const video = document.querySelector('video'); return video && !video.paused";
        if self.browser.script(playing, vec![]).await != Value::Bool(true) {
            self.browser.keys(" ").await;
        }
    }

    /// Waits until two seconds have been played and new frames keep coming.
    pub async fn plays_past_two_seconds(&self) {
        plays_past_two_seconds(self.browser, SHOWN).await;
    }

    /// Gives so many stars (1 to 9) by the rating's own key.
    pub async fn rate(&self, stars: u32) {
        let slider = self.browser.named("[role=slider]", "Your rating").await;
        slider.focus().await.unwrap();
        slider.send_keys(stars.to_string()).await.unwrap();
    }

    /// Steps the rating up as fast as keys come.
    pub async fn step_up(&self, steps: u32) {
        let slider = self.browser.named("[role=slider]", "Your rating").await;
        slider.focus().await.unwrap();
        for _ in 0..steps {
            slider.send_keys(Key::Right).await.unwrap();
        }
    }

    pub async fn shown_stars(&self) -> u32 {
        let slider = self.browser.named("[role=slider]", "Your rating").await;
        slider.attr("aria-valuenow").await.unwrap().and_then(|value| value.parse().ok()).unwrap_or(0)
    }
}

/// Waits until the video that `find` calls `shown` has played for two seconds, and looks again a moment later whether
/// time and frames went on. A short clip may have begun again in between, or be at its end in the first look.
pub(super) async fn plays_past_two_seconds(browser: &Browser, find: &str) {
    let sample = async |from_s: u32| {
        let script = format!(
            "{find} if (!shown || shown.currentTime < {from_s}) return null;
            return [shown.currentTime, shown.getVideoPlaybackQuality().totalVideoFrames]"
        );
        let seen = browser.wait_for_script("playback", PATIENCE, &script).await;
        (seen[0].as_f64().unwrap(), seen[1].as_f64().unwrap())
    };
    let (time_before, frames_before) = sample(2).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    let (time, frames) = sample(0).await;
    assert!((time - time_before).abs() > 0.01, "time stands still at {time} s");
    assert!(
        frames > frames_before + 5.0 && frames > 30.0,
        "the picture stands still at {frames} frames, after {frames_before}"
    );
}
