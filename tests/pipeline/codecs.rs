//! Renditions in HEVC and AV1, through the real pipeline.

use std::time::{Duration, Instant};

use kinora_server::ladder::{self, EncoderPreset, Rung};
use kinora_tests::app::TestApp;
use kinora_tests::clips;
use kinora_tests::person::Person;
use kinora_tests::probe;
use serde_json::{Value, json};

use crate::chunks::frames;
use crate::downloads::saved;
use crate::published::{PATIENCE, Track, fetch};

/// Waits until viewers are told of so many renditions.
async fn with_renditions(ann: &Person, id: &str, count: usize) -> Value {
    let begun = Instant::now();
    loop {
        let video = ann.video(id).await;
        if video["renditions"].as_array().unwrap().len() == count {
            return video;
        }
        assert!(begun.elapsed() < PATIENCE, "not after {PATIENCE:?}: {video}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_codecs_have_the_frames_and_the_segments_of_h264() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        let rungs = ladder::parse("240p:700k,240p:300k:hevc,240p:250k:av1").unwrap();
        config.ladder =
            rungs.into_iter().map(|rung| Rung { preset: EncoderPreset::Ultrafast, ..rung }).collect();
    })
    .await;
    let ann = app.person("ann").await;
    // One whose keyframes are its own and one that is encoded, protected.
    let (passed_on, private) = (&clips::CHUNKS_IRREGULAR, &clips::CHUNKS_SHORT_VP9);
    let id = ann.upload_clip(passed_on).await;
    let sealed = ann.upload_private(&private.file_name(), private.content_type, &private.bytes()).await;
    for (id, clip, chunks) in [(&id, passed_on, 2), (&sealed, private, 1)] {
        ann.ready(id, PATIENCE).await;
        let published = fetch(&ann.client, with_renditions(&ann, id, 4).await).await;
        let codecs: Vec<&str> =
            published.pictures.iter().map(|track| track.variant.attribute("CODECS")).collect();
        assert!(codecs[0].starts_with("avc1."), "{codecs:?}");
        assert!(codecs[1].starts_with("av01.0.0") && codecs[1].ends_with("M.08,mp4a.40.2"), "{codecs:?}");
        assert!(codecs[2].starts_with("hvc1.1.6.L"), "{codecs:?}");
        let plain = &published.pictures[0];
        let expected = frames(&plain.file, "v").len();
        assert!(expected > 100, "{expected} frames");
        let starts = |keyframes: &[probe::Packet]| -> Vec<i64> {
            let keys = keyframes.iter().filter(|packet| packet.key);
            keys.map(|packet| packet.pts_ms.round() as i64).collect()
        };
        for track in &published.pictures {
            let name = track.variant.url.path();
            assert_eq!(track.variant.resolution(), (clip.shown_width, clip.shown_height));
            assert_eq!(frames(&track.file, "v").len(), expected, "{name}");
            assert_eq!(starts(track.packets("v")), starts(plain.packets("v")), "{name}");
            let mut objects: Vec<&str> =
                track.playlist.segments.iter().map(|segment| segment.piece.url.path()).collect();
            let durations = |track: &Track| -> Vec<i64> {
                track
                    .playlist
                    .segments
                    .iter()
                    .map(|part| (part.duration_s * 1_000.0).round() as i64)
                    .collect()
            };
            assert_eq!(durations(track), durations(plain), "{name}");
            objects.dedup();
            assert_eq!((objects.len(), track.playlist.ended), (chunks, true), "{name}");
            let is_sealed = track.playlist.segments.iter().all(|segment| segment.key.is_some());
            assert_eq!(is_sealed, clip.name == private.name, "{name}");
        }
        let tags: Vec<&str> = published
            .pictures
            .iter()
            .map(|track| track.stream()["codec_tag_string"].as_str().unwrap())
            .collect();
        assert_eq!(tags, ["avc1", "av01", "hvc1"]);
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, tag) in [("240p-hevc", "hvc1"), ("240p-av1", "av01")] {
        let (file, _) = saved(&app.guest, &id, name, &folder).await;
        assert!(probe::decodes(&file), "{name}");
        let streams = probe::streams(&file)["streams"].take();
        assert_eq!((streams.as_array().unwrap().len(), &streams[0]["codec_tag_string"]), (2, &json!(tag)));
    }
    // What is left over are drafts, which are of H.264.
    let found = app.compare_storage().await;
    let is_extra = |key: &str| key.contains("-hevc/") || key.contains("-av1/");
    assert!(
        found.damaged.is_empty() && !found.orphans.iter().any(|orphan| is_extra(&orphan.key)),
        "{found:?}"
    );
}
