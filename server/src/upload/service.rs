//! The rules of uploads.

use std::collections::HashMap;

use chrono::Duration;
use kinora_entity::{UploadId, VideoId, upload, user, video};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait,
    FromQueryResult, IntoActiveModel, QueryFilter, QuerySelect, Statement, TransactionTrait,
};

use super::plan::PartPlan;
use crate::{
    account::Viewer,
    app::App,
    error::{Error, Result},
    job,
    storage::{PresignedRequest, StorageError, StoredPart, keys},
    video::{Description, NewVideo, TagName, Title, display_file_name, insert},
};

/// An upload of which nothing was heard for this long is given up.
pub const SILENCE: Duration = Duration::hours(24);
/// Addresses are signed just ahead of need.
const MOST_URLS_AT_ONCE: usize = 1_000;

/// A file that somebody wants to send.
pub struct NewUpload {
    pub file_name: String,
    pub size_bytes: i64,
    pub title: Option<Title>,
    pub description: Description,
    pub tags: Vec<TagName>,
    pub visibility: video::Visibility,
}

/// Begins an upload; its bytes count against the quota from here on.
///
/// # Errors
/// UPLOAD_EMPTY, TOO_LARGE, QUOTA_EXCEEDED.
pub async fn create(app: &App, viewer: &Viewer, new: NewUpload) -> Result<upload::Model> {
    if new.size_bytes == 0 {
        return Err(Error::coded(
            "UPLOAD_EMPTY",
            "This file is empty. Choose the file that holds the video.",
        ));
    }
    let most = app.config.max_upload_bytes;
    if u64::try_from(new.size_bytes).is_ok_and(|size| size > most) {
        return Err(Error::TooLarge(format!("This site takes files of up to {most} bytes.")));
    }
    // Refused before anything is asked of the store, and once more below, where it is exact.
    check_quota(app, &app.database, viewer, new.size_bytes).await?;
    let id = UploadId::random();
    let plan = PartPlan::new(new.size_bytes);
    let file_name = display_file_name(&new.file_name);
    let object_key = keys::source(id);
    let storage_upload_id = app.storage.begin_multipart(&object_key).await?;
    let now = app.clock.now();
    let row = upload::ActiveModel {
        id: Set(id),
        user_id: Set(viewer.user.id),
        video_id: Set(None),
        title: Set(new.title.unwrap_or_else(|| Title::from_file_name(&file_name)).into_string()),
        file_name: Set(file_name),
        size_bytes: Set(plan.size_bytes),
        part_size_bytes: Set(plan.part_size_bytes),
        part_count: Set(plan.part_count),
        object_key: Set(object_key.clone()),
        storage_upload_id: Set(storage_upload_id.clone()),
        state: Set(upload::State::Uploading),
        description: Set(new.description.into_string()),
        tags: Set(upload::TagNames(new.tags.iter().map(|name| name.as_str().to_owned()).collect())),
        visibility: Set(new.visibility),
        created_at: Set(now),
        expires_at: Set(now + SILENCE),
    };
    let reserved = reserve(app, viewer, row).await;
    if reserved.is_err()
        && let Err(error) = app.storage.abort_multipart(&object_key, &storage_upload_id).await
    {
        tracing::warn!(%error, "a refused upload is left over in the store until the sweep");
    }
    reserved
}

/// Inserts the row while nobody else of the same account does.
async fn reserve(app: &App, viewer: &Viewer, row: upload::ActiveModel) -> Result<upload::Model> {
    let transaction = app.database.begin().await?;
    user::Entity::find_by_id(viewer.user.id).lock_exclusive().one(&transaction).await?;
    check_quota(app, &transaction, viewer, row.size_bytes.clone().take().unwrap_or_default()).await?;
    let inserted = row.insert(&transaction).await?;
    transaction.commit().await?;
    Ok(inserted)
}

/// Whether the viewer's quota has room for so many bytes more. Exact while the account's row is locked.
///
/// # Errors
/// QUOTA_EXCEEDED.
pub async fn check_quota(
    app: &App,
    connection: &impl ConnectionTrait,
    viewer: &Viewer,
    more_bytes: i64,
) -> Result<()> {
    #[derive(FromQueryResult)]
    struct Held {
        bytes: i64,
    }
    let Some(quota) = app.config.quota_bytes else { return Ok(()) };
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT (coalesce((SELECT sum(source_size_bytes) FROM video WHERE uploader_id = $1), 0) \
         + coalesce((SELECT sum(size_bytes) FROM upload WHERE user_id = $1 AND state = 'uploading'), 0))::bigint \
         AS bytes",
        [viewer.user.id.into()],
    );
    let held = Held::find_by_statement(statement).one(connection).await?.map_or(0, |held| held.bytes);
    let wanted = held.checked_add(more_bytes).and_then(|bytes| u64::try_from(bytes).ok());
    if wanted.is_none_or(|bytes| bytes > quota) {
        return Err(Error::coded(
            "QUOTA_EXCEEDED",
            format!(
                "Your videos hold {held} of {quota} bytes; this file does not fit. Delete something first."
            ),
        ));
    }
    Ok(())
}

/// An upload of the viewer's.
///
/// # Errors
/// NOT_FOUND, also for what is somebody else's.
pub async fn owned(app: &App, viewer: &Viewer, id: UploadId) -> Result<upload::Model> {
    upload::Entity::owned_by(viewer.user.id)
        .filter(upload::Column::Id.eq(id))
        .one(&app.database)
        .await?
        .ok_or_else(|| Error::not_found("upload"))
}

async fn owned_and_open(app: &App, viewer: &Viewer, id: UploadId) -> Result<upload::Model> {
    let found = owned(app, viewer, id).await?;
    match found.state {
        upload::State::Uploading => Ok(found),
        state => Err(closed(state)),
    }
}

fn closed(state: upload::State) -> Error {
    let message = match state {
        upload::State::Completed => "This upload is complete; its video exists.",
        upload::State::Aborted => "This upload was given up. Begin a new one.",
        upload::State::Expired | upload::State::Uploading => {
            "This upload was left alone too long. Begin a new one."
        }
    };
    Error::coded("UPLOAD_CLOSED", message)
}

fn plan_of(row: &upload::Model) -> PartPlan {
    PartPlan { size_bytes: row.size_bytes, part_size_bytes: row.part_size_bytes, part_count: row.part_count }
}

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
    touched.expires_at = Set(app.clock.now() + SILENCE);
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
    job::enqueue(app, &transaction, kinora_entity::job::Kind::ProcessVideo, created.id).await?;
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
        Err(StorageError::NotFound) => return check_whole(app, row).await,
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

/// An earlier completion may have got as far as the store: then the object is there, whole.
async fn check_whole(app: &App, row: &upload::Model) -> Result<()> {
    match app.storage.size_bytes(&row.object_key).await {
        Ok(size) if size == row.size_bytes => Ok(()),
        Ok(_) | Err(StorageError::NotFound) => Err(Error::coded(
            "UPLOAD_INCOMPLETE",
            "The store does not hold this file. Begin the upload again.",
        )),
        Err(error) => Err(error.into()),
    }
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
    close(app, row, upload::State::Aborted).await
}

/// Ends an open upload: first in the database, so that nothing completes it, then in the store.
pub(super) async fn close(app: &App, row: upload::Model, state: upload::State) -> Result<()> {
    let changed = upload::Entity::update_many()
        .set(upload::ActiveModel { state: Set(state), ..Default::default() })
        .filter(upload::Column::Id.eq(row.id))
        .filter(upload::Column::State.eq(upload::State::Uploading))
        .exec(&app.database)
        .await?;
    if changed.rows_affected == 0 {
        return Err(closed(upload::State::Completed));
    }
    app.storage.abort_multipart(&row.object_key, &row.storage_upload_id).await?;
    Ok(())
}
