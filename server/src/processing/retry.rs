//! Processing a failed video anew, because its owner asks for it.

use kinora_entity::{VideoId, job, video};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    TransactionTrait,
};

use super::beginning::enqueue;
use crate::{
    account::Viewer,
    app::App,
    error::{Error, Result},
    events::{Event, notify},
    storage::StorageError,
    video::Failure,
};

/// Puts a failed video of the viewer's back into the queue.
///
/// # Errors
/// NOT_FOUND, CONFLICT for one that has not failed, that cannot end otherwise, or whose file is gone.
pub async fn retry(app: &App, viewer: &Viewer, id: VideoId) -> Result<video::Model> {
    let conflict = |message: &str| Error::Conflict { field: None, message: message.into() };
    let find = || video::Entity::owned_by(viewer.user.id).filter(video::Column::Id.eq(id));
    let found = find().one(&app.database).await?.ok_or_else(|| Error::not_found("video"))?;
    match app.storage.size_bytes(&found.source_key).await {
        Ok(_) => {}
        Err(StorageError::NotFound) => {
            return Err(conflict("The uploaded file is no longer there. Upload it again."));
        }
        Err(error) => return Err(error.into()),
    }
    let transaction = app.database.begin().await?;
    // Jobs before the video, as whoever reports on a job locks them.
    job::Entity::find().filter(job::Column::VideoId.eq(id)).lock_exclusive().all(&transaction).await?;
    let found = find().lock_exclusive().one(&transaction).await?.ok_or_else(|| Error::not_found("video"))?;
    if found.state != video::State::Failed {
        return Err(conflict("This video has not failed."));
    }
    if !Failure::of(&found).is_some_and(|failure| failure.can_retry) {
        return Err(conflict("The file itself is the trouble: it would fail again. Upload another one."));
    }
    let mut row = found.into_active_model();
    row.state = Set(video::State::Processing);
    row.failure_code = Set(None);
    row.failure_message = Set(None);
    let changed = row.update(&transaction).await?;
    enqueue(&transaction, id).await?;
    notify(&transaction, Event::Video(id)).await?;
    transaction.commit().await?;
    tracing::info!(video = %id, "a failed video is tried again");
    Ok(changed)
}
