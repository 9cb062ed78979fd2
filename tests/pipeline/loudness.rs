//! How loud a video is, whichever job hears its sound.

use kinora_tests::app::TestApp;
use kinora_tests::clips;
use serde_json::Value;

use crate::previews::previewed;

fn assert_near(value: &Value, expected: f64, tolerance: f64) {
    let measured = value.as_f64().unwrap_or(f64::NAN);
    assert!((measured - expected).abs() <= tolerance, "{value} instead of {expected}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tones_are_as_loud_as_they_are() {
    let app = TestApp::start_processing().await.with_previews().await;
    let ann = app.person("ann").await;
    // A tone of 1 kHz at full scale from both sides has 0 LUFS, and each dB less one less.
    for (clip, expected) in [(&clips::TONE, -20.0), (&clips::TONE_OPUS, -6.02), (&clips::TONE_SHORT, -20.0)] {
        let video = previewed(&ann, clip).await;
        assert_near(&video["loudnessLufs"], expected, 0.5);
        // A codec adds a little where the tone begins.
        assert_near(&video["truePeakDbtp"], expected, 1.2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_heard_has_no_loudness() {
    let app = TestApp::start_processing().await.with_previews().await;
    let ann = app.person("ann").await;
    for clip in [&clips::HUSH, &clips::COLOURS] {
        let video = previewed(&ann, clip).await;
        assert_eq!(
            (&video["loudnessLufs"], &video["truePeakDbtp"]),
            (&Value::Null, &Value::Null),
            "{}",
            clip.name
        );
    }
}
