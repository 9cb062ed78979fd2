//! Renditions as files to download, made for whoever asks and kept while somebody does.

use sea_orm::entity::prelude::*;

use crate::id::{LeaseId, VideoId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "download")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub video_id: VideoId,
    /// Its name: `720p`, or `audio`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub rendition: String,
    /// The processing attempt that it is made of.
    pub attempt: i32,
    /// None until it is made.
    pub size_bytes: Option<i64>,
    /// Under which it was written, which is part of its name.
    pub lease_id: Option<LeaseId>,
    pub has_failed: bool,
    pub asked_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
