//! Videos that are made in chunks, and what the borders between them look and sound like.

use std::path::Path;
use std::process::Command;

use kinora_server::ladder::{EncoderPreset, Rung};
use kinora_tests::app::TestApp;
use kinora_tests::clips::{self, Clip};
use kinora_tests::person::Person;
use kinora_tests::probe;

use crate::classes::{check_segments, check_segments_within};
use crate::published::{PATIENCE, Published, Track, fetch};

/// Where the second and the third chunk begin.
const BORDERS_S: [f64; 2] = [6.0, 36.0];

/// Uploads a clip and has it processed; `in_one_piece` without cutting it.
pub async fn processed(ann: &Person, app: &TestApp, clip: &Clip, in_one_piece: bool) -> Published {
    processed_file(ann, app, &clip.path(), in_one_piece).await
}

async fn processed_file(ann: &Person, app: &TestApp, file: &Path, in_one_piece: bool) -> Published {
    if in_one_piece {
        app.sql(
            "CREATE FUNCTION whole() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN NEW.in_one_piece := true; RETURN NEW; END';
             CREATE TRIGGER whole BEFORE INSERT ON job FOR EACH ROW EXECUTE FUNCTION whole()",
        )
        .await;
    }
    let name = file.file_name().unwrap().to_str().unwrap();
    let id = ann.upload(name, "video/mp4", &std::fs::read(file).unwrap()).await;
    let video = ann.ready(&id, PATIENCE).await;
    if in_one_piece {
        app.sql("DROP TRIGGER whole ON job; DROP FUNCTION whole()").await;
    }
    fetch(&ann.client, video).await
}

pub const fn rung(short_side: u32) -> Rung {
    Rung { preset: EncoderPreset::Ultrafast, ..Rung::new(short_side, 500_000) }
}

/// The checksum of every decoded frame, of pictures (`v`) or of sound (`a`).
pub fn frames(file: &Path, kind: &str) -> Vec<String> {
    let map = format!("0:{kind}:0");
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(file)
        .args(["-map", &map, "-fps_mode", "passthrough", "-f", "framemd5", "-"])
        .output();
    let output = output.unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit(',').next().unwrap().trim().to_owned()).collect()
}

/// How alike the pictures of two files are, frame by frame in their order: PSNR of the luma, in dB.
pub fn likeness(one: &Path, other: &Path) -> Vec<f64> {
    let graph = "[0:v]setpts=N/25/TB[a];[1:v]setpts=N/25/TB[b];[a][b]psnr=stats_file=-";
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(one)
        .arg("-i")
        .arg(other)
        .args(["-lavfi", graph, "-f", "null", "/dev/null"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let values = text.lines().filter_map(|line| line.split_once("psnr_y:")?.1.split_whitespace().next());
    values.map(|value| if value == "inf" { 100.0 } else { value.parse().unwrap() }).collect()
}

/// Frames come one behind the other, as far apart as the rate says, over every border.
fn assert_even(track: &Track, expected: usize) {
    let mut times: Vec<f64> = track.packets("v").iter().map(|packet| packet.pts_ms).collect();
    times.sort_by(f64::total_cmp);
    assert_eq!(times.len(), expected, "{}", track.variant.url);
    let gap_ms = (times[times.len() - 1] - times[0]) / (times.len() - 1) as f64;
    for pair in times.windows(2) {
        assert!(
            (pair[1] - pair[0] - gap_ms).abs() < 1.0,
            "{} ms between frames at {} ms",
            pair[1] - pair[0],
            pair[0]
        );
    }
}

/// No border is worse than the rest: a frame that is missing, doubled or late shows as a picture that is not alike.
fn assert_seamless(alike: &[f64], fps: f64, name: &str) {
    let worst_elsewhere = alike
        .iter()
        .enumerate()
        .filter(|(number, _)| BORDERS_S.iter().all(|border| (*number as f64 - border * fps).abs() > 4.0))
        .map(|(_, value)| *value)
        .fold(f64::INFINITY, f64::min);
    for border in BORDERS_S {
        let at = (border * fps) as usize;
        for (number, value) in alike.iter().enumerate().take(at + 3).skip(at - 3) {
            assert!(
                *value > worst_elsewhere - 3.0 && *value > 25.0,
                "{name}: frame {number} is at {value} dB"
            );
        }
    }
}

fn chunks(track: &Track) -> usize {
    let mut objects: Vec<&str> =
        track.playlist.segments.iter().map(|segment| segment.piece.url.path()).collect();
    objects.dedup();
    objects.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_players_take_is_passed_on_and_the_rest_joins_it() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder = vec![rung(360), rung(180)];
    })
    .await;
    let ann = app.person("ann").await;
    let cut = processed(&ann, &app, &clips::CHUNKS, false).await;
    let source = clips::CHUNKS.path();
    assert_eq!(cut.master.variants.len(), 2, "the size of the source is not encoded again");
    // The same frames as in the source, each of them.
    assert_eq!(frames(&cut.pictures[0].file, "v"), frames(&source, "v"));
    assert_eq!(cut.pictures[0].variant.resolution(), (640, 360));
    let sound = cut.sound.as_ref().unwrap();
    assert_eq!(sound.packets("a").len(), probe::packets(&source, "a").len());
    for track in cut.pictures.iter().chain([sound]) {
        assert_eq!((chunks(track), track.playlist.ended), (3, true), "{}", track.variant.url);
    }
    let late_in =
        |pictures: &Path, sound: &Path| probe::sound_begins_ms(sound) - probe::picture_begins_ms(pictures);
    let in_source_ms = late_in(&source, &source);
    for track in &cut.pictures {
        assert_even(track, 40 * 30);
        let late_ms = late_in(&track.file, &sound.file) - in_source_ms;
        assert!(late_ms.abs() <= 5.0, "the sound is {late_ms} ms later than in the source");
    }
    let whole = processed(&ann, &app, &clips::CHUNKS, true).await;
    let smallest = |published: &Published| published.pictures.last().unwrap().file.clone();
    let alike = likeness(&smallest(&cut), &smallest(&whole));
    assert_eq!(alike.len(), 40 * 30);
    assert_seamless(&alike, 30.0, "in chunks and in one piece");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_missing_frames_are_no_reason_to_encode() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder = vec![rung(180), rung(90)];
    })
    .await;
    let ann = app.person("ann").await;
    let cut = processed(&ann, &app, &clips::CHUNKS_UNEVEN, false).await;
    let source = clips::CHUNKS_UNEVEN.path();
    let (passed_on, encoded) = (&cut.pictures[0].file, &cut.pictures[1].file);
    assert_eq!(frames(passed_on, "v"), frames(&source, "v"));
    assert_eq!(frames(encoded, "v").len(), 12 * 30, "what is encoded has a constant rate");
    assert!(cut.pictures.iter().all(|track| chunks(track) == 2));
    check_segments(&cut);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_drifts_is_no_reason_to_encode() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder = vec![rung(180), rung(90)];
    })
    .await;
    let ann = app.person("ann").await;
    let cut = processed(&ann, &app, &clips::CHUNKS_DRIFTING, false).await;
    let source = clips::CHUNKS_DRIFTING.path();
    let (passed_on, encoded) = (&cut.pictures[0], &cut.pictures[1]);
    assert_eq!(frames(&passed_on.file, "v"), frames(&source, "v"));
    // Six hundred frames that take 180 ms longer than they should, so that some are shown twice.
    let count = encoded.packets("v").len();
    assert!((604..=607).contains(&count), "{count} frames");
    assert_even(encoded, count);
    let frame_ms = 1_000.0 / 30.0;
    assert!(cut.pictures.iter().all(|track| chunks(track) == 2));
    check_segments_within(&cut, frame_ms / 2.0 + 2.0);
    let length_s =
        |track: &Track| track.playlist.segments.iter().map(|segment| segment.duration_s).sum::<f64>();
    let apart_ms = (length_s(passed_on) - length_s(encoded)).abs() * 1_000.0;
    assert!(apart_ms <= frame_ms, "one is {apart_ms} ms longer");
}

/// Of a large source a runner fetches only what it reads; where that were too little, frames would be missing.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_in_pieces_comes_out_whole() {
    const FETCHED_WHOLE_BYTES: u64 = 24 << 20;
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder.retain(|rung| rung.short_side == 360);
    })
    .await;
    let ann = app.person("ann").await;
    let source = clips::CHUNKS_HEAVY.path();
    assert!(source.metadata().unwrap().len() > FETCHED_WHOLE_BYTES);
    let cut = processed(&ann, &app, &clips::CHUNKS_HEAVY, false).await;
    assert_eq!(frames(&cut.pictures[0].file, "v"), frames(&source, "v"));
    for track in &cut.pictures {
        assert_eq!(chunks(track), 2, "{}", track.variant.url);
        assert_even(track, 12 * 30);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_encoded_can_be_watched_before_it_is_ready_and_joins() {
    let app = TestApp::start_processing().await;
    let ann = app.person("ann").await;
    let id = ann.upload_clip(&clips::CHUNKS_VP9).await;
    let early = ann.playable(&id, PATIENCE).await;
    assert_eq!(early["state"], "PROCESSING", "it was ready as soon as it could be watched");
    let growing = fetch(&app.guest, early).await;
    let first = &growing.pictures[0].playlist;
    assert_eq!((first.ended, first.kind.as_deref()), (false, Some("EVENT")));
    let video = ann.ready(&id, PATIENCE).await;
    let cut = fetch(&ann.client, video).await;
    for track in &cut.pictures {
        assert_even(track, 40 * 25);
        assert_eq!(chunks(track), 3);
        assert_eq!(track.playlist.kind.as_deref(), Some("VOD"));
    }
    let sound_ms = cut.sound.as_ref().unwrap().duration_ms("a");
    assert!((sound_ms - 40_000.0).abs() < 100.0, "{sound_ms}");
    let whole = processed(&ann, &app, &clips::CHUNKS_VP9, true).await;
    for (track, other) in cut.pictures.iter().zip(&whole.pictures) {
        assert_seamless(&likeness(&track.file, &other.file), 25.0, track.variant.url.as_str());
    }
    // The sound is one run either way.
    let of = |published: &Published| frames(&published.sound.as_ref().unwrap().file, "a");
    assert_eq!(of(&cut), of(&whole));
}

/// The same frames and sound in a container without an index that could be used.
fn wrapped(clip: &Clip, folder: &Path, extension: &str, options: &[&str]) -> std::path::PathBuf {
    let to = folder.join(format!("wrapped.{extension}"));
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(clip.path())
        .args(["-c", "copy"])
        .args(options)
        .arg(&to)
        .status();
    assert!(made.unwrap().success(), "{}", to.display());
    to
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_in_any_container_are_passed_on() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder = vec![rung(180), rung(90)];
    })
    .await;
    let ann = app.person("ann").await;
    let folder = tempfile::tempdir().unwrap();
    let source = clips::CHUNKS_UNEVEN.path();
    let fragments: &[&str] = &["-movflags", "frag_keyframe+empty_moov"];
    let wrappers: [(&str, &[&str]); 4] = [("mkv", &[]), ("ts", &[]), ("flv", &[]), ("mp4", fragments)];
    for (extension, options) in wrappers {
        let file = wrapped(&clips::CHUNKS_UNEVEN, folder.path(), extension, options);
        let bytes = std::fs::read(&file).unwrap();
        let id = ann.upload(&format!("a.{extension}"), "video/mp4", &bytes).await;
        let early = ann.playable(&id, PATIENCE).await;
        assert_eq!(early["state"], "PROCESSING", "{extension}: it was ready as soon as it could be watched");
        let video = ann.ready(&id, PATIENCE).await;
        let cut = fetch(&ann.client, video).await;
        assert!(frames(&cut.pictures[0].file, "v") == frames(&source, "v"), "{extension}: not passed on");
        assert!(cut.pictures.iter().all(|track| chunks(track) == 2), "{extension}");
        let sound = cut.sound.as_ref().unwrap();
        let late_ms = probe::sound_begins_ms(&sound.file) - probe::picture_begins_ms(&cut.pictures[0].file);
        let in_source_ms = probe::sound_begins_ms(&file) - probe::picture_begins_ms(&file);
        assert!((late_ms - in_source_ms).abs() <= 20.0, "{extension}: {late_ms} and {in_source_ms} ms");
        check_segments(&cut);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_old_containers_hold_can_be_watched_before_it_is_ready_and_joins() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder = vec![rung(180)];
    })
    .await;
    let ann = app.person("ann").await;
    let folder = tempfile::tempdir().unwrap();
    let kinds = [
        ("divx.avi", "-c:v mpeg4 -bf 2 -c:a libmp3lame"),
        ("disc.mpg", "-c:v mpeg2video -bf 2 -c:a mp2"),
        // What an MP4 does not hold.
        ("media.wmv", "-c:v wmv2 -c:a wmav2"),
    ];
    // With what is made of them in one piece: those whose frames come in another order than they are shown in.
    let compared = ["divx.avi", "disc.mpg"];
    for (name, options) in kinds {
        let file = folder.path().join(name);
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-i"])
            .arg(clips::CHUNKS_UNEVEN.path())
            .args(["-vf", "fps=30,scale=320:180", "-q:v", "5", "-frames:v", "360"])
            .args(options.split(' '))
            .arg(&file)
            .status();
        assert!(made.unwrap().success(), "{name}");
        let id = ann.upload(name, "video/mp4", &std::fs::read(&file).unwrap()).await;
        let early = ann.playable(&id, PATIENCE).await;
        assert_eq!(early["state"], "PROCESSING", "{name}: it was ready as soon as it could be watched");
        let video = ann.ready(&id, PATIENCE).await;
        let cut = fetch(&ann.client, video).await;
        let pictures = &cut.pictures[0];
        assert_eq!(chunks(pictures), 2, "{name}");
        // Where times are rounded to milliseconds, nobody can tell whether the last frame has still begun.
        let count = pictures.packets("v").len();
        assert!(count.abs_diff(360) <= 1, "{name}: {count}");
        assert_even(pictures, count);
        if compared.contains(&name) {
            let whole = processed_file(&ann, &app, &file, true).await;
            assert_seamless(&likeness(&pictures.file, &whole.pictures[0].file), 30.0, name);
        }
        let sound = cut.sound.as_ref().unwrap();
        let late_ms = probe::sound_begins_ms(&sound.file) - probe::picture_begins_ms(&cut.pictures[0].file);
        let in_source_ms = probe::sound_begins_ms(&file) - probe::picture_begins_ms(&file);
        assert!((late_ms - in_source_ms).abs() <= 20.0, "{name}: {late_ms} and {in_source_ms} ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_size_that_looks_like_the_next_smaller_is_not_kept() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder =
            [300, 240, 180, 120].map(|side| Rung { video_bitrate: 5_000_000, ..rung(side) }).into();
    })
    .await;
    let ann = app.person("ann").await;
    let folder = tempfile::tempdir().unwrap();
    // Once as it was made, and once blown up from a picture that has no more detail than the smallest size.
    let small = "testsrc2=s=64x36:r=25,scale=640:360:flags=bilinear";
    for (picture, expected) in
        [("mandelbrot=s=640x360:r=25", &["300p", "240p", "180p", "120p"][..]), (small, &["300p", "120p"])]
    {
        let file = folder.path().join("a.mp4");
        let made = Command::new("ffmpeg")
            .args(["-y", "-v", "error", "-nostdin", "-f", "lavfi", "-i", picture, "-t", "5"])
            .args([
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-crf",
                "16",
                "-g",
                "50",
                "-pix_fmt",
                "yuv420p",
            ])
            .arg(&file)
            .status();
        assert!(made.unwrap().success());
        let id = ann.upload("a.mp4", "video/mp4", &std::fs::read(&file).unwrap()).await;
        let video = ann.ready(&id, PATIENCE).await;
        let names = video["renditions"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap());
        assert_eq!(names.filter(|name| *name != "360p").collect::<Vec<_>>(), expected, "{picture}");
    }
    let measured = "SELECT count(*) FROM chunk WHERE likeness BETWEEN 0.5 AND 0.998";
    assert_eq!(app.number(measured).await, 2, "each size between the others of what was not blown up");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_passed_on_is_looked_through_all_the_same() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder = vec![rung(180)];
    })
    .await;
    let ann = app.person("ann").await;
    let mut bytes = clips::CHUNKS_UNEVEN.bytes();
    // Behind the index, which faststart puts in front.
    let (from, to) = (bytes.len() / 2, bytes.len() * 9 / 10);
    bytes[from..to].fill(0x5a);
    let id = ann.upload("damaged.mp4", "video/mp4", &bytes).await;
    let outcome = ann.outcome(&id, PATIENCE).await;
    assert_eq!(outcome["failure"]["code"], "MEDIA_CORRUPT", "{outcome}");
}
