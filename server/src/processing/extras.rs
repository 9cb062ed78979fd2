//! What a video has beside H.264: renditions in HEVC and AV1, which most players take and which are smaller. They are
//! encoded when the video is ready and nothing else is to be done, by the runners that can, and listed when they are
//! whole. No video waits for them, and none fails with them.

use kinora_entity::{LeaseId, RunnerId, job, rendition, rendition::Codec, video};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    QuerySelect, TransactionTrait,
};

use super::{
    beginning::priority,
    completion::{measure, renditions_of},
    publish::chunks_of,
};
use crate::{
    app::App,
    error::{Error, Result},
    events::{Event, notify},
    job::{self as queue, NewJob, held},
    storage::keys,
};

/// Has the other codecs made that were planned for a video that is ready now: a job for each chunk of each codec.
/// `job` is the one that made it ready.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn enqueue(connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    let rows = renditions_of(connection, job).await?;
    let chunks_in = |codec| {
        let of_codec = rows.iter().filter(move |row| Codec::of_name(&row.name) == Some(codec));
        of_codec.filter_map(|row| row.chunk_count).max().unwrap_or(0)
    };
    let wanted: Vec<(job::Kind, i32)> = job::Kind::EXTRAS
        .into_iter()
        .filter_map(|kind| Some((kind, chunks_in(kind.extra_codec()?))))
        .filter(|(_, chunks)| *chunks > 0)
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    // One who has uploaded a thousand waits behind everybody else's first.
    let turn = queue::videos_waiting(connection, job.video_id, &job::Kind::EXTRAS).await?;
    let new = |kind: job::Kind, chunk: i32| NewJob {
        kind,
        video: job.video_id,
        priority: priority(kind, false, Some(chunk), turn),
        // Whose plan says how.
        parent: job.parent_id.or(Some(job.id)),
        chunk: Some(chunk),
        in_one_piece: false,
        attempt_base: job.video_attempt(),
        weight_ms: 0,
        rendition: None,
    };
    let jobs = wanted.into_iter().flat_map(|(kind, chunks)| (0..chunks).map(move |chunk| (kind, chunk)));
    queue::enqueue(connection, &jobs.map(|(kind, chunk)| new(kind, chunk)).collect::<Vec<_>>()).await
}

/// Keeps what a rendition that grows is known by. Its bandwidth is told when it is whole, and with that it is listed.
pub(super) async fn grow(
    connection: &impl ConnectionTrait,
    row: rendition::Model,
    codecs: Option<String>,
) -> Result<()> {
    if let Some(codecs) = codecs {
        let mut row = row.into_active_model();
        row.codecs = Set(codecs);
        row.update(connection).await?;
    }
    Ok(())
}

/// Ends the job of one chunk; with the last one of its codec, viewers get that.
///
/// # Errors
/// LEASE_LOST, RESULT_REJECTED.
pub(super) async fn complete(app: &App, runner: RunnerId, lease: LeaseId) -> Result<()> {
    let transaction = app.database.begin().await?;
    let job = held(&transaction, lease, runner).await?;
    // The lock keeps two last jobs from each taking the other for the last one.
    let found = video::Entity::find_by_id(job.video_id).lock_exclusive().one(&transaction).await?;
    found.ok_or_else(|| Error::not_found("video"))?;
    queue::finish(&transaction, &job, None).await?;
    if queue::unfinished_like(&transaction, &job).await? == 0 {
        for row in renditions_in_codec(&transaction, &job).await? {
            tracing::info!(video = %job.video_id, rendition = row.name, "another codec is ready");
            measure(&transaction, row).await?;
        }
    }
    notify(&transaction, Event::Video(job.video_id)).await?;
    transaction.commit().await?;
    Ok(())
}

async fn renditions_in_codec(
    connection: &impl ConnectionTrait,
    job: &job::Model,
) -> Result<Vec<rendition::Model>> {
    let mut rows = renditions_of(connection, job).await?;
    rows.retain(|row| row.is_extra() && Codec::of_name(&row.name) == job.kind.extra_codec());
    Ok(rows)
}

/// Leaves a video without the codec of a job that was given up, and gives the keys of what had been made in it. Who is
/// just reporting on another of its jobs finds nothing that they could add to.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn abandon(connection: &impl ConnectionTrait, job: &job::Model) -> Result<Vec<String>> {
    let made = renditions_in_codec(connection, job).await?;
    let left_over = drop_renditions(connection, made).await?;
    queue::remove_like(connection, job).await?;
    Ok(left_over)
}

/// Forgets renditions, and gives the keys of what had been made of them.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn drop_renditions(
    connection: &impl ConnectionTrait,
    rows: Vec<rendition::Model>,
) -> Result<Vec<String>> {
    let mut left_over = Vec::new();
    for row in rows {
        for chunk in chunks_of(connection, row.id).await? {
            left_over.push(keys::chunk(row.video_id, row.attempt, &row.name, chunk.index, chunk.lease_id));
        }
        row.delete(connection).await?;
    }
    Ok(left_over)
}

/// Removes objects that nothing names any more. What the store does not remove now goes with the next comparison.
pub(super) async fn remove(app: &App, left_over: &[String]) {
    for key in left_over {
        if let Err(error) = app.storage.delete(key).await {
            tracing::warn!(key, %error, "a chunk of what was given up is left over");
        }
    }
}

/// Ends what is made of a video that is ready for every attempt but that of `job`, which has become what is played.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn forget_other_attempts(connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    let (video, attempt) = (job.video_id, job.video_attempt());
    queue::remove_other_attempts(connection, video, &job::Kind::AFTERWARDS, attempt).await?;
    Ok(())
}
