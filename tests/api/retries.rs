//! What is kept of a failed job, who may read it, and trying again.

use kinora_tests::app::TestApp;
use kinora_tests::fake_runner::FakeRunner;
use kinora_tests::graphql::Reply;
use kinora_tests::person::Person;
use serde_json::{Value, json};

const FAILED: &str =
    "{ failedJobs { nodes { id videoId videoTitle failedAt attempts runnerName error log } } }";

async fn failed_jobs(admin: &Person) -> Vec<Value> {
    admin.client.query(FAILED).await.data()["failedJobs"]["nodes"].take().as_array().unwrap().clone()
}

async fn retry(person: &Person, video: &str) -> Reply {
    const RETRY: &str = "mutation ($id: ID!) { retryVideo(id: $id) { state failure { code } } }";
    person.run(RETRY, json!({ "id": video })).await
}

async fn fail(runner: &FakeRunner, lease: &Value, code: &str, retry: bool, log: &str) {
    const FAIL: &str = "mutation ($lease: ID!, $code: String!, $retry: Boolean!, $log: String) {
        failJob(leaseId: $lease, code: $code, message: \"It went wrong.\", retry: $retry, log: $log) }";
    let variables = json!({ "lease": lease, "code": code, "retry": retry, "log": log });
    runner.client.run(FAIL, variables).await.data();
}

/// An upload of which a runner says for good that it failed.
async fn failed_video(ann: &Person, runner: &FakeRunner, code: &str, log: &str) -> String {
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    fail(runner, &job["lease"]["id"], code, false, log).await;
    assert_eq!(ann.video(&video).await["state"], "FAILED");
    video
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_lines_of_a_failed_job_are_for_administrators() {
    let app = TestApp::start().await;
    let (admin, ann, runner) =
        (app.administrator("admin").await, app.person("ann").await, app.fake_runner("attic").await);
    let said = format!(
        "{}[h264 @ 0x1] no frame\nGET https://store.example/source?X-Amz-Signature=abc: refused\ntoken kn_0123\u{1b}[31m",
        "an earlier line\n".repeat(2_000)
    );
    let video = failed_video(&ann, &runner, "MEDIA_CORRUPT", &said).await;
    let jobs = failed_jobs(&admin).await;
    let [job] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!(
        (&job["videoId"], &job["videoTitle"], &job["attempts"], &job["runnerName"], &job["error"]),
        (&json!(video), &json!("a"), &json!(1), &json!("attic"), &json!("MEDIA_CORRUPT: It went wrong."))
    );
    let log = job["log"].as_str().unwrap();
    assert!(log.len() <= 8 << 10 && log.contains("[h264 @ 0x1] no frame"), "{log}");
    for secret in ["https://", "Signature", "kn_0123", "\u{1b}"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    for client in [&ann.client, &app.guest, &runner.client] {
        assert_eq!(client.query(FAILED).await.code(), "NOT_FOUND");
    }
    ann.set_visibility(&video, "PRIVATE").await;
    assert_eq!(failed_jobs(&admin).await[0]["videoTitle"], Value::Null);
    // What the owner sees is the sentence, and whether it is worth another try.
    const FAILURE: &str = "query ($id: ID!) { video(id: $id) { failure { code message canRetry } } }";
    let failure = ann.run(FAILURE, json!({ "id": video })).await.data()["video"]["failure"].take();
    assert_eq!(failure, json!({ "code": "MEDIA_CORRUPT", "message": "It went wrong.", "canRetry": false }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_failed_by_our_fault_is_tried_again() {
    let app = TestApp::start().await;
    let (ann, bob, runner) =
        (app.person("ann").await, app.person("bob").await, app.fake_runner("attic").await);
    let video = failed_video(&ann, &runner, "PROCESSING_FAILED", "").await;
    assert_eq!(retry(&bob, &video).await.code(), "NOT_FOUND");
    let begun = retry(&ann, &video).await.data()["retryVideo"].take();
    assert_eq!(begun, json!({ "state": "PROCESSING", "failure": null }));
    assert_eq!(retry(&ann, &video).await.code(), "CONFLICT", "it is under way");
    let job = runner.lease().await.unwrap();
    assert_eq!(job["videoId"], json!(video));
    assert_eq!(runner.lease().await, None, "once");
    runner.finish(&job).await;
    assert_eq!(ann.video(&video).await["state"], "READY");
    assert_eq!(retry(&ann, &video).await.code(), "CONFLICT");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_ask_at_once_one_begins_a_try() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("attic").await);
    let video = failed_video(&ann, &runner, "MEDIA_TOO_LONG", "").await;
    let replies = futures::future::join_all((0..8).map(|_| retry(&ann, &video))).await;
    assert_eq!(replies.iter().filter(|reply| !reply.failed()).count(), 1);
    assert_eq!(app.number("SELECT count(*) FROM job WHERE state = 'queued'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_fail_again_is_not_tried_again() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("attic").await);
    let bad = failed_video(&ann, &runner, "MEDIA_NO_VIDEO", "").await;
    assert_eq!(retry(&ann, &bad).await.code(), "CONFLICT");
    let lost = failed_video(&ann, &runner, "PROCESSING_FAILED", "").await;
    let key = app.text("SELECT source_key FROM video WHERE failure_code = 'PROCESSING_FAILED'").await;
    app.lose_object(&key).await;
    let refused = retry(&ann, &lost).await;
    assert_eq!(refused.code(), "CONFLICT");
    assert!(refused.error()["message"].as_str().unwrap().contains("no longer there"), "{}", refused.body);
    assert_eq!(runner.lease().await, None);
}
