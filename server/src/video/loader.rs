//! What belongs to many videos, fetched at once.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use kinora_entity::{UserId, VideoId, rendition, tag, video, video_tag};
use sea_orm::{ColumnTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Statement};

use super::{Tag, work::Work};
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

/// What the viewer thinks of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpinionKey(pub VideoId);

/// Stars and favourite of one viewer for one video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opinion {
    pub stars: Option<i16>,
    pub is_favorite: bool,
}

impl Loader<OpinionKey> for Loaders {
    type Value = Opinion;
    type Error = LoadError;

    async fn load(&self, keys: &[OpinionKey]) -> Result<HashMap<OpinionKey, Opinion>, LoadError> {
        #[derive(FromQueryResult)]
        struct Row {
            video_id: VideoId,
            stars: Option<i16>,
            is_favorite: bool,
        }
        let Some(viewer) = self.viewer else { return Ok(HashMap::new()) };
        let ids: Vec<i64> = keys.iter().map(|key| key.0.0).collect();
        let statement = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT coalesce(rating.video_id, favorite.video_id) AS video_id, rating.stars, \
             favorite.video_id IS NOT NULL AS is_favorite \
             FROM (SELECT * FROM rating WHERE user_id = $1 AND video_id = ANY($2)) AS rating \
             FULL JOIN (SELECT * FROM favorite WHERE user_id = $1 AND video_id = ANY($2)) AS favorite \
             ON favorite.video_id = rating.video_id",
            [viewer.into(), ids.into()],
        );
        let rows = Row::find_by_statement(statement).all(&self.app.database).await?;
        Ok(rows
            .into_iter()
            .map(|row| (OpinionKey(row.video_id), Opinion { stars: row.stars, is_favorite: row.is_favorite }))
            .collect())
    }
}

/// The work on a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkKey(pub VideoId);

impl Loader<WorkKey> for Loaders {
    type Value = Work;
    type Error = LoadError;

    async fn load(&self, keys: &[WorkKey]) -> Result<HashMap<WorkKey, Work>, LoadError> {
        let videos: Vec<VideoId> = keys.iter().map(|key| key.0).collect();
        let found = Work::of_all(&self.app.database, &videos).await?;
        Ok(found.into_iter().map(|(video, work)| (WorkKey(video), work)).collect())
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
        for row in rows.into_iter().filter(rendition::Model::is_shown) {
            let key = RenditionsKey { video: row.video_id, attempt: row.attempt };
            if keys.contains(&key) {
                renditions.entry(key).or_default().push(row);
            }
        }
        Ok(renditions)
    }
}

/// How many videos an account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UploaderCountKey(pub UserId);

/// Videos of an account: those that everybody can list, and all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UploaderCount {
    pub listed: i64,
    pub all: i64,
}

impl Loader<UploaderCountKey> for Loaders {
    type Value = UploaderCount;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[UploaderCountKey],
    ) -> Result<HashMap<UploaderCountKey, UploaderCount>, LoadError> {
        #[derive(FromQueryResult)]
        struct Row {
            uploader_id: UserId,
            listed: i64,
            all: i64,
        }
        let ids: Vec<i64> = keys.iter().map(|key| key.0.0).collect();
        let statement = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT uploader_id, count(*) AS all, \
             count(*) FILTER (WHERE visibility = 'public' AND published_attempt IS NOT NULL) AS listed \
             FROM video WHERE uploader_id = ANY($1) GROUP BY uploader_id",
            [ids.into()],
        );
        let rows = Row::find_by_statement(statement).all(&self.app.database).await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                (UploaderCountKey(row.uploader_id), UploaderCount { listed: row.listed, all: row.all })
            })
            .collect())
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
