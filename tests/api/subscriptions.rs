//! Live values: the current one first, then each change, for those who may know.

use std::time::Duration;

use kinora_tests::app::TestApp;
use kinora_tests::socket::{Ended, Socket};
use serde_json::json;

const PROGRESS: &str = "subscription ($id: ID!) { videoProgress(videoId: $id) {
    videoId state playable percent stage failure { code message } } }";
const JOBS: &str = "subscription { jobAvailable(kinds: [PROCESS_VIDEO]) { kind waiting } }";

#[tokio::test(flavor = "multi_thread")]
async fn progress_begins_with_where_it_stands_and_ends_ready() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let mut socket = Socket::open(&ann.client).await.unwrap();
    socket.subscribe(PROGRESS, json!({ "id": video })).await;
    let first = socket.value().await["videoProgress"].take();
    assert_eq!((&first["state"], &first["stage"]), (&json!("PROCESSING"), &json!("QUEUED")));

    let job = runner.lease().await.unwrap();
    runner.renew(&job["lease"]["id"]).await.data();
    loop {
        let value = socket.value().await["videoProgress"].take();
        assert_eq!(value["state"], "PROCESSING");
        if value["stage"] == "ENCODING" {
            assert_eq!(value["percent"], 42.0);
            break;
        }
    }
    runner.finish(&job).await;
    loop {
        let value = socket.value().await["videoProgress"].take();
        if value["state"] == "READY" {
            assert_eq!((&value["playable"], &value["percent"]), (&json!(true), &json!(100.0)));
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_in_words() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let mut socket = Socket::open(&ann.client).await.unwrap();
    socket.subscribe(PROGRESS, json!({ "id": video })).await;
    socket.value().await;
    let job = runner.lease().await.unwrap();
    runner
        .fail(&job["lease"]["id"], "MEDIA_NO_VIDEO", "This file has sound but no picture.", false)
        .await
        .data();
    loop {
        let value = socket.value().await["videoProgress"].take();
        if value["state"] == "FAILED" {
            assert_eq!(value["failure"]["code"], "MEDIA_NO_VIDEO");
            assert!(!value["failure"]["message"].as_str().unwrap().is_empty());
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runners_hear_of_work_at_once() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let mut socket = Socket::open(&runner.client).await.unwrap();
    socket.subscribe(JOBS, json!({})).await;
    assert_eq!(socket.value().await["jobAvailable"]["waiting"], 0);
    ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    assert_eq!(socket.value().await["jobAvailable"], json!({ "kind": "PROCESS_VIDEO", "waiting": 1 }));
    let mut late = Socket::open(&runner.client).await.unwrap();
    late.subscribe(JOBS, json!({})).await;
    assert_eq!(late.value().await["jobAvailable"]["waiting"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn private_progress_and_the_queue_are_not_for_everybody() {
    let app = TestApp::start().await;
    let runner = app.fake_runner("one").await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let video = app.ready_video(&ann, &runner, "a").await;
    ann.set_visibility(&video, "PRIVATE").await;
    for client in [&app.guest, &bob.client, &runner.client] {
        let mut socket = Socket::open(client).await.unwrap();
        socket.subscribe(PROGRESS, json!({ "id": video })).await;
        assert_eq!(socket.refusal().await, "NOT_FOUND");
    }
    for (client, code) in [(&app.guest, "UNAUTHENTICATED"), (&bob.client, "FORBIDDEN")] {
        let mut socket = Socket::open(client).await.unwrap();
        socket.subscribe(JOBS, json!({})).await;
        assert_eq!(socket.refusal().await, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn going_private_ends_what_others_were_following() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let mut socket = Socket::open(&bob.client).await.unwrap();
    socket.subscribe(PROGRESS, json!({ "id": video })).await;
    socket.value().await;
    ann.set_visibility(&video, "PRIVATE").await;
    let job = app.fake_runner("one").await;
    let job_leased = job.lease().await.unwrap();
    job.finish(&job_leased).await;
    while let Some(message) = socket.hear().await {
        match message["type"].as_str() {
            Some("complete" | "error") => break,
            _ => {
                let value = &message["payload"]["data"]["videoProgress"];
                assert!(
                    !value.is_object() || value["state"] != "READY",
                    "another's private video: {message}"
                );
                if message["payload"]["errors"].is_array() {
                    break;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_never_says_hello_is_closed() {
    let app = TestApp::start().await;
    let mut socket = Socket::connect(&app.guest).await.unwrap();
    assert_ne!(socket.ended_within(Duration::from_secs(13)).await, Ended::StillOpen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_carries_twenty_operations_at_most() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let mut socket = Socket::open(&ann.client).await.unwrap();
    for _ in 0..21 {
        socket.subscribe(PROGRESS, json!({ "id": video })).await;
    }
    let mut refused = false;
    for _ in 0..21 {
        match socket.hear().await {
            Some(message) => refused |= message["type"] == "error" || message["payload"]["errors"].is_array(),
            None => refused = true,
        }
        if refused {
            break;
        }
    }
    assert!(refused);
}
