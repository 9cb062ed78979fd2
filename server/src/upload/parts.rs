//! Parts on their way: addresses for them, and what has arrived.

use kinora_entity::{UploadId, upload};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};

use super::service::{expiry, owned_and_open, plan_of};
use crate::{
    account::Viewer,
    app::App,
    error::{Error, Result},
    storage::{PresignedRequest, StorageError, StoredPart},
};

/// Addresses are signed just ahead of need.
const MOST_URLS_AT_ONCE: usize = 1_000;

/// Addresses for parts, each for its exact length. Also a sign of life: the upload lives on from here.
///
/// # Errors
/// NOT_FOUND, UPLOAD_CLOSED, BAD_USER_INPUT on `partNumbers`.
pub async fn sign_parts(
    app: &App,
    viewer: &Viewer,
    id: UploadId,
    numbers: &[i32],
) -> Result<Vec<(i32, PresignedRequest)>> {
    let row = owned_and_open(app, viewer, id).await?;
    let plan = plan_of(&row);
    if numbers.len() > MOST_URLS_AT_ONCE {
        return Err(Error::bad_input(
            "partNumbers",
            format!("Ask for at most {MOST_URLS_AT_ONCE} parts at once."),
        ));
    }
    let mut signed = Vec::with_capacity(numbers.len());
    for &number in numbers {
        let length = plan.length_of(number).ok_or_else(|| {
            Error::bad_input(
                "partNumbers",
                format!("This upload has parts 1 to {}, not {number}.", plan.part_count),
            )
        })?;
        let url = app.storage.presign_part(&row.object_key, &row.storage_upload_id, number, length).await?;
        signed.push((number, url));
    }
    let mut touched = row.into_active_model();
    touched.expires_at = Set(expiry(app));
    touched.update(&app.database).await?;
    Ok(signed)
}

/// The parts that the store holds.
///
/// # Errors
/// Whatever the store says.
pub async fn received_parts(app: &App, row: &upload::Model) -> Result<Vec<StoredPart>> {
    if row.state != upload::State::Uploading {
        return Ok(Vec::new());
    }
    match app.storage.list_parts(&row.object_key, &row.storage_upload_id).await {
        Ok(parts) => Ok(parts),
        Err(StorageError::NotFound) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}
