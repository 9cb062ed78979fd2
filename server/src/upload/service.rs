//! The rules of uploads.

use chrono::{DateTime, Utc};
use kinora_entity::{UploadId, upload, user, video};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait,
    FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select, Statement,
    TransactionTrait,
};

use super::{plan::PartPlan, sample::SampleHash};
use crate::{
    account::Viewer,
    app::App,
    error::{Error, Result},
    storage::keys,
    video::{Description, TagName, Title, display_file_name},
};

/// Uploads of one account that are open at the same time: far more than anybody sends at once.
const MOST_OPEN: u64 = 500;
/// Of one file sent again and again, the latest are looked at.
const SAME_FILES: u64 = 20;

/// A file that somebody wants to send.
pub struct NewUpload {
    pub file_name: String,
    pub size_bytes: i64,
    pub title: Option<Title>,
    pub description: Description,
    pub tags: Vec<TagName>,
    pub visibility: video::Visibility,
    pub sample_hash: Option<SampleHash>,
    pub modified_at: Option<DateTime<Utc>>,
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
        tags: Set(tag_names(&new.tags)),
        visibility: Set(new.visibility),
        created_at: Set(now),
        expires_at: Set(expiry(app)),
        sample_hash: Set(new.sample_hash.map(SampleHash::into_string)),
        modified_at: Set(new.modified_at),
        cleared: Set(false),
    };
    let reserved = reserve(app, viewer, row).await;
    // A database that went away while it committed may have the row all the same, and the row needs the store's upload.
    let is_refused = !matches!(reserved, Ok(_) | Err(Error::Internal(_) | Error::Unavailable(_)));
    if is_refused && let Err(error) = app.storage.abort_multipart(&object_key, &storage_upload_id).await {
        tracing::warn!(%error, "a refused upload is left over in the store until the sweep");
    }
    reserved
}

/// When an upload is given up of which nothing more is heard.
pub(super) fn expiry(app: &App) -> DateTime<Utc> {
    app.clock.now() + app.config.upload_expiry
}

/// Inserts the row while nobody else of the same account does.
async fn reserve(app: &App, viewer: &Viewer, row: upload::ActiveModel) -> Result<upload::Model> {
    let transaction = app.database.begin().await?;
    user::Entity::find_by_id(viewer.user.id).lock_exclusive().one(&transaction).await?;
    check_quota(app, &transaction, viewer, row.size_bytes.clone().take().unwrap_or_default()).await?;
    let open = open_of(viewer).count(&transaction).await?;
    if open >= MOST_OPEN {
        let message =
            format!("{open} uploads of this account are open. Finish or give up some of them first.");
        return Err(Error::Conflict { field: None, message });
    }
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

fn open_of(viewer: &Viewer) -> Select<upload::Entity> {
    upload::Entity::owned_by(viewer.user.id).filter(upload::Column::State.eq(upload::State::Uploading))
}

/// The viewer's unfinished uploads, the newest first.
///
/// # Errors
/// Whatever the database says.
pub async fn unfinished(app: &App, viewer: &Viewer, first: u64) -> Result<Vec<upload::Model>> {
    let newest = open_of(viewer).order_by_desc(upload::Column::CreatedAt).limit(first);
    Ok(newest.all(&app.database).await?)
}

/// The viewer's own video that was made of the same file, if there is one that has not failed.
///
/// # Errors
/// Whatever the database says.
pub async fn video_of_file(
    app: &App,
    viewer: &Viewer,
    sample: &SampleHash,
    size_bytes: i64,
) -> Result<Option<video::Model>> {
    let earlier = upload::Entity::owned_by(viewer.user.id)
        .filter(upload::Column::SampleHash.eq(sample.as_str()))
        .filter(upload::Column::SizeBytes.eq(size_bytes))
        .filter(upload::Column::VideoId.is_not_null())
        .order_by_desc(upload::Column::CreatedAt)
        .limit(SAME_FILES)
        .all(&app.database)
        .await?;
    let ids = earlier.into_iter().filter_map(|row| row.video_id);
    let alive = video::Entity::find()
        .filter(video::Column::Id.is_in(ids))
        .filter(video::Column::State.ne(video::State::Failed));
    Ok(alive.one(&app.database).await?)
}

/// What is known of the video may change while its bytes are on their way. Absent fields stay as they are.
pub struct DetailsChange {
    pub title: Option<Title>,
    pub description: Option<Description>,
    pub tags: Option<Vec<TagName>>,
    pub visibility: Option<video::Visibility>,
}

/// Changes what the video will be called. Also a sign of life.
///
/// # Errors
/// NOT_FOUND, UPLOAD_CLOSED.
pub async fn describe(
    app: &App,
    viewer: &Viewer,
    id: UploadId,
    change: DetailsChange,
) -> Result<upload::Model> {
    let mut row = upload::ActiveModel { expires_at: Set(expiry(app)), ..Default::default() };
    if let Some(title) = change.title {
        row.title = Set(title.into_string());
    }
    if let Some(description) = change.description {
        row.description = Set(description.into_string());
    }
    if let Some(tags) = change.tags {
        row.tags = Set(tag_names(&tags));
    }
    if let Some(visibility) = change.visibility {
        row.visibility = Set(visibility);
    }
    // Of one statement, so that a completion either sees it whole or has closed the upload already.
    let changed = upload::Entity::update_many()
        .set(row)
        .filter(upload::Column::Id.eq(id))
        .filter(upload::Column::UserId.eq(viewer.user.id))
        .filter(upload::Column::State.eq(upload::State::Uploading))
        .exec(&app.database)
        .await?;
    let row = owned(app, viewer, id).await?;
    if changed.rows_affected == 0 { Err(closed(row.state)) } else { Ok(row) }
}

fn tag_names(tags: &[TagName]) -> upload::TagNames {
    upload::TagNames(tags.iter().map(|name| name.as_str().to_owned()).collect())
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

pub(super) async fn owned_and_open(app: &App, viewer: &Viewer, id: UploadId) -> Result<upload::Model> {
    let found = owned(app, viewer, id).await?;
    match found.state {
        upload::State::Uploading => Ok(found),
        state => Err(closed(state)),
    }
}

pub(super) fn closed(state: upload::State) -> Error {
    let message = match state {
        upload::State::Completed => "This upload is complete; its video exists.",
        upload::State::Aborted => "This upload was given up. Begin a new one.",
        upload::State::Expired | upload::State::Uploading => {
            "This upload was left alone too long. Begin a new one."
        }
    };
    Error::coded("UPLOAD_CLOSED", message)
}

pub(super) fn plan_of(row: &upload::Model) -> PartPlan {
    PartPlan { size_bytes: row.size_bytes, part_size_bytes: row.part_size_bytes, part_count: row.part_count }
}
