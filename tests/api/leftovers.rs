//! Database against bucket: what nothing names goes, what is missing is found.

use std::time::Duration;

use kinora_tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_works_has_nothing_to_mend() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let runner = app.fake_runner("one").await;
    app.ready_video(&ann, &runner, "One").await;
    let open = ann.begin_upload("b.mp4", "video/mp4", 9).await;
    ann.put_parts(&open, b"any bytes").await;
    let found = app.compare_storage().await;
    assert!(found.is_clean() && found.objects > 0, "{found:?}");
    ann.complete(&open).await.data();
    assert!(app.compare_storage().await.is_clean(), "a video that waits for processing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_names_is_found_and_removed() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let runner = app.fake_runner("one").await;
    let gone = app.ready_video(&ann, &runner, "Gone").await;
    let kept = app.ready_video(&ann, &runner, "Kept").await;
    let open = ann.begin_upload("b.mp4", "video/mp4", 9).await;
    ann.put_parts(&open, b"any bytes").await;
    app.sql("DELETE FROM video WHERE title = 'Gone'").await;
    app.sql("DELETE FROM upload WHERE state = 'uploading'").await;
    let found = app.compare_storage().await;
    assert!(!found.orphans.is_empty() && found.orphan_multiparts.len() == 1, "{found:?}");
    assert!(found.orphans.iter().any(|orphan| orphan.key.contains(&gone)), "{found:?}");
    assert!(found.orphans.iter().all(|orphan| !orphan.key.contains(&kept)), "{found:?}");
    app.mend_storage(&found).await;
    assert!(app.compare_storage().await.is_clean());
    assert_eq!(ann.video(&kept).await["state"], "READY");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_made_anew_where_that_is_possible() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let runner = app.fake_runner("one").await;
    let damaged = app.ready_video(&ann, &runner, "Damaged").await;
    let lost = app.ready_video(&ann, &runner, "Lost").await;
    let plays = app.ready_video(&ann, &runner, "Plays").await;
    let source =
        async |video: &str| app.text(&format!("SELECT source_key FROM video WHERE title = '{video}'")).await;
    for video in [&damaged, &lost] {
        let chunk = app.chunk_key(video).await;
        app.lose_object(&chunk).await;
    }
    app.lose_object(&source("Lost").await).await;
    app.lose_object(&source("Plays").await).await;
    let found = app.compare_storage().await;
    let names =
        |videos: &[kinora_entity::VideoId]| videos.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&found.damaged), std::slice::from_ref(&damaged));
    assert_eq!(names(&found.lost), [lost]);
    assert_eq!(names(&found.without_source), [plays]);
    app.mend_storage(&found).await;
    let job = runner.lease().await.expect("the damaged video is made anew");
    assert_eq!(job["videoId"], damaged.as_str());
    runner.finish(&job).await;
    ann.ready(&damaged, Duration::from_secs(5)).await;
    let found = app.compare_storage().await;
    assert!(found.damaged.is_empty(), "{found:?}");
    // The first attempt's objects are left over, and go as such.
    app.mend_storage(&found).await;
    assert!(app.compare_storage().await.orphans.is_empty());
}
