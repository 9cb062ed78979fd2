//! Machines that process videos, as the server knows them.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::id::{ApiTokenId, RunnerId};

/// What a runner may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// It gets jobs.
    #[sea_orm(string_value = "active")]
    Active,
    /// It finishes what it has and gets no more.
    #[sea_orm(string_value = "draining")]
    Draining,
    /// It has no jobs and gets none.
    #[sea_orm(string_value = "disabled")]
    Disabled,
    /// Its credential is gone for good.
    #[sea_orm(string_value = "revoked")]
    Revoked,
}

impl State {
    /// Whether jobs that it holds stay its own.
    pub fn keeps_jobs(self) -> bool {
        matches!(self, Self::Active | Self::Draining)
    }
}

/// What a runner says that it is and can do; nothing of it is relied on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Capabilities {
    pub version: String,
    pub ffmpeg_version: String,
    /// Operating system and processor, such as `linux x86_64`.
    pub platform: String,
    /// Video encoders as ffmpeg names them.
    pub encoders: Vec<String>,
    /// Jobs at once.
    pub jobs: i32,
    pub cores: i32,
    /// What stands between ffmpeg and the machine.
    pub containment: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "runner")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RunnerId,
    pub api_token_id: ApiTokenId,
    pub name: String,
    pub state: State,
    /// What it said when it started last; none for one that never did.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub capabilities: Option<Capabilities>,
    pub created_at: DateTimeUtc,
    /// To ten seconds.
    pub last_seen_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
