//! The feed by keys: forwards, back, three video elements however long one scrolls.

use std::collections::BTreeSet;
use std::time::Duration;

use kinora_tests::app::TestApp;
use kinora_tests::browser::pages::Feed;
use kinora_tests::clips;

use crate::visit;

const PROCESSING: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn the_wheel_goes_through_every_video_and_back_with_three_elements() {
    let app = TestApp::start_processing().await;
    let ann = app.person("ann").await;
    let mut videos = Vec::new();
    for clip in
        [clips::LANDSCAPE, clips::PORTRAIT_BY_ROTATION, clips::SILENT, clips::VARIABLE_RATE, clips::SURROUND]
    {
        videos.push(ann.upload_clip(&clip).await);
    }
    for video in &videos {
        ann.ready(video, PROCESSING).await;
    }
    let browser = visit(&app).await;
    let feed = Feed::open(&browser).await;
    feed.plays_past_two_seconds().await;
    let mut seen = vec![feed.title().await];
    for _ in 1..videos.len() {
        let before = seen.last().unwrap().clone();
        feed.next().await;
        seen.push(changed(&feed, &before).await);
        assert!(feed.video_elements().await <= 3);
    }
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), videos.len(), "{seen:?}");
    feed.previous().await;
    assert_eq!(changed(&feed, seen.last().unwrap()).await, seen[seen.len() - 2]);
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    browser.quit().await;
}

/// The title after a turn of the wheel.
async fn changed(feed: &Feed<'_>, before: &str) -> String {
    for _ in 0..50 {
        let now = feed.title().await;
        if now != before {
            // The turn itself: the next key is for the next one.
            tokio::time::sleep(Duration::from_millis(400)).await;
            return now;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("still at {before}");
}
