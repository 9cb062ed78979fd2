//! What a job reads beside the upload: chunks of what is published already.

use kinora_entity::{LeaseId, RunnerId, chunk, job, rendition, video};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::result::rejected;
use crate::{
    app::App,
    download,
    error::Result,
    job::held,
    storage::{Audience, MEDIA_URL_LIFETIME, PresignedRequest, StorageError, keys},
};

/// One published chunk.
#[derive(Clone, Debug)]
pub struct Input {
    pub rendition: String,
    /// RFC 6381.
    pub codecs: String,
    pub chunk: chunk::Model,
    pub request: PresignedRequest,
}

/// Addresses of the chunks that a job reads, those of each rendition in their order.
///
/// # Errors
/// LEASE_LOST, RESULT_REJECTED when the job reads none, or the video has been made anew meanwhile.
pub async fn inputs(app: &App, runner: RunnerId, lease: LeaseId, audience: Audience) -> Result<Vec<Input>> {
    let job = held(&app.database, lease, runner).await?;
    let video = video::Entity::find_by_id(job.video_id).one(&app.database).await?;
    let Some(published) = video.and_then(|video| video.published_attempt) else {
        return Err(rejected("The video is not published."));
    };
    let of_published = rendition::Entity::find()
        .filter(rendition::Column::VideoId.eq(job.video_id))
        .filter(rendition::Column::Attempt.eq(published));
    let (rows, index) = match job.kind {
        job::Kind::MakeDownload if job.video_attempt() == published => {
            (of_published.filter(rendition::Column::Name.is_in(download::parts(&job)?)), None)
        }
        job::Kind::RekeyChunk => (of_published, job.chunk),
        job::Kind::MakeDownload => return Err(rejected("The video has been made anew.")),
        _ => return Err(rejected("This job reads nothing that is published.")),
    };
    let mut inputs = Vec::new();
    for row in rows.all(&app.database).await? {
        let mut chunks = chunk::Entity::find().filter(chunk::Column::RenditionId.eq(row.id));
        if let Some(index) = index {
            chunks = chunks.filter(chunk::Column::Index.eq(index));
        }
        for chunk in chunks.order_by_asc(chunk::Column::Index).all(&app.database).await? {
            let key = keys::chunk(job.video_id, row.attempt, &row.name, chunk.index, chunk.lease_id);
            // Whoever waited for what is gone would wait long before the video is made anew.
            if job.kind == job::Kind::RekeyChunk
                && matches!(app.storage.size_bytes(&key).await, Err(StorageError::NotFound))
            {
                return Err(rejected("What is published is not in the store."));
            }
            let request = app.storage.presign_get(&key, MEDIA_URL_LIFETIME, audience).await?;
            let (rendition, codecs) = (row.name.clone(), row.codecs.clone());
            inputs.push(Input { rendition, codecs, chunk, request });
        }
    }
    Ok(inputs)
}
