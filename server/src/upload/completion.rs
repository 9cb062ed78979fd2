//! From parts to a video.

use std::{collections::HashMap, time::Duration};

use kinora_entity::{UploadId, VideoId, upload, video};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    TransactionTrait,
};

use super::{
    plan::PartPlan,
    service::{closed, owned, plan_of},
};
use crate::{
    account::Viewer,
    app::App,
    error::{Error, Result},
    processing,
    storage::{StorageError, StoredPart},
    video::{Description, NewVideo, TagName, Title, insert},
};

/// Beside what a store takes to put ten thousand parts together.
const MOST_LOOKS: u32 = 5;
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Makes a video of the parts: checks every part and the total, completes the object, and then, in
/// one transaction, creates the video and its job. Repeating it gives the same video.
///
/// # Errors
/// NOT_FOUND, UPLOAD_CLOSED, UPLOAD_INCOMPLETE, UPLOAD_PART_MISMATCH.
pub async fn complete(
    app: &App,
    viewer: &Viewer,
    id: UploadId,
    announced: Option<&[(i32, String)]>,
) -> Result<video::Model> {
    let row = owned(app, viewer, id).await?;
    match (row.state, row.video_id) {
        (upload::State::Uploading, _) => {}
        (upload::State::Completed, Some(video)) => return existing(app, video).await,
        (upload::State::Completed, None) => return Err(Error::not_found("video")),
        (state, _) => return Err(closed(state)),
    }
    assemble(app, &row, announced).await?;
    let transaction = app.database.begin().await?;
    let row = upload::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&transaction)
        .await?
        .ok_or_else(|| Error::not_found("upload"))?;
    // Somebody else was faster with the same completion.
    if let Some(video) = row.video_id {
        transaction.rollback().await?;
        return existing(app, video).await;
    }
    if row.state != upload::State::Uploading {
        return Err(closed(row.state));
    }
    let tags: Vec<TagName> = row.tags.0.iter().map(|name| TagName::parse(name)).collect::<Result<_>>()?;
    let created = insert(
        app,
        &transaction,
        NewVideo {
            id: VideoId::random(),
            uploader: &viewer.user,
            title: Title::parse(&row.title)?,
            description: Description::parse(&row.description)?,
            tags: &tags,
            visibility: row.visibility,
            source_key: row.object_key.clone(),
            source_size_bytes: row.size_bytes,
            source_file_name: row.file_name.clone(),
        },
    )
    .await?;
    processing::enqueue(&transaction, created.id).await?;
    let mut row = row.into_active_model();
    row.state = Set(upload::State::Completed);
    row.video_id = Set(Some(created.id));
    row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(created)
}

async fn existing(app: &App, id: VideoId) -> Result<video::Model> {
    video::Entity::find_by_id(id).one(&app.database).await?.ok_or_else(|| Error::not_found("video"))
}

/// Leaves the whole object in the store, or an error and everything as it was.
async fn assemble(app: &App, row: &upload::Model, announced: Option<&[(i32, String)]>) -> Result<()> {
    let parts = match app.storage.list_parts(&row.object_key, &row.storage_upload_id).await {
        Ok(parts) => parts,
        Err(StorageError::NotFound) => return find_whole(app, row, announced).await,
        Err(error) => return Err(error.into()),
    };
    let plan = plan_of(row);
    if let Some(announced) = announced {
        check_announced(announced, &parts, &plan)?;
    }
    let missing = missing_parts(&plan, &parts);
    if let Some(first) = missing.first() {
        return Err(Error::coded(
            "UPLOAD_INCOMPLETE",
            format!(
                "{} of {} parts are missing, the first is {first}. Send them and complete again.",
                missing.len(),
                plan.part_count
            ),
        ));
    }
    match app.storage.complete_multipart(&row.object_key, &row.storage_upload_id, &parts).await {
        Ok(()) | Err(StorageError::NotFound) => check_whole(app, row).await,
        Err(error) => Err(error.into()),
    }
}

/// What the store does not know any more may be whole there, or be made so by somebody at this moment, or wait for the
/// completion to be repeated: only after a while it is nothing.
async fn find_whole(app: &App, row: &upload::Model, announced: Option<&[(i32, String)]>) -> Result<()> {
    for _ in 0..MOST_LOOKS {
        match app.storage.size_bytes(&row.object_key).await {
            Ok(_) => break,
            Err(StorageError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(announced) = announced {
            let parts: Vec<StoredPart> = announced
                .iter()
                .map(|(number, etag)| StoredPart { number: *number, size_bytes: 0, etag: etag.clone() })
                .collect();
            match app.storage.complete_multipart(&row.object_key, &row.storage_upload_id, &parts).await {
                Ok(()) => break,
                Err(StorageError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
    check_whole(app, row).await
}

/// An earlier completion may have got as far as the store: then the object is there, whole.
async fn check_whole(app: &App, row: &upload::Model) -> Result<()> {
    match app.storage.size_bytes(&row.object_key).await {
        Ok(size) if size == row.size_bytes => Ok(()),
        Ok(_) | Err(StorageError::NotFound) => {
            give_up(app, row).await?;
            Err(closed(upload::State::Expired))
        }
        Err(error) => Err(error.into()),
    }
}

/// Nothing can be sent to it any more: it must not hold its owner's quota, nor be offered to go on with.
async fn give_up(app: &App, row: &upload::Model) -> Result<()> {
    upload::Entity::update_many()
        .set(upload::ActiveModel { state: Set(upload::State::Expired), ..Default::default() })
        .filter(upload::Column::Id.eq(row.id))
        .filter(upload::Column::State.eq(upload::State::Uploading))
        .exec(&app.database)
        .await?;
    tracing::warn!(upload = %row.id, "the store has forgotten an upload that was open");
    Ok(())
}

fn missing_parts(plan: &PartPlan, stored: &[StoredPart]) -> Vec<i32> {
    let sizes: HashMap<i32, i64> = stored.iter().map(|part| (part.number, part.size_bytes)).collect();
    (1..=plan.part_count).filter(|&number| sizes.get(&number).copied() != plan.length_of(number)).collect()
}

fn check_announced(announced: &[(i32, String)], stored: &[StoredPart], plan: &PartPlan) -> Result<()> {
    let etags: HashMap<i32, &str> = stored.iter().map(|part| (part.number, part.etag.as_str())).collect();
    let mut seen = vec![false; usize::try_from(plan.part_count).unwrap_or_default()];
    for (number, etag) in announced {
        let place = usize::try_from(*number).ok().and_then(|number| number.checked_sub(1));
        match place.and_then(|place| seen.get_mut(place)) {
            Some(seen) if !*seen => *seen = true,
            Some(_) => return Err(Error::bad_input("parts", format!("Part {number} is listed twice."))),
            None => {
                return Err(Error::bad_input(
                    "parts",
                    format!("This upload has parts 1 to {}, not {number}.", plan.part_count),
                ));
            }
        }
        if let Some(stored) = etags.get(number)
            && !etag.trim_matches('"').eq_ignore_ascii_case(stored)
        {
            return Err(Error::coded(
                "UPLOAD_PART_MISMATCH",
                format!("Part {number} in the store is not the one that was announced. Send it again."),
            ));
        }
    }
    Ok(())
}
