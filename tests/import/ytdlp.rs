//! Folders of yt-dlp.

use serde_json::json;

use kinora_tests::skipped;

use crate::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn only_videos_with_their_description_are_imported() {
    let scene = Scene::new().await;
    let info = |title: &str| {
        json!({ "id": "abc", "extractor": "youtube", "extractor_key": "Youtube", "title": title,
            "description": "About birds.", "tags": ["Sea Birds"], "uploader": "Ann", "timestamp": 1420416000,
            "webpage_url": "https://www.youtube.com/watch?v=abc", "chapters": [{ "title": "One" }] })
        .to_string()
    };
    scene.clip("Birds [abc].mp4", "");
    scene.write("Birds [abc].info.json", info("Birds"));
    for name in ["Birds [abc].webp", "Birds [abc].en.vtt", "Birds [abc].mp4.part", "alone.webm"] {
        scene.write(name, "x");
    }
    let hostile =
        json!({ "id": "x", "extractor": "generic", "title": "Link", "webpage_url": "javascript:alert(1)" });
    scene.clip("Link.mkv", "2");
    scene.write("Link.info.json", hostile.to_string());
    let ended = scene.import("ytdlp").await;
    ended.went_well("Imported 2 new videos.\n1 caption file and the chapters of 1 video were recognised");
    assert!(ended.summary.contains("1 video without .info.json"), "{ended:?}");
    let birds = scene.video(&scene.id_of("Birds").await).await;
    assert_eq!(birds["description"], "About birds.");
    assert_eq!(birds["tags"], json!([{ "name": "sea-birds" }]));
    assert_eq!(
        birds["origin"],
        json!({ "url": "https://www.youtube.com/watch?v=abc", "author": "Ann", "postedAt": "2015-01-05T00:00:00+00:00" })
    );
    assert_eq!(scene.video(&scene.id_of("Link").await).await["origin"], json!(null));

    scene.import("ytdlp").await.went_well("Imported 0 new videos, 2 already here.\n");
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
