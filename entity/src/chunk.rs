//! Chunks: one object of fragmented MP4 that holds several segments of one rendition.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::id::{ChunkId, LeaseId, RenditionId};

/// One segment: a byte range of the chunk's object.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    pub offset_bytes: i64,
    pub size_bytes: i64,
    pub duration_ms: f64,
}

/// The segments of a chunk in playing order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Segments(pub Vec<Segment>);

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chunk")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChunkId,
    pub rendition_id: RenditionId,
    /// 0, 1, 2 … along the video.
    pub index: i32,
    pub size_bytes: i64,
    pub start_ms: f64,
    /// Where the initialisation section (`EXT-X-MAP`) lies; only chunk 0 holds one.
    pub init_offset_bytes: Option<i64>,
    pub init_size_bytes: Option<i64>,
    #[sea_orm(column_type = "JsonBinary")]
    pub segments: Segments,
    /// Under which its object was written, which is part of its name; none for those from before it was.
    pub lease_id: Option<LeaseId>,
    /// Made in a hurry, and replaced by a better one later.
    pub is_draft: bool,
    /// The initialisation vector of the first segment, of 16 bytes; each further segment's is one more. None in the
    /// clear.
    pub iv: Option<Vec<u8>>,
    /// How alike its pictures are to those of the next smaller size, scaled up: SSIM of the luma, 1 for no difference.
    pub likeness: Option<f64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
