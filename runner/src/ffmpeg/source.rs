//! What is known about a source once it has been probed.

use std::time::Duration;

use super::{colour::Colour, frame_rate::FrameRate, orientation::Orientation};

/// A source that can be encoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    pub video: VideoStream,
    pub audio: Option<AudioStream>,
    /// How long it says it is; absent where it says nothing or only a guess is possible.
    pub stated_duration: Option<Duration>,
    /// How long it probably is, for showing progress; from the size where nothing is stated.
    pub likely_duration: Option<Duration>,
    pub container: Container,
    /// Where the timeline of the file begins, in seconds.
    pub start_s: Option<f64>,
    pub size_bytes: u64,
    /// Whether it has subtitles that are text, or chapters.
    pub has_texts: bool,
}

/// Containers that are treated in ways of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// MP4 and MOV, whose index can be trusted to the frame.
    Mov,
    /// And WebM.
    Matroska,
    TransportStream,
    Flash,
    Other,
}

impl Container {
    /// By ffprobe's name of it.
    pub fn of_format(name: &str) -> Self {
        match name.split(',').next().unwrap_or_default() {
            "mov" => Self::Mov,
            "matroska" => Self::Matroska,
            "mpegts" => Self::TransportStream,
            "flv" => Self::Flash,
            _ => Self::Other,
        }
    }
}

/// The pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoStream {
    pub index: u32,
    pub codec: String,
    /// Stored pixels, before rotation.
    pub width: u32,
    pub height: u32,
    /// Width of a stored pixel divided by its height.
    pub pixel_aspect: f64,
    pub pixel_format: Option<String>,
    pub orientation: Orientation,
    pub interlaced: bool,
    pub colour: Colour,
    /// The constant rate to encode at.
    pub rate: FrameRate,
    /// Whether the source itself has that rate throughout, as far as its headers say.
    pub rate_is_constant: bool,
    /// Its id in the container, where that has such.
    pub track_id: Option<u32>,
    /// When the first frame is shown, in seconds.
    pub start_s: Option<f64>,
}

/// The sound.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioStream {
    pub index: u32,
    pub codec: String,
    pub channels: u32,
    pub track_id: Option<u32>,
    pub start_s: Option<f64>,
}

impl VideoStream {
    /// Width and height in square pixels, upright: what a viewer sees.
    pub fn display_size(&self) -> (u32, u32) {
        let (mut width, mut height) = (f64::from(self.width), f64::from(self.height));
        // Nobody is shown more lines than were stored, so a pixel is widened but never flattened.
        if self.pixel_aspect >= 1.0 {
            width *= self.pixel_aspect
        } else {
            height /= self.pixel_aspect
        }
        let (width, height) = (width.round().max(1.0) as u32, height.round().max(1.0) as u32);
        if self.orientation.swaps_sides() { (height, width) } else { (width, height) }
    }
}
