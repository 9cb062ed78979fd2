//! Where an imported video came from, as GraphQL shows it.

use std::collections::HashMap;

use async_graphql::{SimpleObject, dataloader::Loader};
use chrono::{DateTime, Utc};
use kinora_entity::{VideoId, video_origin};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::graphql::{LoadError, Loaders};

/// Where an imported video was published first.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct Origin {
    /// http or https.
    pub url: Option<String>,
    pub author: Option<String>,
    pub posted_at: Option<DateTime<Utc>>,
}

impl Origin {
    /// Nothing where nothing is known that could be shown.
    pub fn of(row: &video_origin::Model) -> Option<Self> {
        let known = row.url.is_some() || row.author.is_some() || row.posted_at.is_some();
        known.then(|| Self { url: row.url.clone(), author: row.author.clone(), posted_at: row.posted_at })
    }
}

/// What is known of where a video came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OriginKey(pub VideoId);

impl Loader<OriginKey> for Loaders {
    type Value = video_origin::Model;
    type Error = LoadError;

    async fn load(&self, keys: &[OriginKey]) -> Result<HashMap<OriginKey, video_origin::Model>, LoadError> {
        let rows = video_origin::Entity::find()
            .filter(video_origin::Column::VideoId.is_in(keys.iter().map(|key| key.0)))
            .all(&self.app.database)
            .await?;
        Ok(rows.into_iter().filter_map(|row| Some((OriginKey(row.video_id?), row))).collect())
    }
}
