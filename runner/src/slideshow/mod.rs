//! A video made of the pictures of a post, each shown for a while, with the post's own clips between them.
//!
//! Pictures come from strangers as much as videos do, so each is opened by a decoder from a short list, behind
//! the same walls, with limits on its size and on the time it takes. Every item becomes a segment of one shape;
//! segments are joined without being encoded again.

mod args;
mod picture;

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::io::AsyncReadExt;

use crate::{
    ffmpeg::{
        log::Log,
        probe::probe,
        progress::{Parser, Progress},
        run::{RunError, Workbench},
    },
    files,
    job::MediaError,
    sandbox::Limits,
    workdir::{JobFolder, RunnerFolder},
};
use picture::PictureFormat;

pub use picture::is_picture;

/// Frames a second of what is made.
const RATE: u32 = 30;
/// A post has at most so many items; Instagram allows 20.
const MOST_ITEMS: usize = 100;
/// The longest clip between pictures.
const LONGEST_CLIP: Duration = Duration::from_secs(900);
const PICTURE_DEADLINE: Duration = Duration::from_secs(60);
const CLIP_DEADLINE: Duration = Duration::from_secs(1_800);
const LARGEST_SEGMENT_BYTES: u64 = 4 << 30;
/// The longer side of what is made; phones take pictures much larger than any screen.
const LONGEST_SIDE: u32 = 1_920;
/// The longer side is at most so many times the shorter one.
const NARROWEST: u32 = 4;

/// One item of a post, open for reading.
#[derive(Debug)]
pub enum Item {
    Picture(File),
    Clip(File),
}

/// A finished video; its file goes when this is dropped.
#[derive(Debug)]
pub struct Slideshow {
    folder: JobFolder,
    /// Where each item begins.
    pub starts_ms: Vec<i32>,
    pub duration_ms: i64,
}

impl Slideshow {
    /// An MP4.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join(args::JOINED)
    }
}

/// Why there is no video.
#[derive(Debug, thiserror::Error)]
pub enum SlideshowError {
    /// The item of that number, from 1, cannot be used.
    #[error("its part {number} cannot be used: {reason}")]
    Item { number: usize, reason: String },
    #[error("it has {0} parts, which is more than {MOST_ITEMS}")]
    TooMany(usize),
    /// Something here did not work as it should.
    #[error("{0}")]
    Internal(String),
}

impl From<io::Error> for SlideshowError {
    fn from(error: io::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

/// An item in its own folder, looked at.
#[derive(Debug)]
struct Prepared {
    folder: JobFolder,
    kind: Kind,
    /// As it is shown.
    size: (u32, u32),
}

/// What an item is, as far as ffmpeg has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Picture(PictureFormat),
    Clip { video_index: u32, audio_index: Option<u32>, duration: Duration },
}

/// Width and height of everything that is made, and whether it has sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    width: u32,
    height: u32,
    has_sound: bool,
}

/// Makes a video of `items`, each picture shown for `per_picture`, in folders below `folder`.
///
/// # Errors
/// [`SlideshowError`], with the number of the item that cannot be used.
pub async fn make(
    bench: &Workbench,
    folder: &RunnerFolder,
    items: Vec<Item>,
    per_picture: Duration,
) -> Result<Slideshow, SlideshowError> {
    if items.len() > MOST_ITEMS {
        return Err(SlideshowError::TooMany(items.len()));
    }
    let mut prepared = Vec::with_capacity(items.len());
    for (place, item) in items.into_iter().enumerate() {
        prepared.push(prepare(bench, folder, item).await.map_err(|error| in_item(place, error))?);
    }
    let shape = shape_of(&prepared);
    let joined = folder.job()?;
    let (mut frames, mut starts_ms) = (0u64, Vec::with_capacity(prepared.len()));
    for (place, item) in prepared.into_iter().enumerate() {
        starts_ms.push(i32::try_from(milliseconds(frames)).unwrap_or(i32::MAX));
        let length = u32::try_from(per_picture.as_millis() * u128::from(RATE) / 1000).unwrap_or(RATE).max(1);
        let order = args::segment(&item.kind, shape, length, frames);
        frames += segment(bench, &item, &order).await.map_err(|error| in_item(place, error))?;
        append(item.folder.path().join(args::SEGMENT), joined.source()).await?;
    }
    join(bench, &joined, shape).await?;
    Ok(Slideshow { folder: joined, starts_ms, duration_ms: milliseconds(frames) })
}

/// A picture as a JPEG of at most `longest_side` pixels along either side, whatever kind it is of.
///
/// # Errors
/// One sentence.
pub async fn still(
    bench: &Workbench,
    folder: &RunnerFolder,
    picture: File,
    longest_side: u32,
) -> Result<Vec<u8>, String> {
    let as_text = |error: ItemError| match error {
        ItemError::Unusable(text) | ItemError::Internal(text) => text,
    };
    let item = prepare(bench, folder, Item::Picture(picture)).await.map_err(as_text)?;
    let Kind::Picture(format) = item.kind else { return Err("it is no picture.".to_owned()) };
    let order = args::still(format, longest_side);
    let outcome = run(bench, &item.folder, &order, PICTURE_DEADLINE).await;
    match outcome {
        Ok((true, ..)) => {}
        Ok((false, ..)) => return Err("it is damaged.".to_owned()),
        Err(error) => return Err(error.to_string()),
    }
    let damaged = |_| "it is damaged.".to_owned();
    let mut still =
        tokio::fs::File::from_std(files::open_made(&item.folder.path().join(args::STILL)).map_err(damaged)?);
    let mut bytes = Vec::new();
    still.read_to_end(&mut bytes).await.map_err(damaged)?;
    Ok(bytes)
}

fn milliseconds(frames: u64) -> i64 {
    i64::try_from(frames * 1000 / u64::from(RATE)).unwrap_or(i64::MAX)
}

/// Why one item cannot be used.
#[derive(Debug)]
enum ItemError {
    Unusable(String),
    Internal(String),
}

impl From<io::Error> for ItemError {
    fn from(error: io::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

fn in_item(place: usize, error: ItemError) -> SlideshowError {
    match error {
        ItemError::Unusable(reason) => SlideshowError::Item { number: place + 1, reason },
        ItemError::Internal(text) => SlideshowError::Internal(text),
    }
}

async fn prepare(bench: &Workbench, folder: &RunnerFolder, item: Item) -> Result<Prepared, ItemError> {
    let folder = folder.job()?;
    let (file, is_clip) = match item {
        Item::Picture(file) => (file, false),
        Item::Clip(file) => (file, true),
    };
    copy(file, folder.source()).await?;
    if is_clip {
        let source = probe(bench, &folder, LONGEST_CLIP).await.map_err(|error| match error {
            MediaError::Refused { refusal, .. } => ItemError::Unusable(refusal.message().to_owned()),
            other => ItemError::Internal(other.to_string()),
        })?;
        let duration = source
            .likely_duration
            .ok_or_else(|| ItemError::Unusable("it does not say how long it is.".to_owned()))?;
        let kind = Kind::Clip {
            duration: duration.min(LONGEST_CLIP),
            video_index: source.video.index,
            audio_index: source.audio.as_ref().map(|audio| audio.index),
        };
        return Ok(Prepared { folder, kind, size: source.video.display_size() });
    }
    let (format, size) = picture::look(bench, &folder).await?;
    Ok(Prepared { folder, kind: Kind::Picture(format), size })
}

async fn copy(mut from: File, to: PathBuf) -> io::Result<()> {
    let copied = tokio::task::spawn_blocking(move || {
        io::copy(&mut from, &mut File::create(to)?)?;
        Ok(())
    });
    copied.await.map_err(io::Error::other)?
}

/// Adds a segment to the file of all segments.
async fn append(segment: PathBuf, joined: PathBuf) -> io::Result<()> {
    let added = tokio::task::spawn_blocking(move || {
        let mut to = OpenOptions::new().create(true).append(true).open(joined)?;
        io::copy(&mut files::open_made(&segment)?, &mut to)?;
        fs::remove_file(segment)
    });
    added.await.map_err(io::Error::other)?
}

/// The first item decides the shape, for a post is looked at through one window.
fn shape_of(items: &[Prepared]) -> Shape {
    let (width, height) = items.first().map_or((1, 1), |item| item.size);
    let has_sound = items.iter().any(|item| matches!(item.kind, Kind::Clip { audio_index: Some(_), .. }));
    let (width, height) = fitted(width, height);
    Shape { width, height, has_sound }
}

fn fitted(width: u32, height: u32) -> (u32, u32) {
    let (width, height) = (width.max(height / NARROWEST), height.max(width / NARROWEST));
    let part = f64::from(LONGEST_SIDE) / f64::from(width.max(height).max(LONGEST_SIDE));
    let even = |side: u32| (((f64::from(side) * part) / 2.0).round() as u32 * 2).max(16);
    (even(width), even(height))
}

/// Makes one segment and answers with its length in frames.
async fn segment(bench: &Workbench, item: &Prepared, order: &[String]) -> Result<u64, ItemError> {
    let deadline = match item.kind {
        Kind::Picture(_) => PICTURE_DEADLINE,
        Kind::Clip { .. } => CLIP_DEADLINE,
    };
    let (succeeded, last, log) =
        run(bench, &item.folder, order, deadline).await.map_err(|error| match error {
            RunError::Deadline => ItemError::Unusable("it takes too long to read.".to_owned()),
            RunError::Io(error) => error.into(),
        })?;
    if !succeeded || last.frames == 0 {
        tracing::debug!(log = log.tail(), "an item of a slideshow cannot be decoded");
        return Err(ItemError::Unusable("it is damaged.".to_owned()));
    }
    Ok(last.frames)
}

async fn join(bench: &Workbench, folder: &JobFolder, shape: Shape) -> Result<(), SlideshowError> {
    let outcome = run(bench, folder, &args::join(shape), CLIP_DEADLINE).await;
    match outcome {
        Ok((true, ..)) => Ok(()),
        Ok((false, _, log)) => Err(SlideshowError::Internal(format!("ffmpeg failed: {}", log.tail()))),
        Err(error) => Err(SlideshowError::Internal(error.to_string())),
    }
}

async fn run(
    bench: &Workbench,
    folder: &JobFolder,
    order: &[String],
    deadline: Duration,
) -> Result<(bool, Progress, Log), RunError> {
    let (mut parser, mut last, mut log) = (Parser::default(), Progress::default(), Log::new(0));
    let limits = Limits::encode(deadline * 4, LARGEST_SEGMENT_BYTES);
    let status = bench
        .ffmpeg(folder, order, limits)
        .await?
        .lines(
            deadline,
            |line| {
                if let Some(progress) = parser.line(line) {
                    last = progress;
                }
            },
            |line| log.line(line),
        )
        .await?;
    Ok((status.success(), last, log))
}

/// Whether a file is a clip or a picture by the end of its name; nothing for any other.
pub fn is_clip(path: &Path) -> bool {
    const CLIPS: [&str; 4] = ["mp4", "mov", "webm", "mkv"];
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    extension.is_some_and(|extension| CLIPS.contains(&extension.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_even_and_fits_a_screen() {
        assert_eq!(fitted(1080, 1350), (1080, 1350));
        assert_eq!(fitted(4000, 3000), (1920, 1440));
        assert_eq!(fitted(1081, 721), (1082, 722));
        assert_eq!(fitted(10, 10_000), (480, 1920));
        assert_eq!(fitted(1, 1), (16, 16));
    }
}
