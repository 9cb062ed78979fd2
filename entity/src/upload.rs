//! Multipart uploads, and what is known of the video before it exists.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    id::{UploadId, UserId, VideoId},
    video::Visibility,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// Parts may be sent.
    #[sea_orm(string_value = "uploading")]
    Uploading,
    /// The object is whole and its video exists.
    #[sea_orm(string_value = "completed")]
    Completed,
    /// Its owner gave it up.
    #[sea_orm(string_value = "aborted")]
    Aborted,
    /// Nobody came back in time.
    #[sea_orm(string_value = "expired")]
    Expired,
}

/// Tags as their uploader wrote them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct TagNames(pub Vec<String>);

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upload")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UploadId,
    pub user_id: UserId,
    pub video_id: Option<VideoId>,
    pub file_name: String,
    pub size_bytes: i64,
    pub part_size_bytes: i64,
    pub part_count: i32,
    pub object_key: String,
    /// The store's own name of the multipart upload.
    pub storage_upload_id: String,
    pub state: State,
    pub title: String,
    pub description: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: TagNames,
    pub visibility: Visibility,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    /// MD5 of three slices of the file, by which the same file is recognised; given by newer clients.
    pub sample_hash: Option<String>,
    /// When the file was last changed on its owner's machine.
    pub modified_at: Option<DateTimeUtc>,
    /// Whether an upload that ended without a video has left nothing in the store.
    pub cleared: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    pub fn owned_by(user: UserId) -> Select<Self> {
        Self::find().filter(Column::UserId.eq(user))
    }
}
