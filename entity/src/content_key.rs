//! Keys of encrypted media: one a processing attempt of a protected video. An attempt without one is in the clear.

use sea_orm::entity::prelude::*;

use crate::id::VideoId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "content_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub video_id: VideoId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt: i32,
    /// Under a key that is not in the database.
    pub sealed: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
