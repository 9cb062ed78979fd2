//! Captions and chapters that an uploaded file holds.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use kinora_tests::app::TestApp;
use kinora_tests::clips;
use kinora_tests::person::Person;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::published::PATIENCE;

const CHAPTERS: &str = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2500\ntitle=Opening\n\
    [CHAPTER]\nTIMEBASE=1/1000\nSTART=2500\nEND=5000\ntitle=The <b>shore</b>\n";
const PLAIN: &str =
    "1\n00:00:00,500 --> 00:00:02,000\nGulls <i>cry</i>\n\n2\n00:00:02,250 --> 00:00:04,000\nat dawn\n";
const HOSTILE: &str = "1\n00:00:00,500 --> 00:00:02,000\n<script>alert(1)</script><img src=x onerror=alert(1)>Möwen\n\n\
    2\n00:00:02,250 --> 00:00:04,000\n{\\an8}<font face=\"x\" color=#ff0000>schreien</font>\n";

/// A folder of texts, and the video that is made of them.
struct Film {
    folder: TempDir,
}

impl Film {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn text(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs ffmpeg on words, with `name` as its output.
    fn made(&self, name: &str, words: &[&str]) -> PathBuf {
        let file = self.folder.path().join(name);
        let done =
            Command::new("ffmpeg").args(["-v", "error", "-nostdin", "-y"]).args(words).arg(&file).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        file
    }
}

/// So many lines that no caption is as long.
fn endless() -> String {
    let mut text = String::new();
    for at in 0..140_000 {
        let (s, ms) = (at / 30_000, at % 30_000 / 30);
        writeln!(text, "{at}\n00:00:0{s},{ms:03} --> 00:00:05,000\nand on and on and on it goes {at}\n")
            .unwrap();
    }
    assert!(text.len() > 9 << 20);
    text
}

const PICTURES: [&str; 8] =
    ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=5", "-f", "lavfi", "-i", "sine=f=440:r=48000:d=5"];

async fn uploaded(ann: &Person, file: &Path, kind: &str) -> Value {
    let name = file.file_name().unwrap().to_str().unwrap();
    let id = ann.upload(name, kind, &std::fs::read(file).unwrap()).await;
    ann.ready(&id, PATIENCE).await
}

async fn text_of(ann: &Person, caption: &Value) -> String {
    ann.client.get_text(caption["url"].as_str().unwrap()).await
}

fn chapters() -> Value {
    json!([{ "startMs": 0, "title": "Opening" }, { "startMs": 2500, "title": "The <b>shore</b>" }])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_brings_its_captions_and_chapters_and_hostile_ones_are_disarmed() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder.truncate(1);
    })
    .await;
    let ann = app.person("ann").await;
    let film = Film::new();
    let (plain, hostile) = (film.text("en.srt", PLAIN), film.text("de.srt", HOSTILE));
    let (endless, marks) = (film.text("fr.srt", &endless()), film.text("marks.txt", CHAPTERS));
    let mut words = PICTURES.to_vec();
    words.extend(["-i", &plain, "-i", &hostile, "-i", &endless, "-i", &marks]);
    words.extend(["-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map", "4", "-map_chapters", "5"]);
    words.extend(["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]);
    words.extend(["-metadata:s:s:0", "language=eng", "-metadata:s:s:0", "title=For everybody"]);
    words.extend(["-metadata:s:s:1", "language=ger", "-metadata:s:s:2", "language=fre", "-c:s", "srt"]);
    let video = uploaded(&ann, &film.made("film.mkv", &words), "video/x-matroska").await;
    assert_eq!(app.number("SELECT count(*) FROM job WHERE kind = 'read_tracks' AND state = 'done'").await, 1);

    let captions = video["captions"].as_array().unwrap();
    let told: Vec<_> = captions.iter().map(|track| (&track["language"], &track["label"])).collect();
    assert_eq!(
        json!(told),
        json!([["de", null], ["en", "For everybody"]]),
        "the third one is longer than any caption"
    );
    let english = text_of(&ann, &captions[1]).await;
    // The sound begins a moment before the pictures in such a file, and the video with the pictures.
    assert!(english.contains("\n\n00:00:00.500 --> 00:00:02.000\nGulls <i>cry</i>\n\n"), "{english}");
    assert!(english.ends_with("\n\n00:00:02.250 --> 00:00:04.000\nat dawn\n\n"), "{english}");
    let german = text_of(&ann, &captions[0]).await;
    assert!(german.contains("Möwen\n") && german.contains("schreien\n"), "{german}");
    for bad in ["<script", "<img", "<font", "an8"] {
        assert!(!german.contains(bad), "{german}");
    }
    let begins_ms: Vec<f64> =
        video["chapters"].as_array().unwrap().iter().map(|one| one["startMs"].as_f64().unwrap()).collect();
    assert!(begins_ms[0] == 0.0 && (2_470.0..2_500.0).contains(&begins_ms[1]), "{begins_ms:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_did_outlasts_another_reading() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        // Nothing is to be encoded of what is passed on.
        config.ladder.retain(|rung| rung.short_side == 480);
    })
    .await;
    let ann = app.person("ann").await;
    let film = Film::new();
    let (plain, marks) = (film.text("en.srt", PLAIN), film.text("marks.txt", CHAPTERS));
    // More bytes than a runner fetches without asking which of them it needs.
    let heavy = clips::CHUNKS_HEAVY.path();
    let mut words = vec!["-i", heavy.to_str().unwrap(), "-i", &plain, "-i", &plain, "-i", &marks];
    words.extend([
        "-map",
        "0",
        "-map",
        "1",
        "-map",
        "2",
        "-map_chapters",
        "3",
        "-c",
        "copy",
        "-c:s",
        "mov_text",
    ]);
    words.extend(["-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=por"]);
    let file = film.made("film.mp4", &words);
    assert!(std::fs::metadata(&file).unwrap().len() > 24 << 20);
    let video = uploaded(&ann, &file, "video/mp4").await;
    let languages = |video: &Value| {
        let captions = video["captions"].as_array().unwrap().clone();
        captions.iter().map(|track| track["language"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(languages(&video), ["en", "pt"]);
    assert_eq!(video["chapters"], chapters());
    let english = text_of(&ann, &video["captions"][0]).await;
    assert!(english.contains("00:00:00.500 --> 00:00:02.000\nGulls <i>cry</i>\n"), "{english}");

    let id = video["id"].as_str().unwrap();
    let gone = "mutation ($v: ID!) { deleteCaption(videoId: $v, language: \"en\") }";
    ann.run(gone, json!({ "v": id })).await.data();
    let own = json!({ "videoId": id, "language": "pt", "text": "00:01.000 --> 00:02.000\nGaivotas" });
    ann.run("mutation ($i: SetCaptionInput!) { setCaption(input: $i) { url } }", json!({ "i": own }))
        .await
        .data();
    ann.update_video(json!({ "id": id, "chapters": [] })).await.data();

    // Something of it is lost, and it is made anew from the same file.
    app.lose_object(&app.chunk_key(id).await).await;
    let found = app.compare_storage().await;
    app.mend_storage(&found).await;
    let began = Instant::now();
    while app
        .number("SELECT count(*) FROM job WHERE state IN ('queued', 'leased') AND kind <> 'make_previews'")
        .await
        > 0
    {
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(app.number("SELECT count(*) FROM job WHERE kind = 'read_tracks' AND state = 'done'").await, 2);
    let video = ann.video(id).await;
    assert_eq!(languages(&video), ["pt"]);
    assert!(text_of(&ann, &video["captions"][0]).await.contains("Gaivotas"));
    assert_eq!(video["chapters"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_too_short_to_be_cut_brings_them_as_well() {
    let app = TestApp::start_processing().await;
    let ann = app.person("ann").await;
    let film = Film::new();
    let (plain, marks) = (film.text("en.srt", PLAIN), film.text("marks.txt", CHAPTERS));
    let mut words = PICTURES.to_vec();
    words.extend([
        "-i",
        &plain,
        "-i",
        &marks,
        "-map",
        "0",
        "-map",
        "1",
        "-map",
        "2",
        "-map_chapters",
        "3",
        "-t",
        "2.9",
    ]);
    words.extend(["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]);
    words.extend(["-c:s", "mov_text"]);
    let video = uploaded(&ann, &film.made("clip.mp4", &words), "video/mp4").await;
    let of_video = app.number("SELECT count(*) FROM job WHERE kind <> 'make_previews'").await;
    assert_eq!(of_video, 1, "it is made in one piece");
    // Nobody said which language it is.
    assert_eq!(video["captions"][0]["language"], "und");
    assert_eq!(video["chapters"], chapters());
}
