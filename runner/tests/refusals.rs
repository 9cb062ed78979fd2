//! Files that cannot become a video end in the right code, and never reach for anything but themselves.
#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod support;

use kinora_runner::{
    job::{MediaError, Refusal, process},
    mp4::Index,
};
use support::{Trial, bench, small_settings};

const CLIP: &str = "-f lavfi -i testsrc2=s=320x240:r=30:d=5 -c:v libx264 -preset ultrafast -g 15";

async fn refusal(bytes: &[u8]) -> Refusal {
    Trial::bytes(bytes).refusal(&small_settings()).await
}

/// Bytes without any pattern, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

#[tokio::test]
async fn what_is_no_video_file_is_refused() {
    assert_eq!(refusal(&noise(200_000)).await, Refusal::UnsupportedContainer);
    assert_eq!(
        refusal("Dear diary, today I …\n".repeat(500).as_bytes()).await,
        Refusal::UnsupportedContainer
    );
    assert_eq!(refusal(b"").await, Refusal::UnsupportedContainer);
}

#[tokio::test]
async fn documents_that_name_other_files_are_refused_and_read_nothing() {
    // Another clip lies where a thief would look for it; had it been read, there would be a video.
    let canary = Trial::clip(CLIP, "mpegts");
    let path = canary.folder.source().display().to_string();
    let documents = [
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{path}\n#EXT-X-ENDLIST\n"),
        format!(
            "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"file://{path}\"\n#EXTINF:5,\nfile://{path}\n#EXT-X-ENDLIST\n"
        ),
        format!("ffconcat version 1.0\nfile '{path}'\n"),
        format!(
            "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" \
             mediaPresentationDuration=\"PT5S\"><Period><AdaptationSet contentType=\"video\"><Representation id=\"0\" \
             mimeType=\"video/mp4\"><BaseURL>file://{path}</BaseURL></Representation></AdaptationSet></Period></MPD>"
        ),
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"64\" \
             height=\"64\"><image xlink:href=\"file://{path}\" width=\"64\" height=\"64\"/></svg>"
        ),
        format!("v=0\no=- 0 0 IN IP4 127.0.0.1\ns={path}\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"),
        format!("concat:{path}|{path}"),
        "data:video/mp4;base64,AAAA".to_owned(),
    ];
    for document in documents {
        assert_eq!(refusal(document.as_bytes()).await, Refusal::UnsupportedContainer, "{document}");
    }
}

#[tokio::test]
async fn sound_alone_is_no_video() {
    for (codec, format) in [("aac", "ipod"), ("libmp3lame", "mp3"), ("flac", "flac"), ("libopus", "ogg")] {
        let trial = Trial::clip(&format!("-f lavfi -i sine=d=1 -c:a {codec}"), format);
        assert_eq!(trial.refusal(&small_settings()).await, Refusal::NoVideo, "{format}");
    }
}

#[tokio::test]
async fn an_album_cover_is_no_video() {
    let trial = Trial::clip(
        "-f lavfi -i sine=d=1 -f lavfi -i testsrc2=s=64x64 -frames:v 1 -c:a aac -c:v mjpeg -pix_fmt yuvj420p \
         -disposition:v attached_pic",
        "mp4",
    );
    assert_eq!(trial.refusal(&small_settings()).await, Refusal::NoVideo);
}

#[tokio::test]
async fn a_picture_too_large_to_paint_is_refused() {
    // The size is rewritten in the description, as an attacker would: nothing that large is ever encoded.
    let clip = Trial::clip("-f lavfi -i testsrc2=s=320x240:r=30:d=1 -c:v mjpeg -pix_fmt yuvj420p", "mov");
    let mut bytes = std::fs::read(clip.folder.source()).unwrap();
    let entry = bytes.windows(4).position(|window| window == b"jpeg").unwrap();
    bytes[entry + 28..entry + 30].copy_from_slice(&16_000_u16.to_be_bytes());
    bytes[entry + 30..entry + 32].copy_from_slice(&16_000_u16.to_be_bytes());
    // The decoder finds the true size in the first picture, so that is rewritten as well.
    let frames: Vec<usize> =
        bytes.windows(2).enumerate().filter(|(_, w)| w == b"\xff\xc0").map(|(at, _)| at).collect();
    for at in frames {
        bytes[at + 5..at + 7].copy_from_slice(&16_000_u16.to_be_bytes());
        bytes[at + 7..at + 9].copy_from_slice(&16_000_u16.to_be_bytes());
    }
    assert_eq!(refusal(&bytes).await, Refusal::Dimensions);
}

#[tokio::test]
async fn a_codec_off_the_list_is_refused() {
    let trial = Trial::clip("-f lavfi -i testsrc2=s=64x64:r=5:d=1 -c:v magicyuv", "matroska");
    assert_eq!(trial.refusal(&small_settings()).await, Refusal::UnsupportedCodec);
}

#[tokio::test]
async fn what_lasts_too_long_is_refused() {
    let mut settings = small_settings();
    settings.max_duration = std::time::Duration::from_secs(3);
    assert_eq!(Trial::clip(CLIP, "mp4").refusal(&settings).await, Refusal::TooLong);
    // Two frames, 100,000 s apart.
    let trial = Trial::clip(
        "-f lavfi -i testsrc2=s=64x64:r=1:d=2 -vf setpts=N*100000/TB -fps_mode passthrough -c:v libx264",
        "mp4",
    );
    assert_eq!(trial.refusal(&small_settings()).await, Refusal::TooLong);
}

#[tokio::test]
async fn a_source_without_a_stated_end_is_bounded_while_it_is_encoded() {
    let mut settings = small_settings();
    settings.max_duration = std::time::Duration::from_secs(20);
    let trial = Trial::clip(
        "-f lavfi -i testsrc2=s=64x64:r=30:d=40 -c:v libx264 -preset ultrafast -live 1",
        "matroska",
    );
    assert_eq!(trial.refusal(&settings).await, Refusal::TooLong);
}

#[tokio::test]
async fn what_breaks_off_is_truncated() {
    let whole = Trial::clip(&format!("{CLIP} -movflags +faststart"), "mp4");
    let bytes = std::fs::read(whole.folder.source()).unwrap();
    assert_eq!(refusal(&bytes[..bytes.len() / 2]).await, Refusal::Truncated);
    // Nearly everything is there: that is good enough.
    let most = Trial::bytes(&bytes[..bytes.len() * 97 / 100]);
    support::assert_sound(&most.run(&small_settings()).await.unwrap(), None);

    let late_moov = Trial::clip(CLIP, "mp4");
    let bytes = std::fs::read(late_moov.folder.source()).unwrap();
    assert_eq!(refusal(&bytes[..bytes.len() / 2]).await, Refusal::Truncated);
}

#[tokio::test]
async fn what_is_damaged_in_the_middle_is_corrupt() {
    for format in ["mp4", "matroska"] {
        let clip = Trial::clip(CLIP, format);
        let mut bytes = std::fs::read(clip.folder.source()).unwrap();
        let (from, to) = (bytes.len() / 3, bytes.len() * 2 / 3);
        bytes[from..to].fill(0);
        assert_eq!(refusal(&bytes).await, Refusal::Corrupt, "{format}");
    }
}

#[tokio::test]
async fn too_many_tracks_are_refused() {
    let clip = Trial::clip("-f lavfi -i testsrc2=s=64x64:r=5:d=1 -c:v libx264", "mp4");
    let source = clip.folder.source();
    let trial = Trial::empty();
    let mut args = vec!["-i", source.to_str().unwrap()];
    args.extend(["-map", "0"].repeat(40));
    args.extend(["-c", "copy", "-f", "mp4"]);
    support::ffmpeg(&args, &trial.folder.source());
    assert_eq!(trial.refusal(&small_settings()).await, Refusal::TooManyStreams);
}

/// A chunk is copied as it lies in the file, so what lies there twice would be as large as it says.
#[test]
fn samples_over_one_another_are_no_index() {
    let clip = Trial::clip(
        "-f lavfi -i testsrc2=s=320x240:r=30:d=5 -f lavfi -i sine=d=5 -c:v libx264 -preset ultrafast -c:a aac \
         -movflags +faststart",
        "mp4",
    );
    let bytes = std::fs::read(clip.folder.source()).unwrap();
    let place = |bytes: &[u8], name: &[u8]| bytes.windows(4).position(|found| found == name).unwrap();
    let number = |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let begin = place(&bytes, b"moov") - 4;
    let mut moov = bytes[begin..begin + number(&bytes, begin)].to_vec();
    let half = bytes.len() as u64 / 2;
    assert!(Index::read(&moov, bytes.len() as u64).is_some() && Index::read(&moov, half).is_none());
    let mut from = 0;
    while let Some(at) = moov[from..].windows(4).position(|found| found == b"stco") {
        let table = from + at + 8;
        let (count, first) = (number(&moov, table), table + 4);
        assert!(count > 4);
        for entry in 1..count {
            moov.copy_within(first..first + 4, first + entry * 4);
        }
        from = table;
    }
    assert!(Index::read(&moov, half).is_none());
    assert!(
        Index::read(&moov, bytes.len() as u64).is_some(),
        "what is small enough is not looked at further"
    );
}

/// A gigabyte of nothing where the frames should be, through which ffprobe looks byte by byte.
#[tokio::test]
async fn what_takes_too_long_to_look_at_is_refused() {
    let clip = Trial::clip(CLIP, "matroska");
    let bytes = std::fs::read(clip.folder.source()).unwrap();
    let frames = bytes.windows(4).position(|found| found == b"\x1f\x43\xb6\x75").unwrap();
    let trial = Trial::bytes(&bytes[..frames]);
    std::fs::File::options().write(true).open(trial.folder.source()).unwrap().set_len(1 << 30).unwrap();
    let bench = bench().await.with_longest_look(std::time::Duration::from_millis(100));
    let outcome = process(&bench, &trial.folder, &small_settings(), &|_| {}).await;
    let is_refused = matches!(outcome, Err(MediaError::Refused { refusal: Refusal::ProbeTimeout, .. }));
    assert!(is_refused, "{outcome:?}");
}
