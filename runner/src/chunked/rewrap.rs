//! Containers that cannot be cut, or whose frames cannot be passed on, and what they are wrapped into without touching
//! a frame: what follows then works as with any other source.

use serde::{Deserialize, Serialize};

use super::cutting::SHORTEST_S;
use crate::{
    ffmpeg::source::{Container, Source},
    mp4::Index,
};

/// Pictures that an MP4 holds.
const PICTURES_IN_MP4: [&str; 6] = ["h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video"];
/// Sound that an MP4 holds.
const SOUND_IN_MP4: [&str; 8] = ["aac", "mp3", "mp2", "ac3", "eac3", "opus", "flac", "alac"];
/// A larger one that can be cut as it is is encoded: reading and writing all of it would take longer than a draft.
const LARGEST_BYTES: u64 = 4 << 30;

/// What a source is wrapped into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wrapper {
    Mp4,
    Matroska,
}

impl Wrapper {
    /// ffmpeg's name of it.
    pub fn format(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Matroska => "matroska",
        }
    }
}

/// How a source is wrapped anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewrap {
    pub wrapper: Wrapper,
    /// The streams that are kept, by their number in the source.
    pub video_index: u32,
    pub audio_index: Option<u32>,
    /// How much later than the sound the pictures begin, in microseconds: so much of the sound, which is mostly what an
    /// encoder puts in front, comes before the beginning.
    pub lead_us: u32,
}

/// More than this is not an encoder's doing.
const LONGEST_LEAD_S: f64 = 0.5;

impl Rewrap {
    /// Whether and how this source gains by it.
    pub fn of(source: &Source, index: Option<&Index>) -> Option<Self> {
        let sound = source.audio.as_ref().map(|audio| audio.codec.as_str());
        let fits_mp4 = PICTURES_IN_MP4.contains(&source.video.codec.as_str())
            && sound.is_none_or(|codec| SOUND_IN_MP4.contains(&codec));
        if source.stated_duration.is_some_and(|stated| stated.as_secs_f64() <= SHORTEST_S) {
            return None;
        }
        let wrapper = match source.container {
            // Fragments without tables.
            Container::Mov if index.is_none() => Wrapper::Mp4,
            Container::TransportStream | Container::Flash => Wrapper::Mp4,
            // As browsers record it: without a duration.
            Container::Matroska if source.stated_duration.is_none() && !fits_mp4 => Wrapper::Matroska,
            Container::Matroska if source.stated_duration.is_none() => Wrapper::Mp4,
            // AVI, ASF, Ogg and program streams: tables that ffmpeg does not trust for seeking, or none.
            Container::Other if fits_mp4 => Wrapper::Mp4,
            Container::Other => Wrapper::Matroska,
            // It may be passed on.
            Container::Matroska if source.video.codec == "h264" && source.size_bytes <= LARGEST_BYTES => {
                Wrapper::Mp4
            }
            _ => return None,
        };
        (fits_mp4 || wrapper == Wrapper::Matroska).then_some(Self {
            wrapper,
            video_index: source.video.index,
            audio_index: source.audio.as_ref().map(|audio| audio.index),
            lead_us: lead_us(source),
        })
    }
}

fn lead_us(source: &Source) -> u32 {
    let lead_s = source.video.start_s.zip(source.start_s).map_or(0.0, |(video, whole)| video - whole);
    if (0.0..=LONGEST_LEAD_S).contains(&lead_s) { (lead_s * 1e6).round() as u32 } else { 0 }
}
