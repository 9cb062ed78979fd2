//! Views, counted once a viewer, video and day.

use sea_orm::entity::prelude::*;

use crate::id::{UserId, VideoId, ViewId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "view")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ViewId,
    pub video_id: VideoId,
    pub user_id: Option<UserId>,
    /// A keyed hash of account or address: it tells two viewers apart and names neither.
    pub viewer_key: Vec<u8>,
    pub viewed_on: Date,
    /// The furthest position that was reported.
    pub position_ms: i64,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
