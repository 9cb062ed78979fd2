//! What belongs to many videos, fetched at once.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use kinora_entity::{VideoId, favorite, job, rating, rendition, tag, video, video_tag};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Tag;
use crate::graphql::{LoadError, Loaders};

/// The tags of a video, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TagsKey(pub VideoId);

impl Loader<TagsKey> for Loaders {
    type Value = Vec<Tag>;
    type Error = LoadError;

    async fn load(&self, keys: &[TagsKey]) -> Result<HashMap<TagsKey, Vec<Tag>>, LoadError> {
        let rows = video_tag::Entity::find()
            .filter(video_tag::Column::VideoId.is_in(keys.iter().map(|key| key.0)))
            .find_also_related(tag::Entity)
            .order_by_asc(video_tag::Column::Position)
            .all(&self.app.database)
            .await?;
        let mut tags: HashMap<TagsKey, Vec<Tag>> = HashMap::new();
        for (link, tag) in rows {
            let Some(tag) = tag else { continue };
            tags.entry(TagsKey(link.video_id)).or_default().push(Tag { name: tag.name, video_count: None });
        }
        Ok(tags)
    }
}

/// The viewer's own stars for a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StarsKey(pub VideoId);

impl Loader<StarsKey> for Loaders {
    type Value = i16;
    type Error = LoadError;

    async fn load(&self, keys: &[StarsKey]) -> Result<HashMap<StarsKey, i16>, LoadError> {
        let Some(viewer) = self.viewer else { return Ok(HashMap::new()) };
        let rows = rating::Entity::find()
            .filter(rating::Column::UserId.eq(viewer))
            .filter(rating::Column::VideoId.is_in(keys.iter().map(|key| key.0)))
            .all(&self.app.database)
            .await?;
        Ok(rows.into_iter().map(|row| (StarsKey(row.video_id), row.stars)).collect())
    }
}

/// Whether the viewer has made a video a favourite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FavoriteKey(pub VideoId);

impl Loader<FavoriteKey> for Loaders {
    type Value = ();
    type Error = LoadError;

    async fn load(&self, keys: &[FavoriteKey]) -> Result<HashMap<FavoriteKey, ()>, LoadError> {
        let Some(viewer) = self.viewer else { return Ok(HashMap::new()) };
        let rows = favorite::Entity::find()
            .filter(favorite::Column::UserId.eq(viewer))
            .filter(favorite::Column::VideoId.is_in(keys.iter().map(|key| key.0)))
            .all(&self.app.database)
            .await?;
        Ok(rows.into_iter().map(|row| (FavoriteKey(row.video_id), ())).collect())
    }
}

/// The latest job of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobKey(pub VideoId);

impl Loader<JobKey> for Loaders {
    type Value = job::Model;
    type Error = LoadError;

    async fn load(&self, keys: &[JobKey]) -> Result<HashMap<JobKey, job::Model>, LoadError> {
        let rows = job::Entity::find()
            .filter(job::Column::VideoId.is_in(keys.iter().map(|key| key.0)))
            .order_by_asc(job::Column::CreatedAt)
            .all(&self.app.database)
            .await?;
        Ok(rows.into_iter().map(|row| (JobKey(row.video_id), row)).collect())
    }
}

/// The renditions that are played, largest first, sound last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RenditionsKey {
    pub video: VideoId,
    pub attempt: i32,
}

impl Loader<RenditionsKey> for Loaders {
    type Value = Vec<rendition::Model>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[RenditionsKey],
    ) -> Result<HashMap<RenditionsKey, Vec<rendition::Model>>, LoadError> {
        let rows = rendition::Entity::find()
            .filter(rendition::Column::VideoId.is_in(keys.iter().map(|key| key.video)))
            .order_by_desc(rendition::Column::Kind)
            .order_by_desc(rendition::Column::AverageBandwidth)
            .all(&self.app.database)
            .await?;
        let mut renditions: HashMap<RenditionsKey, Vec<rendition::Model>> = HashMap::new();
        for row in rows {
            let key = RenditionsKey { video: row.video_id, attempt: row.attempt };
            if keys.contains(&key) {
                renditions.entry(key).or_default().push(row);
            }
        }
        Ok(renditions)
    }
}

/// A video by its id, for edges that only hold ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VideoKey(pub VideoId);

impl Loader<VideoKey> for Loaders {
    type Value = video::Model;
    type Error = LoadError;

    async fn load(&self, keys: &[VideoKey]) -> Result<HashMap<VideoKey, video::Model>, LoadError> {
        let rows = video::Entity::visible_to(self.viewer)
            .filter(video::Column::Id.is_in(keys.iter().map(|key| key.0)))
            .all(&self.app.database)
            .await?;
        Ok(rows.into_iter().map(|row| (VideoKey(row.id), row)).collect())
    }
}
