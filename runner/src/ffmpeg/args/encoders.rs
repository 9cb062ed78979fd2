//! The encoders of pictures: one for each codec, and how each is told what the others are told as well.

use super::{Args, VIDEO_TIMESCALE, output};
use crate::{
    chunked::Cut,
    ffmpeg::ladder::{Codec, Preset, Size},
};

/// Further apart than any segment is long: keyframes are where they are asked for.
const LONGEST_GROUP: &str = "1000";
/// x265's defaults would let pictures look back over a keyframe, and put its own settings into the description of the
/// track, which is the same for all chunks whoever makes them.
const X265: &str = "open-gop=0:scenecut=0:info=0:log-level=error";
/// More threads bring little in one chunk, and each takes memory.
const SVT: &str = "lp=4";

/// Along the short side, in pixels.
const SMALL_SIDE: u32 = 480;

/// What ffmpeg calls the encoder that is used for a codec.
pub fn software_encoder(codec: Codec) -> &'static str {
    match codec {
        Codec::H264 => "libx264",
        Codec::Hevc => "libx265",
        Codec::Av1 => "libsvtav1",
    }
}

/// What is encoded of a chunk in one run each. SVT-AV1 sets keyframes at equal distances and nowhere else, so where
/// they are irregular, each segment has a run of its own.
pub fn parts(codec: Codec, cut: &Cut) -> Vec<Cut> {
    if codec != Codec::Av1 || cut.keyframes.len() < 2 {
        return vec![cut.clone()];
    }
    let ends = cut.keyframes.iter().copied().skip(1).map(Some).chain([None]);
    let part = |(&from, to): (&u64, Option<u64>)| Cut {
        index: cut.index,
        first: cut.first + from,
        frames: to.or(cut.frames).map(|to| to - from),
        is_last: cut.is_last && to.is_none(),
        keyframes: vec![0],
    };
    cut.keyframes.iter().zip(ends).map(part).collect()
}

/// SVT-AV1 counts its presets, from the slowest on.
fn svt_preset(preset: Preset) -> &'static str {
    match preset {
        Preset::Ultrafast => "12",
        Preset::Superfast => "11",
        Preset::Veryfast => "10",
        Preset::Faster => "9",
        Preset::Fast => "8",
        Preset::Medium => "7",
        Preset::Slow => "6",
        Preset::Slower => "5",
        Preset::Veryslow => "4",
    }
}

impl Args {
    /// One size of the graph's output `number`, up to where its keyframes are.
    pub(super) fn picture(&mut self, number: usize, size: &Size, preset: Preset) {
        self.add(&["-map", &format!("[v{number}]"), "-c:v", software_encoder(size.codec)]);
        // The figures that say how good it looks are not the same from codec to codec, but what they stand for is.
        let quality = match size.codec {
            Codec::H264 => {
                self.add(&["-preset", preset.word(), "-profile:v", "high"]);
                // The same figure leaves less of a small picture: of ten seconds in 480p, 0.001 of SSIM less than the
                // one below it, for a sixth of its bytes.
                if size.width.min(size.height) <= SMALL_SIDE { "21" } else { "22" }
            }
            Codec::Hevc => {
                self.add(&["-preset", preset.word(), "-profile:v", "main", "-x265-params", X265]);
                // Without these two, keyframes that are asked for begin nothing, and Apple's players play nothing.
                self.add(&["-forced-idr", "1", "-tag:v", "hvc1"]);
                "26"
            }
            Codec::Av1 => {
                self.add(&["-preset", svt_preset(preset), "-svtav1-params", SVT]);
                "35"
            }
        };
        let (rate, buffer) = (size.max_bitrate.to_string(), size.max_bitrate.saturating_mul(2).to_string());
        self.add(&["-pix_fmt", "yuv420p", "-crf", quality, "-maxrate", &rate, "-bufsize", &buffer]);
    }

    /// A keyframe every `interval` frames.
    pub(super) fn regular_keyframes(&mut self, interval: &str) {
        self.add(&["-g", interval, "-keyint_min", interval]);
    }

    /// Keyframes at these times of the output, in seconds, of which the first is its beginning.
    pub(super) fn keyframes_at(&mut self, size: &Size, times_s: impl Iterator<Item = f64>) {
        self.add(&["-g", LONGEST_GROUP]);
        if size.codec != Codec::Av1 {
            let times: Vec<String> = times_s.map(|time_s| format!("{time_s:.6}")).collect();
            self.add(&["-force_key_frames", &times.join(",")]);
        }
    }

    /// And from there to its file, which begins `at_s` into the video.
    pub(super) fn picture_end(&mut self, size: &Size, at_s: f64) {
        self.add(&["-sc_threshold", "0", "-flags", "+cgop"]);
        self.add(&["-video_track_timescale", &VIDEO_TIMESCALE.to_string()]);
        let flags = "+empty_moov+default_base_moof+frag_keyframe+frag_discont";
        self.fragments(flags, &output(&size.name), at_s);
    }
}
