//! Uploads that end without a video: given up by their owner, or by everybody.

use kinora_entity::{UploadId, upload};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};

use super::service::{closed, owned};
use crate::{
    account::Viewer,
    app::App,
    error::{Error, Result},
    storage::StorageError,
};

const AT_ONCE: u64 = 100;

/// Gives an upload up and frees its bytes. Repeating it is no error.
///
/// # Errors
/// NOT_FOUND, UPLOAD_CLOSED when its video exists.
pub async fn abort(app: &App, viewer: &Viewer, id: UploadId) -> Result<()> {
    let row = owned(app, viewer, id).await?;
    match row.state {
        upload::State::Aborted | upload::State::Expired => return Ok(()),
        upload::State::Completed => return Err(closed(row.state)),
        upload::State::Uploading => {}
    }
    if !close(app, id, upload::State::Aborted).await? {
        return Err(closed(upload::State::Completed));
    }
    // The quota is free already. A store that is away is asked again by the next round.
    if let Err(error) = clear(app, &row).await {
        tracing::warn!(?error, upload = %id, "an upload that was given up is still in the store");
    }
    Ok(())
}

/// Ends the uploads that were silent too long, and frees what ended ones have left in the store; returns how
/// many were ended.
///
/// # Errors
/// Whatever the database says; what the store says is logged and tried again next time.
pub async fn expire_abandoned(app: &App) -> Result<usize> {
    let silent = upload::Entity::find()
        .filter(upload::Column::State.eq(upload::State::Uploading))
        .filter(upload::Column::ExpiresAt.lt(app.clock.now()))
        .limit(AT_ONCE)
        .all(&app.database)
        .await?;
    let mut ended = 0;
    for row in silent {
        ended += usize::from(close(app, row.id, upload::State::Expired).await?);
    }
    let leftovers = upload::Entity::find()
        .filter(upload::Column::State.is_in([upload::State::Aborted, upload::State::Expired]))
        .filter(upload::Column::Cleared.eq(false))
        .limit(AT_ONCE)
        .all(&app.database)
        .await?;
    for row in leftovers {
        if let Err(error) = clear(app, &row).await {
            tracing::warn!(?error, upload = %row.id, "an ended upload is still in the store");
        }
    }
    Ok(ended)
}

/// Ends an open upload in the database, so that nothing completes it; false when it was not open any more.
async fn close(app: &App, id: UploadId, state: upload::State) -> Result<bool> {
    let open = Condition::all()
        .add(upload::Column::Id.eq(id))
        .add(upload::Column::State.eq(upload::State::Uploading));
    let change = upload::ActiveModel { state: Set(state), ..Default::default() };
    let changed = upload::Entity::update_many().set(change).filter(open).exec(&app.database).await?;
    Ok(changed.rows_affected > 0)
}

/// Frees the parts of an ended upload, and the object that a completion may have made of them at the same moment.
async fn clear(app: &App, row: &upload::Model) -> Result<()> {
    let failed = |error: StorageError| Error::from(error);
    app.storage.abort_multipart(&row.object_key, &row.storage_upload_id).await.map_err(failed)?;
    app.storage.delete(&row.object_key).await.map_err(failed)?;
    let change = upload::ActiveModel { cleared: Set(true), ..Default::default() };
    upload::Entity::update_many()
        .set(change)
        .filter(upload::Column::Id.eq(row.id))
        .exec(&app.database)
        .await?;
    Ok(())
}
