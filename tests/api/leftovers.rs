//! Database against bucket: what nothing names goes, what is missing is found.

use std::time::Duration;

use kinora_tests::app::TestApp;
use serde_json::json;

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
async fn what_was_never_this_sites_waits_for_a_person() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let runner = app.fake_runner("one").await;
    let forgotten = app.ready_video(&ann, &runner, "Forgotten").await;
    let deleted = app.ready_video(&ann, &runner, "Deleted").await;
    let late = app.chunk_key(&deleted).await;
    app.sql("DELETE FROM video WHERE title = 'Forgotten'").await;
    app.sql("DELETE FROM upload WHERE file_name = 'Forgotten.mp4'").await;
    ann.run("mutation ($id: ID!) { deleteVideo(id: $id) }", json!({ "id": deleted })).await.data();
    while app.compare_storage().await.orphans.iter().any(|orphan| orphan.key.contains(&deleted)) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A runner that has not noticed yet still has a good address.
    app.put_empty_object(&late).await;
    let removed_alone = app.compare_storage().await.of_known_owners();
    let keys: Vec<&str> = removed_alone.orphans.iter().map(|orphan| orphan.key.as_str()).collect();
    assert_eq!(keys, [late.as_str()]);
    let all = app.compare_storage().await;
    assert!(all.orphans.iter().any(|orphan| orphan.key.contains(&forgotten)), "{all:?}");
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
