//! Protected videos through the real pipeline: with the key the same video, without it nothing.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use kinora_tests::app::TestApp;
use kinora_tests::clips::{self, Clip};
use kinora_tests::person::Person;
use kinora_tests::probe;
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::chunks::{frames, rung};
use crate::previews::previewed;
use crate::published::{PATIENCE, Track, fetch, range};

async fn upload_private(ann: &Person, clip: &Clip) -> String {
    ann.upload_private(&clip.file_name(), clip.content_type, &clip.bytes()).await
}

fn checksums(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit(',').next().unwrap().trim().to_owned()).collect()
}

/// What somebody has who has every object and no key.
async fn without_key(ann: &Person, track: &Track) -> std::path::PathBuf {
    let init = &track.playlist.init;
    let mut bytes = range(&ann.client, &init.url, init.offset, init.length).await;
    for segment in &track.playlist.segments {
        let piece = &segment.piece;
        bytes.extend(range(&ann.client, &piece.url, piece.offset, piece.length).await);
    }
    let file = track.file.with_extension("sealed.mp4");
    std::fs::write(&file, bytes).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn with_its_key_a_protected_video_is_what_it_was_and_without_it_nothing() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder = vec![rung(360), rung(180)];
    })
    .await;
    let ann = app.person("ann").await;
    let id = upload_private(&ann, &clips::CHUNKS).await;
    let video = ann.ready(&id, PATIENCE).await;
    assert_eq!((&video["protected"], &video["encrypted"]), (&json!(true), &json!(true)));
    let published = fetch(&ann.client, video).await;
    let source = clips::CHUNKS.path();
    let of_source = frames(&source, "v");
    assert_eq!(frames(&published.pictures[0].file, "v"), of_source, "what is passed on is passed on");
    assert_eq!(published.pictures.len(), 2);
    assert_eq!(frames(&published.pictures[1].file, "v").len(), of_source.len());
    let sound = published.sound.as_ref().unwrap();
    assert_eq!(sound.packets("a").len(), probe::packets(&source, "a").len());
    let mut vectors = Vec::new();
    for (track, kind) in [(&published.pictures[0], "v"), (&published.pictures[1], "v"), (sound, "a")] {
        vectors.extend(track.playlist.segments.iter().map(|segment| segment.key.as_ref().unwrap().iv));
        let sealed = without_key(&ann, track).await;
        assert_eq!(decoded(&sealed, kind), 0, "{}", track.variant.url);
    }
    let all = vectors.len();
    vectors.sort_unstable();
    vectors.dedup();
    assert_eq!(vectors.len(), all, "no vector comes twice");
}

/// How many frames come out, whatever is said of the rest.
fn decoded(file: &std::path::Path, kind: &str) -> usize {
    let map = format!("0:{kind}:0");
    let output = Command::new("ffmpeg")
        .args(["-v", "quiet", "-nostdin", "-i"])
        .arg(file)
        .args(["-map", &map, "-f", "framemd5", "-"])
        .output()
        .unwrap();
    checksums(&output).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_video_can_be_watched_while_it_grows() {
    let app = TestApp::start_processing().await;
    let ann = app.person("ann").await;
    let id = upload_private(&ann, &clips::CHUNKS_VP9).await;
    let early = ann.playable(&id, PATIENCE).await;
    assert_eq!((&early["state"], &early["encrypted"]), (&json!("PROCESSING"), &json!(true)));
    let growing = fetch(&ann.client, early).await;
    let first = &growing.pictures[0];
    assert!(!first.playlist.ended && first.playlist.segments.iter().all(|segment| segment.key.is_some()));
    assert!(probe::decodes(&first.file) && !frames(&first.file, "v").is_empty());
    assert!(probe::decodes(&growing.sound.as_ref().unwrap().file));
    let video = ann.ready(&id, PATIENCE).await;
    let whole = fetch(&ann.client, video).await;
    for track in &whole.pictures {
        assert_eq!(frames(&track.file, "v").len(), 40 * 25, "{}", track.variant.url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_video_that_becomes_private_leaves_nothing_clear_behind() {
    let app = TestApp::start_processing().await.with_previews().await;
    let ann = app.person("ann").await;
    let first = previewed(&ann, &clips::CHUNKS).await;
    let id = first["id"].as_str().unwrap().to_owned();
    let clear = fetch(&ann.client, first).await;
    let addresses: Vec<_> = clear.pictures.iter().map(|track| track.playlist.init.url.clone()).collect();
    let moving = target(&ann, &clear.video["loopUrl"]).await;
    let before = settled(&app).await;
    ann.set_visibility(&id, "PRIVATE").await;
    let begun = Instant::now();
    let sealed = |standing: &Value| {
        assert_eq!(
            (&standing["state"], &standing["playable"]),
            (&json!("READY"), &json!(true)),
            "it plays on"
        );
        standing["encrypted"] == true
    };
    let video = ann.once(&id, PATIENCE, sealed).await;
    let sealed = fetch(&ann.client, video.clone()).await;
    for (one, other) in clear.pictures.iter().zip(&sealed.pictures) {
        assert_eq!(frames(&one.file, "v"), frames(&other.file, "v"), "{}", one.variant.url);
    }
    // The previews come last, and then those of before go.
    while app.guest.get(moving.as_str()).await.status() != 404 {
        assert!(begun.elapsed() < PATIENCE, "{moving}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // As many objects as before, none of them one of those.
    assert_eq!(settled(&app).await, before);
    for address in addresses {
        let response = app.guest.request(Method::GET, address.as_str()).send().await.unwrap();
        assert_eq!(response.status(), 404, "{address}");
    }
    let poster = poster(&ann, &video).await;
    assert!(poster.starts_with(&[0xFF, 0xD8]), "no JPEG");

    // And back: the same bytes, of which none was encoded.
    ann.update_video(json!({ "id": id, "protected": false })).await.data();
    let video = ann.once(&id, PATIENCE, |standing| standing["encrypted"] == false).await;
    let again = fetch(&ann.client, video).await;
    let before = clear.pictures.iter().chain(&clear.sound);
    for (one, other) in before.zip(again.pictures.iter().chain(&again.sound)) {
        assert!(
            std::fs::read(&one.file).unwrap() == std::fs::read(&other.file).unwrap(),
            "{}",
            one.variant.url
        );
    }
    const ENCODED: &str = "SELECT count(*) FROM job WHERE kind = 'process_video'";
    assert_eq!(app.number(ENCODED).await, 1, "it was made once");
}

/// Where an address of a video sends a player to.
async fn target(ann: &Person, address: &Value) -> Url {
    let address = ann.client.base().join(address.as_str().unwrap()).unwrap();
    let redirected = ann.client.get(address.as_str()).await;
    ann.client.base().join(redirected.headers()["location"].to_str().unwrap()).unwrap()
}

async fn poster(ann: &Person, video: &Value) -> Vec<u8> {
    let target = target(ann, &video["posterUrl"]).await;
    // Presigned: the log-in would be one permission too many.
    let response = kinora_tests::graphql::Client::guest(ann.client.base().clone()).get(target.as_str()).await;
    assert_eq!(response.status(), 200);
    response.bytes().await.unwrap().to_vec()
}

/// The count of objects, once bucket and database agree.
async fn settled(app: &TestApp) -> usize {
    for _ in 0..100 {
        let found = app.compare_storage().await;
        if found.is_clean() {
            return found.objects;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{:?}", app.compare_storage().await);
}
