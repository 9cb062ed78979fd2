//! The JSON that ffprobe writes, as far as it is read. Every field may be missing, and numbers come as text.

use serde::Deserialize;

use super::codecs;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Report {
    pub format: Format,
    pub streams: Vec<Stream>,
    pub packets: Vec<Packet>,
    pub frames: Vec<Frame>,
    pub chapters: Vec<Chapter>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Format {
    pub format_name: String,
    pub duration: Option<String>,
    pub start_time: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Stream {
    pub index: u32,
    pub id: Option<String>,
    pub codec_type: Option<String>,
    pub codec_name: Option<String>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub sample_aspect_ratio: Option<String>,
    pub pix_fmt: Option<String>,
    pub field_order: Option<String>,
    pub color_range: Option<String>,
    pub color_space: Option<String>,
    pub color_transfer: Option<String>,
    pub r_frame_rate: Option<String>,
    pub avg_frame_rate: Option<String>,
    pub start_time: Option<String>,
    pub duration: Option<String>,
    pub channels: Option<u32>,
    pub disposition: Disposition,
    pub side_data_list: Vec<SideData>,
    pub tags: Tags,
}

/// What its writer says of a stream or a chapter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Tags {
    pub language: Option<String>,
    pub title: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chapter {
    pub start_time: Option<String>,
    pub tags: Tags,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Disposition {
    pub default: u8,
    pub attached_pic: u8,
    pub timed_thumbnails: u8,
    /// Only what everybody has to read, such as the words of strangers.
    pub forced: u8,
    pub hearing_impaired: u8,
    pub comment: u8,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SideData {
    pub displaymatrix: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Packet {
    pub stream_index: u32,
    pub pts_time: Option<String>,
    pub size: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Frame {
    pub stream_index: u32,
    pub interlaced_frame: u8,
    pub color_range: Option<String>,
    pub color_space: Option<String>,
    pub color_transfer: Option<String>,
}

impl Report {
    /// Reads ffprobe's output. It may be cut short by a crash; then nothing is known.
    pub fn parse(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

impl Stream {
    /// The id in the container, which comes in hexadecimal.
    pub fn track_id(&self) -> Option<u32> {
        u32::from_str_radix(self.id.as_deref()?.strip_prefix("0x")?, 16).ok()
    }

    /// Moving pictures: an album cover is a video stream to ffmpeg, but not to anybody else.
    pub fn is_video(&self) -> bool {
        self.codec_type.as_deref() == Some("video")
            && self.disposition.attached_pic == 0
            && self.disposition.timed_thumbnails == 0
    }

    pub fn is_audio(&self) -> bool {
        self.codec_type.as_deref() == Some("audio")
    }

    pub fn is_neither_picture_nor_sound(&self) -> bool {
        !matches!(self.codec_type.as_deref(), Some("video" | "audio"))
    }

    /// Subtitles that are text. Those that are pictures would have to be read by machine.
    pub fn is_text(&self) -> bool {
        self.codec_type.as_deref() == Some("subtitle")
            && self.codec_name.as_deref().is_some_and(codecs::is_text)
    }
}

/// A number of seconds as ffprobe prints it; nothing for `N/A`.
pub fn seconds(text: Option<&str>) -> Option<f64> {
    text?.parse::<f64>().ok().filter(|seconds| seconds.is_finite())
}

/// A ratio such as `64:45`; nothing for `N/A` and for `0:1`, which means unknown.
pub fn ratio(text: Option<&str>) -> Option<f64> {
    let (num, den) = text?.split_once(':')?;
    let (num, den) = (num.parse::<f64>().ok()?, den.parse::<f64>().ok()?);
    (num > 0.0 && den > 0.0).then_some(num / den)
}
