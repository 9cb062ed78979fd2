//! What is made of a source: decided once, before anything is encoded.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    colour::Colour,
    frame_rate::FrameRate,
    ladder::{self, Codec, Rung, Size},
    orientation::Orientation,
    source::{Container, Source},
};

/// What the job asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub ladder: Vec<Rung>,
    /// Bits per second of stereo sound.
    pub audio_bitrate: u32,
    /// Longer sources are refused.
    pub max_duration: Duration,
}

/// Everything that the command lines depend on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub video_index: u32,
    /// Its id in the container, where that has such.
    pub track_id: Option<u32>,
    /// Stored pixels of the source.
    pub stored: (u32, u32),
    pub orientation: Orientation,
    pub deinterlace: bool,
    pub colour: Colour,
    /// Whether the source's pixels are already what is encoded (8 bits, 4:2:0).
    pub pixels_are_standard: bool,
    pub rate: FrameRate,
    /// Renditions in H.264, largest first; never empty.
    pub sizes: Vec<Size>,
    /// What is made in other codecs when the video is ready, of each from large to small.
    #[serde(default)]
    pub extras: Vec<Size>,
    pub audio: Option<AudioPlan>,
    /// Where the last frame ends, where that is known exactly: a last frame that is shown for long is kept long.
    pub end: Option<Duration>,
    /// Nothing past this is read.
    pub limit: Duration,
    pub poster: PosterPlan,
}

/// The one rendition of the sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioPlan {
    pub index: u32,
    pub track_id: Option<u32>,
    /// 1 or 2.
    pub channels: u32,
    /// Bits per second.
    pub bitrate: u32,
}

/// The picture that stands for the video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PosterPlan {
    pub width: u32,
    pub height: u32,
    /// Where to begin to look for a telling frame.
    pub at: Duration,
}

/// Posters are not larger than this.
const POSTER_LONG_SIDE: u32 = 1280;
/// A source that runs on past the longest allowed duration is noticed within this.
pub const SLACK: Duration = Duration::from_secs(2);

impl Plan {
    pub fn new(source: &Source, settings: &Settings) -> Self {
        let video = &source.video;
        let (width, height) = video.display_size();
        let bitrate = source_bitrate(source);
        let sizes = ladder::sizes(width, height, &settings.ladder, bitrate);
        let extras_in = |codec| ladder::extras(codec, width, height, &settings.ladder, bitrate);
        let extras = [Codec::Hevc, Codec::Av1].into_iter().flat_map(extras_in).collect();
        let audio = source.audio.as_ref().map(|audio| {
            let channels = audio.channels.clamp(1, 2);
            AudioPlan {
                index: audio.index,
                track_id: audio.track_id,
                channels,
                bitrate: settings.audio_bitrate / 2 * channels,
            }
        });
        let poster_scale = (f64::from(POSTER_LONG_SIDE) / f64::from(width.max(height))).min(1.0);
        let poster_side = |length: u32| ((f64::from(length) * poster_scale / 2.0).round() as u32 * 2).max(2);
        Self {
            video_index: video.index,
            track_id: video.track_id,
            stored: (video.width, video.height),
            orientation: video.orientation,
            deinterlace: video.interlaced,
            colour: video.colour,
            pixels_are_standard: video.pixel_format.as_deref() == Some("yuv420p"),
            rate: video.rate,
            sizes,
            extras,
            audio,
            end: source.stated_duration.filter(|_| source.container == Container::Mov),
            limit: settings.max_duration + SLACK,
            poster: PosterPlan {
                width: poster_side(width),
                height: poster_side(height),
                at: source.likely_duration.unwrap_or_default() / 10,
            },
        }
    }

    /// The size of the largest rendition.
    pub fn top(&self) -> &Size {
        // `ladder::sizes` never returns an empty list.
        &self.sizes[0]
    }
}

/// Bits per second of the whole file, which is an upper bound of its pictures', where codecs compare.
fn source_bitrate(source: &Source) -> Option<u32> {
    let seconds = source.stated_duration?.as_secs_f64().max(0.1);
    // Newer codecs say more with a bit than the one that is encoded to.
    let worth = match source.video.codec.as_str() {
        "hevc" | "vp9" => Codec::Hevc.worth(),
        "av1" => Codec::Av1.worth(),
        _ => 1.0,
    };
    Some((source.size_bytes as f64 * 8.0 / seconds * worth).min(f64::from(u32::MAX)) as u32)
}
