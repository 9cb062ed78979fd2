//! What can be downloaded of many videos at once.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use kinora_entity::{VideoId, rendition};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};

use super::LARGEST_BYTES;
use crate::graphql::{LoadError, Loaders};

/// The downloads of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DownloadsKey(pub VideoId);

/// A rendition, and the file of it as far as there is one.
#[derive(Clone, Debug, FromQueryResult)]
pub struct DownloadRow {
    pub video_id: VideoId,
    pub rendition: String,
    pub kind: rendition::Kind,
    pub width: Option<i32>,
    pub height: Option<i32>,
    /// Of the chunks, those of the sound included.
    pub parts_bytes: i64,
    /// Of the file; none while it is not made.
    pub size_bytes: Option<i64>,
    pub is_preparing: bool,
    pub has_failed: bool,
}

impl DownloadRow {
    /// All that can be made of these videos, largest first. What is too large for one file is left out.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn of_all(connection: &impl ConnectionTrait, videos: &[VideoId]) -> Result<Vec<Self>, DbErr> {
        let ids: Vec<i64> = videos.iter().map(|id| id.0).collect();
        let statement = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "WITH part AS ( \
                 SELECT r.video_id, r.name, r.kind, r.width, r.height, r.attempt, \
                 (SELECT sum(c.size_bytes) FROM chunk c WHERE c.rendition_id = r.id)::bigint AS bytes \
                 FROM rendition r JOIN video v ON v.id = r.video_id AND v.published_attempt = r.attempt \
                 WHERE v.id = ANY($1) AND v.state = 'ready' AND NOT v.is_encrypted AND r.bandwidth > 0), \
             whole AS ( \
                 SELECT part.*, (bytes + CASE kind WHEN 'audio' THEN 0 ELSE coalesce( \
                 (SELECT sound.bytes FROM part sound WHERE sound.video_id = part.video_id AND sound.kind = 'audio' \
                 LIMIT 1), 0) END)::bigint AS parts_bytes FROM part) \
             SELECT whole.video_id, whole.name AS rendition, whole.kind, whole.width, whole.height, \
             whole.parts_bytes, d.size_bytes, coalesce(d.has_failed, false) AS has_failed, \
             EXISTS (SELECT FROM job j WHERE j.video_id = whole.video_id AND j.kind = 'make_download' \
             AND j.rendition = whole.name AND j.attempt_base = whole.attempt \
             AND j.state IN ('queued', 'leased')) AS is_preparing \
             FROM whole LEFT JOIN download d ON d.video_id = whole.video_id AND d.rendition = whole.name \
             AND d.attempt = whole.attempt \
             WHERE whole.parts_bytes > 0 AND whole.parts_bytes < $2 \
             ORDER BY whole.video_id, whole.height DESC NULLS LAST, whole.name",
            [ids.into(), LARGEST_BYTES.into()],
        );
        Self::find_by_statement(statement).all(connection).await
    }
}

impl Loader<DownloadsKey> for Loaders {
    type Value = Vec<DownloadRow>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[DownloadsKey],
    ) -> Result<HashMap<DownloadsKey, Vec<DownloadRow>>, LoadError> {
        let videos: Vec<VideoId> = keys.iter().map(|key| key.0).collect();
        let mut downloads: HashMap<DownloadsKey, Vec<DownloadRow>> = HashMap::new();
        for row in DownloadRow::of_all(&self.app.database, &videos).await? {
            downloads.entry(DownloadsKey(row.video_id)).or_default().push(row);
        }
        Ok(downloads)
    }
}
