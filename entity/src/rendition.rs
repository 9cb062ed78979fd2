//! Renditions of a processing attempt.

use sea_orm::entity::prelude::*;

use crate::id::{RenditionId, VideoId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    #[sea_orm(string_value = "video")]
    Video,
    #[sea_orm(string_value = "audio")]
    Audio,
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rendition")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RenditionId,
    pub video_id: VideoId,
    pub attempt: i32,
    /// `1080p`, `720p`, … or `audio`: also its name in addresses and keys.
    pub name: String,
    pub kind: Kind,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub frame_rate: Option<f64>,
    /// RFC 6381, for example `avc1.640028`.
    pub codecs: String,
    /// Peak bits per second over any one segment (RFC 8216, 4.3.4.2).
    pub bandwidth: i64,
    /// Bits per second over the whole.
    pub average_bandwidth: i64,
    /// How many chunks it will have, once that is known.
    pub chunk_count: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
