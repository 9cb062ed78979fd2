//! Storyboards and loops of real clips: every time has a tile, and a tile shows what the video shows.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use kinora_tests::app::TestApp;
use kinora_tests::clips::{self, Clip};
use kinora_tests::person::Person;
use kinora_tests::probe::{self, Colour, Picture};
use serde_json::Value;
use tempfile::TempDir;

use crate::published::PATIENCE;

/// Of the clips.
const FRAME_RATE: u32 = 25;

struct Cue {
    from_s: f64,
    to_s: f64,
    /// The image, and the place in it: left edge, upper edge, width, height.
    sprite: Rc<Picture>,
    place: [usize; 4],
}

struct Previews {
    cues: Vec<Cue>,
    moving: PathBuf,
    _folder: TempDir,
}

fn seconds(clock: &str) -> f64 {
    clock.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap())
}

/// Uploads a clip and waits for what shows it before it is played.
pub async fn previewed(ann: &Person, clip: &Clip) -> Value {
    let id = ann.upload_clip(clip).await;
    ann.ready(&id, PATIENCE).await;
    ann.once(&id, PATIENCE, |standing| standing["loopUrl"].is_string()).await
}

async fn previews(app: &TestApp, ann: &Person, clip: &Clip) -> (Value, Previews) {
    let video = previewed(ann, clip).await;
    let folder = tempfile::tempdir().unwrap();
    let fetch = async |address: &str| {
        let response = app.guest.get(address).await;
        assert!(response.status().is_success(), "{address}: {}", response.status());
        response.bytes().await.unwrap().to_vec()
    };
    let vtt = String::from_utf8(fetch(video["storyboardUrl"].as_str().unwrap()).await).unwrap();
    let mut cues: Vec<Cue> = Vec::new();
    let mut sprites: Vec<(String, Rc<Picture>)> = Vec::new();
    let mut lines = vtt.lines();
    while let Some(line) = lines.next() {
        let Some((from, to)) = line.split_once(" --> ") else { continue };
        let (address, place) = lines.next().unwrap().split_once("#xywh=").unwrap();
        if sprites.last().is_none_or(|(last, _)| last != address) {
            let path = folder.path().join(format!("sprite-{}.jpg", cues.len()));
            std::fs::write(&path, fetch(address).await).unwrap();
            sprites.push((address.to_owned(), Rc::new(Picture::of(&path))));
        }
        let place: Vec<usize> = place.split(',').map(|number| number.parse().unwrap()).collect();
        let sprite = Rc::clone(&sprites.last().unwrap().1);
        cues.push(Cue { from_s: seconds(from), to_s: seconds(to), sprite, place: place.try_into().unwrap() });
    }
    let redirect = app.guest.get(video["loopUrl"].as_str().unwrap()).await;
    let moving = folder.path().join("loop.mp4");
    std::fs::write(&moving, fetch(redirect.headers()["location"].to_str().unwrap()).await).unwrap();
    (video, Previews { cues, moving, _folder: folder })
}

/// Each cue begins where the one before it ends, from the beginning to the end of the video.
fn assert_no_holes(cues: &[Cue], video: &Value) {
    assert!(cues[0].from_s.abs() < 1e-9);
    for pair in cues.windows(2) {
        assert!((pair[0].to_s - pair[1].from_s).abs() < 1e-9, "{} to {}", pair[0].to_s, pair[1].from_s);
    }
    let duration_s = video["durationMs"].as_f64().unwrap() / 1_000.0;
    let end_s = cues.last().unwrap().to_s;
    assert!((end_s - duration_s).abs() < 1e-3, "{end_s} s of {duration_s} s");
}

/// Tiles are the frames in the middle of their times, give or take `late_s` and what JPEG makes of them.
fn assert_shown(cues: &[Cue], source: &Path, late_s: f64) {
    let frames = probe::colours(source, FRAME_RATE);
    let at = |at_s: f64| frames[(at_s.max(0.0) * f64::from(FRAME_RATE)).ceil() as usize];
    for cue in cues {
        let middle_s = (cue.from_s + cue.to_s) / 2.0;
        let tile = cue.sprite.colour(cue.place);
        let near = [middle_s, middle_s - late_s].map(at);
        let is_like = |frame: &Colour| tile.iter().zip(frame).all(|(one, other)| one.abs_diff(*other) <= 24);
        assert!(near.iter().any(is_like), "{tile:?} instead of {near:?} at {middle_s} s");
    }
}

/// Short, silent, small, and ready to begin before all of it is there.
fn assert_loop(path: &Path, (width, height): (u64, u64), length_s: f64) {
    let found = probe::streams(path);
    let streams = found["streams"].as_array().unwrap();
    assert_eq!(streams.len(), 1, "{found}");
    let video = &streams[0];
    assert_eq!((&video["codec_name"], &video["pix_fmt"]), (&"h264".into(), &"yuv420p".into()));
    assert_eq!((video["width"].as_u64().unwrap(), video["height"].as_u64().unwrap()), (width, height));
    let seconds: f64 = found["format"]["duration"].as_str().unwrap().parse().unwrap();
    assert!((seconds - length_s).abs() < 0.1, "{seconds} s");
    let bytes = std::fs::read(path).unwrap();
    assert!(bytes.len() <= 500_000, "{} bytes", bytes.len());
    let place = |name: &[u8]| bytes.windows(4).position(|window| window == name).unwrap();
    assert!(place(b"moov") < place(b"mdat"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_time_has_a_tile_that_shows_it() {
    let app = TestApp::start_processing().await.with_previews().await;
    let ann = app.person("ann").await;
    for (clip, tiles, tile, moving) in
        [(&clips::COLOURS, 10, [160, 90], (480, 270)), (&clips::COLOURS_TALL, 40, [90, 160], (180, 320))]
    {
        let (video, made) = previews(&app, &ann, clip).await;
        assert_eq!(made.cues.len(), tiles, "{}", clip.name);
        assert_no_holes(&made.cues, &video);
        for cue in &made.cues {
            assert_eq!(cue.place[2..], tile);
        }
        assert_shown(&made.cues, &clip.path(), 0.0);
        assert_loop(&made.moving, moving, 3.0);
    }
}

/// Of a long video only keyframes are read and decoded.
#[tokio::test(flavor = "multi_thread")]
async fn keyframes_alone_make_a_storyboard() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder.retain(|rung| rung.short_side == 360);
    })
    .await
    .with_previews()
    .await;
    let ann = app.person("ann").await;
    let source = clips::COLOURS_HEAVY.path();
    assert!(source.metadata().unwrap().len() > 24 << 20);
    let (video, made) = previews(&app, &ann, &clips::COLOURS_HEAVY).await;
    assert_eq!(made.cues.len(), 80);
    assert_no_holes(&made.cues, &video);
    assert_shown(&made.cues, &source, 2.0);
    assert_loop(&made.moving, (426, 240), 3.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_is_not_taken_from_a_dark_beginning() {
    let app = TestApp::start_processing().await.with_previews().await;
    let ann = app.person("ann").await;
    let (_, made) = previews(&app, &ann, &clips::DARK_BEGINNING).await;
    assert_loop(&made.moving, (480, 270), 3.0);
    for (frame, colour) in probe::colours(&made.moving, FRAME_RATE).iter().enumerate() {
        assert!(colour.iter().any(|part| *part > 60), "{colour:?} is frame {frame}");
    }
    let first = &made.cues[0];
    let is_dark = first.sprite.colour(first.place).iter().all(|part| *part < 24);
    assert!(is_dark, "the storyboard says how it is");
}
