//! Real files of every kind, where the machine has them: `KINORA_SAMPLES`, or `../shared/samples` beside the checkout.

use std::path::PathBuf;

use kinora_tests::app::TestApp;
use kinora_tests::person::Person;
use kinora_tests::skipped;
use serde_json::{Value, json};

use crate::classes::{DURATION_TOLERANCE_MS, check_segments};
use crate::published::{PATIENCE, Published, fetch};

/// Seconds, and width and height of the largest rendition where nothing but 1080p is asked for; or the codes of which
/// one must be the reason.
type Outcome = Result<(f64, u32, u32), &'static [&'static str]>;

/// By the beginning of the name.
#[rustfmt::skip]
const EXPECTED: [(&str, Outcome); 26] = [
    ("anamorphic-sar64x45-noaudio-h264-bbb", Ok((4.0, 1138, 640))),
    ("audio-only", Err(&["MEDIA_NO_VIDEO", "MEDIA_UNSUPPORTED_CONTAINER"])),
    ("broken-no-moov", Err(&["MEDIA_TRUNCATED"])),
    ("broken-truncated-after-moov", Err(&["MEDIA_NO_VIDEO", "MEDIA_TRUNCATED"])),
    ("broken-vp9-bitstream", Err(&["MEDIA_CORRUPT"])),
    ("camera-gopro-max-h264-aac-datatracks", Ok((10.517, 848, 480))),
    ("captions", Err(&["MEDIA_UNSUPPORTED_CONTAINER"])),
    ("chapters-h264-aac", Ok((1.089, 1080, 720))),
    ("instaloader", Err(&["MEDIA_UNSUPPORTED_CONTAINER"])),
    ("interlaced-1080i50-anamorphic-mpeg2-hdv-testpattern", Ok((1.0, 1920, 1080))),
    ("landscape-1080p-hevc10-hdr10-aac-vfr", Ok((1.018, 1920, 1080))),
    ("landscape-1080p30-h264-mp2-bbb-10s", Ok((10.01, 1920, 1080))),
    ("landscape-1080p60-vp8-vorbis51-bbb", Ok((1.012, 1920, 1080))),
    ("landscape-720p24-vp8-vorbis-bbb-30s", Ok((30.003, 1280, 720))),
    // Its last subtitle lasts until 1.234 s, pictures and sound do not.
    ("mkv-h264-ac3-srt-subs", Ok((1.071, 1080, 720))),
    ("mpeg2-1080p24-mp2-bbb", Ok((2.513, 1920, 1080))),
    ("mpeg4asp-960x400-mp3-seabirds", Ok((4.087, 960, 400))),
    ("multitrack-2video-2audio-2subs-nasa", Ok((13.056, 320, 180))),
    ("odd-161x121-vp9-noaudio", Ok((1.001, 160, 120))),
    ("portrait-720x1280-av1-10bit-hdr10-aac", Ok((4.238, 720, 1280))),
    ("portrait-iphone-1080p-hevc10-hlg-dv84-rot90-editlist", Ok((2.548, 1080, 1920))),
    ("portrait-phone-2160p60-h264-aac-rot90", Ok((0.313, 1080, 1920))),
    ("prores422hq-10bit-testpattern", Ok((1.0, 320, 240))),
    ("rot180-phone-720p-h264-aac-vfr", Ok((2.38, 1280, 720))),
    ("screenrec-mac-1070x700-h264-vfr", Ok((7.823, 1070, 700))),
    ("vp9-opus-720p-noduration", Ok((4.94, 1280, 720))),
];

/// What is in some of them besides pictures and sound: languages of captions, and how many chapters.
const TEXTS: [(&str, &[&str], usize); 3] = [
    ("mkv-h264-ac3-srt-subs", &["en"], 0),
    ("multitrack-2video-2audio-2subs", &["en"], 0),
    ("chapters-h264-aac", &[], 3),
];

fn samples() -> Vec<PathBuf> {
    let folder = std::env::var_os("KINORA_SAMPLES")
        .map_or_else(|| kinora_tests::repository().join("../shared/samples"), PathBuf::from);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        skipped(&format!("there is no {}", folder.display()));
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        if !file.is_file() {
            return false;
        }
        let name = file.file_name().unwrap().to_string_lossy();
        !["INDEX.tsv", "README.md"].contains(&&*name) && !name.ends_with(".info.json")
    });
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_is_ready_or_fails_for_the_right_reason() {
    // One rung is enough to tell what comes out; the whole ladder is tried on clips of each class.
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder.retain(|rung| rung.short_side == 1080);
    })
    .await;
    let ann = app.person("ann").await;
    let mut wrong = Vec::new();
    // One after the other: what makes the next one watchable would come before what makes this one READY.
    for file in samples() {
        wrong.extend(wrong_of(&ann, file).await);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is not as it should be of one sample.
async fn wrong_of(ann: &Person, file: PathBuf) -> Vec<String> {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let video = ann.upload(&name, "application/octet-stream", &std::fs::read(&file).unwrap()).await;
    let video = ann.outcome(&video, PATIENCE).await;
    let expected = EXPECTED.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, outcome)| outcome);
    let is_ready = video["state"] == "READY";
    let code = video["failure"]["code"].as_str();
    let right = match expected {
        Some(Ok(_)) => is_ready,
        Some(Err(codes)) => code.is_some_and(|code| codes.contains(&code)),
        // One that was added later must at least end one way or the other.
        None => is_ready || code.is_some_and(|code| code.starts_with("MEDIA_")),
    };
    if !right {
        return vec![format!("{name}: {} {}", video["state"], video["failure"])];
    }
    if !is_ready {
        return Vec::new();
    }
    check_texts(&name, &video);
    let published = fetch(&ann.client, video).await;
    check_segments(&published);
    let Some(Ok(expected)) = expected else { return Vec::new() };
    difference(&published, *expected).map(|what| format!("{name}: {what}")).into_iter().collect()
}

fn check_texts(name: &str, video: &Value) {
    if let Some((_, languages, chapters)) = TEXTS.iter().find(|(prefix, ..)| name.starts_with(prefix)) {
        let found = video["captions"].as_array().unwrap();
        let found: Vec<&str> = found.iter().map(|track| track["language"].as_str().unwrap()).collect();
        assert_eq!(found, *languages, "{name}");
        assert_eq!(video["chapters"].as_array().unwrap().len(), *chapters, "{name}");
    }
}

/// What is not as it should be of the largest rendition.
fn difference(published: &Published, (seconds, width, height): (f64, u32, u32)) -> Option<String> {
    let top = &published.pictures[0];
    let stream = top.stream();
    let sound_ms = published.sound.as_ref().map_or(0.0, |sound| sound.duration_ms("a"));
    // Pictures may end before the sound.
    let lengths = [published.video["durationMs"].as_f64().unwrap(), top.duration_ms("v").max(sound_ms)];
    let off = lengths.iter().any(|length| (length - seconds * 1000.0).abs() > DURATION_TOLERANCE_MS);
    let shape = (&stream["width"], &stream["height"]) == (&json!(width), &json!(height));
    let square = stream["sample_aspect_ratio"].as_str().is_none_or(|ratio| ratio == "1:1" || ratio == "0:1");
    let upright = stream["side_data_list"].is_null();
    let kind = (&stream["codec_name"], &stream["pix_fmt"]) == (&json!("h264"), &json!("yuv420p"));
    (off || !shape || !square || !upright || !kind).then(|| format!("{lengths:?} {stream}"))
}
