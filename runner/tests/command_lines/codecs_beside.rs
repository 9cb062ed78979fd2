//! The command lines of chunks in other codecs than H.264, and that those of H.264 do not change for them.

use kinora_runner::{
    chunked::Cutting,
    ffmpeg::{
        args,
        ladder::{Codec, Preset, Rung},
        plan::{Plan, Settings},
        source::Source,
    },
};

use super::{TAGS, landscape, lines, settings};

fn with_codecs() -> Settings {
    let mut settings = settings();
    let rung = |codec, short_side, bitrate| Rung { codec, ..Rung::new(short_side, bitrate) };
    settings.ladder.extend([
        rung(Codec::Hevc, 1080, 3_000_000),
        Rung { preset: Preset::Fast, ..rung(Codec::Hevc, 720, 1_500_000) },
        rung(Codec::Av1, 720, 1_200_000),
    ]);
    settings
}

/// As the job that makes a codec sees it: 30 s at 30 frames a second, cut without an index.
fn cutting(codec: Codec) -> Cutting {
    let seconds = std::time::Duration::from_secs(30);
    let source = Source { stated_duration: Some(seconds), likely_duration: Some(seconds), ..landscape() };
    let mut cutting = Cutting::new(&source, None, &with_codecs()).unwrap();
    cutting.plan.sizes = cutting.plan.extras.clone();
    cutting.plan.sizes.retain(|size| size.codec == codec);
    cutting
}

/// What is different of a picture, up to where its keyframes are, and from there to the end.
fn end(name: &str) -> String {
    format!(
        "
-sc_threshold 0
-flags +cgop
-video_track_timescale 90000
-sn
-dn
-map_metadata -1
-map_chapters -1
-output_ts_offset 16.000000
-avoid_negative_ts disabled
-use_editlist 0
-movflags +empty_moov+default_base_moof+frag_keyframe+frag_discont
-f mp4
file:out/{name}.mp4"
    )
}

fn hevc(output: u32, preset: &str, bitrate: u32) -> String {
    let buffer = bitrate * 2;
    format!(
        "
-map [v{output}]
-c:v libx265
-preset {preset}
-profile:v main
-x265-params open-gop=0:scenecut=0:info=0:log-level=error
-forced-idr 1
-tag:v hvc1
-pix_fmt yuv420p
-crf 26
-maxrate {bitrate}
-bufsize {buffer}"
    )
}

const REGULAR: &str = "\n-g 60\n-keyint_min 60";

#[test]
fn h264_is_planned_as_without_them() {
    let (with, without) = (Plan::new(&landscape(), &with_codecs()), Plan::new(&landscape(), &settings()));
    assert_eq!(with.sizes, without.sizes);
    assert_eq!(args::encode(&with), args::encode(&without));
    let names: Vec<&str> = with.extras.iter().map(|size| size.name.as_str()).collect();
    assert_eq!(names, ["1080p-hevc", "720p-hevc", "720p-av1"]);
    assert_eq!(without.extras, []);
}

#[test]
fn all_sizes_of_a_codec_come_of_one_run() {
    let cutting = cutting(Codec::Hevc);
    let actual = lines(&args::chunk(&cutting, &cutting.cut(1).unwrap(), false));
    let expected = format!(
        "-filter_complex [0:0]fps=30/1:start_time=0,trim=start_frame=30,setpts=PTS-STARTPTS,{TAGS},split=2[v0][s1];\
         [s1]scale=1280:720:flags=bicubic,setsar=1[v1]{}{REGULAR}{}{}{REGULAR}{}",
        hevc(0, "veryfast", 3_000_000),
        end("1080p-hevc"),
        hevc(1, "fast", 1_500_000),
        end("720p-hevc"),
    );
    assert!(actual.ends_with(&expected), "expected:\n{expected}\n\nactual:\n{actual}");
    // Forced where the source has its own.
    let mut cut = cutting.cut(1).unwrap();
    cut.keyframes = vec![0, 75];
    assert_eq!(args::parts(Codec::Hevc, &cut), [cut.clone()]);
    let forced = lines(&args::chunk(&cutting, &cut, false));
    assert_eq!(forced.matches("\n-g 1000\n-force_key_frames 0.000000,2.500000\n").count(), 2, "{forced}");
}

#[test]
fn av1_has_a_run_for_each_segment_where_they_are_irregular() {
    let mut cutting = cutting(Codec::Av1);
    let mut cut = cutting.cut(1).unwrap();
    let picture = "
-map [v0]
-c:v libsvtav1
-preset 10
-svtav1-params lp=4
-pix_fmt yuv420p
-crf 35
-maxrate 1200000
-bufsize 2400000";
    let regular = lines(&args::chunk(&cutting, &cut, false));
    let expected = format!("{picture}{REGULAR}{}", end("720p-av1"));
    assert!(regular.ends_with(&expected), "expected:\n{expected}\n\nactual:\n{regular}");
    assert_eq!(args::parts(Codec::Av1, &cut).len(), 1);

    cut.keyframes = vec![0, 75, 100];
    cut.frames = Some(160);
    let parts = args::parts(Codec::Av1, &cut);
    let told: Vec<_> = parts.iter().map(|part| (part.first, part.frames, part.is_last)).collect();
    assert_eq!(told, [(180, Some(75), false), (255, Some(25), false), (280, Some(60), true)]);
    let second = lines(&args::chunk(&cutting, &parts[1], false));
    // A frame from before may still be on the screen.
    assert!(second.contains("-noaccurate_seek\n-ss 7.500000\n-protocol_whitelist"), "{second}");
    cutting.plan.end = Some(std::time::Duration::from_secs(14));
    let second = lines(&args::chunk(&cutting, &parts[1], false));
    assert!(!second.contains("accurate"), "{second}");
    assert!(second.contains("-ss 7.500000\n-t 2.833\n"), "{second}");
    assert!(second.contains(",trim=start_frame=30:end_frame=55,"), "{second}");
    assert!(second.contains(&format!("{picture}\n-g 1000\n-sc_threshold 0\n")), "{second}");
    assert!(second.contains("-output_ts_offset 18.500000\n"), "{second}");
}
