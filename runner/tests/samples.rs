//! Every real sample ends as it should. Skipped where the samples are not there.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A test fails by panicking and speaks to its reader.

mod support;

use std::collections::BTreeMap;

use kinora_runner::job::{MediaError, Refusal};
use support::{Trial, assert_sound, samples, settings, shapes};

/// Seconds, and name, width and height of the largest rendition; or why it is refused.
type Outcome = Result<(f64, &'static str, u32, u32), Refusal>;

#[rustfmt::skip]
const EXPECTED: &[(&str, Outcome)] = &[
    ("anamorphic-sar64x45-noaudio-h264-bbb.mp4", Ok((4.0, "640p", 1138, 640))),
    ("audio-only-aac-8khz-editlist-bbb.m4a", Err(Refusal::NoVideo)),
    ("audio-only-mp3-cover-chapters.mp3", Err(Refusal::NoVideo)),
    ("broken-no-moov.mp4", Err(Refusal::Truncated)),
    ("broken-truncated-after-moov.m4b", Err(Refusal::NoVideo)),
    ("broken-vp9-bitstream.webm", Err(Refusal::Corrupt)),
    ("camera-gopro-max-h264-aac-datatracks.mp4", Ok((10.517, "480p", 848, 480))),
    ("chapters-h264-aac.mp4", Ok((1.089, "720p", 1080, 720))),
    ("interlaced-1080i50-anamorphic-mpeg2-hdv-testpattern.mov", Ok((1.0, "1080p", 1920, 1080))),
    ("landscape-1080p-hevc10-hdr10-aac-vfr.mp4", Ok((1.018, "1080p", 1920, 1080))),
    ("landscape-1080p30-h264-mp2-bbb-10s.ts", Ok((10.01, "1080p", 1920, 1080))),
    ("landscape-1080p60-vp8-vorbis51-bbb.webm", Ok((1.012, "1080p", 1920, 1080))),
    ("landscape-720p24-vp8-vorbis-bbb-30s.webm", Ok((30.003, "720p", 1280, 720))),
    // Its last subtitle lasts until 1.234 s, pictures and sound do not.
    ("mkv-h264-ac3-srt-subs.mkv", Ok((1.071, "720p", 1080, 720))),
    ("mpeg2-1080p24-mp2-bbb.ts", Ok((2.513, "1080p", 1920, 1080))),
    ("mpeg4asp-960x400-mp3-seabirds.avi", Ok((4.087, "360p", 864, 360))),
    ("multitrack-2video-2audio-2subs-nasa.mp4", Ok((13.056, "180p", 320, 180))),
    ("odd-161x121-vp9-noaudio.webm", Ok((1.001, "121p", 160, 120))),
    ("portrait-720x1280-av1-10bit-hdr10-aac.mp4", Ok((4.238, "720p", 720, 1280))),
    ("portrait-iphone-1080p-hevc10-hlg-dv84-rot90-editlist.mp4", Ok((2.548, "1080p", 1080, 1920))),
    ("portrait-phone-2160p60-h264-aac-rot90.mp4", Ok((0.313, "1080p", 1080, 1920))),
    ("prores422hq-10bit-testpattern.mov", Ok((1.0, "240p", 320, 240))),
    ("rot180-phone-720p-h264-aac-vfr.mp4", Ok((2.38, "720p", 1280, 720))),
    ("screenrec-mac-1070x700-h264-vfr.mov", Ok((7.823, "700p", 1070, 700))),
    ("vp9-opus-720p-noduration.webm", Ok((4.94, "720p", 1280, 720))),
];

#[tokio::test]
async fn every_sample_ends_as_it_should() {
    let Some(folder) = samples() else {
        eprintln!("skipped: there is no folder of samples (KINORA_SAMPLES)");
        return;
    };
    let expected: BTreeMap<_, _> = EXPECTED.iter().copied().collect();
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            let end = name.rsplit_once('.').map(|(_, end)| end);
            end.is_some_and(|end| {
                ["mp4", "mov", "m4a", "m4b", "mp3", "ts", "webm", "avi", "mkv"].contains(&end)
            })
        })
        .collect();
    names.sort();
    let mut wrong = Vec::new();
    for name in names {
        let began = std::time::Instant::now();
        let trial = Trial::copy(&folder.join(&name));
        // One rung is enough to tell what comes out; the whole ladder is tried on clips of each class.
        let mut settings = settings();
        if let Some(Ok((_, _, width, height))) = expected.get(name.as_str()) {
            settings.ladder.retain(|rung| rung.short_side >= *width.min(height));
            settings.ladder.drain(..settings.ladder.len().saturating_sub(1));
        }
        let outcome = trial.run(&settings).await;
        eprintln!("{name}: {:.1} s, {:?}", began.elapsed().as_secs_f64(), outcome.as_ref().map(shapes));
        match (outcome, expected.get(name.as_str())) {
            (Ok(media), Some(Ok((seconds, top, width, height)))) => {
                assert_sound(&media, Some(*seconds));
                if shapes(&media)[0] != support::shape(top, *width, *height) {
                    wrong.push(format!("{name}: {:?}", shapes(&media)[0]));
                }
            }
            (Err(MediaError::Refused { refusal, .. }), Some(Err(expected))) if refusal == *expected => {}
            (outcome, Some(expected)) => wrong.push(format!("{name}: {outcome:?} instead of {expected:?}")),
            // A sample that was added later must at least end one way or the other.
            (Err(MediaError::Refused { .. }) | Ok(_), None) => {}
            (outcome, None) => wrong.push(format!("{name}: {outcome:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
