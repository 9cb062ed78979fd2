//! Files that are no videos: each ends FAILED with its code and a sentence, and the runner goes on.

use std::time::{Duration, Instant};

use kinora_tests::app::TestApp;
use kinora_tests::clips::{self, Broken};

use crate::published::PATIENCE;

/// From one failure to the next job's start, and that job's own failure.
const NEXT_WITHIN: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_file_fails_with_its_code_and_a_sentence_and_the_runner_lives_on() {
    let app = TestApp::start_processing().await;
    let ann = app.person("ann").await;
    let canary = clips::LANDSCAPE.path();
    let mut wrong = Vec::new();
    for broken in Broken::ALL {
        let bytes = std::fs::read(broken.path(&canary)).unwrap();
        let begun = Instant::now();
        let video = ann.upload(&format!("{}.mp4", broken.name()), "video/mp4", &bytes).await;
        let outcome = ann.outcome(&video, PATIENCE).await;
        let failure = &outcome["failure"];
        if outcome["state"] != "FAILED" || failure["code"] != broken.expected_code() {
            wrong.push(format!("{}: {} {failure}", broken.name(), outcome["state"]));
        }
        let message = failure["message"].as_str().unwrap_or_default();
        if message.len() < 20 || message.contains("ffmpeg") || message.contains('/') {
            wrong.push(format!("{}: not for people: {message:?}", broken.name()));
        }
        if begun.elapsed() > NEXT_WITHIN {
            wrong.push(format!("{} took {:?}", broken.name(), begun.elapsed()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let good = ann.upload_clip(&clips::SHORT).await;
    ann.ready(&good, PATIENCE).await;
}
