//! Folders of instaloader.

use std::fs::File;
use std::io::{self, Read, Write};
use std::time::Duration;

use kinora_tests::app::TestApp;
use kinora_tests::skipped;
use liblzma::read::XzEncoder;
use serde_json::json;

use crate::Scene;

const VIDEO: &str = "ann.films/2022-03-30_16-00-14_UTC";
const CAROUSEL: &str = "ann.films/2023-01-01_10-00-00_UTC";
const PICTURE: &str = "ann.films/2023-02-01_10-00-00_UTC";

impl Scene {
    fn packed(&self, name: &str, content: impl Read) {
        let mut file = File::create(self.path(name)).unwrap();
        io::copy(&mut XzEncoder::new(content, 1), &mut file).unwrap();
    }

    fn metadata(&self, name: &str, shortcode: &str, caption: &str) {
        let document = json!({
            "node": {
                "__typename": "GraphVideo", "id": "28", "shortcode": shortcode, "taken_at_timestamp": 1648656014,
                "owner": { "id": "1000000001" },
                "edge_media_to_caption": { "edges": [{ "node": { "text": caption } }] },
            },
            "instaloader": { "version": "4.16", "node_type": "Post" },
        });
        self.packed(&format!("{name}.json.xz"), document.to_string().as_bytes());
    }

    /// A video, a carousel of two pictures with a clip between, and a picture without metadata.
    fn profile(&self) {
        self.clip(&format!("{VIDEO}.mp4"), "");
        self.write(&format!("{VIDEO}.jpg"), "a thumbnail");
        self.metadata(VIDEO, "Cbu-BgfL3W3", "It's time to talk\n\nabout #python and #APIs 🤓");
        self.picture(&format!("{CAROUSEL}_1.jpg"), "540x676");
        self.clip(&format!("{CAROUSEL}_2.mp4"), "");
        self.write(&format!("{CAROUSEL}_2.jpg"), "a thumbnail");
        self.picture(&format!("{CAROUSEL}_3.webp"), "540x676");
        self.metadata(CAROUSEL, "CAROUSEL_1", "Three things");
        self.picture(&format!("{PICTURE}.png"), "300x300");
        self.write(&format!("{PICTURE}.txt"), "Alone #one");
        self.write("ann.films/id", "1000000001");
        self.write("ann.films/2020-01-01_10-00-00_UTC_profile_pic.jpg", "a face");
        let profile = json!({ "node": { "id": "1000000001", "username": "ann.films" },
            "instaloader": { "node_type": "Profile" } });
        self.packed("ann.films/ann.films_1000000001.json.xz", profile.to_string().as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_of_every_kind_become_videos() {
    let scene = Scene::of(TestApp::start_processing().await).await;
    scene.profile();
    scene.import("instaloader").await.went_well("Imported 3 new videos.\n");
    scene.import("instaloader").await.went_well("Imported 0 new videos, 3 already here.\n");
    assert_eq!(scene.videos().await, 3);

    let video = scene.video(&scene.id_of("It''s time to talk").await).await;
    assert_eq!(video["tags"], json!([{ "name": "python" }, { "name": "apis" }]));
    assert_eq!(video["slides"], json!(null));
    assert_eq!(
        video["origin"],
        json!({ "url": "https://www.instagram.com/p/Cbu-BgfL3W3/", "author": "ann.films",
            "postedAt": "2022-03-30T16:00:14+00:00" })
    );

    let carousel = scene.id_of("Three things").await;
    scene.ann.ready(&carousel, Duration::from_secs(120)).await;
    let carousel = scene.video(&carousel).await;
    assert_eq!((&carousel["width"], &carousel["height"]), (&json!(540), &json!(676)));
    assert_eq!(carousel["slides"], json!([0, 4000, 4400]));
    let duration_ms = carousel["durationMs"].as_i64().unwrap();
    assert!((8_300..8_600).contains(&duration_ms), "{duration_ms} ms");

    let picture = scene.id_of("Alone #one").await;
    scene.ann.ready(&picture, Duration::from_secs(120)).await;
    let picture = scene.video(&picture).await;
    assert_eq!(picture["slides"], json!([0]));
    let duration_ms = picture["durationMs"].as_i64().unwrap();
    assert!((3_900..4_100).contains(&duration_ms), "{duration_ms} ms");
    assert_eq!(picture["origin"]["postedAt"], "2023-02-01T10:00:00+00:00");
    scene.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_caption_arrives_unless_it_was_edited_here() {
    let scene = Scene::new().await;
    for (name, code) in [(VIDEO, "one"), (CAROUSEL, "two")] {
        scene.clip(&format!("{name}.mp4"), code);
        scene.metadata(name, code, &format!("Before {code} #old"));
    }
    scene.import("instaloader").await.went_well("Imported 2 new videos.\n");
    let (one, two) = (scene.id_of("Before one #old").await, scene.id_of("Before two #old").await);
    scene.ann.update_video(json!({ "id": two, "title": "Mine" })).await.data();
    for (name, code) in [(VIDEO, "one"), (CAROUSEL, "two")] {
        scene.metadata(name, code, &format!("After {code} #new"));
    }
    let summary = "Imported 0 new videos, 1 brought up to date, 1 kept as edited here.\n";
    scene.import("instaloader").await.went_well(summary);
    let changed = scene.video(&one).await;
    assert_eq!(
        (&changed["title"], &changed["tags"]),
        (&json!("After one #new"), &json!([{ "name": "new" }]))
    );
    assert_eq!(scene.video(&two).await["title"], "Mine");
    // Found by its new words, and no longer by its old ones.
    let found =
        "SELECT count(*) FROM video WHERE search_text LIKE 'After one%' AND search_text NOT LIKE '%old%'";
    assert_eq!(scene.app.number(found).await, 1);
    let summary = "Imported 0 new videos, 1 already here, 1 kept as edited here.\n";
    scene.import("instaloader").await.went_well(summary);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_saved_if_a_list_is_given() {
    let scene = Scene::new().await;
    for (name, code) in [(VIDEO, "Cbu-BgfL3W3"), (CAROUSEL, "other")] {
        scene.clip(&format!("{name}.mp4"), code);
        scene.metadata(name, code, code);
    }
    let entry = |code: &str| {
        json!({ "title": "somebody", "string_map_data": { "Saved on":
            { "href": format!("https://www.instagram.com/p/{code}/"), "timestamp": 1650000000 } } })
    };
    let export = json!({ "saved_saved_media": [entry("Cbu-BgfL3W3"), entry("notHere")] });
    let list = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(list.path(), export.to_string()).unwrap();
    let list = list.path().to_str().unwrap();
    let ended = scene.import_with("instaloader", &["--saved", list]).await;
    ended.went_well("Imported 1 new video.\n1 saved post is not in the folder.\n");
    assert_eq!(scene.app.text("SELECT title FROM video").await, "Cbu-BgfL3W3");
    assert_eq!(scene.app.text("SELECT author FROM video_origin").await, "somebody");
    scene.import("instaloader").await.went_well("Imported 1 new video, 1 already here.\n");
    std::fs::write(list, "[]").unwrap();
    let ended = scene.import_with("instaloader", &["--saved", list]).await;
    assert!(ended.code == Some(1) && ended.complaints.contains("lists no saved post"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_metadata_is_named_and_stops_nothing() {
    let scene = Scene::new().await;
    let name = |number: u8| format!("2023-01-0{number}_10-00-00_UTC");
    for number in 1..=6 {
        scene.clip(&format!("{}.mp4", name(number)), &number.to_string());
    }
    scene.packed(&format!("{}.json.xz", name(1)), &b"no JSON"[..]);
    scene.write(&format!("{}.json.xz", name(2)), "no archive");
    let bomb = format!("{}.json.xz", name(3));
    let head = &br#"{"node": {"shortcode": ""#[..];
    scene.packed(&bomb, head.chain(io::repeat(b'x').take(64 << 20)));
    // Ten gigabytes for whoever unpacks it: an archive may be made of many, end to end.
    scene.packed("more", io::repeat(b'x').take(64 << 20));
    let more = std::fs::read(scene.path("more")).unwrap();
    std::fs::remove_file(scene.path("more")).unwrap();
    let mut file = File::options().append(true).open(scene.path(&bomb)).unwrap();
    for _ in 1..160 {
        file.write_all(&more).unwrap();
    }
    scene.packed(&format!("{}.json.xz", name(4)), &b"{}"[..]);
    scene.packed(&format!("{}.json.xz", name(5)), &br#"{"node": {"shortcode": ["a"]}}"#[..]);
    scene.metadata(&name(6), "good", "A\u{0} good\u{202E} one");
    let ended = scene.import("instaloader").await;
    let complaints = [
        "01_10-00-00_UTC.json.xz: it holds no JSON",
        "02_10-00-00_UTC.json.xz: it cannot be unpacked",
        "03_10-00-00_UTC.json.xz: it holds more than 32 MB",
        "04_10-00-00_UTC.json.xz: it is no metadata",
        "05_10-00-00_UTC.json.xz: a field is not what it should be",
        "5 files could not be imported",
    ];
    ended.complained("Imported 1 new video, 5 failed.\n", &complaints);
    assert_eq!(scene.app.text("SELECT title FROM video").await, "A good one");
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_that_are_none_are_named_and_stop_nothing() {
    let scene = Scene::new().await;
    for (number, content) in [(1, &b"GIF89a"[..]), (2, b"\xff\xd8\xff\xe0 and no more"), (3, b"")] {
        scene.write(&format!("2023-01-0{number}_10-00-00_UTC.jpg"), content);
    }
    scene.write("2023-01-04_10-00-00_UTC.jpg", "ffconcat version 1.0\nfile /etc/passwd\n");
    scene.picture("2023-01-05_10-00-00_UTC.jpg", "64x64");
    let ended = scene.import("instaloader").await;
    ended.complained("Imported 1 new video, 4 failed.\n", &["no JPEG, PNG or WebP", "it is damaged"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_post_is_understood() {
    let sample =
        kinora_tests::repository().join("../shared/samples/instaloader-2022-03-30_16-00-14_UTC.json.xz");
    let Ok(metadata) = std::fs::read(&sample) else {
        return skipped(&format!("there is no {}", sample.display()));
    };
    let scene = Scene::new().await;
    scene.write(&format!("{VIDEO}.json.xz"), metadata);
    scene.clip(&format!("{VIDEO}.mp4"), "");
    scene.import("instaloader").await.went_well("Imported 1 new video.\n");
    let video = scene.video(&scene.id_of("It''s time to talk about FastAPI⚡🤓").await).await;
    let tags: Vec<&str> =
        video["tags"].as_array().unwrap().iter().filter_map(|tag| tag["name"].as_str()).collect();
    assert_eq!(tags, ["python", "apis", "fastapi", "opensource"]);
    assert_eq!(video["origin"]["postedAt"], "2022-03-30T16:00:14+00:00");
}
