//! What came of a job.

use async_graphql::InputObject;

use crate::{
    processing::{JobResult, LoudnessResult, PosterResult, PreviewsResult, RenditionResult, SourceCaption},
    video::RenditionKind,
};

/// Captions that an uploaded file holds.
#[derive(InputObject)]
pub struct SourceCaptionInput {
    /// As the file says it: ISO 639-2 or BCP 47.
    language: Option<String>,
    label: Option<String>,
    /// WebVTT, at most 512 KB.
    text: String,
}

impl From<SourceCaptionInput> for SourceCaption {
    fn from(input: SourceCaptionInput) -> Self {
        Self { language: input.language, label: input.label, text: input.text }
    }
}

/// A finished rendition.
#[derive(InputObject)]
pub struct RenditionInput {
    /// `audio`, or a height such as `720p`.
    name: String,
    kind: RenditionKind,
    width: Option<i32>,
    height: Option<i32>,
    frame_rate: Option<f64>,
    /// RFC 6381.
    codecs: String,
    chunk_count: i32,
}

/// The poster that was uploaded.
#[derive(InputObject)]
pub struct PosterInput {
    width: i32,
    height: i32,
}

impl From<PosterInput> for PosterResult {
    fn from(input: PosterInput) -> Self {
        Self { width: input.width, height: input.height }
    }
}

/// Previews that are in the store: tiles row by row, in sprites of `columns` × `rows`.
#[derive(InputObject)]
pub struct PreviewsInput {
    /// From one tile to the next.
    interval_ms: i32,
    /// Pixels, at most 160.
    tile_width: i32,
    tile_height: i32,
    columns: i32,
    rows: i32,
    /// Of all sprites together.
    tiles: i32,
    has_loop: bool,
}

impl From<PreviewsInput> for PreviewsResult {
    fn from(input: PreviewsInput) -> Self {
        Self {
            interval_ms: input.interval_ms,
            tile_width: input.tile_width,
            tile_height: input.tile_height,
            columns: input.columns,
            rows: input.rows,
            tiles: input.tiles,
            has_loop: input.has_loop,
        }
    }
}

/// How loud the sound of a video is, after EBU R128.
#[derive(InputObject)]
pub struct LoudnessInput {
    /// Over the whole, in LUFS.
    integrated_lufs: f64,
    /// In dB of full scale.
    true_peak_dbtp: f64,
}

impl From<LoudnessInput> for LoudnessResult {
    fn from(input: LoudnessInput) -> Self {
        Self { integrated_lufs: input.integrated_lufs, true_peak_dbtp: input.true_peak_dbtp }
    }
}

/// The whole of what a job made.
#[derive(InputObject)]
pub struct JobResultInput {
    duration_ms: i32,
    /// Of the source as it is shown: square pixels, the right way up.
    width: i32,
    height: i32,
    renditions: Vec<RenditionInput>,
    poster: Option<PosterInput>,
}

impl From<JobResultInput> for JobResult {
    fn from(input: JobResultInput) -> Self {
        Self {
            duration_ms: input.duration_ms,
            width: input.width,
            height: input.height,
            renditions: input
                .renditions
                .into_iter()
                .map(|rendition| RenditionResult {
                    name: rendition.name,
                    kind: rendition.kind.into(),
                    width: rendition.width,
                    height: rendition.height,
                    frame_rate: rendition.frame_rate,
                    codecs: rendition.codecs,
                    chunk_count: rendition.chunk_count,
                })
                .collect(),
            poster: input.poster.map(PosterResult::from),
        }
    }
}
