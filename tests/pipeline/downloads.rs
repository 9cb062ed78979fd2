//! Files to download, made by the real runner out of what is there for playing.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kinora_tests::app::TestApp;
use kinora_tests::clips;
use kinora_tests::graphql::Client;
use kinora_tests::probe;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chunks::{frames, rung};
use crate::published::{PATIENCE, fetch, publish};

/// Asks for a file, waits for it and saves it.
pub async fn saved(guest: &Client, video: &str, rendition: &str, folder: &TempDir) -> (PathBuf, Value) {
    const ASK: &str = "mutation ($v: ID!, $r: String!) {
        prepareDownload(videoId: $v, rendition: $r) { state url size } }";
    let began = Instant::now();
    let file = loop {
        let reply = guest.run(ASK, json!({ "v": video, "r": rendition })).await;
        let file = reply.data()["prepareDownload"].take();
        if file["state"] == "READY" {
            break file;
        }
        assert_eq!(file["state"], "PREPARING");
        assert!(began.elapsed() < PATIENCE, "{rendition} is not ready after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let redirect = guest.get(file["url"].as_str().unwrap()).await;
    let bytes = guest.get(redirect.headers()["location"].to_str().unwrap()).await.bytes().await.unwrap();
    assert_eq!(bytes.len() as u64, file["size"].as_u64().unwrap());
    let path = folder.path().join(format!("{rendition}.mp4"));
    std::fs::write(&path, bytes).unwrap();
    (path, file)
}

/// The boxes of a file in their order.
fn boxes(file: &Path) -> Vec<String> {
    let bytes = std::fs::read(file).unwrap();
    let (mut at, mut kinds) = (0, Vec::new());
    while at + 8 <= bytes.len() {
        let size = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        kinds.push(String::from_utf8_lossy(&bytes[at + 4..at + 8]).into_owned());
        assert!(size >= 8, "{kinds:?}");
        at += size;
    }
    kinds
}

fn duration_s(file: &Path) -> f64 {
    probe::streams(file)["format"]["duration"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_holds_the_frames_of_its_rendition_in_step_with_the_sound() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder = vec![rung(360), rung(180)];
    })
    .await;
    let ann = app.person("ann").await;
    let folder = tempfile::tempdir().unwrap();
    let published = publish(&ann, &clips::CHUNKS).await;
    let id = published.video["id"].as_str().unwrap();
    let sound = published.sound.as_ref().unwrap();
    let late_in =
        |pictures: &Path, sound: &Path| probe::sound_begins_ms(sound) - probe::picture_begins_ms(pictures);
    let in_source_ms = late_in(&clips::CHUNKS.path(), &clips::CHUNKS.path());
    for (track, name) in published.pictures.iter().zip(["360p", "180p"]) {
        let (file, told) = saved(&app.guest, id, name, &folder).await;
        assert_eq!(frames(&file, "v"), frames(&track.file, "v"), "{name}");
        assert_eq!(probe::packets(&file, "a").len(), sound.packets("a").len(), "{name}");
        assert!((duration_s(&file) - 40.0).abs() < 0.1, "{name}: {} s", duration_s(&file));
        let late_ms = late_in(&file, &file) - in_source_ms;
        assert!(late_ms.abs() <= 5.0, "{name}: the sound is {late_ms} ms later than in the source");
        let kinds = boxes(&file);
        let place = |kind: &str| kinds.iter().position(|found| found == kind);
        assert!(place("moov") < place("mdat") && place("moof").is_none(), "{name}: {kinds:?}");
        assert!(probe::decodes(&file), "{name}");
        // It was announced by the size of its parts.
        let parts =
            [&track.file, &sound.file].iter().map(|file| std::fs::metadata(file).unwrap().len()).sum::<u64>();
        let size = told["size"].as_u64().unwrap();
        assert!(size.abs_diff(parts) < parts / 10, "{name}: {size} bytes of {parts}");
    }
    let (file, _) = saved(&app.guest, id, "audio", &folder).await;
    assert_eq!(probe::packets(&file, "a").len(), sound.packets("a").len());
    let streams = probe::streams(&file);
    assert_eq!(streams["streams"].as_array().unwrap().len(), 1);
    assert_eq!(streams["format"]["tags"]["major_brand"], "M4A ");
    assert!((duration_s(&file) - 40.0).abs() < 0.1, "{} s", duration_s(&file));
    assert!(probe::decodes(&file));
    assert!(app.compare_storage().await.is_clean());
}

/// Made in one piece, encoded, and without a word.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_clip_and_one_that_was_encoded_are_files_as_well() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder.retain(|rung| rung.short_side == 360);
    })
    .await;
    let ann = app.person("ann").await;
    let folder = tempfile::tempdir().unwrap();
    for clip in [&clips::SILENT, &clips::VARIABLE_RATE, &clips::SHORT] {
        let id = ann.upload_clip(clip).await;
        let published = fetch(&ann.client, ann.ready(&id, PATIENCE).await).await;
        let (file, _) = saved(&app.guest, &id, "360p", &folder).await;
        assert_eq!(frames(&file, "v"), frames(&published.pictures[0].file, "v"), "{}", clip.name);
        let expected_s = published.video["durationMs"].as_f64().unwrap() / 1_000.0;
        assert!((duration_s(&file) - expected_s).abs() < 0.1, "{}: {} s", clip.name, duration_s(&file));
        assert_eq!(
            probe::streams(&file)["streams"].as_array().unwrap().len(),
            1 + usize::from(clip.has_audio)
        );
        if clip.in_step {
            let late_ms = probe::sound_begins_ms(&file) - probe::picture_begins_ms(&file);
            assert!(late_ms.abs() < 40.0, "{}: the sound is {late_ms} ms late", clip.name);
        }
    }
}
