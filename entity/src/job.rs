//! The queue of work for runners.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    id::{JobId, LeaseId, RunnerId, VideoId},
    rendition::Codec,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    /// Looks at an upload and plans what is made of it; or, where it cannot be cut, makes all of it at once.
    #[sea_orm(string_value = "process_video")]
    ProcessVideo,
    /// Passes on what can be played as it is, of one chunk.
    #[sea_orm(string_value = "copy_chunk")]
    CopyChunk,
    /// Encodes all sizes of one chunk.
    #[sea_orm(string_value = "encode_chunk")]
    EncodeChunk,
    /// Encodes the sound of the whole video.
    #[sea_orm(string_value = "encode_audio")]
    EncodeAudio,
    #[sea_orm(string_value = "make_poster")]
    MakePoster,
    /// Makes the storyboard and the loop of a video that is ready.
    #[sea_orm(string_value = "make_previews")]
    MakePreviews,
    /// Reads captions and chapters out of the source's own tracks.
    #[sea_orm(string_value = "read_tracks")]
    ReadTracks,
    /// Makes one file of a rendition, to be downloaded.
    #[sea_orm(string_value = "make_download")]
    MakeDownload,
    /// Encodes all sizes of one chunk in HEVC, of a video that is ready.
    #[sea_orm(string_value = "encode_hevc")]
    EncodeHevc,
    /// Encodes all sizes of one chunk in AV1, of a video that is ready.
    #[sea_orm(string_value = "encode_av1")]
    EncodeAv1,
    /// Writes all renditions of one chunk anew, encrypted or in the clear, of a video that is ready.
    #[sea_orm(string_value = "rekey_chunk")]
    RekeyChunk,
}

impl Kind {
    /// What comes when a video is ready, and may fail without harm to it.
    pub const AFTERWARDS: [Self; 4] =
        [Self::MakePreviews, Self::MakeDownload, Self::EncodeHevc, Self::EncodeAv1];

    /// Those that encode what a video has beside H.264.
    pub const EXTRAS: [Self; 2] = [Self::EncodeHevc, Self::EncodeAv1];

    /// Whether a video waits for it.
    pub fn is_needed(self) -> bool {
        !Self::AFTERWARDS.contains(&self) && self != Self::RekeyChunk
    }

    /// What it encodes pictures to, if it does that for the sake of a codec.
    pub fn extra_codec(self) -> Option<Codec> {
        match self {
            Self::EncodeHevc => Some(Codec::Hevc),
            Self::EncodeAv1 => Some(Codec::Av1),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    #[sea_orm(string_value = "queued")]
    Queued,
    #[sea_orm(string_value = "leased")]
    Leased,
    #[sea_orm(string_value = "done")]
    Done,
    #[sea_orm(string_value = "failed")]
    Failed,
}

/// What a runner last said of its work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Progress {
    pub stage: String,
    pub percent: f64,
    pub eta_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    pub kind: Kind,
    pub video_id: VideoId,
    pub state: State,
    /// Higher first.
    pub priority: i32,
    /// How often it has been leased: the number of the current attempt.
    pub attempts: i32,
    /// How often a lease ran out without a word from its runner.
    pub crashes: i32,
    /// How often it was given back through no fault of its own: its runner was stopped, or the storage was away.
    pub excused: i32,
    pub run_after: DateTimeUtc,
    pub lease_id: Option<LeaseId>,
    pub lease_expires_at: Option<DateTimeUtc>,
    pub runner_id: Option<RunnerId>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub progress: Option<Progress>,
    /// The last failure, for the log and the administrator.
    pub error: Option<String>,
    /// The last lines of the program that failed, for the administrator.
    pub log: Option<String>,
    /// Since when its last runner has or had it.
    pub leased_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
    /// The job that planned this one, for everything but `ProcessVideo`, `MakeDownload` and `RekeyChunk`.
    pub parent_id: Option<JobId>,
    /// Which chunk, for jobs that make one.
    pub chunk: Option<i32>,
    /// What the runner that planned has to tell to those that do the work; there once it has.
    pub plan: Option<String>,
    /// Whether the video must not be cut: cutting has failed before.
    pub in_one_piece: bool,
    /// Attempts of this video that came before those of this job.
    pub attempt_base: i32,
    /// How much work it is beside the other jobs of its video.
    pub weight_ms: i64,
    /// Of which rendition, for `MakeDownload`.
    pub rendition: Option<String>,
}

impl Model {
    /// How often it did not end well, the current attempt included, and nothing but the job can be to blame.
    pub fn failures(&self) -> i32 {
        self.attempts - self.excused
    }

    /// The processing attempt of the video that this job works for. Once there is a plan it stays the same,
    /// however often the job itself is tried.
    pub fn video_attempt(&self) -> i32 {
        if self.kind == Kind::ProcessVideo && self.plan.is_none() {
            self.attempt_base + self.attempts
        } else {
            self.attempt_base
        }
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
