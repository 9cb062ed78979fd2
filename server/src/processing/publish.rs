//! From reports to rows.

use kinora_entity::{ChunkId, LeaseId, RenditionId, RunnerId, chunk, job, rendition, video};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, TransactionTrait, sea_query::OnConflict,
};

use super::{
    bandwidth::Bandwidth,
    result::{Chunk, JobResult, RenditionResult, rejected},
};
use crate::{
    app::App,
    error::{Error, Result},
    events::{Event, notify},
    feed,
    job::{self as queue, MOST_ATTEMPTS, Retry, held},
    storage::{StorageError, keys},
    video as videos,
};

/// What a runner says when it was told to stop and gives its job back.
const RUNNER_STOPPED: &str = "RUNNER_STOPPED";
/// What uploaders are told when we failed and not their file.
const PROCESSING_FAILED: &str = "PROCESSING_FAILED";

/// Takes note of a chunk that is in the store. Repeating it is no error.
///
/// # Errors
/// LEASE_LOST, RESULT_REJECTED.
pub async fn publish_chunk(app: &App, runner: RunnerId, lease: LeaseId, reported: Chunk) -> Result<()> {
    reported.check()?;
    let job = held(&app.database, lease, runner).await?;
    let key = keys::chunk(job.video_id, job.attempts, &reported.rendition, reported.index);
    check_stored(app, &key, reported.size_bytes).await?;
    let transaction = app.database.begin().await?;
    let job = held(&transaction, lease, runner).await?;
    let rendition_id = rendition_of(&transaction, &job, &reported.rendition).await?;
    let (init_offset_bytes, init_size_bytes) = reported.init.unzip();
    chunk::Entity::insert(chunk::ActiveModel {
        id: Set(ChunkId::random()),
        rendition_id: Set(rendition_id),
        index: Set(reported.index),
        size_bytes: Set(reported.size_bytes),
        start_ms: Set(reported.start_ms),
        init_offset_bytes: Set(init_offset_bytes),
        init_size_bytes: Set(init_size_bytes),
        segments: Set(chunk::Segments(reported.segments)),
    })
    .on_conflict(
        OnConflict::columns([chunk::Column::RenditionId, chunk::Column::Index])
            .update_columns([
                chunk::Column::SizeBytes,
                chunk::Column::StartMs,
                chunk::Column::InitOffsetBytes,
                chunk::Column::InitSizeBytes,
                chunk::Column::Segments,
            ])
            .to_owned(),
    )
    .exec_without_returning(&transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}

async fn check_stored(app: &App, key: &str, size_bytes: i64) -> Result<()> {
    match app.storage.size_bytes(key).await {
        Ok(size) if size == size_bytes => Ok(()),
        Ok(_) | Err(StorageError::NotFound) => {
            Err(rejected("The store does not hold this object in this size."))
        }
        Err(error) => Err(error.into()),
    }
}

/// The row of a rendition of this attempt; it is filled in when the job is complete.
async fn rendition_of(
    connection: &impl ConnectionTrait,
    job: &job::Model,
    name: &str,
) -> Result<RenditionId> {
    let kind = if name == "audio" { rendition::Kind::Audio } else { rendition::Kind::Video };
    rendition::Entity::insert(rendition::ActiveModel {
        id: Set(RenditionId::random()),
        video_id: Set(job.video_id),
        attempt: Set(job.attempts),
        name: Set(name.to_owned()),
        kind: Set(kind),
        codecs: Set(String::new()),
        bandwidth: Set(0),
        average_bandwidth: Set(0),
        ..Default::default()
    })
    .on_conflict(
        OnConflict::columns([
            rendition::Column::VideoId,
            rendition::Column::Attempt,
            rendition::Column::Name,
        ])
        .do_nothing()
        .to_owned(),
    )
    .exec_without_returning(connection)
    .await?;
    let row = rendition::Entity::find()
        .filter(rendition::Column::VideoId.eq(job.video_id))
        .filter(rendition::Column::Attempt.eq(job.attempts))
        .filter(rendition::Column::Name.eq(name))
        .one(connection)
        .await?;
    row.map(|row| row.id).ok_or_else(|| anyhow::anyhow!("a rendition that was just inserted is gone").into())
}

/// Publishes what the job made: from here on it is what viewers get.
///
/// # Errors
/// LEASE_LOST, RESULT_REJECTED.
pub async fn complete(app: &App, runner: RunnerId, lease: LeaseId, result: &JobResult) -> Result<()> {
    result.check()?;
    if result.poster.is_some() {
        let job = held(&app.database, lease, runner).await?;
        match app.storage.size_bytes(&keys::poster(job.video_id, job.attempts)).await {
            Ok(_) => {}
            Err(StorageError::NotFound) => return Err(rejected("The store does not hold the poster.")),
            Err(error) => return Err(error.into()),
        }
    }
    let transaction = app.database.begin().await?;
    feed::lock_ranks(&transaction).await?;
    let job = held(&transaction, lease, runner).await?;
    for rendition in &result.renditions {
        fill_in(&transaction, &job, rendition).await?;
    }
    let now = app.clock.now();
    let found = video::Entity::find_by_id(job.video_id)
        .one(&transaction)
        .await?
        .ok_or_else(|| Error::not_found("video"))?;
    let published_at = found.published_at.unwrap_or(now);
    let mut row = found.into_active_model();
    row.state = Set(video::State::Ready);
    row.failure_code = Set(None);
    row.failure_message = Set(None);
    row.duration_ms = Set(Some(result.duration_ms.into()));
    row.width = Set(Some(result.width));
    row.height = Set(Some(result.height));
    row.published_attempt = Set(Some(job.attempts));
    row.has_poster = Set(result.poster.is_some());
    row.published_at = Set(Some(published_at));
    // The score of a video without attention is its age, so that a new one begins among the new.
    row.trending_score = Set(published_at.timestamp() as f64 / 45_000.0);
    let updated = row.update(&transaction).await?;
    feed::sync_rank(&transaction, &updated).await?;
    queue::finish(&transaction, &job).await?;
    notify(&transaction, Event::Video(job.video_id)).await?;
    transaction.commit().await?;
    tracing::info!(video = %job.video_id, job = %job.id, attempt = job.attempts, "a video is ready");
    Ok(())
}

/// Completes the row of a rendition; its bandwidths are measured from the chunks.
async fn fill_in(
    connection: &impl ConnectionTrait,
    job: &job::Model,
    reported: &RenditionResult,
) -> Result<()> {
    let missing = || rejected(format!("Of {} not every chunk was published.", reported.name));
    let row = rendition::Entity::find()
        .filter(rendition::Column::VideoId.eq(job.video_id))
        .filter(rendition::Column::Attempt.eq(job.attempts))
        .filter(rendition::Column::Name.eq(reported.name.as_str()))
        .one(connection)
        .await?
        .ok_or_else(missing)?;
    let chunks = chunk::Entity::find()
        .filter(chunk::Column::RenditionId.eq(row.id))
        .order_by_asc(chunk::Column::Index)
        .all(connection)
        .await?;
    let in_order = chunks.iter().zip(0..).all(|(chunk, index)| chunk.index == index);
    if !in_order || i32::try_from(chunks.len()) != Ok(reported.chunk_count) || chunks.is_empty() {
        return Err(missing());
    }
    let segments: Vec<chunk::Segment> =
        chunks.iter().flat_map(|chunk| chunk.segments.0.iter().copied()).collect();
    let bandwidth = Bandwidth::of(&segments);
    let mut row = row.into_active_model();
    row.kind = Set(reported.kind);
    row.width = Set(reported.width);
    row.height = Set(reported.height);
    row.frame_rate = Set(reported.frame_rate);
    row.codecs = Set(reported.codecs.clone());
    row.bandwidth = Set(bandwidth.peak);
    row.average_bandwidth = Set(bandwidth.average);
    row.update(connection).await?;
    Ok(())
}

/// A runner could not do it: to be tried again, or for good with a code and a sentence for the uploader.
///
/// # Errors
/// LEASE_LOST, BAD_USER_INPUT on `code` or `message`.
pub async fn fail(
    app: &App,
    runner: RunnerId,
    lease: LeaseId,
    code: &str,
    message: &str,
    retry: bool,
) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if code.is_empty() || code.len() > 64 || !code.bytes().all(plain) {
        return Err(Error::bad_input("code", "A code has capital letters, digits and underscores."));
    }
    let message: String = message.chars().filter(|character| !character.is_control()).take(500).collect();
    let transaction = app.database.begin().await?;
    let job = held(&transaction, lease, runner).await?;
    let error = format!("{code}: {message}");
    if retry && code == RUNNER_STOPPED {
        queue::retry_later(&transaction, &job, &error, Retry::GivenBack).await?;
    } else if retry && job.attempts < MOST_ATTEMPTS {
        tracing::warn!(job = %job.id, video = %job.video_id, error, "a job failed and will be tried again");
        queue::retry_later(&transaction, &job, &error, Retry::Failed).await?;
    } else {
        tracing::info!(job = %job.id, video = %job.video_id, error, "a video failed");
        queue::give_up(&transaction, &job, &error).await?;
        if retry {
            give_up_on(&transaction, &job).await?;
        } else {
            videos::fail(&transaction, job.video_id, code, &message).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// What becomes of a video whose job was given up because its runners went silent.
///
/// # Errors
/// Whatever the database says.
pub async fn lost(connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    give_up_on(connection, job).await
}

async fn give_up_on(connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    const MESSAGE: &str = "This video could not be processed after several tries. The file is safe; tell the administrator of this site.";
    videos::fail(connection, job.video_id, PROCESSING_FAILED, MESSAGE).await
}
