//! A clip of each class of upload goes through the real pipeline, and ffprobe looks at what comes out.
#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod support;

use support::{Trial, assert_sound, seen, shape, shapes, small_settings};

/// When a tone of half a second begins in the sound of a rendition, in seconds after the common start.
fn tone_starts(file: &std::path::Path) -> f64 {
    // Decoded from the start of the timeline; silence is told from the tone by ffmpeg itself.
    let output = std::process::Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-copyts", "-i"])
        .arg(file)
        .args(["-af", "silencedetect=noise=-30dB:duration=0.2", "-f", "null", "-"])
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let end = log.lines().find_map(|line| line.split_once("silence_end: ")).expect(&log).1;
    end.split_whitespace().next().unwrap().parse::<f64>().unwrap() - 10.0
}

/// When the picture turns from black to white, in seconds after the common start.
fn flash_starts(file: &std::path::Path) -> f64 {
    let output = std::process::Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-copyts", "-i"])
        .arg(file)
        .args(["-vf", "blackdetect=d=0.2:pix_th=0.3", "-f", "null", "-"])
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let end = log.lines().find_map(|line| line.split_once("black_end:")).expect(&log).1;
    end.split_whitespace().next().unwrap().parse::<f64>().unwrap() - 10.0
}

#[tokio::test]
async fn landscape() {
    let trial = Trial::clip(
        "-f lavfi -i testsrc2=s=426x240:r=30:d=5 -f lavfi -i sine=d=5 -c:v libx264 -preset ultrafast -c:a aac",
        "mp4",
    );
    let media = trial.run(&small_settings()).await.unwrap();
    assert_eq!(shapes(&media), [shape("240p", 426, 240), shape("120p", 212, 120), shape("audio", 0, 0)]);
    assert_sound(&media, Some(5.0));
    assert_eq!(media.renditions[0].chunks[0].segments.len(), 3);
    assert!((media.renditions[0].picture.unwrap().frame_rate - 30.0).abs() < 1e-9);
}

#[tokio::test]
async fn a_long_clip_is_cut_into_chunks() {
    let trial = Trial::clip(
        "-f lavfi -i testsrc2=s=160x120:r=10:d=47 -f lavfi -i sine=d=47 -c:v libx264 -preset ultrafast -c:a aac",
        "matroska",
    );
    let media = trial.run(&small_settings()).await.unwrap();
    assert_sound(&media, Some(47.0));
    for rendition in &media.renditions {
        assert_eq!(rendition.chunks.len(), 3, "{}", rendition.name);
        // Sound is cut where its own segments end, a little later each time.
        assert!((rendition.chunks[1].start_ms - 10_000.0).abs() < 150.0);
        assert!((rendition.chunks[2].start_ms - 40_000.0).abs() < 150.0);
    }
}

#[tokio::test]
async fn portrait_by_rotation() {
    let flat = Trial::clip(
        "-f lavfi -i testsrc2=s=426x240:r=30:d=2 -f lavfi -i sine=d=2 -c:v libx264 -preset ultrafast -c:a aac",
        "mp4",
    );
    let trial = Trial::empty();
    let source = flat.folder.source();
    support::ffmpeg(
        &["-i", source.to_str().unwrap(), "-c", "copy", "-metadata:s:v:0", "rotate=90", "-f", "mp4"],
        &trial.folder.source(),
    );
    let media = trial.run(&small_settings()).await.unwrap();
    assert_eq!(shapes(&media)[0], shape("240p", 240, 426));
    assert_eq!((media.width, media.height), (240, 426));
    let poster = media.poster.as_ref().unwrap();
    assert!(poster.width < poster.height);
    assert_sound(&media, Some(2.0));
}

#[tokio::test]
async fn odd_size_without_sound() {
    let trial =
        Trial::clip("-f lavfi -i testsrc2=s=161x121:r=30:d=2 -c:v libvpx-vp9 -deadline realtime", "webm");
    let media = trial.run(&small_settings()).await.unwrap();
    assert_eq!(shapes(&media), [shape("120p", 160, 120)]);
    assert_sound(&media, Some(2.0));
}

#[tokio::test]
async fn variable_rate_becomes_constant() {
    // Every frame of the first second, then every third; the last one is shown for long.
    let trial = Trial::clip(
        "-f lavfi -i testsrc2=s=320x240:r=30:d=4 -vf select='lt(t,1)+not(mod(n,3))' -fps_mode vfr -c:v libx264 \
         -preset ultrafast",
        "mp4",
    );
    let media = trial.run(&small_settings()).await.unwrap();
    let rate = media.renditions[0].picture.unwrap().frame_rate;
    assert!((rate - 30.0).abs() < 0.1 || (rate - 10.0).abs() < 0.1, "{rate}");
    assert_sound(&media, Some(4.0));
}

#[tokio::test]
async fn surround_becomes_stereo_and_mono_stays_mono() {
    for (channels, layout) in [("6", "stereo"), ("1", "mono")] {
        let trial = Trial::clip(
            &format!(
                "-f lavfi -i testsrc2=s=160x120:r=25:d=2 -f lavfi -i sine=d=2:r=44100 -c:v libx264 -preset \
                 ultrafast -ac {channels} -c:a ac3"
            ),
            "matroska",
        );
        let media = trial.run(&small_settings()).await.unwrap();
        assert_sound(&media, Some(2.0));
        assert_eq!(seen(&media.renditions.last().unwrap().file).tags["channel_layout"], layout);
    }
}

#[tokio::test]
async fn interlaced_and_anamorphic() {
    let trial = Trial::clip(
        "-f lavfi -i testsrc2=s=360x288:r=50:d=2 -vf interlace,setsar=64/45 -c:v mpeg2video -flags +ildct+ilme -q:v 4",
        "mpegts",
    );
    let media = trial.run(&small_settings()).await.unwrap();
    // 360 × 64/45 = 512 square pixels wide for 288 lines.
    assert_eq!(shapes(&media)[0], shape("240p", 426, 240));
    assert!((media.renditions[0].picture.unwrap().frame_rate - 25.0).abs() < 1e-9);
    assert_sound(&media, Some(2.0));
}

#[tokio::test]
async fn ten_bits_and_high_dynamic_range() {
    for transfer in ["smpte2084", "arib-std-b67", "bt709"] {
        let trial = Trial::clip(
            &format!(
                "-f lavfi -i testsrc2=s=320x240:r=24:d=1 -pix_fmt yuv420p10le -c:v libx264 -preset ultrafast \
                 -x264-params colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
            ),
            "mp4",
        );
        let media = trial.run(&small_settings()).await.unwrap();
        assert_sound(&media, Some(1.0));
    }
}

#[tokio::test]
async fn shorter_than_a_second() {
    let trial = Trial::clip(
        "-f lavfi -i testsrc2=s=320x240:r=30:d=0.3 -f lavfi -i sine=d=0.3 -c:v libx264 -preset ultrafast -c:a aac",
        "mp4",
    );
    let media = trial.run(&small_settings()).await.unwrap();
    assert_sound(&media, Some(0.3));
    let one = Trial::clip("-f lavfi -i testsrc2=s=320x240:r=30 -frames:v 1 -c:v libx264", "mp4");
    assert_sound(&one.run(&small_settings()).await.unwrap(), None);
}

#[tokio::test]
async fn sound_and_pictures_stay_in_step() {
    // A flash and a tone, both after exactly one second.
    let both = "-f lavfi -i color=black:s=320x240:r=30:d=3,drawbox=c=white:t=fill:enable='gte(t,1)' \
                -f lavfi -i sine=f=800:d=3,volume=0:enable='lt(t,1)'";
    let containers = [
        ("-c:v libx264 -preset ultrafast -c:a aac", "mp4"),
        // Timestamps begin at 1.4 s.
        ("-c:v libx264 -preset ultrafast -c:a mp2", "mpegts"),
        ("-c:v libvpx -deadline realtime -c:a libopus", "webm"),
    ];
    for (codecs, format) in containers {
        let trial = Trial::clip(&format!("{both} {codecs}"), format);
        let media = trial.run(&small_settings()).await.unwrap();
        assert_sound(&media, Some(3.0));
        let flash_s = flash_starts(&media.renditions[0].file);
        let tone_s = tone_starts(&media.renditions.last().unwrap().file);
        assert!(
            (flash_s - 1.0).abs() < 0.05 && (tone_s - 1.0).abs() < 0.05,
            "{format}: {flash_s} and {tone_s}"
        );
    }
}

#[tokio::test]
async fn a_late_start_of_one_stream_is_kept() {
    for (delayed, flash_expected_s, tone_expected_s) in [("0:v", 1.5, 1.0), ("1:a", 1.0, 1.5)] {
        let (video_delay, audio_delay) = if delayed == "0:v" { ("0.5", "0") } else { ("0", "0.5") };
        let trial = Trial::clip(
            &format!(
                "-itsoffset {video_delay} -f lavfi -i \
                 color=black:s=320x240:r=30:d=3,drawbox=c=white:t=fill:enable='gte(t,1)' \
                 -itsoffset {audio_delay} -f lavfi -i sine=f=800:d=3,volume=0:enable='lt(t,1)' \
                 -c:v libx264 -preset ultrafast -c:a aac"
            ),
            "mp4",
        );
        let media = trial.run(&small_settings()).await.unwrap();
        assert_sound(&media, Some(3.5));
        let flash_s = flash_starts(&media.renditions[0].file);
        let tone_s = tone_starts(&media.renditions.last().unwrap().file);
        assert!(
            (flash_s - flash_expected_s).abs() < 0.05 && (tone_s - tone_expected_s).abs() < 0.05,
            "{delayed}: {flash_s} and {tone_s}"
        );
    }
}
