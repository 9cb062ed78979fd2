//! Storyboards and loops: when they are there, who gets them, and what happens to a video without them.

use kinora_tests::app::TestApp;
use kinora_tests::fake_runner::{PREVIEW_BYTES, chunk_of, previews, result};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// Addresses of the images in a storyboard, without the places in them.
fn sprites(vtt: &str) -> Vec<String> {
    let cues = vtt.lines().filter_map(|line| line.split_once("#xywh="));
    cues.map(|(address, _)| address.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ready_video_gets_its_previews_later() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    assert_eq!(runner.lease_previews().await, None);
    let video = app.ready_video(&ann, &runner, "a").await;
    let without = ann.video(&video).await;
    assert_eq!((&without["storyboardUrl"], &without["loopUrl"]), (&Value::Null, &Value::Null));
    assert_eq!(app.guest.get(&format!("/v/{video}/storyboard.vtt")).await.status(), 404);
    assert_eq!(app.guest.get(&format!("/v/{video}/loop.mp4")).await.status(), 404);

    // New videos come first.
    ann.upload("b.mp4", "video/mp4", b"any bytes").await;
    let all = "mutation { leaseJob(kinds: [MAKE_PREVIEWS, PROCESS_VIDEO]) { kind } }";
    assert_eq!(runner.client.query(all).await.data()["leaseJob"]["kind"], "PROCESS_VIDEO");

    let job = runner.lease_previews().await.unwrap();
    assert_eq!((&job["videoId"], &job["durationMs"]), (&json!(video), &json!(4_000)));
    runner.finish_previews(&job).await;
    assert_eq!(runner.lease_previews().await, None);
    let with = ann.video(&video).await;
    assert_eq!(with["state"], "READY");
    let vtt = app.guest.get(with["storyboardUrl"].as_str().unwrap()).await;
    assert_eq!(vtt.headers()["content-type"], "text/vtt; charset=utf-8");
    let vtt = vtt.text().await.unwrap();
    let times: Vec<&str> = vtt.lines().filter(|line| line.contains("-->")).collect();
    assert_eq!(
        times,
        ["00:00:00.000 --> 00:00:01.500", "00:00:01.500 --> 00:00:03.000", "00:00:03.000 --> 00:00:04.000"]
    );
    let images = sprites(&vtt);
    assert!(images[0] == images[1] && images[1] != images[2], "{vtt}");
    assert!(vtt.contains("#xywh=160,0,160,90"), "{vtt}");
    for address in [&images[0], &images[2]] {
        assert_eq!(app.guest.get_text(address).await.as_bytes(), PREVIEW_BYTES);
    }
    let moving = app.guest.get(with["loopUrl"].as_str().unwrap()).await;
    assert_eq!(moving.status(), StatusCode::FOUND);
    let address = moving.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(app.guest.get_text(&address).await.as_bytes(), PREVIEW_BYTES);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_without_previews_is_no_worse_for_it() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = app.ready_video(&ann, &runner, "a").await;
    let job = runner.lease_previews().await.unwrap();
    runner.fail(&job["lease"]["id"], "MEDIA_CORRUPT", "It is damaged.", false).await.data();
    let seen = ann.video(&video).await;
    assert_eq!((&seen["state"], &seen["failure"]), (&json!("READY"), &Value::Null));
    assert_eq!(app.guest.get(&format!("/v/{video}/master.m3u8")).await.status(), 200);
    assert_eq!((runner.lease().await, runner.lease_previews().await), (None, None));
    assert!(app.compare_storage().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn previews_are_shown_to_whom_the_video_is() {
    let app = TestApp::start().await;
    let runner = app.fake_runner("one").await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let video = app.ready_video(&ann, &runner, "a").await;
    runner.finish_previews(&runner.lease_previews().await.unwrap()).await;
    ann.set_visibility(&video, "PRIVATE").await;
    for name in ["storyboard.vtt", "loop.mp4"] {
        let path = format!("/v/{video}/{name}");
        for other in [&app.guest, &bob.client] {
            assert_eq!(other.get(&path).await.status(), StatusCode::NOT_FOUND, "{name}");
        }
        let own = ann.client.get(&path).await;
        assert!(own.status().is_success() || own.status() == StatusCode::FOUND, "{name}: {}", own.status());
        assert_eq!(own.headers()["cache-control"], "private, no-store", "{name}");
    }
    let vtt = ann.client.get_text(&format!("/v/{video}/storyboard.vtt")).await;
    assert!(sprites(&vtt).iter().all(|address| address.contains("X-Amz-Signature=")), "{vtt}");

    ann.run("mutation ($id: ID!) { deleteVideo(id: $id) }", json!({ "id": video })).await.data();
    assert_eq!(ann.client.get(&format!("/v/{video}/storyboard.vtt")).await.status(), StatusCode::NOT_FOUND);
    let begun = std::time::Instant::now();
    while app.compare_storage().await.objects > 0 {
        assert!(begun.elapsed().as_secs() < 5, "objects of a deleted video are left");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_knows_previews() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = app.ready_video(&ann, &runner, "a").await;
    let job = runner.lease_previews().await.unwrap();
    let lease = job["lease"]["id"].as_str().unwrap().to_owned();
    let outputs = json!([{ "kind": "SPRITE", "chunk": 0, "size": PREVIEW_BYTES.len() }]);
    let signed = runner.sign_outputs(&job["lease"]["id"], outputs).await.data()["signJobOutputs"].take();
    kinora_tests::person::put(&runner.client, &signed[0], PREVIEW_BYTES.to_vec()).await;
    assert!(app.compare_storage().await.is_clean(), "what is being made is no orphan");
    runner.finish_previews(&job).await;
    assert!(app.compare_storage().await.is_clean());

    let with = ann.video(&video).await;
    // A video is as good as before without them, and without a picture that came with it.
    app.lose_object(&format!("videos/{video}/1/preview-{lease}/storyboard-1.jpg")).await;
    app.sql("UPDATE video SET thumbnail_id = 7").await;
    let found = app.compare_storage().await;
    assert_eq!((found.lost_extras.len(), found.damaged.len(), found.orphans.len()), (2, 0, 0), "{found:?}");
    app.mend_storage(&found).await;
    let without = ann.video(&video).await;
    assert_eq!((&without["state"], &without["storyboardUrl"]), (&json!("READY"), &Value::Null));
    assert_eq!(without["posterUrl"], with["posterUrl"]);
    assert_eq!(runner.lease().await, None);
    runner.finish_previews(&runner.lease_previews().await.expect("they are made again")).await;
    assert!(ann.video(&video).await["storyboardUrl"].is_string());
    // Those that were not lost are named by nothing any more.
    app.mend_storage(&app.compare_storage().await).await;
    assert!(app.compare_storage().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_for_previews_makes_nothing_else() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = app.ready_video(&ann, &runner, "a").await;
    let job = runner.lease_previews().await.unwrap();
    let lease = &job["lease"]["id"];
    let refused = [
        json!({ "kind": "CHUNK", "rendition": "360p", "chunk": 0, "size": 9_600 }),
        json!({ "kind": "POSTER", "size": 9 }),
        json!({ "kind": "SPRITE", "chunk": 10, "size": 9 }),
        json!({ "kind": "SPRITE", "chunk": -1, "size": 9 }),
        json!({ "kind": "SPRITE", "chunk": 0, "size": 5_000_000 }),
        json!({ "kind": "LOOP", "size": 500_001 }),
    ];
    for output in refused {
        assert_eq!(runner.sign_outputs(lease, json!([output])).await.code(), "RESULT_REJECTED", "{output}");
    }
    assert_eq!(runner.publish_chunk(lease, chunk_of("360p")).await.code(), "RESULT_REJECTED");
    assert_eq!(runner.complete(lease, result()).await.code(), "RESULT_REJECTED");
    assert_eq!(runner.complete_part(lease).await.code(), "RESULT_REJECTED");
    // Bytes that were never sent.
    assert_eq!(runner.complete_previews(lease, previews()).await.code(), "RESULT_REJECTED");
    let mut huge = previews();
    huge["tileWidth"] = json!(1_600);
    assert_eq!(runner.complete_previews(lease, huge).await.code(), "RESULT_REJECTED");
    assert_eq!(ann.video(&video).await["storyboardUrl"], Value::Null);

    ann.upload("b.mp4", "video/mp4", b"any bytes").await;
    let other = runner.lease().await.unwrap();
    let outputs = json!([{ "kind": "LOOP", "size": 9 }]);
    assert_eq!(runner.sign_outputs(&other["lease"]["id"], outputs).await.code(), "RESULT_REJECTED");
    assert_eq!(runner.complete_previews(&other["lease"]["id"], previews()).await.code(), "RESULT_REJECTED");
}
