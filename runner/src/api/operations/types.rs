//! What operations are made of: what a runner is told, and what it says.

use super::schema;
use crate::protect::Block;

/// A size or an offset in bytes.
#[derive(cynic::Scalar, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "Bytes")]
pub struct ByteCount(pub u64);

/// A key or an initialisation vector.
#[derive(cynic::Scalar, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(graphql_type = "AesBlock")]
pub struct AesBlock(pub Block);

/// What a job asks for.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    ProcessVideo,
    CopyChunk,
    EncodeChunk,
    EncodeAudio,
    MakePoster,
    MakePreviews,
    ReadTracks,
    MakeDownload,
    EncodeHevc,
    #[cynic(rename = "ENCODE_AV1")]
    EncodeAv1,
    RekeyChunk,
}

impl JobKind {
    /// Whether it makes something that no video waits for, by the work of hours.
    pub fn is_background(self) -> bool {
        matches!(self, Self::EncodeHevc | Self::EncodeAv1)
    }
}

/// What an upload URL is for.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobOutputKind {
    Chunk,
    Poster,
    Sprite,
    Loop,
    Download,
}

/// Whether a rendition holds pictures or sound.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenditionKind {
    Video,
    Audio,
}

/// Where a job stands, as the uploader sees it.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessingStage {
    Queued,
    Downloading,
    Probing,
    Encoding,
    Uploading,
    Publishing,
}

/// A job that this runner holds.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct Job {
    pub id: cynic::Id,
    pub kind: JobKind,
    pub attempt: i32,
    pub lease: Lease,
    pub video_id: cynic::Id,
    pub source: JobSource,
    /// Of H.264.
    pub ladder: Vec<LadderRung>,
    /// Of other codecs.
    pub extra_ladder: Vec<LadderRung>,
    pub audio_bitrate: i32,
    pub max_duration_ms: i32,
    /// For jobs that make a chunk.
    pub chunk: Option<i32>,
    /// Of the video, once somebody has looked.
    pub duration_ms: Option<i32>,
    /// Whether nobody has said yet how loud the video is.
    pub measures_loudness: bool,
    /// The details of the video's plan, once it has one.
    pub plan: Option<String>,
    pub in_one_piece: bool,
    /// What media are encrypted with; none where they stay in the clear.
    pub content_key: Option<AesBlock>,
    /// What those chunks are encrypted with that it reads; none where they are in the clear.
    pub published_key: Option<AesBlock>,
    /// For jobs that make a file to download.
    pub rendition: Option<String>,
    /// For jobs that encode a chunk: of the plan's renditions, those that are wanted.
    pub renditions: Vec<String>,
}

/// The right to write results of a job until it expires.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct Lease {
    pub id: cynic::Id,
}

/// Where the upload can be read, once.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct JobSource {
    pub url: String,
    pub size: ByteCount,
}

/// How much care the encoder takes.
#[derive(cynic::Enum, Clone, Copy, Debug)]
pub enum EncoderPreset {
    Ultrafast,
    Superfast,
    Veryfast,
    Faster,
    Fast,
    Medium,
    Slow,
    Slower,
    Veryslow,
}

/// What pictures are encoded in.
#[derive(cynic::Enum, Clone, Copy, Debug)]
pub enum VideoCodec {
    #[cynic(rename = "H264")]
    H264,
    #[cynic(rename = "HEVC")]
    Hevc,
    #[cynic(rename = "AV1")]
    Av1,
}

/// One step of the ladder: the short side in pixels and the ceiling of its bitrate in bits per second.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct LadderRung {
    pub codec: VideoCodec,
    pub short_side: i32,
    pub video_bitrate: i32,
    pub preset: EncoderPreset,
}

/// A header that an upload must carry.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct Header {
    pub name: String,
    pub value: String,
}

/// A place to put one output.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct OutputUrl {
    pub kind: JobOutputKind,
    pub rendition: Option<String>,
    pub chunk: Option<i32>,
    pub url: String,
    pub headers: Vec<Header>,
}

/// A published chunk that a job reads.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct JobInput {
    pub rendition: String,
    pub chunk: i32,
    pub size: ByteCount,
    pub url: String,
    pub start_ms: f64,
    pub init: Option<ByteRange>,
    pub segments: Vec<MediaSegment>,
    pub codecs: String,
    /// Of the first segment, where they are encrypted.
    pub iv: Option<AesBlock>,
}

/// A stretch of an object.
#[derive(cynic::QueryFragment, Clone, Copy, Debug)]
pub struct ByteRange {
    pub offset: ByteCount,
    pub size: ByteCount,
}

/// A segment and where it lies in its chunk.
#[derive(cynic::QueryFragment, Clone, Copy, Debug)]
pub struct MediaSegment {
    pub offset: ByteCount,
    pub size: ByteCount,
    pub duration_ms: f64,
}

/// Says that jobs are waiting.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct JobAvailable {
    pub waiting: i32,
}

#[derive(cynic::InputObject, Clone, Copy, Debug, PartialEq)]
pub struct JobProgressInput {
    pub stage: ProcessingStage,
    pub percent: f64,
    pub eta_ms: Option<i32>,
}

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub struct JobOutputInput {
    pub kind: JobOutputKind,
    pub rendition: Option<String>,
    pub chunk: Option<i32>,
    pub size: ByteCount,
    /// In hexadecimal.
    pub md5: String,
}

#[derive(cynic::InputObject, Clone, Copy, Debug, PartialEq)]
pub struct ByteRangeInput {
    pub offset: ByteCount,
    pub size: ByteCount,
}

#[derive(cynic::InputObject, Clone, Copy, Debug, PartialEq)]
pub struct SegmentInput {
    pub offset: ByteCount,
    pub size: ByteCount,
    pub duration_ms: f64,
}

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub struct PublishChunkInput {
    pub rendition: String,
    pub index: i32,
    pub size: ByteCount,
    pub start_ms: f64,
    pub init: Option<ByteRangeInput>,
    pub segments: Vec<SegmentInput>,
    pub codecs: Option<String>,
    pub iv: Option<AesBlock>,
    pub is_draft: bool,
    pub is_last: bool,
    pub likeness: Option<f64>,
}

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub struct PlannedRenditionInput {
    pub name: String,
    pub kind: RenditionKind,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub frame_rate: Option<f64>,
    pub chunk_count: Option<i32>,
}

#[derive(cynic::InputObject, Clone, Copy, Debug, PartialEq)]
pub struct PlannedJobInput {
    pub kind: JobKind,
    pub chunk: Option<i32>,
    pub weight_ms: i32,
}

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub struct VideoPlanInput {
    pub duration_ms: i32,
    pub width: i32,
    pub height: i32,
    pub renditions: Vec<PlannedRenditionInput>,
    pub jobs: Vec<PlannedJobInput>,
    pub details: String,
}

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub struct RenditionInput {
    pub name: String,
    pub kind: RenditionKind,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub frame_rate: Option<f64>,
    pub codecs: String,
    pub chunk_count: i32,
}

#[derive(cynic::InputObject, Clone, Copy, Debug, PartialEq)]
pub struct PosterInput {
    pub width: i32,
    pub height: i32,
}

#[derive(cynic::InputObject, Clone, Copy, Debug, PartialEq)]
pub struct PreviewsInput {
    pub interval_ms: i32,
    pub tile_width: i32,
    pub tile_height: i32,
    pub columns: i32,
    pub rows: i32,
    pub tiles: i32,
    pub has_loop: bool,
}

#[derive(cynic::InputObject, Clone, Copy, Debug, PartialEq)]
pub struct LoudnessInput {
    pub integrated_lufs: f64,
    pub true_peak_dbtp: f64,
}

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub struct JobResultInput {
    pub duration_ms: i32,
    pub width: i32,
    pub height: i32,
    pub renditions: Vec<RenditionInput>,
    pub poster: Option<PosterInput>,
}

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub struct SourceCaptionInput {
    pub language: Option<String>,
    pub label: Option<String>,
    pub text: String,
}

#[derive(cynic::InputObject, Clone, Debug, PartialEq, Eq)]
pub struct ChapterInput {
    pub start_ms: i32,
    pub title: String,
}
