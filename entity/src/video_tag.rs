//! Which video carries which tag.

use sea_orm::entity::prelude::*;

use crate::id::{TagId, VideoId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "video_tag")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub video_id: VideoId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag_id: TagId,
    /// The order in which the uploader wrote them.
    pub position: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::tag::Entity", from = "Column::TagId", to = "super::tag::Column::Id")]
    Tag,
    #[sea_orm(belongs_to = "super::video::Entity", from = "Column::VideoId", to = "super::video::Column::Id")]
    Video,
}

impl Related<super::tag::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Tag.def()
    }
}

impl Related<super::video::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Video.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
