//! Renditions as files: made for whoever asks, once, and not kept for ever.

use kinora_tests::app::TestApp;
use kinora_tests::graphql::{Client, Reply};
use reqwest::StatusCode;
use serde_json::{Value, json};

async fn ask(client: &Client, video: &str, rendition: &str) -> Reply {
    const ASK: &str = "mutation ($v: ID!, $r: String!) {
        prepareDownload(videoId: $v, rendition: $r) { rendition kind width height size state url } }";
    client.run(ASK, json!({ "v": video, "r": rendition })).await
}

async fn listed(client: &Client, video: &str) -> Value {
    const LISTED: &str = "query ($v: ID!) { video(id: $v) { downloads { rendition state size url } } }";
    client.run(LISTED, json!({ "v": video })).await.data()["video"]["downloads"].take()
}

async fn state(client: &Client, video: &str, rendition: &str) -> Value {
    let files = listed(client, video).await;
    let found = files.as_array().unwrap().iter().find(|file| file["rendition"] == rendition);
    found.map_or(Value::Null, |file| file["state"].clone())
}

fn path(video: &str, rendition: &str) -> String {
    format!("/v/{video}/download?rendition={rendition}")
}

const JOBS: &str = "SELECT count(*) FROM job WHERE kind = 'make_download'";

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_asks_and_gets_a_file_that_is_made_once() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let id = app.ready_video(&ann, &runner, "Seals").await;
    ann.update_video(json!({ "id": id, "title": "Seals: \"a/b\"" })).await.data();
    let files = listed(&app.guest, &id).await;
    let names: Vec<&str> =
        files.as_array().unwrap().iter().map(|f| f["rendition"].as_str().unwrap()).collect();
    assert_eq!(names, ["360p", "audio"]);
    assert_eq!(files[0], json!({ "rendition": "360p", "state": "ABSENT", "size": 19_200, "url": null }));
    assert_eq!(files[1]["size"], 9_600, "the sound alone");
    assert_eq!(app.guest.get(&path(&id, "360p")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(ask(&app.guest, &id, "720p").await.code(), "NOT_FOUND");
    assert_eq!(ask(&app.guest, &id, "../x").await.code(), "NOT_FOUND");

    // Both at once, and once more.
    let (one, other) = tokio::join!(ask(&app.guest, &id, "360p"), ask(&ann.client, &id, "360p"));
    let again = ask(&app.guest, &id, "360p").await;
    for reply in [one, other, again] {
        let file = reply.data()["prepareDownload"].take();
        assert_eq!(
            (&file["state"], &file["kind"], &file["width"]),
            (&json!("PREPARING"), &json!("VIDEO"), &json!(640))
        );
    }
    assert_eq!(app.number(JOBS).await, 1);

    let job = runner.lease_download().await.unwrap();
    assert_eq!((&job["rendition"], &job["videoId"]), (&json!("360p"), &json!(id)));
    assert!(runner.lease_download().await.is_none());
    let lease = &job["lease"]["id"];
    let inputs = runner.sign_inputs(lease).await.data()["signJobInputs"].take();
    let mut told: Vec<String> = Vec::new();
    for input in inputs.as_array().unwrap() {
        told.push(format!("{} {} {}", input["rendition"].as_str().unwrap(), input["chunk"], input["size"]));
        let bytes = app.guest.get(input["url"].as_str().unwrap()).await.bytes().await.unwrap();
        assert_eq!(bytes.len(), 9_600);
    }
    told.sort();
    assert_eq!(told, ["360p 0 9600", "audio 0 9600"]);
    assert_eq!(state(&app.guest, &id, "360p").await, "PREPARING");
    assert_eq!(runner.send_download(lease, 19_500).await.data()["completeJob"], true);

    let files = listed(&app.guest, &id).await;
    let url = files[0]["url"].as_str().unwrap();
    assert_eq!((&files[0]["state"], &files[0]["size"]), (&json!("READY"), &json!(19_500)));
    let redirect = app.guest.get(url).await;
    assert_eq!(redirect.status(), StatusCode::FOUND);
    let file = app.guest.get(redirect.headers()["location"].to_str().unwrap()).await;
    let saved_as = file.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(saved_as.starts_with("attachment; filename=\"Seals_ _a_b_ 360p.mp4\""), "{saved_as}");
    assert_eq!(file.bytes().await.unwrap(), vec![9; 19_500]);
    assert_eq!(ask(&app.guest, &id, "360p").await.data()["prepareDownload"]["state"], "READY");
    assert_eq!(app.number(JOBS).await, 1);
    assert!(app.compare_storage().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_a_private_video_is_its_owners_and_goes_with_it() {
    let app = TestApp::start().await;
    let runner = app.fake_runner("one").await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let id = app.ready_video(&ann, &runner, "Seals").await;
    ann.set_visibility(&id, "PRIVATE").await;
    for client in [&app.guest, &bob.client, &runner.client] {
        assert_eq!(ask(client, &id, "audio").await.code(), "NOT_FOUND");
    }
    assert_eq!(app.number(JOBS).await, 0);
    ask(&ann.client, &id, "audio").await.data();
    let job = runner.lease_download().await.unwrap();
    runner.send_download(&job["lease"]["id"], 9_700).await.data();
    for client in [&app.guest, &bob.client, &runner.client] {
        assert_eq!(client.get(&path(&id, "audio")).await.status(), StatusCode::NOT_FOUND);
    }
    let own = ann.client.get(&path(&id, "audio")).await;
    assert_eq!(own.headers()["cache-control"], "private, no-store");
    let location = own.headers()["location"].to_str().unwrap().to_owned();
    let file = ann.client.get(&location).await;
    assert!(file.headers()["content-disposition"].to_str().unwrap().contains("\"Seals.m4a\""));

    // One file is there, another one is being made.
    ask(&ann.client, &id, "360p").await.data();
    let job = runner.lease_download().await.unwrap();
    ann.run("mutation ($v: ID!) { deleteVideo(id: $v) }", json!({ "v": id })).await.data();
    assert_eq!(runner.sign_inputs(&job["lease"]["id"]).await.code(), "LEASE_LOST");
    assert_eq!(app.number("SELECT count(*) FROM download").await, 0);
    let began = std::time::Instant::now();
    while ann.client.get(&location).await.status() != StatusCode::NOT_FOUND {
        assert!(began.elapsed().as_secs() < 10, "the file outlasts its video");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asks_for_any_more_goes() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let id = app.ready_video(&ann, &runner, "Seals").await;
    for rendition in ["360p", "audio"] {
        ask(&app.guest, &id, rendition).await.data();
        let job = runner.lease_download().await.unwrap();
        runner.send_download(&job["lease"]["id"], 9_700).await.data();
    }
    let stored = app.stored_files().await;
    app.sql("UPDATE download SET asked_at = now() - interval '6 days 23 hours'").await;
    assert_eq!(app.forget_downloads().await, 0);
    // Whoever downloads it asks for it.
    assert_eq!(app.guest.get(&path(&id, "audio")).await.status(), StatusCode::FOUND);
    app.sql("UPDATE download SET asked_at = asked_at - interval '2 hours'").await;
    assert_eq!(app.forget_downloads().await, 1);
    assert!(app.stored_files().await < stored);
    assert_eq!(state(&app.guest, &id, "360p").await, "ABSENT");
    assert_eq!(state(&app.guest, &id, "audio").await, "READY");
    assert!(app.compare_storage().await.is_clean());

    assert_eq!(app.guest.get(&path(&id, "%00")).await.status(), StatusCode::NOT_FOUND);
    // One that the store has lost damages no video, and is made again.
    let location =
        app.guest.get(&path(&id, "audio")).await.headers()["location"].to_str().unwrap().to_owned();
    let (address, _) = location.split_once('?').unwrap();
    let (_, key) = address.split_once("/videos/").unwrap();
    app.lose_object(&format!("videos/{key}")).await;
    let found = app.compare_storage().await;
    assert_eq!((found.lost_extras.len(), found.damaged.len(), found.orphans.len()), (1, 0, 0), "{found:?}");
    app.mend_storage(&found).await;
    assert_eq!(state(&app.guest, &id, "audio").await, "ABSENT");
    assert!(app.compare_storage().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_made_leaves_its_video_alone() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let id = app.ready_video(&ann, &runner, "Seals").await;
    ask(&app.guest, &id, "360p").await.data();
    let job = runner.lease_download().await.unwrap();
    let lease = &job["lease"]["id"];
    // What does not fit is refused: too much for one file, more than its parts, nothing at all, another kind.
    let huge = json!([{ "kind": "DOWNLOAD", "size": 6_u64 << 30 }]);
    assert_eq!(runner.sign_outputs(lease, huge).await.code(), "RESULT_REJECTED");
    assert_eq!(runner.complete_part(lease).await.code(), "RESULT_REJECTED");
    assert_eq!(runner.send_download(lease, 2 << 20).await.code(), "RESULT_REJECTED");
    let chunk = kinora_tests::fake_runner::chunk_of("360p");
    assert_eq!(runner.publish_chunk(lease, chunk).await.code(), "RESULT_REJECTED");
    assert_eq!(runner.complete(lease, kinora_tests::fake_runner::result()).await.code(), "RESULT_REJECTED");

    runner.fail(lease, "INTERNAL", "No.", false).await.data();
    assert_eq!(state(&app.guest, &id, "360p").await, "FAILED");
    assert_eq!(ann.video(&id).await["state"], "READY");
    let again = ask(&app.guest, &id, "360p").await.data()["prepareDownload"].take();
    assert_eq!(again["state"], "PREPARING");
    let job = runner.lease_download().await.unwrap();
    runner.send_download(&job["lease"]["id"], 19_400).await.data();
    assert_eq!(state(&app.guest, &id, "360p").await, "READY");

    // A video that is not there yet has none, and neither is one of a job of another kind.
    let fresh = ann.upload("b.mp4", "video/mp4", b"any bytes").await;
    assert_eq!(listed(&app.guest, &fresh).await, json!([]));
    assert_eq!(ask(&app.guest, &fresh, "360p").await.code(), "CONFLICT");
    let other = runner.lease().await.unwrap();
    let output = json!([{ "kind": "DOWNLOAD", "size": 9 }]);
    assert_eq!(runner.sign_outputs(&other["lease"]["id"], output).await.code(), "RESULT_REJECTED");
    assert_eq!(runner.sign_inputs(&other["lease"]["id"]).await.code(), "RESULT_REJECTED");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_is_limited() {
    let app = TestApp::start_with(|config| config.rate_limits = true).await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let id = app.ready_video(&ann, &runner, "Seals").await;
    for _ in 0..60 {
        ask(&app.guest, &id, "360p").await.data();
    }
    let refused = ask(&app.guest, &id, "audio").await;
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert!(refused.error()["extensions"]["retryAfterMs"].as_u64().unwrap() > 0);
    assert_eq!(app.number(JOBS).await, 1);
}
