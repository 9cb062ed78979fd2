//! What a video has beside H.264: renditions in HEVC and AV1, which most players take and which are smaller. They are
//! encoded when the video is ready and nothing else is to be done, by the runners that can, and listed when they are
//! whole. No video waits for them, and none fails with them.

use kinora_entity::{LeaseId, RunnerId, job, rendition, rendition::Codec, video};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel,
    ModelTrait, QuerySelect, Statement, TransactionTrait,
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
    let turn = turn(connection, job).await?;
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

/// How many videos of the same uploader wait for the same: one who has uploaded a thousand waits behind everybody
/// else's first.
async fn turn(connection: &impl ConnectionTrait, job: &job::Model) -> Result<i32> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT count(DISTINCT job.video_id)::int4 AS turn FROM job JOIN video ON video.id = job.video_id \
         WHERE job.state = 'queued' AND job.kind = ANY($2) \
         AND video.uploader_id = (SELECT uploader_id FROM video WHERE id = $1)",
        [job.video_id.into(), kinds().into()],
    );
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "turn")).transpose()?.unwrap_or(0))
}

fn kinds() -> Vec<String> {
    job::Kind::EXTRAS.iter().map(ActiveEnum::to_value).collect()
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
    if unfinished(&transaction, &job).await? == 0 {
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

/// How many jobs of the same codec and attempt are not done.
async fn unfinished(connection: &impl ConnectionTrait, job: &job::Model) -> Result<i64> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT count(*) AS counted FROM job WHERE video_id = $1 AND kind = $2 AND attempt_base = $3 \
         AND state <> 'done'",
        [job.video_id.into(), job.kind.to_value().into(), job.attempt_base.into()],
    );
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "counted")).transpose()?.unwrap_or(0))
}

/// Leaves a video without the codec of a job that was given up, and gives the keys of what had been made in it. Jobs
/// of the same are taken away but for those that are just being reported on: whoever does so would otherwise wait for
/// us while we wait for them. They find nothing that they could add to.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn abandon(connection: &impl ConnectionTrait, job: &job::Model) -> Result<Vec<String>> {
    let mut left_over = Vec::new();
    for row in renditions_in_codec(connection, job).await? {
        for chunk in chunks_of(connection, row.id).await? {
            left_over.push(keys::chunk(job.video_id, row.attempt, &row.name, chunk.index, chunk.lease_id));
        }
        row.delete(connection).await?;
    }
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE video_id = $1 AND kind = $2 AND attempt_base = $3 \
         AND state IN ('queued', 'leased') FOR UPDATE SKIP LOCKED)",
        [job.video_id.into(), job.kind.to_value().into(), job.attempt_base.into()],
    );
    connection.execute_raw(statement).await?;
    Ok(left_over)
}

/// Removes objects that nothing names any more. What the store does not remove now goes with the next comparison.
pub(super) async fn remove(app: &App, left_over: &[String]) {
    for key in left_over {
        if let Err(error) = app.storage.delete(key).await {
            tracing::warn!(key, %error, "a chunk of a codec that was given up is left over");
        }
    }
}

/// Ends the work on other codecs for every attempt but that of `job`, which has become what is played.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn forget_other_attempts(connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE video_id = $1 AND kind = ANY($2) \
         AND attempt_base <> $3 FOR UPDATE SKIP LOCKED)",
        [job.video_id.into(), kinds().into(), job.video_attempt().into()],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}
