//! Each class of upload, and what must come of it.

use kinora_tests::app::TestApp;
use kinora_tests::clips::{self, Clip};
use kinora_tests::probe;
use serde_json::json;

use crate::published::{Published, publish};

pub const DURATION_TOLERANCE_MS: f64 = 100.0;
/// Less than two frames of sound and one of picture: nobody hears that.
const STEP_TOLERANCE_MS: f64 = 60.0;
/// Of a timescale of 90,000 and of three decimals in a playlist.
const ROUNDING_MS: f64 = 2.0;

/// Processes a clip and checks all that must hold for every video.
async fn processed(clip: &Clip) -> Published {
    let app = TestApp::start_processing().await;
    let ann = app.person("ann").await;
    let published = publish(&ann, clip).await;
    check_sizes(&published, clip);
    check_streams(&published, clip);
    check_durations(&published, clip);
    check_segments(&published);
    check_poster(&app, &published).await;
    if clip.in_step {
        check_step(&published);
    }
    published
}

fn check_sizes(published: &Published, clip: &Clip) {
    let source_short = clip.shown_width.min(clip.shown_height);
    let shape = f64::from(clip.shown_width) / f64::from(clip.shown_height);
    let mut short_sides = Vec::new();
    for track in &published.pictures {
        let stream = track.stream();
        let (width, height) =
            (stream["width"].as_u64().unwrap() as u32, stream["height"].as_u64().unwrap() as u32);
        assert_eq!(track.variant.resolution(), (width, height), "the playlist tells the truth");
        assert!(width % 2 == 0 && height % 2 == 0, "{width}x{height}");
        assert!(width.min(height) <= source_short, "{width}x{height} is larger than the source");
        // Within a pixel of rounding to even numbers.
        let slack = 2.0 / f64::from(width.min(height)) * shape.max(1.0);
        let got = f64::from(width) / f64::from(height);
        assert!((got - shape).abs() <= slack + 0.01, "{width}x{height} is not of the shape {shape:.3}");
        let square =
            stream["sample_aspect_ratio"].as_str().is_none_or(|ratio| ratio == "1:1" || ratio == "0:1");
        assert!(square, "{stream}");
        assert_eq!(stream["side_data_list"], json!(null), "a player would turn it again");
        short_sides.push(width.min(height));
    }
    short_sides.sort();
    short_sides.dedup();
    assert_eq!(short_sides.len(), published.pictures.len(), "two renditions of one size");
    let expected: Vec<u32> = [360, 480, 720, 1080].into_iter().filter(|&rung| rung <= source_short).collect();
    for rung in &expected {
        assert!(short_sides.contains(rung), "{rung} is missing from {short_sides:?}");
    }
    if expected.is_empty() {
        assert_eq!(short_sides, [source_short / 2 * 2]);
    }
    let video = &published.video;
    let shown = (video["width"].as_u64().unwrap() as u32, video["height"].as_u64().unwrap() as u32);
    assert!(shown.0.abs_diff(clip.shown_width) <= 1 && shown.1.abs_diff(clip.shown_height) <= 1, "{shown:?}");
}

fn check_streams(published: &Published, clip: &Clip) {
    for track in &published.pictures {
        let stream = track.stream();
        assert_eq!(
            (&stream["codec_name"], &stream["pix_fmt"]),
            (&json!("h264"), &json!("yuv420p")),
            "{stream}"
        );
        let progressive =
            stream["field_order"].as_str().is_none_or(|order| order == "progressive" || order == "unknown");
        assert!(progressive, "{stream}");
        assert!(probe::decodes(&track.file), "{} does not decode cleanly", track.variant.url);
        let codecs = track.variant.attribute("CODECS");
        assert!(codecs.starts_with("avc1."), "{codecs}");
        assert_eq!(codecs.contains("mp4a.40.2"), clip.has_audio, "{codecs}");
        check_bandwidth(track);
    }
    assert_eq!(published.sound.is_some(), clip.has_audio);
    if let Some(sound) = &published.sound {
        let stream = sound.stream();
        assert_eq!(stream["codec_name"], "aac", "{stream}");
        assert!(stream["channels"].as_u64().unwrap() <= 2, "{stream}");
        assert!(probe::decodes(&sound.file));
    }
}

/// BANDWIDTH covers the largest segment, and not by far more than the sound that plays beside it.
fn check_bandwidth(track: &crate::published::Track) {
    let peak = track
        .playlist
        .segments
        .iter()
        .map(|segment| segment.piece.length as f64 * 8.0 / segment.duration_s)
        .fold(0.0, f64::max);
    let said = track.variant.number("BANDWIDTH");
    assert!(said >= peak * 0.99 && said <= peak * 1.2 + 400_000.0, "says {said}, has {peak}");
    assert!(track.variant.number("AVERAGE-BANDWIDTH") <= said);
}

fn check_durations(published: &Published, clip: &Clip) {
    let near = |what: &str, ms: f64| {
        assert!(
            (ms - clip.duration_ms).abs() <= DURATION_TOLERANCE_MS,
            "{what}: {ms} ms, not {}",
            clip.duration_ms
        );
    };
    near("the video", published.video["durationMs"].as_f64().unwrap());
    for track in &published.pictures {
        near("a rendition", track.duration_ms("v"));
        near("a playlist", track.playlist.duration_s() * 1000.0);
    }
    if let Some(sound) = &published.sound {
        near("the sound", sound.duration_ms("a"));
        near("the playlist of the sound", sound.playlist.duration_s() * 1000.0);
    }
}

pub fn check_segments(published: &Published) {
    check_segments_within(published, ROUNDING_MS);
}

/// The same where renditions may be cut so far from each other.
pub fn check_segments_within(published: &Published, apart_ms: f64) {
    let mut shared: Option<Vec<f64>> = None;
    for track in &published.pictures {
        assert!(track.playlist.ended);
        let packets = track.packets("v");
        let mut starts = vec![packets[0].pts_ms];
        for segment in &track.playlist.segments {
            assert!(segment.duration_s <= track.playlist.target_duration_s + 0.5);
            starts.push(starts.last().unwrap() + segment.duration_s * 1000.0);
        }
        starts.pop();
        for start in &starts {
            let nearest = packets
                .iter()
                .min_by(|one, other| (one.pts_ms - start).abs().total_cmp(&(other.pts_ms - start).abs()))
                .unwrap();
            assert!(
                (nearest.pts_ms - start).abs() <= ROUNDING_MS && nearest.key,
                "no key frame at {start}: {nearest:?}"
            );
        }
        let aligned = shared.get_or_insert_with(|| starts.clone());
        assert_eq!(aligned.len(), starts.len(), "renditions are cut differently");
        for (one, other) in aligned.iter().zip(&starts) {
            assert!(
                (one - other).abs() <= apart_ms,
                "renditions are cut differently: {aligned:?} and {starts:?}"
            );
        }
    }
    if let Some(sound) = &published.sound {
        let first = sound.packets("a")[0].pts_ms;
        let offset = first - shared.unwrap()[0];
        assert!(offset.abs() <= STEP_TOLERANCE_MS, "the sound begins {offset} ms after the picture");
    }
}

fn check_step(published: &Published) {
    let sound_ms = probe::sound_begins_ms(&published.sound.as_ref().unwrap().file);
    for track in &published.pictures {
        let picture_ms = probe::picture_begins_ms(&track.file);
        let late = sound_ms - picture_ms;
        assert!(late.abs() <= STEP_TOLERANCE_MS, "the sound is {late} ms late");
        let begin = track.packets("v")[0].pts_ms;
        let offset = picture_ms - begin - clips::FLASH_AT_MS;
        assert!(offset.abs() <= STEP_TOLERANCE_MS, "the flash is {offset} ms off its place");
    }
}

async fn check_poster(app: &TestApp, published: &Published) {
    let url = app.url.join(published.video["posterUrl"].as_str().unwrap()).unwrap();
    let mut response = app.guest.get(url.as_str()).await;
    if response.status().is_redirection() {
        let target = url.join(response.headers()["location"].to_str().unwrap()).unwrap();
        response = app.guest.get(target.as_str()).await;
    }
    assert_eq!(response.headers()["content-type"], "image/jpeg");
    assert!(response.bytes().await.unwrap().starts_with(b"\xff\xd8\xff"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_landscape_video_gets_the_whole_ladder() {
    let published = processed(&clips::LANDSCAPE).await;
    assert_eq!(published.pictures.len(), 3);
    assert!(published.master.independent_segments);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_a_phone_turned_stands_upright() {
    processed(&clips::PORTRAIT_BY_ROTATION).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_sizes_become_even() {
    processed(&clips::ODD_SIZE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_without_sound_has_no_sound() {
    processed(&clips::SILENT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_rate_becomes_constant_and_stays_in_step() {
    let published = processed(&clips::VARIABLE_RATE).await;
    for track in &published.pictures {
        let packets = track.packets("v");
        let gaps: Vec<f64> = packets.windows(2).map(|pair| pair[1].pts_ms - pair[0].pts_ms).collect();
        let (least, most) =
            gaps.iter().fold((f64::MAX, 0.0_f64), |(least, most), gap| (least.min(*gap), most.max(*gap)));
        assert!(most - least <= ROUNDING_MS, "frames are {least} to {most} ms apart");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn surround_sound_becomes_stereo() {
    let published = processed(&clips::SURROUND).await;
    assert_eq!(published.sound.unwrap().stream()["channels"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn interlaced_pictures_become_whole() {
    processed(&clips::INTERLACED).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pixels_become_square() {
    processed(&clips::ANAMORPHIC).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_bit_hdr_becomes_eight_bit_sdr() {
    let published = processed(&clips::TEN_BIT_HDR).await;
    for track in &published.pictures {
        let stream = track.stream();
        assert_eq!(stream["color_transfer"], "bt709", "{stream}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vp9_becomes_h264() {
    processed(&clips::VP9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn less_than_a_second_is_enough() {
    processed(&clips::SHORT).await;
}
