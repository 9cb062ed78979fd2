//! The queue of work for runners.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::id::{JobId, LeaseId, RunnerId, VideoId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    #[sea_orm(string_value = "process_video")]
    ProcessVideo,
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
    pub run_after: DateTimeUtc,
    pub lease_id: Option<LeaseId>,
    pub lease_expires_at: Option<DateTimeUtc>,
    pub runner_id: Option<RunnerId>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub progress: Option<Progress>,
    /// The last failure, for the log and the administrator.
    pub error: Option<String>,
    pub created_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
