//! A video's own page.

use std::time::{Duration, Instant};

use serde_json::Value;
use thirtyfour::Key;

use crate::browser::{Browser, PATIENCE};

pub struct WatchPage<'a> {
    browser: &'a Browser,
}

/// Two looks at a video's frames, a moment apart.
const PLAYS: &str = "const video = document.querySelector('video');
    if (!video || video.currentTime < 2) return null;
    return [video.currentTime, video.getVideoPlaybackQuality().totalVideoFrames]";

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
        plays_past_two_seconds(self.browser, PLAYS).await;
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

/// Waits for `[time, frames]` of a script, and until both have gone on from there: on a busy machine that may take a
/// moment. A short clip may have begun again in between: its time is then another one, and only the count of frames
/// goes on.
pub(super) async fn plays_past_two_seconds(browser: &Browser, script: &str) {
    let sample = async |what: &str| {
        let seen = browser.wait_for_script(what, PATIENCE, script).await;
        (seen[0].as_f64().unwrap(), seen[1].as_f64().unwrap())
    };
    let (time_before, frames_before) = sample("two seconds of playback").await;
    let begun = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let (time, frames) = sample("more playback").await;
        if (time - time_before).abs() > 0.01 && frames > frames_before + 5.0 && frames > 30.0 {
            return;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "playback stands still at {time} s and {frames} frames, after {time_before} s and {frames_before}"
        );
    }
}
