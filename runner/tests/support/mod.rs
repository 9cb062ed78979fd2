//! What the tests of the pipeline share: clips made by ffmpeg, the real pipeline on them, and ffprobe's view of
//! what came out.
#![allow(clippy::unwrap_used, dead_code)] // A test fails by panicking; not every test binary uses everything.

pub mod server;

use std::{collections::BTreeMap, path::Path, process::Command, time::Duration};

use kinora_runner::{
    Tools,
    ffmpeg::{
        ladder::{Preset, Rung},
        plan::Settings,
        run::Workbench,
    },
    job::{Media, MediaError, Refusal, Rendition, Step, process},
    sandbox::Sandbox,
    workdir::JobFolder,
};
use tempfile::TempDir;

/// The ladder of the product.
pub fn settings() -> Settings {
    let rung = |short_side, bitrate| Rung { preset: Preset::Superfast, ..Rung::new(short_side, bitrate) };
    Settings {
        ladder: vec![rung(1080, 5_000_000), rung(720, 2_800_000), rung(480, 1_400_000), rung(360, 700_000)],
        audio_bitrate: 128_000,
        max_duration: Duration::from_secs(12 * 3_600),
    }
}

/// A small ladder, so that clips can be small as well.
pub fn small_settings() -> Settings {
    let rung = |short_side, bitrate| Rung { preset: Preset::Superfast, ..Rung::new(short_side, bitrate) };
    Settings { ladder: vec![rung(240, 500_000), rung(120, 200_000)], ..settings() }
}

/// A folder with a source, on which the pipeline can be run.
pub struct Trial {
    pub folder: JobFolder,
    _root: TempDir,
}

impl Trial {
    pub fn empty() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { folder: JobFolder::create(root.path()).unwrap(), _root: root }
    }

    /// A clip that ffmpeg makes; the arguments are separated by spaces, `format` names the container.
    pub fn clip(args: &str, format: &str) -> Self {
        let trial = Self::empty();
        let mut words: Vec<&str> = args.split_whitespace().collect();
        words.extend(["-f", format]);
        ffmpeg(&words, &trial.folder.source());
        trial
    }

    pub fn bytes(bytes: &[u8]) -> Self {
        let trial = Self::empty();
        std::fs::write(trial.folder.source(), bytes).unwrap();
        trial
    }

    pub fn copy(file: &Path) -> Self {
        let trial = Self::empty();
        std::fs::copy(file, trial.folder.source()).unwrap();
        trial
    }

    pub async fn run(&self, settings: &Settings) -> Result<Media, MediaError> {
        let bench = bench().await;
        let last = std::sync::Mutex::new(0.0);
        let on_step = |step| {
            if let Step::Encoding { part, .. } = step {
                let mut last = last.lock().unwrap();
                assert!(part >= *last && part <= 1.0, "progress went from {last} to {part}");
                *last = part;
            }
        };
        process(&bench, &self.folder, settings, &on_step).await
    }

    /// The refusal that the source must end in.
    pub async fn refusal(&self, settings: &Settings) -> Refusal {
        match self.run(settings).await {
            Err(MediaError::Refused { refusal, .. }) => refusal,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }
}

/// The programs of this machine behind its walls.
pub async fn bench() -> Workbench {
    let tools = Tools::find().unwrap();
    let sandbox = Sandbox::detect(&tools.ffmpeg).await;
    Workbench::new(tools, sandbox)
}

pub fn ffmpeg(args: &[&str], to: &Path) {
    let output =
        Command::new("ffmpeg").args(["-v", "error", "-nostdin", "-y"]).args(args).arg(to).output().unwrap();
    assert!(output.status.success(), "ffmpeg {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What ffprobe says of a rendition.
#[derive(Debug, Clone)]
pub struct Seen {
    pub width: u32,
    pub height: u32,
    pub rotated: bool,
    pub first_s: f64,
    /// From the first to the end of the last packet.
    pub length_s: f64,
    pub tags: BTreeMap<String, String>,
    /// Presentation times of keyframes.
    pub keyframes_s: Vec<f64>,
    pub packets: usize,
}

pub fn seen(file: &Path) -> Seen {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json", "-show_streams", "-show_packets"])
        .arg(file)
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let stream = &json["streams"][0];
    let number = |value: &serde_json::Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
    let packets = json["packets"].as_array().unwrap();
    let times: Vec<(f64, f64, bool)> = packets
        .iter()
        .map(|packet| {
            let is_key = packet["flags"].as_str().unwrap().starts_with('K');
            (number(&packet["pts_time"]).unwrap(), number(&packet["duration_time"]).unwrap_or(0.0), is_key)
        })
        .collect();
    let first_s = times.iter().map(|time| time.0).fold(f64::INFINITY, f64::min);
    let end_s = times.iter().map(|time| time.0 + time.1).fold(0.0, f64::max);
    let text = |key: &str| (key.to_owned(), stream[key].as_str().unwrap_or("").to_owned());
    Seen {
        width: stream["width"].as_u64().unwrap_or(0) as u32,
        height: stream["height"].as_u64().unwrap_or(0) as u32,
        rotated: stream["side_data_list"]
            .as_array()
            .is_some_and(|list| list.iter().any(|d| d["rotation"] != 0 && !d["rotation"].is_null())),
        first_s,
        length_s: end_s - first_s,
        tags: [
            "codec_name",
            "profile",
            "pix_fmt",
            "color_space",
            "color_transfer",
            "color_primaries",
            "color_range",
            "sample_aspect_ratio",
            "r_frame_rate",
            "field_order",
            "channel_layout",
            "sample_rate",
        ]
        .into_iter()
        .map(text)
        .collect(),
        keyframes_s: times.iter().filter(|time| time.2).map(|time| time.0).collect(),
        packets: times.len(),
    }
}

/// What must hold for every result, whatever the source was.
pub fn assert_sound(media: &Media, expected_s: Option<f64>) {
    let pictures: Vec<&Rendition> = media.renditions.iter().filter(|r| r.picture.is_some()).collect();
    assert!(!pictures.is_empty());
    for rendition in &media.renditions {
        let seen = seen(&rendition.file);
        assert!(!seen.rotated, "{} still says that it is rotated", rendition.name);
        assert_covered(rendition);
        let promised_s = seen.length_s;
        assert!(
            (rendition.duration_ms / 1_000.0 - promised_s).abs() < 0.05,
            "{}: {} ms, but {promised_s} s",
            rendition.name,
            rendition.duration_ms
        );
        if let Some(picture) = rendition.picture {
            assert_eq!((seen.width, seen.height), (picture.width, picture.height));
            assert_eq!((seen.width % 2, seen.height % 2), (0, 0));
            assert!((seen.first_s - 10.0).abs() < 0.000_1, "{} begins at {}", rendition.name, seen.first_s);
            let tag = |key: &str| seen.tags[key].as_str();
            assert_eq!((tag("codec_name"), tag("profile"), tag("pix_fmt")), ("h264", "High", "yuv420p"));
            assert_eq!(
                (tag("color_space"), tag("color_transfer"), tag("color_primaries")),
                ("bt709", "bt709", "bt709")
            );
            assert_eq!((tag("color_range"), tag("sample_aspect_ratio")), ("tv", "1:1"));
            assert_eq!(tag("field_order"), "progressive");
            assert!(rendition.codecs.starts_with("avc1.64"), "{}", rendition.codecs);
            // Every segment begins with a keyframe, and no other keyframes are there but that of a rest too
            // short for a segment of its own.
            let segments: usize = rendition.chunks.iter().map(|chunk| chunk.segments.len()).sum();
            let end_s = 10.0 + rendition.duration_ms / 1_000.0;
            let has_short_rest = seen.keyframes_s.len() > 1
                && seen.keyframes_s.last().is_some_and(|last_s| end_s - last_s < 0.5);
            assert_eq!(segments + usize::from(has_short_rest), seen.keyframes_s.len());
            let mut at_s = 10.0;
            let all = rendition.chunks.iter().flat_map(|chunk| &chunk.segments);
            for (segment, keyframe_s) in all.zip(&seen.keyframes_s) {
                assert!((at_s - keyframe_s).abs() < 0.001, "a segment at {at_s}, a keyframe at {keyframe_s}");
                at_s += segment.duration_ms / 1_000.0;
            }
        } else {
            assert_eq!(rendition.codecs, "mp4a.40.2");
            // One frame of silence comes first, which the decoder needs to start.
            assert!((seen.first_s - 10.0).abs() < 0.03, "sound begins at {}", seen.first_s);
            assert_eq!(seen.tags["sample_rate"], "48000");
        }
    }
    // Boundaries are equal over all renditions.
    let boundaries = |rendition: &Rendition| -> Vec<i64> {
        let mut at_ms = 0.0;
        rendition
            .chunks
            .iter()
            .flat_map(|chunk| &chunk.segments)
            .map(|segment| {
                at_ms += segment.duration_ms;
                (at_ms * 10.0_f64).round() as i64
            })
            .collect()
    };
    for other in &pictures[1..] {
        assert_eq!(boundaries(pictures[0]), boundaries(other));
    }
    if let Some(expected_s) = expected_s {
        let length_s = media.duration_ms / 1_000.0;
        assert!((length_s - expected_s).abs() <= 0.1, "{length_s} s instead of {expected_s} s");
    }
    let poster = media.poster.as_ref().expect("a poster");
    let seen = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0"])
        .arg(&poster.file)
        .output()
        .unwrap();
    let expected = format!("mjpeg,{},{}", poster.width, poster.height);
    assert_eq!(String::from_utf8_lossy(&seen.stdout).trim(), expected);
    assert!(poster.width.max(poster.height) <= 1280);
}

/// Chunks lie one behind the other from the beginning of the file, and segments fill them.
fn assert_covered(rendition: &Rendition) {
    let mut offset = 0;
    let mut start_ms = 0.0;
    for (index, chunk) in (0..).zip(&rendition.chunks) {
        assert_eq!((chunk.index, chunk.file_range.offset), (index, offset));
        assert!((chunk.start_ms - start_ms).abs() < 0.01);
        assert_eq!(chunk.init.is_some(), index == 0);
        let mut inside = chunk.init.map_or(0, |init| init.size);
        for segment in &chunk.segments {
            assert_eq!(segment.range.offset, inside);
            inside += segment.range.size;
            start_ms += segment.duration_ms;
        }
        assert_eq!(inside, chunk.file_range.size);
        offset += chunk.file_range.size;
    }
    assert!((start_ms - rendition.duration_ms).abs() < 0.01, "durations do not add up");
}

/// Names and sizes of the pictures, then `audio` without a size.
pub fn shapes(media: &Media) -> Vec<(String, u32, u32)> {
    media
        .renditions
        .iter()
        .map(|r| (r.name.clone(), r.picture.map_or(0, |p| p.width), r.picture.map_or(0, |p| p.height)))
        .collect()
}

pub fn shape(name: &str, width: u32, height: u32) -> (String, u32, u32) {
    (name.to_owned(), width, height)
}
