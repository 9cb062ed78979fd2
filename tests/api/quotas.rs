//! Quotas: exact however many uploads begin at once, and free again when one ends.

use futures::future::join_all;
use kinora_tests::app::TestApp;
use serde_json::json;

const RESERVED: &str = "SELECT coalesce(sum(size_bytes), 0)::bigint FROM upload WHERE state = 'uploading'";

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_never_pass_the_quota() {
    let app = TestApp::start_with(|config| config.quota_bytes = Some(1_000)).await;
    let ann = app.person("ann").await;
    ann.create_upload("first.mp4", "video/mp4", 900).await.data();
    let replies = join_all((0..100).map(|_| ann.create_upload("a.mp4", "video/mp4", 30))).await;
    let taken = replies.iter().filter(|reply| !reply.failed()).count();
    assert_eq!(taken, 3, "of a hundred bytes that were left");
    for reply in replies.iter().filter(|reply| reply.failed()) {
        assert_eq!(reply.code(), "QUOTA_EXCEEDED");
    }
    assert_eq!(app.number(RESERVED).await, 990);
    // Nobody else's business.
    app.person("bob").await.create_upload("b.mp4", "video/mp4", 1_000).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_frees_its_bytes_and_a_video_keeps_them() {
    let app = TestApp::start_with(|config| config.quota_bytes = Some(10)).await;
    let ann = app.person("ann").await;
    let upload = ann.begin_upload("a.mp4", "video/mp4", 9).await;
    assert_eq!(ann.create_upload("b.mp4", "video/mp4", 9).await.code(), "QUOTA_EXCEEDED");
    ann.run("mutation ($id: ID!) { abortUpload(uploadId: $id) }", json!({ "id": upload["id"] })).await.data();
    let upload = ann.begin_upload("b.mp4", "video/mp4", 9).await;
    ann.put_parts(&upload, b"any bytes").await;
    ann.complete(&upload).await.data();
    assert_eq!(ann.create_upload("c.mp4", "video/mp4", 9).await.code(), "QUOTA_EXCEEDED");
    ann.create_upload("d.mp4", "video/mp4", 1).await.data();
}
