//! Folders of yt-dlp.

use std::path::Path;
use std::process::Command;

use kinora_tests::{probe, skipped};
use serde_json::json;

use crate::Scene;

/// As yt-dlp saves them, larger than what is shown.
fn thumbnail(path: &Path) {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=1600x1200", "-frames:v", "1"]);
    assert!(command.args(["-c:v", "libwebp"]).arg(path).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_videos_with_their_description_are_imported() {
    let scene = Scene::new().await;
    let info = |title: &str| {
        json!({ "id": "abc", "extractor": "youtube", "extractor_key": "Youtube", "title": title,
            "description": "About birds.", "tags": ["Sea Birds"], "uploader": "Ann", "timestamp": 1420416000,
            "webpage_url": "https://www.youtube.com/watch?v=abc", "chapters": [{ "start_time": 0.0, "title": "One" }, { "start_time": 0.4, "title": "Two" }] })
        .to_string()
    };
    scene.clip("Birds [abc].mp4", "");
    scene.write("Birds [abc].info.json", info("Birds"));
    thumbnail(&scene.path("Birds [abc].webp"));
    scene.write("Link.webp", "no picture");
    for name in ["Birds [abc].fr.ass", "Birds [abc].mp4.part", "alone.webm"] {
        scene.write(name, "x");
    }
    let caption = |text: &str| format!("WEBVTT\n\n00:00.000 --> 00:00.500\n{text}\n");
    scene.write("Birds [abc].en-US.vtt", caption("Gulls"));
    let hostile =
        json!({ "id": "x", "extractor": "generic", "title": "Link", "webpage_url": "javascript:alert(1)" });
    scene.clip("Link.mkv", "2");
    scene.write("Link.info.json", hostile.to_string());
    let ended = scene.import("ytdlp").await;
    ended.went_well("Imported 2 new videos.\n1 caption file of a kind that is not read");
    assert!(ended.summary.contains("1 video without .info.json"), "{ended:?}");
    let birds = scene.video(&scene.id_of("Birds").await).await;
    assert_eq!(birds["description"], "About birds.");
    assert_eq!(birds["tags"], json!([{ "name": "sea-birds" }]));
    assert_eq!(
        birds["origin"],
        json!({ "url": "https://www.youtube.com/watch?v=abc", "author": "Ann", "postedAt": "2015-01-05T00:00:00+00:00" })
    );
    assert_eq!(scene.video(&scene.id_of("Link").await).await["origin"], json!(null));

    let extras = "captions { language } chapters { startMs title }";
    let extras = format!("{{ videos(search: \"birds\") {{ nodes {{ {extras} }} }} }}");
    let extras = || async { scene.ann.client.query(&extras).await };
    let birds_id = scene.id_of("Birds").await;
    scene.app.sql("UPDATE video SET state = 'ready', published_attempt = 1 WHERE title = 'Birds'").await;
    let found = extras().await.data()["videos"]["nodes"][0].take();
    assert_eq!(found["captions"], json!([{ "language": "en-US" }]));
    assert_eq!(found["chapters"][1], json!({ "startMs": 400, "title": "Two" }));
    let file = format!("/v/{birds_id}/captions/en-US.vtt");
    assert!(scene.app.guest.get_text(&file).await.ends_with("Gulls\n\n"));

    // The picture that came with it, as a JPEG; one that is none is left out.
    let led = scene.app.guest.get(&format!("/v/{birds_id}/poster.jpg")).await;
    let poster = scene.app.guest.get(led.headers()["location"].to_str().unwrap()).await;
    assert_eq!(poster.headers()["content-type"], "image/jpeg");
    let poster = poster.bytes().await.unwrap();
    assert!(poster.starts_with(&[0xff, 0xd8, 0xff]), "{poster:?}");
    let file_of_poster = scene.path("poster.jpg");
    std::fs::write(&file_of_poster, &poster).unwrap();
    let shown = probe::streams(&file_of_poster)["streams"][0].take();
    assert_eq!((shown["width"].as_i64(), shown["height"].as_i64()), (Some(1280), Some(960)));
    std::fs::remove_file(file_of_poster).unwrap();
    assert_eq!(scene.app.number("SELECT count(*) FROM video WHERE thumbnail_id IS NOT NULL").await, 1);
    assert_eq!(scene.app.compare_storage().await.orphans.len(), 0);

    scene.import("ytdlp").await.went_well("Imported 0 new videos, 2 already here.\n");
    // Taken away here it stays away, until it changes there.
    scene.app.sql("DELETE FROM caption").await;
    scene.import("ytdlp").await.went_well("Imported 0 new videos, 2 already here.\n");
    assert_eq!(scene.app.number("SELECT count(*) FROM caption").await, 0);
    scene.write("Birds [abc].en-US.vtt", caption("Herring gulls"));
    scene.import("ytdlp").await.went_well("Imported 0 new videos, 1 brought up to date, 1 already here.\n");
    assert!(scene.app.guest.get_text(&file).await.ends_with("Herring gulls\n\n"));
    // What a person wrote here stays.
    scene.app.sql("UPDATE caption SET source = 'uploaded'").await;
    scene.write("Birds [abc].en-US.vtt", caption("Black-headed gulls"));
    scene.import("ytdlp").await.went_well("Imported 0 new videos, 1 brought up to date, 1 already here.\n");
    assert!(scene.app.guest.get_text(&file).await.ends_with("Herring gulls\n\n"));
    // What cannot be read is named, and stops nothing.
    scene.write("Birds [abc].de.srt", "no caption");
    scene.import("ytdlp").await.complained(
        "Imported 0 new videos, 2 already here, 1 failed",
        &["Birds [abc].de.srt: This holds no captions"],
    );
    std::fs::remove_file(scene.path("Birds [abc].de.srt")).unwrap();
    scene.write("Birds [abc].info.json", info("Sea birds"));
    scene.import("ytdlp").await.went_well("Imported 0 new videos, 1 brought up to date, 1 already here.\n");
    assert_eq!(scene.app.number("SELECT count(*) FROM video WHERE title = 'Sea birds'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_description_is_understood() {
    let sample = kinora_tests::repository().join("../shared/samples/ytdlp-mountain3-6iRV8liah8A.info.json");
    let Ok(info) = std::fs::read(&sample) else {
        return skipped(&format!("there is no {}", sample.display()));
    };
    let scene = Scene::new().await;
    scene.write("Mountain.info.json", info);
    scene.clip("Mountain.mp4", "");
    scene.import("ytdlp").await.went_well("Imported 1 new video.\n");
    let video = scene.video(&scene.id_of("Mountain 3 - Video Background HD 1080p").await).await;
    assert_eq!(
        video["origin"],
        json!({ "url": "https://www.youtube.com/watch?v=6iRV8liah8A", "author": "Video Background",
            "postedAt": "2015-01-05T00:00:00+00:00" })
    );
    assert_eq!(video["tags"].as_array().unwrap().len(), 13);
}
