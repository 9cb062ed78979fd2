//! Renditions in other codecs than H.264: when they are made and by whom, when they are listed, and what becomes of a
//! video without them.

use kinora_tests::app::TestApp;
use kinora_tests::fake_runner::{FakeRunner, IV, chunk_bytes, md5_of, plan_with_codecs, planned_chunk};
use kinora_tests::person::Person;
use serde_json::{Value, json};

const ANY: &str = "ENCODE_HEVC, ENCODE_AV1";
const ENCODERS: [&str; 3] = ["libx264", "libx265", "libsvtav1"];

/// A public video that is ready, of which HEVC in two sizes and AV1 in one are to come, in two chunks.
async fn ready(ann: &Person, runner: &FakeRunner) -> String {
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    make_ready(ann, runner, &video).await;
    video
}

async fn make_ready(ann: &Person, runner: &FakeRunner, video: &str) {
    let planning = runner.lease().await.unwrap()["lease"]["id"].take();
    runner.plan(&planning, plan_with_codecs()).await.data();
    runner.complete_part(&planning).await.data();
    while let Some(part) = runner.lease_part().await {
        let lease = &part["lease"]["id"];
        let mut chunk = if part["kind"] == "ENCODE_AUDIO" {
            planned_chunk("audio", 0)
        } else {
            assert_eq!(part["renditions"], json!(["360p"]), "the other codecs hold nothing up");
            planned_chunk("360p", part["chunk"].as_u64().unwrap())
        };
        chunk["isLast"] = json!(part["kind"] == "ENCODE_AUDIO");
        if part["contentKey"].is_string() {
            chunk["iv"] = json!(IV);
        }
        runner.send_chunk(lease, chunk).await.data();
        assert_eq!(runner.lease_codec(ANY).await, None, "they wait until the video is ready");
        runner.complete_part(lease).await.data();
    }
    assert_eq!(ann.video(video).await["state"], "READY");
}

async fn master(app: &TestApp, video: &str) -> String {
    app.guest.get_text(&format!("/v/{video}/master.m3u8")).await
}

/// Names of all renditions that viewers are told of, and of those that they can save.
async fn told(app: &TestApp, video: &str) -> (Vec<String>, Vec<String>) {
    const ASK: &str = "query ($id: ID!) { video(id: $id) { renditions { name } downloads { rendition } } }";
    let video = app.guest.run(ASK, json!({ "id": video })).await.data()["video"].take();
    let names = |list: &str, field: &str| {
        let rows = video[list].as_array().unwrap().iter();
        let mut names: Vec<String> = rows.map(|row| row[field].as_str().unwrap().to_owned()).collect();
        names.sort_unstable();
        names
    };
    (names("renditions", "name"), names("downloads", "rendition"))
}

#[tokio::test(flavor = "multi_thread")]
async fn other_codecs_are_listed_when_they_are_whole() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    runner.report(&ENCODERS).await;
    let video = ready(&ann, &runner).await;
    let plain = ["360p", "audio"];
    assert_eq!(
        told(&app, &video).await,
        (plain.map(String::from).to_vec(), plain.map(String::from).to_vec())
    );

    // Everything else comes first.
    let all = "mutation { leaseJob(kinds: [ENCODE_AV1, MAKE_PREVIEWS]) { kind lease { id } } }";
    let first = runner.client.query(all).await.data()["leaseJob"].take();
    assert_eq!(first["kind"], "MAKE_PREVIEWS");
    runner.finish_previews(&first).await;

    for chunk in 0..2 {
        let mut job = runner.lease_codec("ENCODE_HEVC").await.unwrap();
        assert_eq!((&job["chunk"], &job["plan"]), (&json!(chunk), &json!("for runners only")));
        job["renditions"].as_array_mut().unwrap().sort_unstable_by_key(Value::to_string);
        assert_eq!(job["renditions"], json!(["240p-hevc", "360p-hevc"]));
        assert!(!master(&app, &video).await.contains("hevc"), "it is not whole");
        assert_eq!(app.guest.get(&format!("/v/{video}/360p-hevc.m3u8")).await.status(), 404);
        assert_eq!(told(&app, &video).await.1, plain);
        runner.finish_codec(&job).await;
    }
    let text = master(&app, &video).await;
    let lines: Vec<&str> = text.lines().collect();
    let place = |name: &str| lines.iter().position(|line| *line == format!("{name}.m3u8")).unwrap();
    assert!(place("360p") < place("360p-hevc") && place("360p-hevc") < place("240p-hevc"), "{text}");
    let attributes = lines[place("240p-hevc") - 1];
    assert!(attributes.contains("CODECS=\"hvc1.1.6.L93.90,mp4a.40.2\""), "{attributes}");
    assert!(attributes.contains("RESOLUTION=426x240") && !attributes.contains("BANDWIDTH=0"), "{attributes}");
    assert!(!text.contains("av1"), "that is another codec: {text}");
    let playlist = app.guest.get_text(&format!("/v/{video}/240p-hevc.m3u8")).await;
    assert!(playlist.contains("TYPE:VOD") && playlist.contains("ENDLIST"), "{playlist}");
    assert_eq!(playlist.matches("#EXTINF").count(), 4);
    let with_hevc = ["240p-hevc", "360p", "360p-hevc", "audio"].map(String::from).to_vec();
    assert_eq!(told(&app, &video).await, (with_hevc.clone(), with_hevc));

    while let Some(job) = runner.lease_codec(ANY).await {
        runner.finish_codec(&job).await;
    }
    assert!(master(&app, &video).await.contains("CODECS=\"av01.0.04M.08,mp4a.40.2\""));
    assert_eq!(ann.video(&video).await["state"], "READY");
    assert!(app.compare_storage().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_gets_what_its_ffmpeg_can_encode_and_the_rest_waits() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = ready(&ann, &runner).await;
    assert_eq!(runner.lease_codec(ANY).await, None, "it has said nothing of its encoders");
    runner.report(&["libx264", "hevc_vaapi"]).await;
    assert_eq!(runner.lease_codec(ANY).await, None);
    // Waiting for a runner that can is no trouble, and hides none.
    app.put_empty_object(&format!("videos/{video}/1/360p-hevc/chunk-9-1.mp4")).await;
    let found = app.compare_storage().await;
    assert_eq!((found.orphans.len(), found.damaged.len()), (1, 0), "{found:?}");
    app.mend_storage(&found).await;

    runner.report(&["libx264", "libx265"]).await;
    for _ in 0..2 {
        let job = runner.lease_codec(ANY).await.unwrap();
        assert_eq!(job["kind"], "ENCODE_HEVC");
        runner.finish_codec(&job).await;
    }
    assert_eq!(runner.lease_codec(ANY).await, None);
    let text = master(&app, &video).await;
    assert!(text.contains("hvc1.") && !text.contains("av01."), "{text}");
    assert_eq!(
        app.number("SELECT count(*) FROM job WHERE kind = 'encode_av1' AND state = 'queued'").await,
        2
    );
    assert!(app.compare_storage().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_codec_that_fails_leaves_the_video_as_it_is() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    runner.report(&ENCODERS).await;
    let video = ready(&ann, &runner).await;
    runner.finish_codec(&runner.lease_codec("ENCODE_HEVC").await.unwrap()).await;
    let second = runner.lease_codec("ENCODE_HEVC").await.unwrap();
    runner.send_chunk(&second["lease"]["id"], planned_chunk("360p-hevc", 1)).await.data();
    runner.fail(&second["lease"]["id"], "MEDIA_CORRUPT", "It is damaged.", false).await.data();
    assert_eq!(runner.lease_codec("ENCODE_HEVC").await, None);
    let seen = ann.video(&video).await;
    assert_eq!((&seen["state"], &seen["failure"]), (&json!("READY"), &Value::Null));
    assert_eq!((runner.lease().await, runner.lease_part().await), (None, None), "nothing begins anew");
    assert_eq!(app.number("SELECT count(*) FROM rendition WHERE name LIKE '%hevc'").await, 0);
    assert!(app.compare_storage().await.is_clean(), "what was made of it is gone");

    // The other codec has nothing to do with it; this time its runners go silent.
    let lost = runner.lease_codec("ENCODE_AV1").await.unwrap();
    app.sql("UPDATE job SET lease_expires_at = now() - interval '1 s', crashes = 2 WHERE state = 'leased'")
        .await;
    let begun = std::time::Instant::now();
    while app.number("SELECT count(*) FROM rendition WHERE name LIKE '%av1'").await > 0 {
        assert!(begun.elapsed().as_secs() < 30, "the job is not given up");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(runner.complete_part(&lost["lease"]["id"]).await.code(), "LEASE_LOST");
    assert_eq!(runner.lease_codec(ANY).await, None);
    assert_eq!(ann.video(&video).await["state"], "READY");
    assert!(!master(&app, &video).await.contains("av1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_makes_its_own_chunk_in_its_own_codec() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    runner.report(&ENCODERS).await;
    ready(&ann, &runner).await;
    let job = runner.lease_codec("ENCODE_HEVC").await.unwrap();
    let lease = &job["lease"]["id"];
    for (rendition, chunk) in [("360p", 0), ("360p-av1", 0), ("360p-hevc", 1), ("audio", 0)] {
        let output = json!([{ "kind": "CHUNK", "rendition": rendition, "chunk": chunk, "size": 9_600 }]);
        assert_eq!(runner.sign_outputs(lease, output).await.code(), "RESULT_REJECTED", "{rendition}");
        let published = runner.publish_chunk(lease, planned_chunk(rendition, chunk)).await;
        assert_eq!(published.code(), "RESULT_REJECTED", "{rendition}");
    }
    // A runner that sends H.264 under another name.
    let bytes = chunk_bytes("360p");
    let output = json!([{
        "kind": "CHUNK", "rendition": "360p-hevc", "chunk": 0, "size": 9_600, "md5": md5_of(&bytes),
    }]);
    let signed = runner.sign_outputs(lease, output).await.data()["signJobOutputs"].take();
    assert!(kinora_tests::person::put(&runner.client, &signed[0], bytes).await.status().is_success());
    let mut lie = planned_chunk("360p-hevc", 0);
    lie["codecs"] = json!("avc1.64001e");
    assert_eq!(runner.publish_chunk(lease, lie).await.code(), "RESULT_REJECTED");
    // Nothing was made, and the last job of a codec that lacks a chunk does not end well.
    runner.complete_part(lease).await.data();
    let last = runner.lease_codec("ENCODE_HEVC").await.unwrap();
    assert_eq!(runner.complete_part(&last["lease"]["id"]).await.code(), "RESULT_REJECTED");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_video_or_making_it_anew_ends_the_work_on_its_codecs() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    runner.report(&ENCODERS).await;
    let video = ready(&ann, &runner).await;
    runner.finish_codec(&runner.lease_codec("ENCODE_HEVC").await.unwrap()).await;
    let old = runner.lease_codec("ENCODE_HEVC").await.unwrap();
    // What becomes private is encrypted, which makes it anew.
    ann.set_visibility(&video, "PRIVATE").await;
    let again = runner.lease().await.expect("it is made anew at once, whatever else waits");
    runner.finish(&again).await;
    assert_eq!(ann.video(&video).await["encrypted"], true);
    assert_eq!(runner.renew(&old["lease"]["id"]).await.code(), "LEASE_LOST");
    assert_eq!(runner.lease_codec(ANY).await, None);
    assert_eq!(app.number("SELECT count(*) FROM rendition WHERE attempt = 1").await, 0);

    let other = ready(&ann, &runner).await;
    runner.finish_codec(&runner.lease_codec("ENCODE_HEVC").await.unwrap()).await;
    let job = runner.lease_codec("ENCODE_AV1").await.unwrap();
    for video in [&video, &other] {
        ann.run("mutation ($id: ID!) { deleteVideo(id: $id) }", json!({ "id": video })).await.data();
    }
    assert_eq!(runner.renew(&job["lease"]["id"]).await.code(), "LEASE_LOST");
    assert_eq!(runner.lease_codec(ANY).await, None);
    for _ in 0..50 {
        let found = app.compare_storage().await;
        app.mend_storage(&found).await;
        if found.is_clean() && found.objects == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("objects are left: {:?}", app.compare_storage().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_video_has_its_codecs_encrypted() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    runner.report(&ENCODERS).await;
    let video = ann.upload_private("a.mp4", "video/mp4", b"any bytes").await;
    make_ready(&ann, &runner, &video).await;
    let first = runner.lease_codec("ENCODE_AV1").await.unwrap();
    assert!(first["contentKey"].is_string());
    let clear = runner.send_chunk(&first["lease"]["id"], planned_chunk("360p-av1", 0)).await;
    assert_eq!(clear.code(), "RESULT_REJECTED");
    runner.finish_codec(&first).await;
    runner.finish_codec(&runner.lease_codec("ENCODE_AV1").await.unwrap()).await;
    let playlist = ann.client.get_text(&format!("/v/{video}/360p-av1.m3u8")).await;
    assert_eq!(playlist.matches("#EXT-X-KEY").count(), 4, "{playlist}");
}
