//! Protection without encoding: all that a published video is made of is written anew, encrypted or in the clear, under
//! an attempt of its own. What is there is played until every chunk has been, and the new attempt takes its place at
//! once.

use kinora_entity::{LeaseId, RenditionId, RunnerId, chunk, job, rendition, video};
use md5::{Digest, Md5};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
    Statement, TransactionTrait,
};

use super::{
    beginning::{self, last_attempt, priority},
    completion::{forget_other_attempts, locked_video, measure, renditions_of},
    extras::drop_renditions,
    previews,
    publish::publish_video,
    result::{Chunk, rejected},
};
use crate::{
    app::{App, SharedApp},
    error::Result,
    events::{Event, notify},
    feed,
    job::{self as queue, NewJob, held},
    protection,
    storage::{StorageError, keys},
};

/// No poster is larger.
const LARGEST_POSTER_BYTES: u64 = 8 << 20;
/// Times go through JSON on their way.
const AGREEMENT_MS: f64 = 0.01;

/// Has a published video written anew as its owner wants it protected; answers false where not all of what belongs to
/// it is there, so that it must be made anew from its source.
///
/// # Errors
/// Whatever the database says.
pub async fn begin(app: &App, connection: &impl ConnectionTrait, video: &video::Model) -> Result<bool> {
    let Some(published) = video.published_attempt else { return Ok(false) };
    // Sealed under another secret, what is published opens to nobody.
    if video.is_encrypted && !protection::opens(app, connection, video.id, published).await? {
        return Ok(false);
    }
    let Some(chunks) = whole_chunks(connection, video, published).await? else { return Ok(false) };
    let attempt = last_attempt(connection, video.id).await? + 1;
    let rows = rendition::Entity::find()
        .filter(rendition::Column::VideoId.eq(video.id))
        .filter(rendition::Column::Attempt.eq(published))
        .all(connection)
        .await?;
    for row in rows {
        rendition::ActiveModel { id: Set(RenditionId::random()), attempt: Set(attempt), ..row.into() }
            .insert(connection)
            .await?;
    }
    protection::begin_attempt(app, connection, video, attempt).await?;
    // One who protects a thousand at once waits behind what others have uploaded.
    let turn = queue::videos_waiting(connection, video.id, &[job::Kind::RekeyChunk]).await?;
    let jobs: Vec<NewJob> = (0..chunks)
        .map(|chunk| NewJob {
            kind: job::Kind::RekeyChunk,
            video: video.id,
            priority: priority(job::Kind::RekeyChunk, false, Some(chunk), turn),
            parent: None,
            chunk: Some(chunk),
            in_one_piece: false,
            attempt_base: attempt,
            weight_ms: 0,
            rendition: None,
        })
        .collect();
    queue::enqueue(connection, &jobs).await?;
    Ok(true)
}

/// How many chunks the longest rendition of an attempt has; nothing where one of them is not whole.
async fn whole_chunks(
    connection: &impl ConnectionTrait,
    video: &video::Model,
    attempt: i32,
) -> Result<Option<i32>> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT max(chunk_count) AS chunks FROM rendition WHERE video_id = $1 AND attempt = $2 \
         HAVING bool_and(coalesce(chunk_count, -1) = \
         (SELECT count(*) FROM chunk WHERE rendition_id = rendition.id AND NOT is_draft))",
        [video.id.into(), attempt.into()],
    );
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "chunks")).transpose()?)
}

/// What is published as the chunk that a job writes anew, of one rendition.
///
/// # Errors
/// Whatever the database says.
async fn published_chunk(
    connection: &impl ConnectionTrait,
    job: &job::Model,
    rendition: &str,
) -> Result<Option<chunk::Model>> {
    let found = chunk::Entity::find().from_raw_sql(Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT chunk.* FROM chunk JOIN rendition ON rendition.id = chunk.rendition_id \
         JOIN video ON video.id = rendition.video_id AND video.published_attempt = rendition.attempt \
         WHERE video.id = $1 AND rendition.name = $2 AND chunk.index = $3",
        [job.video_id.into(), rendition.into(), job.chunk.into()],
    ));
    Ok(found.one(connection).await?)
}

/// Whether what a job has written is, as far as can be told, what it was to write anew.
///
/// # Errors
/// RESULT_REJECTED.
pub(super) async fn check(
    connection: &impl ConnectionTrait,
    job: &job::Model,
    reported: &Chunk,
) -> Result<()> {
    let published = published_chunk(connection, job, &reported.rendition).await?;
    let same = |one: f64, other: f64| (one - other).abs() < AGREEMENT_MS;
    let is_same = published.is_some_and(|published| {
        let durations = published.segments.0.iter().zip(&reported.segments);
        same(published.start_ms, reported.start_ms)
            && published.segments.0.len() == reported.segments.len()
            && durations.into_iter().all(|(was, is)| same(was.duration_ms, is.duration_ms))
    });
    if is_same { Ok(()) } else { Err(rejected("This is another chunk than the one that is published.")) }
}

/// Ends the job of one chunk; with the last one, what was written anew is what viewers get.
///
/// # Errors
/// LEASE_LOST, RESULT_REJECTED.
pub(super) async fn complete(app: &SharedApp, runner: RunnerId, lease: LeaseId) -> Result<()> {
    let ready = loop {
        let job = held(&app.database, lease, runner).await?;
        let is_last = queue::unfinished_like(&app.database, &job).await? == 1;
        let has_poster = is_last && keep_poster(app, &job).await?;
        let transaction = app.database.begin().await?;
        feed::lock_ranks(&transaction).await?;
        let job = held(&transaction, lease, runner).await?;
        // The lock keeps two last jobs from each taking the other for the last one.
        let found = locked_video(&transaction, job.video_id).await?;
        // Where another chunk was given up, the video is being made anew, and there is nothing to complete.
        let is_wanted = !renditions_of(&transaction, &job).await?.is_empty();
        if is_wanted {
            check_complete(&transaction, &job).await?;
        }
        queue::finish(&transaction, &job, None).await?;
        let takes_its_place = is_wanted && queue::unfinished_like(&transaction, &job).await? == 0;
        if takes_its_place && !is_last {
            // The other one has ended meanwhile, so the poster is this one's to copy.
            transaction.rollback().await?;
            continue;
        }
        let ready = match takes_its_place {
            true => Some(take_its_place(app, &transaction, &job, found, has_poster).await?),
            false => None,
        };
        notify(&transaction, Event::Video(job.video_id)).await?;
        transaction.commit().await?;
        break ready;
    };
    if let Some(video) = ready {
        tracing::info!(video = %video.id, encrypted = video.is_encrypted, "a video was written anew");
        if video.is_encrypted {
            protection::remove_older(app, video);
        }
    }
    Ok(())
}

/// Of every rendition that has such a chunk, the job has published it.
async fn check_complete(connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT name FROM rendition WHERE video_id = $1 AND attempt = $2 AND chunk_count > $3 \
         AND NOT EXISTS (SELECT FROM chunk WHERE rendition_id = rendition.id AND index = $3) LIMIT 1",
        [job.video_id.into(), job.video_attempt().into(), job.chunk.into()],
    );
    match connection.query_one_raw(statement).await? {
        Some(row) => {
            let name: String = row.try_get("", "name")?;
            Err(rejected(format!("Of {name} the chunk was not published.")))
        }
        None => Ok(()),
    }
}

async fn take_its_place(
    app: &App,
    transaction: &sea_orm::DatabaseTransaction,
    job: &job::Model,
    found: video::Model,
    has_poster: bool,
) -> Result<video::Model> {
    for row in renditions_of(transaction, job).await? {
        measure(transaction, row).await?;
    }
    publish_video(app, transaction, found, job.video_attempt(), |row| {
        if has_poster {
            row.poster_lease_id = Set(job.lease_id);
            row.poster_attempt = Set(Some(job.video_attempt()));
        }
    })
    .await?;
    forget_other_attempts(transaction, job).await?;
    let video = locked_video(transaction, job.video_id).await?;
    protection::settle(app, transaction, &video).await?;
    // They would keep the addresses that everybody may have had.
    previews::enqueue(transaction, video.id, job.video_attempt()).await?;
    Ok(video)
}

/// Puts a copy of the poster beside what was written anew, so that the address of before leads nowhere.
async fn keep_poster(app: &App, job: &job::Model) -> Result<bool> {
    let video = video::Entity::find_by_id(job.video_id).one(&app.database).await?;
    let Some(old) = video.as_ref().and_then(keys::poster_of) else { return Ok(false) };
    let new = keys::poster(job.video_id, job.video_attempt(), job.lease_id);
    let copy = async {
        let size_bytes = u64::try_from(app.storage.size_bytes(&old).await?).unwrap_or_default();
        let bytes = app.storage.read(&old, 0, size_bytes.min(LARGEST_POSTER_BYTES)).await?;
        let digest = Md5::digest(&bytes).into();
        app.storage.put(&new, bytes, &digest, "image/jpeg").await
    };
    match copy.await {
        Ok(()) => Ok(true),
        Err(StorageError::NotFound) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Has a video made anew from its source because a job could not write it anew, and gives the keys of what had been.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn abandon(connection: &impl ConnectionTrait, job: &job::Model) -> Result<Vec<String>> {
    // For another chunk it has been done already.
    if queue::is_given_up_like(connection, job).await? {
        return Ok(Vec::new());
    }
    let rows = renditions_of(connection, job).await?;
    let left_over = drop_renditions(connection, rows).await?;
    queue::remove_like(connection, job).await?;
    beginning::enqueue(connection, job.video_id).await?;
    Ok(left_over)
}
