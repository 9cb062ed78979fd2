//! The tracks of many videos at once, without their text.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use chrono::{DateTime, Utc};
use kinora_entity::{VideoId, caption};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};

use crate::graphql::{LoadError, Loaders};

/// The tracks of a video, by language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CaptionsKey(pub VideoId);

/// What is told of a track.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Track {
    pub video_id: VideoId,
    pub language: String,
    pub label: Option<String>,
    pub updated_at: DateTime<Utc>,
}

impl Track {
    /// Those of all these videos, by language.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn of_all(
        connection: &impl ConnectionTrait,
        videos: impl IntoIterator<Item = VideoId>,
    ) -> Result<Vec<Self>, DbErr> {
        caption::Entity::find()
            .select_only()
            .columns([
                caption::Column::VideoId,
                caption::Column::Language,
                caption::Column::Label,
                caption::Column::UpdatedAt,
            ])
            .filter(caption::Column::VideoId.is_in(videos))
            .order_by_asc(caption::Column::Language)
            .into_model()
            .all(connection)
            .await
    }

    /// The track of a row.
    pub fn of(row: &caption::Model) -> Self {
        Self {
            video_id: row.video_id,
            language: row.language.clone(),
            label: row.label.clone(),
            updated_at: row.updated_at,
        }
    }
}

impl Loader<CaptionsKey> for Loaders {
    type Value = Vec<Track>;
    type Error = LoadError;

    async fn load(&self, keys: &[CaptionsKey]) -> Result<HashMap<CaptionsKey, Vec<Track>>, LoadError> {
        let rows = Track::of_all(&self.app.database, keys.iter().map(|key| key.0)).await?;
        let mut tracks: HashMap<CaptionsKey, Vec<Track>> = HashMap::new();
        for row in rows {
            tracks.entry(CaptionsKey(row.video_id)).or_default().push(row);
        }
        Ok(tracks)
    }
}
