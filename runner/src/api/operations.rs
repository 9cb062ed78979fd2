//! The GraphQL operations of a runner, checked against `schema.graphql` at build time.
//!
//! Field names and types mirror the schema; only what a runner reads is selected.

use crate::protect::Block;

/// Names of the schema's types, for the derives below.
#[cynic::schema("kinora")]
mod schema {}

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
    pub ladder: Vec<LadderRung>,
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
    /// For jobs that make a file to download.
    pub rendition: Option<String>,
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

/// One step of the ladder: the short side in pixels and the ceiling of its bitrate in bits per second.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct LadderRung {
    pub short_side: i32,
    pub video_bitrate: i32,
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

/// One chunk of those that become a file to download.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct JobInput {
    pub rendition: String,
    pub size: ByteCount,
    pub url: String,
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

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub struct RegisterRunnerInput {
    pub token: String,
    pub name: Option<String>,
    pub credential_hash: String,
}

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub struct RunnerCapabilitiesInput {
    pub version: String,
    pub ffmpeg_version: String,
    pub platform: String,
    pub encoders: Vec<String>,
    pub jobs: i32,
    pub cores: i32,
    pub containment: Vec<String>,
}

/// A machine that may process videos.
#[derive(cynic::QueryFragment, Debug)]
pub struct RegisteredRunner {
    pub name: String,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct RegisterRunnerVariables {
    pub input: RegisterRunnerInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "RegisterRunnerVariables")]
pub struct RegisterRunner {
    #[arguments(input: $input)]
    pub register_runner: RegisteredRunner,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct ReportRunnerVariables {
    pub capabilities: RunnerCapabilitiesInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "ReportRunnerVariables")]
pub struct ReportRunner {
    #[arguments(capabilities: $capabilities)]
    pub report_runner: RegisteredRunner,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct KindsVariables {
    pub kinds: Vec<JobKind>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "KindsVariables")]
pub struct LeaseJob {
    #[arguments(kinds: $kinds)]
    pub lease_job: Option<Job>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription", variables = "KindsVariables")]
pub struct WatchJobs {
    #[arguments(kinds: $kinds)]
    pub job_available: JobAvailable,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct RenewLeaseVariables {
    pub lease_id: cynic::Id,
    pub progress: Option<JobProgressInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "RenewLeaseVariables")]
pub struct RenewLease {
    #[arguments(leaseId: $lease_id, progress: $progress)]
    #[allow(dead_code)] // Selected because a mutation must select something; the answer itself says all.
    pub renew_lease: Lease,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct SignJobInputsVariables {
    pub lease_id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "SignJobInputsVariables")]
pub struct SignJobInputs {
    #[arguments(leaseId: $lease_id)]
    pub sign_job_inputs: Vec<JobInput>,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct SignJobOutputsVariables {
    pub lease_id: cynic::Id,
    pub outputs: Vec<JobOutputInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "SignJobOutputsVariables")]
pub struct SignJobOutputs {
    #[arguments(leaseId: $lease_id, outputs: $outputs)]
    pub sign_job_outputs: Vec<OutputUrl>,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct PublishChunkVariables {
    pub lease_id: cynic::Id,
    pub chunk: PublishChunkInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "PublishChunkVariables")]
pub struct PublishChunk {
    #[arguments(leaseId: $lease_id, chunk: $chunk)]
    pub publish_chunk: bool,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct PlanVideoVariables {
    pub lease_id: cynic::Id,
    pub plan: VideoPlanInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "PlanVideoVariables")]
pub struct PlanVideo {
    #[arguments(leaseId: $lease_id, plan: $plan)]
    pub plan_video: bool,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct PublishCaptionVariables {
    pub lease_id: cynic::Id,
    pub caption: SourceCaptionInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "PublishCaptionVariables")]
pub struct PublishCaption {
    #[arguments(leaseId: $lease_id, caption: $caption)]
    pub publish_caption: bool,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct PublishChaptersVariables {
    pub lease_id: cynic::Id,
    pub chapters: Vec<ChapterInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "PublishChaptersVariables")]
pub struct PublishChapters {
    #[arguments(leaseId: $lease_id, chapters: $chapters)]
    pub publish_chapters: bool,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct CompleteJobVariables {
    pub lease_id: cynic::Id,
    pub result: Option<JobResultInput>,
    pub poster: Option<PosterInput>,
    pub previews: Option<PreviewsInput>,
    pub loudness: Option<LoudnessInput>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CompleteJobVariables")]
pub struct CompleteJob {
    #[arguments(leaseId: $lease_id, result: $result, poster: $poster, previews: $previews, loudness: $loudness)]
    pub complete_job: bool,
}

#[derive(cynic::QueryVariables, Debug)]
pub struct FailJobVariables {
    pub lease_id: cynic::Id,
    pub code: String,
    pub message: String,
    pub retry: bool,
    /// The last lines of the program that failed.
    pub log: Option<String>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "FailJobVariables")]
pub struct FailJob {
    #[arguments(leaseId: $lease_id, code: $code, message: $message, retry: $retry, log: $log)]
    pub fail_job: bool,
}
