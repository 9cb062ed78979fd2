//! Captions of videos, one a language.

use sea_orm::entity::prelude::*;

use crate::id::VideoId;

/// Where a caption came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Source {
    /// Its owner handed it in.
    #[sea_orm(string_value = "uploaded")]
    Uploaded,
    /// It lay beside an imported file.
    #[sea_orm(string_value = "imported")]
    Imported,
    /// The uploaded file held it.
    #[sea_orm(string_value = "embedded")]
    Embedded,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "caption")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub video_id: VideoId,
    /// BCP 47, in its usual case: `pt-BR`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub language: String,
    /// None where the language says it all.
    pub label: Option<String>,
    pub source: Source,
    /// The blocks of a WebVTT file, without its header.
    pub cues: String,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
