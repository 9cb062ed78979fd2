//! What runners may do, and what happens to work that is dropped.

use kinora_tests::app::TestApp;
use kinora_tests::fake_runner::{chunk_bytes, chunk_of, md5_of, result};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_tells_all_that_a_runner_needs() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    assert_eq!(runner.lease().await, None);
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    assert_eq!(
        (&job["kind"], &job["attempt"], &job["videoId"]),
        (&json!("PROCESS_VIDEO"), &json!(1), &json!(video))
    );
    let sides: Vec<i64> =
        job["ladder"].as_array().unwrap().iter().map(|rung| rung["shortSide"].as_i64().unwrap()).collect();
    assert_eq!(sides, [1080, 720, 480, 360]);
    assert_eq!((&job["audioBitrate"], &job["maxDurationMs"]), (&json!(128_000), &json!(43_200_000)));
    assert_eq!(job["source"]["size"], 9);
    assert_eq!(app.guest.get_text(job["source"]["url"].as_str().unwrap()).await, "any bytes");
    assert_eq!(runner.lease().await, None, "nobody else gets it");
}

#[tokio::test(flavor = "multi_thread")]
async fn runners_that_race_get_each_job_once() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    for _ in 0..12 {
        ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    }
    let mut racers = Vec::new();
    for index in 0..4 {
        let runner = app.fake_runner(&format!("racer {index}")).await;
        racers.push(tokio::spawn(async move {
            let mut won = Vec::new();
            while let Some(job) = runner.lease().await {
                won.push(job["id"].as_str().unwrap().to_owned());
            }
            won
        }));
    }
    let mut all = Vec::new();
    for racer in racers {
        all.extend(racer.await.unwrap());
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_for_runners_only_and_nothing_else_is() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let lease = "mutation { leaseJob(kinds: [PROCESS_VIDEO]) { id } }";
    assert_eq!(app.guest.query(lease).await.code(), "UNAUTHENTICATED");
    assert_eq!(ann.client.query(lease).await.code(), "FORBIDDEN");
    let create = r#"mutation { createUpload(input: { fileName: "a.mp4", size: 9 }) { id } }"#;
    let code = runner.client.query(create).await.code().to_owned();
    assert!(["FORBIDDEN", "UNAUTHENTICATED"].contains(&code.as_str()), "{code}");
    assert_eq!(runner.client.query("{ me { id } }").await.body["data"]["me"], Value::Null);
}

/// Every write that a lease allows, tried with one that does not.
async fn assert_lost(app: &TestApp, runner: &kinora_tests::fake_runner::FakeRunner, lease: &Value) {
    let outputs = json!([{ "kind": "CHUNK", "rendition": "360p", "chunk": 0, "size": 10 }]);
    let replies = [
        runner.renew(lease).await,
        runner.sign_outputs(lease, outputs).await,
        runner.publish_chunk(lease, chunk_of("360p")).await,
        runner.complete(lease, result()).await,
        runner.fail(lease, "MEDIA_NO_VIDEO", "No.", false).await,
    ];
    for reply in replies {
        assert_eq!(reply.code(), "LEASE_LOST");
    }
    assert_eq!(app.number("SELECT count(*) FROM video WHERE state <> 'processing'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ran_out_is_given_to_another_and_the_first_can_write_nothing() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let (slow, quick) = (app.fake_runner("slow").await, app.fake_runner("quick").await);
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let first = slow.lease().await.unwrap();
    slow.renew(&first["lease"]["id"]).await.data();
    app.sql("UPDATE job SET lease_expires_at = now() - interval '1 second'").await;
    let second = lease_within_back_off(&app, &quick).await;
    assert_eq!((&second["id"], &second["attempt"]), (&first["id"], &json!(2)));
    assert_lost(&app, &slow, &first["lease"]["id"]).await;
    quick.finish(&second).await;
    assert_eq!(ann.video(&video).await["state"], "READY");
}

/// A job that was given up may wait a while; the wait is not what is tested.
async fn lease_within_back_off(app: &TestApp, runner: &kinora_tests::fake_runner::FakeRunner) -> Value {
    for _ in 0..150 {
        app.sql("UPDATE job SET run_after = now() WHERE run_after > now()").await;
        if let Some(job) = runner.lease().await {
            return job;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("nobody gets the job");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_its_runners_own() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let (one, other) = (app.fake_runner("one").await, app.fake_runner("other").await);
    ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = one.lease().await.unwrap();
    assert_lost(&app, &other, &job["lease"]["id"]).await;
    assert_lost(&app, &one, &json!("11111111111")).await;
    assert_lost(&app, &one, &json!("../../x")).await;
    one.finish(&job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_make_no_sense_are_refused_and_publish_nothing() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    let lease = &job["lease"]["id"];
    for rendition in ["../../x", "", "360p/../..", "a b", &"x".repeat(500)] {
        let outputs = json!([{ "kind": "CHUNK", "rendition": rendition, "chunk": 0, "size": 10 }]);
        let code = runner.sign_outputs(lease, outputs).await.code().to_owned();
        assert!(["RESULT_REJECTED", "BAD_USER_INPUT"].contains(&code.as_str()), "{rendition:?}: {code}");
    }
    for chunk in [-1, i64::from(i32::MIN)] {
        let outputs = json!([{ "kind": "CHUNK", "rendition": "360p", "chunk": chunk, "size": 10 }]);
        assert!(runner.sign_outputs(lease, outputs).await.failed(), "{chunk}");
    }
    // Bytes that were never sent.
    assert!(runner.publish_chunk(lease, chunk_of("360p")).await.failed());
    runner.send_outputs(lease).await;
    let mut beyond = chunk_of("360p");
    beyond["segments"][1]["size"] = json!(1_000_000);
    assert!(runner.publish_chunk(lease, beyond).await.failed());
    let mut smaller = chunk_of("360p");
    smaller["size"] = json!(17);
    assert!(runner.publish_chunk(lease, smaller).await.failed());
    runner.publish_chunk(lease, chunk_of("360p")).await.data();
    // The sound that the result speaks of was not published.
    assert!(runner.complete(lease, result()).await.failed());
    let mut negative = result();
    negative["durationMs"] = json!(-4);
    assert!(runner.complete(lease, negative).await.failed());
    assert_eq!(ann.video(&video).await["state"], "PROCESSING");
    runner.publish_chunk(lease, chunk_of("audio")).await.data();
    runner.complete(lease, result()).await.data();
    assert_eq!(ann.video(&video).await["state"], "READY");
}

#[tokio::test(flavor = "multi_thread")]
async fn saying_done_twice_is_harmless() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    runner.finish(&job).await;
    let again = runner.complete(&job["lease"]["id"], result()).await;
    assert!(!again.failed() || again.code() == "LEASE_LOST", "{}", again.body);
    assert_eq!(ann.video(&video).await["state"], "READY");
    let late = runner.fail(&job["lease"]["id"], "MEDIA_NO_VIDEO", "No.", false).await;
    assert_eq!(late.code(), "LEASE_LOST");
    assert_eq!(ann.video(&video).await["state"], "READY");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_pass_is_tried_again_and_gives_up_in_the_end() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let mut attempts = 0;
    while ann.video(&video).await["state"] == "PROCESSING" {
        let job = lease_within_back_off(&app, &runner).await;
        attempts += 1;
        runner.fail(&job["lease"]["id"], "INTERNAL", "The disk was full.", true).await.data();
        assert_eq!(runner.lease().await, None, "not at once");
        assert!(attempts < 20, "it never gives up");
    }
    assert_eq!(attempts, 5);
    assert_eq!(ann.video(&video).await["state"], "FAILED");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_video_takes_its_job_away() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    ann.run("mutation ($id: ID!) { deleteVideo(id: $id) }", json!({ "id": video })).await.data();
    assert_eq!(runner.complete(&job["lease"]["id"], result()).await.code(), "LEASE_LOST");
    assert_eq!(runner.renew(&job["lease"]["id"]).await.code(), "LEASE_LOST");
    assert_eq!(runner.lease().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_stops_and_a_store_that_is_away_are_not_the_jobs_fault() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    for code in ["RUNNER_STOPPED", "STORAGE_UNAVAILABLE", "RUNNER_OUT_OF_DISK"] {
        for _ in 0..3 {
            let job = lease_within_back_off(&app, &runner).await;
            runner.fail(&job["lease"]["id"], code, "Not now.", true).await.data();
        }
    }
    const WAIT_S: &str = "SELECT extract(epoch FROM run_after - now())::bigint FROM job";
    let wait_s = app.number(WAIT_S).await;
    assert!((1..=300).contains(&wait_s), "a store that comes back is used again soon: {wait_s} s");
    for _ in 0..4 {
        let job = lease_within_back_off(&app, &runner).await;
        runner.fail(&job["lease"]["id"], "INTERNAL", "It crashed.", true).await.data();
    }
    assert_eq!(ann.video(&video).await["state"], "PROCESSING");
    let job = lease_within_back_off(&app, &runner).await;
    runner.fail(&job["lease"]["id"], "INTERNAL", "It crashed.", true).await.data();
    assert_eq!(ann.video(&video).await["state"], "FAILED");

    // What no runner ever has the time for ends all the same.
    let video = ann.upload("b.mp4", "video/mp4", b"any bytes").await;
    app.sql("UPDATE job SET attempts = 300, excused = 300 WHERE state = 'queued'").await;
    for _ in 0..5 {
        let job = lease_within_back_off(&app, &runner).await;
        runner.fail(&job["lease"]["id"], "RUNNER_STOPPED", "Not now.", true).await.data();
    }
    assert_eq!(ann.video(&video).await["state"], "FAILED");
}

/// What the object at the address of a chunk holds instead of it.
async fn refusal_of(runner: &kinora_tests::fake_runner::FakeRunner, lease: &Value, bytes: Vec<u8>) -> String {
    let output = json!([{ "kind": "CHUNK", "rendition": "360p", "chunk": 0, "size": bytes.len(), "md5": md5_of(&bytes) }]);
    let signed = runner.sign_outputs(lease, output).await.data()["signJobOutputs"][0].take();
    assert!(kinora_tests::person::put(&runner.client, &signed, bytes).await.status().is_success());
    let published = runner.publish_chunk(lease, chunk_of("360p")).await;
    assert_eq!(published.code(), "RESULT_REJECTED", "{}", published.body);
    published.error()["message"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_takes_the_bytes_that_were_announced_and_no_others() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    let lease = &job["lease"]["id"];
    let good = chunk_bytes("360p");
    let output = json!([{ "kind": "CHUNK", "rendition": "360p", "chunk": 0, "size": good.len() }]);
    let signed = runner.sign_outputs(lease, output).await.data()["signJobOutputs"][0].take();
    let mut damaged = good.clone();
    damaged[5_000] ^= 1;
    let put = async |bytes: &[u8]| {
        kinora_tests::person::put(&runner.client, &signed, bytes.to_vec()).await.status()
    };
    assert!(put(&damaged).await.is_client_error());
    assert!(put(&good).await.is_success());
    runner.publish_chunk(lease, chunk_of("360p")).await.data();
    assert!(put(&damaged).await.is_client_error(), "what is published stays as it is");
    for md5 in ["", "0", "/etc/passwd", &"g".repeat(32), &"0".repeat(33)] {
        let output = json!([{ "kind": "POSTER", "size": 9, "md5": md5 }]);
        assert_eq!(runner.sign_outputs(lease, output).await.code(), "BAD_USER_INPUT", "{md5}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_media_of_the_announced_length_is_not_published() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    let lease = &job["lease"]["id"];
    let good = chunk_bytes("360p");
    assert!(refusal_of(&runner, lease, vec![7; good.len()]).await.contains("not the fragmented MP4"));
    let page = [&b"<!doctype html><script>alert(1)</script>"[..], &good[40..]].concat();
    assert!(refusal_of(&runner, lease, page).await.contains("not the fragmented MP4"));
    let half = [&good[..good.len() / 2], &vec![0; good.len() - good.len() / 2]].concat();
    assert!(refusal_of(&runner, lease, half).await.contains("does not begin with moof"));
    let mut hour = good.clone();
    let at = hour.windows(4).position(|bytes| bytes == 180_000_u32.to_be_bytes()).unwrap();
    hour[at..at + 4].copy_from_slice(&324_000_000_u32.to_be_bytes());
    assert!(refusal_of(&runner, lease, hour).await.contains("another time"));
    assert_eq!(app.number("SELECT count(*) FROM chunk").await, 0);
    runner.finish(&job).await;
}
