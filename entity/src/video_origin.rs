//! Where imported videos came from.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::id::{OriginId, UserId, VideoId};

/// What kind of collection a video was imported from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Source {
    #[sea_orm(string_value = "instaloader")]
    Instaloader,
    #[sea_orm(string_value = "ytdlp")]
    Ytdlp,
    #[sea_orm(string_value = "folder")]
    Folder,
}

/// Where each picture of a post begins in the video that was made of them, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct SlideStarts(pub Vec<i32>);

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "video_origin")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OriginId,
    /// None once the video has been deleted here.
    pub video_id: Option<VideoId>,
    pub uploader_id: UserId,
    pub source: Source,
    /// What the source calls it; unique with `uploader_id` and `source`.
    pub external_id: String,
    /// How often it was brought in: 1, and one more each time it is brought back after being deleted.
    pub attempt: i32,
    /// http or https.
    pub url: Option<String>,
    pub author: Option<String>,
    pub posted_at: Option<DateTimeUtc>,
    /// SHA-256 of title, description and tags as they were imported last.
    pub text_hash: Vec<u8>,
    /// SHA-256 of the size and three slices of the file, where files are known by nothing better.
    pub content_hash: Option<Vec<u8>>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub slides: Option<SlideStarts>,
    /// SHA-256 of captions and chapters as they were imported last.
    pub extras_hash: Option<Vec<u8>>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Everything that one account imported from one kind of collection.
    pub fn imported_by(user: UserId, source: Source) -> Select<Self> {
        Self::find().filter(Column::UploaderId.eq(user)).filter(Column::Source.eq(source))
    }
}
