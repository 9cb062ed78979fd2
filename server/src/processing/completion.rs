//! The end of a job, and of the last one of a video.

use kinora_entity::{LeaseId, RunnerId, VideoId, chunk, job, rendition, rendition::Codec, video};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, ModelTrait, QueryFilter, QuerySelect, TransactionTrait,
};

use super::{
    bandwidth::Bandwidth,
    extras,
    previews::{self, PreviewsResult},
    publish::{chunks_of, publish_video, segments_of},
    rekey,
    result::{JobResult, LoudnessResult, PosterResult, RenditionResult, rejected},
    rungs, texts,
};
use crate::{
    app::{App, SharedApp},
    download,
    error::{Error, Result},
    events::{Event, notify},
    feed,
    job::{self as queue, held},
    protection,
    storage::{StorageError, keys},
};

/// Ends a job. What was made in one piece is published by it; of a video made in chunks, the last job to end
/// makes it ready.
///
/// # Errors
/// LEASE_LOST, RESULT_REJECTED.
pub async fn complete(
    app: &SharedApp,
    runner: RunnerId,
    lease: LeaseId,
    result: Option<&JobResult>,
    poster: Option<PosterResult>,
    made: Option<PreviewsResult>,
    loudness: Option<LoudnessResult>,
) -> Result<()> {
    let kind = held(&app.database, lease, runner).await?.kind;
    let says_nothing = result.is_none() && poster.is_none() && made.is_none();
    match kind {
        job::Kind::MakeDownload | job::Kind::RekeyChunk | job::Kind::EncodeHevc | job::Kind::EncodeAv1
            if !says_nothing =>
        {
            return Err(rejected("Of this job nothing is told but that it is done."));
        }
        job::Kind::MakeDownload => return download::complete(app, runner, lease).await,
        job::Kind::RekeyChunk => return rekey::complete(app, runner, lease).await,
        job::Kind::EncodeHevc | job::Kind::EncodeAv1 => return extras::complete(app, runner, lease).await,
        _ => {}
    }
    loudness.map_or(Ok(()), LoudnessResult::check)?;
    if let Some(made) = made {
        return previews::publish(app, runner, lease, made, loudness).await;
    }
    if let Some(result) = result {
        result.check()?;
    }
    let poster = poster.or(result.and_then(|result| result.poster));
    if poster.is_some() {
        let job = held(&app.database, lease, runner).await?;
        let key = keys::poster(job.video_id, job.video_attempt(), job.lease_id);
        match app.storage.size_bytes(&key).await {
            Ok(_) => {}
            Err(StorageError::NotFound) => return Err(rejected("The store does not hold the poster.")),
            Err(error) => return Err(error.into()),
        }
    }
    let transaction = app.database.begin().await?;
    feed::lock_ranks(&transaction).await?;
    let job = held(&transaction, lease, runner).await?;
    if !job.kind.is_needed() {
        return Err(rejected("The job was to make previews, and says nothing of them."));
    }
    let is_planned = job.parent_id.is_some() || job.plan.is_some();
    let is_ready = match (is_planned, result) {
        (false, Some(result)) => {
            complete_in_one_piece(app, &transaction, &job, result, loudness).await?;
            true
        }
        (false, None) => return Err(rejected("The job was to process a video, and says nothing of it.")),
        (true, Some(_)) => return Err(rejected("A video that is made in chunks has no result but them.")),
        (true, None) => complete_part(app, &transaction, &job, poster, loudness).await?,
    };
    let ready = if is_ready { Some(locked_video(&transaction, job.video_id).await?) } else { None };
    if let Some(video) = &ready {
        protection::settle(app, &transaction, video).await?;
        previews::enqueue(&transaction, job.video_id, job.video_attempt()).await?;
        extras::enqueue(&transaction, &job).await?;
    }
    notify(&transaction, Event::Video(job.video_id)).await?;
    transaction.commit().await?;
    if let Some(video) = ready {
        tracing::info!(video = %job.video_id, job = %job.id, attempt = job.video_attempt(), "a video is ready");
        if video.is_encrypted {
            protection::remove_older(app, video);
        }
    }
    Ok(())
}

async fn complete_in_one_piece(
    app: &App,
    transaction: &DatabaseTransaction,
    job: &job::Model,
    result: &JobResult,
    loudness: Option<LoudnessResult>,
) -> Result<()> {
    for rendition in &result.renditions {
        fill_in(transaction, job, rendition).await?;
    }
    let found = locked_video(transaction, job.video_id).await?;
    publish_video(app, transaction, found, job.video_attempt(), |row| {
        ready(row);
        row.duration_ms = Set(Some(result.duration_ms.into()));
        row.width = Set(Some(result.width));
        row.height = Set(Some(result.height));
        row.has_poster = Set(result.poster.is_some());
        row.poster_lease_id = Set(job.lease_id);
        row.poster_attempt = Set(Some(job.video_attempt()));
        if let Some(loudness) = loudness {
            loudness.tell(row);
        }
        row.tracks_taken = Set(true);
    })
    .await?;
    forget_other_attempts(transaction, job).await?;
    queue::finish(transaction, job, Some(result.duration_ms.into())).await
}

fn ready(row: &mut video::ActiveModel) {
    row.state = Set(video::State::Ready);
    row.failure_code = Set(None);
    row.failure_message = Set(None);
}

pub(super) async fn locked_video(connection: &impl ConnectionTrait, id: VideoId) -> Result<video::Model> {
    let found = video::Entity::find_by_id(id).lock_exclusive().one(connection).await?;
    found.ok_or_else(|| Error::not_found("video"))
}

/// Ends one of many jobs; answers whether the video is ready by it.
async fn complete_part(
    app: &App,
    transaction: &DatabaseTransaction,
    job: &job::Model,
    poster: Option<PosterResult>,
    loudness: Option<LoudnessResult>,
) -> Result<bool> {
    let parent = job.parent_id.unwrap_or(job.id);
    // The lock keeps two last jobs from each taking the other for the last one.
    let found = locked_video(transaction, job.video_id).await?;
    let found = if poster.is_some() || loudness.is_some() {
        let mut row = found.into_active_model();
        if poster.is_some() {
            row.has_poster = Set(true);
            row.poster_lease_id = Set(job.lease_id);
            row.poster_attempt = Set(Some(job.video_attempt()));
        }
        if let Some(loudness) = loudness {
            loudness.tell(&mut row);
        }
        row.update(transaction).await?
    } else {
        found
    };
    match job.kind {
        job::Kind::EncodeAudio => drop_silence(transaction, job).await?,
        job::Kind::EncodeChunk => rungs::drop_useless(transaction, job).await?,
        job::Kind::ReadTracks => texts::note_taken(transaction, job.video_id).await?,
        _ => {}
    }
    let media_ms = encoded_ms(transaction, job).await?;
    queue::finish(transaction, job, media_ms).await?;
    if queue::unfinished(transaction, parent).await? > 0 {
        return Ok(false);
    }
    finish_video(app, transaction, job, found).await?;
    Ok(true)
}

/// How much of the video a job has encoded, all sizes of a chunk counting once.
async fn encoded_ms(connection: &impl ConnectionTrait, job: &job::Model) -> Result<Option<i64>> {
    if job.kind != job::Kind::EncodeChunk {
        return Ok(None);
    }
    let renditions = renditions_of(connection, job).await?.into_iter().map(|row| row.id);
    let made = chunk::Entity::find()
        .filter(chunk::Column::RenditionId.is_in(renditions))
        .filter(chunk::Column::Index.eq(job.chunk))
        .filter(chunk::Column::LeaseId.eq(job.lease_id))
        .one(connection)
        .await?;
    let length_ms =
        |made: chunk::Model| segments_of(&[made]).iter().map(|part| part.duration_ms).sum::<f64>();
    Ok(made.map(|made| length_ms(made).round() as i64))
}

/// Names of the renditions that a job encodes: some of the plan's may have been found to bring nothing since.
///
/// # Errors
/// Whatever the database says.
pub async fn encoded_names(connection: &impl ConnectionTrait, job: &job::Model) -> Result<Vec<String>> {
    let codec = match job.kind {
        job::Kind::EncodeChunk => Codec::H264,
        kind => match kind.extra_codec() {
            Some(codec) => codec,
            None => return Ok(Vec::new()),
        },
    };
    let rows = renditions_of(connection, job).await?;
    Ok(rows.into_iter().map(|row| row.name).filter(|name| Codec::of_name(name) == Some(codec)).collect())
}

pub(super) async fn renditions_of(
    connection: &impl ConnectionTrait,
    job: &job::Model,
) -> Result<Vec<rendition::Model>> {
    let rows = rendition::Entity::find()
        .filter(rendition::Column::VideoId.eq(job.video_id))
        .filter(rendition::Column::Attempt.eq(job.video_attempt()))
        .all(connection)
        .await?;
    Ok(rows)
}

/// A sound track that turned out to be empty is no rendition.
async fn drop_silence(connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    for row in renditions_of(connection, job).await? {
        if row.kind == rendition::Kind::Audio && chunks_of(connection, row.id).await?.is_empty() {
            row.delete(connection).await?;
        }
    }
    Ok(())
}

async fn finish_video(
    app: &App,
    transaction: &DatabaseTransaction,
    job: &job::Model,
    found: video::Model,
) -> Result<()> {
    let mut rows = renditions_of(transaction, job).await?;
    rows.retain(|row| !row.is_extra());
    if rows.is_empty() {
        return Err(rejected("Of this video nothing was published."));
    }
    let mut longest_ms = 0.0_f64;
    for row in rows {
        longest_ms = longest_ms.max(measure(transaction, row).await?);
    }
    publish_video(app, transaction, found, job.video_attempt(), |row| {
        ready(row);
        row.duration_ms = Set(Some(longest_ms.round() as i64));
    })
    .await?;
    forget_other_attempts(transaction, job).await
}

/// Takes note of what a whole rendition needs, and gives its duration in milliseconds.
///
/// # Errors
/// RESULT_REJECTED for one that is not whole.
pub(super) async fn measure(connection: &impl ConnectionTrait, row: rendition::Model) -> Result<f64> {
    let chunks = chunks_of(connection, row.id).await?;
    check_whole(&row.name, &chunks, row.chunk_count)?;
    let segments = segments_of(&chunks);
    let bandwidth = Bandwidth::of(&segments);
    let mut row = row.into_active_model();
    row.bandwidth = Set(bandwidth.peak);
    row.average_bandwidth = Set(bandwidth.average);
    row.update(connection).await?;
    Ok(segments.iter().map(|segment| segment.duration_ms).sum())
}

fn check_whole(name: &str, chunks: &[chunk::Model], count: Option<i32>) -> Result<()> {
    let in_order = chunks.iter().zip(0..).all(|(chunk, index)| chunk.index == index && !chunk.is_draft);
    if chunks.is_empty()
        || !in_order
        || Some(chunks.len()) != count.and_then(|count| usize::try_from(count).ok())
    {
        return Err(rejected(format!("Of {name} not every chunk was published.")));
    }
    Ok(())
}

/// What earlier attempts made is no longer played; their objects are then nobody's and go with the next sweep.
pub(super) async fn forget_other_attempts(connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    rendition::Entity::delete_many()
        .filter(rendition::Column::VideoId.eq(job.video_id))
        .filter(rendition::Column::Attempt.ne(job.video_attempt()))
        .exec(connection)
        .await?;
    extras::forget_other_attempts(connection, job).await?;
    protection::forget_other_keys(connection, job.video_id, job.video_attempt()).await
}

/// Completes the row of a rendition that was made in one piece.
async fn fill_in(
    connection: &impl ConnectionTrait,
    job: &job::Model,
    reported: &RenditionResult,
) -> Result<()> {
    let row = renditions_of(connection, job).await?.into_iter().find(|row| row.name == reported.name);
    let row = row.ok_or_else(|| rejected(format!("Of {} not every chunk was published.", reported.name)))?;
    let chunks = chunks_of(connection, row.id).await?;
    check_whole(&reported.name, &chunks, Some(reported.chunk_count))?;
    let bandwidth = Bandwidth::of(&segments_of(&chunks));
    let mut row = row.into_active_model();
    row.kind = Set(reported.kind);
    row.width = Set(reported.width);
    row.height = Set(reported.height);
    row.frame_rate = Set(reported.frame_rate);
    row.codecs = Set(reported.codecs.clone());
    row.bandwidth = Set(bandwidth.peak);
    row.average_bandwidth = Set(bandwidth.average);
    row.chunk_count = Set(Some(reported.chunk_count));
    row.update(connection).await?;
    Ok(())
}
