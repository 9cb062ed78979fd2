//! Which attempt has which key.

use kinora_entity::{VideoId, content_key, job, video};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    sea_query::OnConflict,
};

use super::AesBlock;
use crate::{
    app::App,
    error::{Error, Result},
};

/// The key with which a leased job encrypts what it makes; none where it stays in the clear. Whether an attempt is
/// encrypted is decided when it begins and holds for all of its jobs, whatever its owner changes meanwhile.
///
/// # Errors
/// Whatever the database says; INTERNAL for a key that the site's secret does not open.
pub async fn key_for(app: &App, job: &job::Model, video: &video::Model) -> Result<Option<AesBlock>> {
    let attempt = job.video_attempt();
    // A poster stays clear.
    if job.kind == job::Kind::MakePoster {
        return Ok(None);
    }
    if job.kind != job::Kind::ProcessVideo || job.plan.is_some() {
        return key_of(app, video.id, attempt).await;
    }
    begin_attempt(app, &app.database, video, attempt).await
}

/// The key of an attempt that begins now, which is kept; none where its owner does not want the video protected.
///
/// # Errors
/// Whatever the database says.
pub async fn begin_attempt(
    app: &App,
    connection: &impl ConnectionTrait,
    video: &video::Model,
    attempt: i32,
) -> Result<Option<AesBlock>> {
    // An attempt that came to nothing may have left a key under the same number.
    if !video.is_protected {
        content_key::Entity::delete_by_id((video.id, attempt)).exec(connection).await?;
        return Ok(None);
    }
    let key = AesBlock(rand::random());
    let row = content_key::ActiveModel {
        video_id: Set(video.id),
        attempt: Set(attempt),
        sealed: Set(app.content_keys.seal(video.id, attempt, key)),
    };
    content_key::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([content_key::Column::VideoId, content_key::Column::Attempt])
                .update_column(content_key::Column::Sealed)
                .to_owned(),
        )
        .exec_without_returning(connection)
        .await?;
    Ok(Some(key))
}

/// The key of an attempt; none where that is in the clear.
///
/// # Errors
/// Whatever the database says; INTERNAL for a key that the site's secret does not open.
pub async fn key_of(app: &App, video: VideoId, attempt: i32) -> Result<Option<AesBlock>> {
    let Some(row) = content_key::Entity::find_by_id((video, attempt)).one(&app.database).await? else {
        return Ok(None);
    };
    let key = app.content_keys.open(video, attempt, &row.sealed);
    key.map(Some).ok_or_else(|| {
        Error::internal(anyhow::anyhow!(
            "the key of video {video} was sealed under another KINORA_SECRET, or was changed"
        ))
    })
}

/// Whether the secret of this site opens the key of an attempt.
///
/// # Errors
/// Whatever the database says.
pub async fn opens(
    app: &App,
    connection: &impl ConnectionTrait,
    video: VideoId,
    attempt: i32,
) -> Result<bool> {
    let row = content_key::Entity::find_by_id((video, attempt)).one(connection).await?;
    Ok(row.is_some_and(|row| app.content_keys.open(video, attempt, &row.sealed).is_some()))
}

/// Whether an attempt is encrypted.
///
/// # Errors
/// Whatever the database says.
pub async fn is_encrypted(connection: &impl ConnectionTrait, video: VideoId, attempt: i32) -> Result<bool> {
    Ok(content_key::Entity::find_by_id((video, attempt)).count(connection).await? > 0)
}

/// Forgets the keys of every attempt but one.
///
/// # Errors
/// Whatever the database says.
pub async fn forget_other_keys(
    connection: &impl ConnectionTrait,
    video: VideoId,
    attempt: i32,
) -> Result<()> {
    content_key::Entity::delete_many()
        .filter(content_key::Column::VideoId.eq(video))
        .filter(content_key::Column::Attempt.ne(attempt))
        .exec(connection)
        .await?;
    Ok(())
}
