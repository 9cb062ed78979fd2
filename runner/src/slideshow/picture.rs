//! Looking at a picture: what kind it really is, and how large.

use std::{path::Path, time::Duration};

use serde::Deserialize;
use tokio::io::AsyncReadExt;

use super::{ItemError, args};
use crate::{
    ffmpeg::{
        log::Log,
        probe::MAX_PIXELS,
        run::{RunError, Workbench},
    },
    workdir::JobFolder,
};

const DEADLINE: Duration = Duration::from_secs(20);
const LONGEST_ANSWER: usize = 64 << 10;
const LONGEST_SIDE: u32 = 16_384;

/// The kinds of picture that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFormat {
    Jpeg,
    Png,
    Webp,
}

impl PictureFormat {
    /// By the first bytes, whatever the name says.
    fn of(head: &[u8]) -> Option<Self> {
        match infer::get(head)?.mime_type() {
            "image/jpeg" => Some(Self::Jpeg),
            "image/png" => Some(Self::Png),
            "image/webp" => Some(Self::Webp),
            _ => None,
        }
    }

    /// ffmpeg's demuxer.
    pub fn demuxer(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg_pipe",
            Self::Png => "png_pipe",
            Self::Webp => "webp_pipe",
        }
    }

    /// ffmpeg's decoder.
    pub fn decoder(self) -> &'static str {
        match self {
            Self::Jpeg => "mjpeg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }
}

/// Whether a file may be a picture, by the end of its name.
pub fn is_picture(path: &Path) -> bool {
    const PICTURES: [&str; 4] = ["jpg", "jpeg", "png", "webp"];
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    extension.is_some_and(|extension| PICTURES.contains(&extension.as_str()))
}

/// The kind of the picture in `folder`, with its width and height.
pub async fn look(bench: &Workbench, folder: &JobFolder) -> Result<(PictureFormat, (u32, u32)), ItemError> {
    let mut head = Vec::with_capacity(64);
    tokio::fs::File::open(folder.source()).await?.take(64).read_to_end(&mut head).await?;
    let format = PictureFormat::of(&head)
        .ok_or_else(|| ItemError::Unusable("it is no JPEG, PNG or WebP picture.".to_owned()))?;
    let (mut answer, mut log) = (String::new(), Log::new(0));
    let outcome = bench
        .ffprobe(folder, &args::look(format))
        .await?
        .lines(
            DEADLINE,
            |line| {
                if answer.len() < LONGEST_ANSWER {
                    answer.push_str(line);
                }
            },
            |line| log.line(line),
        )
        .await;
    match outcome {
        Ok(_) => {}
        Err(RunError::Deadline) => return Err(ItemError::Unusable("it takes too long to read.".to_owned())),
        Err(RunError::Io(error)) => return Err(error.into()),
    }
    let (width, height) = size_of(&answer).unwrap_or((0, 0));
    let pixels = u64::from(width) * u64::from(height);
    if log.too_many_pixels || pixels > MAX_PIXELS || width.max(height) > LONGEST_SIDE {
        return Err(ItemError::Unusable("the picture is too large.".to_owned()));
    }
    if pixels == 0 {
        return Err(ItemError::Unusable("it is damaged.".to_owned()));
    }
    Ok((format, (width, height)))
}

fn size_of(answer: &str) -> Option<(u32, u32)> {
    #[derive(Deserialize)]
    struct Answer {
        streams: Vec<Stream>,
    }
    #[derive(Deserialize)]
    struct Stream {
        width: u32,
        height: u32,
    }
    let answer: Answer = serde_json::from_str(answer).ok()?;
    answer.streams.first().map(|stream| (stream.width, stream.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_bytes() {
        assert_eq!(PictureFormat::of(&[0xff, 0xd8, 0xff, 0xe0]), Some(PictureFormat::Jpeg));
        assert_eq!(PictureFormat::of(b"\x89PNG\r\n\x1a\n"), Some(PictureFormat::Png));
        assert_eq!(PictureFormat::of(b"GIF89a"), None);
        assert_eq!(PictureFormat::of(b"ffconcat version 1.0"), None);
    }

    #[test]
    fn the_size_is_read_from_the_answer() {
        assert_eq!(size_of(r#"{"programs": [], "streams": [{"width": 3, "height": 4}]}"#), Some((3, 4)));
        assert_eq!(size_of("{}"), None);
    }
}
