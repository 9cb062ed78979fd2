//! What runners send.

use async_graphql::{Enum, InputObject};
use kinora_entity::{chunk::Segment, job, runner};

use crate::{
    error::{Error, Result},
    graphql::Bytes,
    processing::{
        Chunk, JobResult, LoudnessResult, Output, Plan, PlannedJob, PlannedRendition, PosterResult,
        PreviewsResult, RenditionResult, SourceCaption,
    },
    protection::AesBlock,
    video::{ProcessingStage, RenditionKind},
};

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "JobKind", remote = "job::Kind")]
pub enum JobKindName {
    /// Look at an upload and plan what is made of it, with its first chunk; or make all of it in one piece.
    ProcessVideo,
    /// Pass on what can be played as it is, of one chunk.
    CopyChunk,
    /// Encode all sizes of one chunk.
    EncodeChunk,
    /// Encode the sound of the whole video.
    EncodeAudio,
    MakePoster,
    /// Make the storyboard and the loop of a video that is ready.
    MakePreviews,
    /// Read captions and chapters out of the upload's own tracks.
    ReadTracks,
    /// Make one file of a rendition and the sound, without encoding.
    MakeDownload,
}

/// A machine that wants to become a runner.
#[derive(InputObject)]
pub struct RegisterRunnerInput {
    /// A registration token, good once.
    #[graphql(secret)]
    pub token: String,
    /// 1 to 60 characters; without it the name that came with the token.
    pub name: Option<String>,
    /// The SHA-256 of the credential that the machine has made for itself, in hexadecimal digits: `kn_` and at
    /// least 32 random characters.
    pub credential_hash: String,
}

/// What a runner is and can do.
#[derive(InputObject)]
pub struct RunnerCapabilitiesInput {
    version: String,
    ffmpeg_version: String,
    /// Operating system and processor.
    platform: String,
    /// Video encoders as ffmpeg names them.
    encoders: Vec<String>,
    /// Jobs at once.
    jobs: i32,
    cores: i32,
    /// What stands between ffmpeg and the machine.
    containment: Vec<String>,
}

const LONGEST_WORD: usize = 100;
const MOST_WORDS: usize = 100;

impl RunnerCapabilitiesInput {
    /// # Errors
    /// BAD_USER_INPUT on `capabilities`.
    pub fn parse(self) -> Result<runner::Capabilities> {
        let plain =
            |text: &String| text.chars().count() <= LONGEST_WORD && !text.chars().any(char::is_control);
        let words = [&self.version, &self.ffmpeg_version, &self.platform];
        let lists = [&self.encoders, &self.containment];
        if !words.into_iter().chain(lists.into_iter().flatten()).all(plain)
            || lists.into_iter().any(|list| list.len() > MOST_WORDS)
            || self.jobs < 1
            || self.cores < 1
        {
            return Err(Error::bad_input(
                "capabilities",
                format!(
                    "Up to {MOST_WORDS} names of up to {LONGEST_WORD} printable characters, and at least one job and one core."
                ),
            ));
        }
        let Self { version, ffmpeg_version, platform, encoders, jobs, cores, containment } = self;
        Ok(runner::Capabilities { version, ffmpeg_version, platform, encoders, jobs, cores, containment })
    }
}

/// How far a job is.
#[derive(InputObject)]
pub struct JobProgressInput {
    stage: ProcessingStage,
    /// 0 to 100 over the whole job.
    percent: f64,
    eta_ms: Option<i64>,
}

impl From<JobProgressInput> for job::Progress {
    fn from(input: JobProgressInput) -> Self {
        Self {
            stage: input.stage.as_str().to_owned(),
            percent: if input.percent.is_finite() { input.percent.clamp(0.0, 100.0) } else { 0.0 },
            eta_ms: input.eta_ms.map(|ms| ms.max(0)),
        }
    }
}

/// What an output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum JobOutputKind {
    /// `rendition` and `chunk` say which.
    Chunk,
    Poster,
    /// An image of many tiles; `chunk` has its number, from 0.
    Sprite,
    /// A few seconds without sound.
    Loop,
    /// The file that a `MAKE_DOWNLOAD` job makes.
    Download,
}

/// An object that a runner wants to write.
#[derive(InputObject)]
pub struct JobOutputInput {
    pub kind: JobOutputKind,
    pub rendition: Option<String>,
    pub chunk: Option<i32>,
    pub size: Bytes,
}

impl JobOutputInput {
    pub fn to_output(&self) -> Result<Output> {
        match (self.kind, &self.rendition, self.chunk) {
            (JobOutputKind::Chunk, Some(rendition), Some(index)) => {
                Ok(Output::Chunk { rendition: rendition.clone(), index, size_bytes: self.size.0 })
            }
            (JobOutputKind::Poster, None, None) => Ok(Output::Poster { size_bytes: self.size.0 }),
            (JobOutputKind::Sprite, None, Some(number)) => {
                Ok(Output::Sprite { number, size_bytes: self.size.0 })
            }
            (JobOutputKind::Loop, None, None) => Ok(Output::Loop { size_bytes: self.size.0 }),
            (JobOutputKind::Download, None, None) => Ok(Output::Download { size_bytes: self.size.0 }),
            _ => Err(Error::bad_input(
                "outputs",
                "A chunk names its rendition and its index, a sprite its number, everything else neither.",
            )),
        }
    }
}

/// A stretch of an object.
#[derive(InputObject)]
pub struct ByteRangeInput {
    offset: Bytes,
    size: Bytes,
}

/// One segment of a chunk.
#[derive(InputObject)]
pub struct SegmentInput {
    offset: Bytes,
    size: Bytes,
    duration_ms: f64,
}

/// A chunk that is in the store.
#[derive(InputObject)]
pub struct PublishChunkInput {
    rendition: String,
    /// From 0.
    index: i32,
    size: Bytes,
    /// Where it begins in the video.
    start_ms: f64,
    /// The initialisation section, in chunk 0.
    init: Option<ByteRangeInput>,
    segments: Vec<SegmentInput>,
    /// RFC 6381; with chunk 0 of a planned rendition.
    codecs: Option<String>,
    /// The initialisation vector of its first segment, where the job has a content key; each further segment's is one
    /// more, as a number of 128 bits. To be chosen by chance for each chunk. Offsets and sizes are those of what is
    /// stored.
    iv: Option<AesBlock>,
    /// Made in a hurry, and replaced by a better one later.
    #[graphql(default)]
    is_draft: bool,
    /// No chunk follows. To be said where the plan gave no count.
    #[graphql(default)]
    is_last: bool,
}

impl From<PublishChunkInput> for Chunk {
    fn from(input: PublishChunkInput) -> Self {
        Self {
            rendition: input.rendition,
            index: input.index,
            size_bytes: input.size.0,
            start_ms: input.start_ms,
            init: input.init.map(|range| (range.offset.0, range.size.0)),
            segments: input
                .segments
                .into_iter()
                .map(|part| Segment {
                    offset_bytes: part.offset.0,
                    size_bytes: part.size.0,
                    duration_ms: part.duration_ms,
                })
                .collect(),
            codecs: input.codecs,
            iv: input.iv,
            is_draft: input.is_draft,
            is_last: input.is_last,
        }
    }
}

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

/// A rendition that will be there.
#[derive(InputObject)]
pub struct PlannedRenditionInput {
    /// `audio`, or a height such as `720p`.
    name: String,
    kind: RenditionKind,
    width: Option<i32>,
    height: Option<i32>,
    frame_rate: Option<f64>,
    /// Null where only the last chunk will tell.
    chunk_count: Option<i32>,
}

/// A piece of the work on a video.
#[derive(InputObject)]
pub struct PlannedJobInput {
    kind: JobKindName,
    chunk: Option<i32>,
    /// How much it is beside the others, for instance the time that it covers.
    weight_ms: i64,
}

/// How a video will be made in chunks.
#[derive(InputObject)]
pub struct VideoPlanInput {
    duration_ms: i32,
    /// Of the source as it is shown: square pixels, the right way up.
    width: i32,
    height: i32,
    renditions: Vec<PlannedRenditionInput>,
    jobs: Vec<PlannedJobInput>,
    /// Handed to whoever does one of the jobs, as it is.
    details: String,
}

impl From<VideoPlanInput> for Plan {
    fn from(input: VideoPlanInput) -> Self {
        let renditions = input.renditions.into_iter().map(|planned| PlannedRendition {
            name: planned.name,
            kind: planned.kind.into(),
            width: planned.width,
            height: planned.height,
            frame_rate: planned.frame_rate,
            chunk_count: planned.chunk_count,
        });
        let jobs = input.jobs.into_iter().map(|planned| PlannedJob {
            kind: planned.kind.into(),
            chunk: planned.chunk,
            weight_ms: planned.weight_ms,
        });
        Self {
            duration_ms: input.duration_ms,
            width: input.width,
            height: input.height,
            renditions: renditions.collect(),
            jobs: jobs.collect(),
            details: input.details,
        }
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
