//! Chunks as they come: each is playable the moment it is reported.

use kinora_entity::{ChunkId, LeaseId, RenditionId, RunnerId, chunk, job, rendition, video};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Statement, TransactionTrait,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use super::{
    bandwidth::Bandwidth,
    content, extras,
    outputs::makes_chunk,
    rekey,
    result::{Chunk, rejected},
};
use crate::{
    app::App,
    error::{Error, Result},
    events::{Event, notify},
    feed,
    job::held,
    protection,
    storage::{StorageError, keys},
    webhook,
};

/// So many chunks tell well enough what the rest will need; at the end all are counted.
const MEASURED_WHILE_GROWING: i32 = 6;

/// Takes note of a chunk that is in the store. Repeating it is no error, and what is there already stays: only
/// a draft gives way.
///
/// # Errors
/// LEASE_LOST, RESULT_REJECTED.
pub async fn publish_chunk(app: &App, runner: RunnerId, lease: LeaseId, reported: Chunk) -> Result<()> {
    reported.check()?;
    let job = held(&app.database, lease, runner).await?;
    if !makes_chunk(&job, &reported.rendition, reported.index) {
        return Err(rejected("This job does not make this chunk."));
    }
    let key =
        keys::chunk(job.video_id, job.video_attempt(), &reported.rendition, reported.index, job.lease_id);
    check_stored(app, &key, reported.size_bytes).await?;
    let described_by = match reported.init {
        Some(_) => None,
        None => section_of(&app.database, &job, &reported.rendition).await?,
    };
    content::check(app, &key, &reported, described_by).await?;
    let transaction = app.database.begin().await?;
    let is_planned = job.parent_id.is_some() || job.plan.is_some();
    if is_planned && job.kind.is_needed() && reported.index == 0 {
        feed::lock_ranks(&transaction).await?;
    }
    let job = held(&transaction, lease, runner).await?;
    let is_rekeyed = job.kind == job::Kind::RekeyChunk;
    if is_rekeyed {
        rekey::check(&transaction, &job, &reported).await?;
    }
    let row = match is_planned || is_rekeyed {
        true => planned_rendition(&transaction, &job, &reported.rendition).await?,
        false => Some(rendition_of(&transaction, &job, &reported.rendition).await?),
    };
    let Some(row) = row else {
        // Its runner began before it was found to bring nothing, or the video was made anew.
        if job.kind == job::Kind::EncodeChunk || job.kind.extra_codec().is_some() {
            return Ok(());
        }
        return Err(rejected("The plan of this video has no such rendition."));
    };
    check_protection(&transaction, &job, &reported).await?;
    let index = reported.index;
    let (codecs, is_last) = (reported.codecs.clone(), reported.is_last);
    insert(&transaction, &row, &job, reported).await?;
    if job.kind.extra_codec().is_some() {
        extras::grow(&transaction, row, codecs).await?;
    } else if is_planned {
        grow(&transaction, row, index, codecs, is_last).await?;
        if index == 0 {
            make_playable(app, &transaction, &job).await?;
        }
        notify(&transaction, Event::Video(job.video_id)).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// The initialisation section of a rendition, where its first chunk is there.
async fn section_of(
    connection: &impl ConnectionTrait,
    job: &job::Model,
    name: &str,
) -> Result<Option<content::Section>> {
    let found = chunk::Entity::find().from_raw_sql(Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT chunk.* FROM chunk JOIN rendition ON rendition.id = chunk.rendition_id \
         WHERE video_id = $1 AND attempt = $2 AND name = $3 AND index = 0",
        [job.video_id.into(), job.video_attempt().into(), name.into()],
    ));
    let found = found.one(connection).await?;
    Ok(found.and_then(|first| {
        let (offset_bytes, size_bytes) = first.init_offset_bytes.zip(first.init_size_bytes)?;
        let key = keys::chunk(job.video_id, job.video_attempt(), name, 0, first.lease_id);
        Some(content::Section { key, offset_bytes, size_bytes })
    }))
}

/// A runner that does not encrypt what is protected, because it is too old to know how, publishes nothing.
async fn check_protection(
    connection: &impl ConnectionTrait,
    job: &job::Model,
    reported: &Chunk,
) -> Result<()> {
    match (protection::is_encrypted(connection, job.video_id, job.video_attempt()).await?, reported.iv) {
        (true, None) => {
            Err(rejected("This video is protected: its segments are encrypted, and chunks say their iv."))
        }
        (false, Some(_)) => {
            Err(rejected("This video is not protected: nobody could play what is encrypted."))
        }
        _ => Ok(()),
    }
}

pub(super) async fn check_stored(app: &App, key: &str, size_bytes: i64) -> Result<()> {
    match app.storage.size_bytes(key).await {
        Ok(size) if size == size_bytes => Ok(()),
        Ok(_) | Err(StorageError::NotFound) => {
            Err(rejected("The store does not hold this object in this size."))
        }
        Err(error) => Err(error.into()),
    }
}

async fn insert(
    connection: &impl ConnectionTrait,
    row: &rendition::Model,
    job: &job::Model,
    reported: Chunk,
) -> Result<()> {
    let (init_offset_bytes, init_size_bytes) = reported.init.unzip();
    let same_lease = Expr::col((chunk::Entity, chunk::Column::LeaseId)).eq(job.lease_id);
    let mut gives_way = Condition::any().add(same_lease);
    if !reported.is_draft {
        gives_way = gives_way.add(Expr::col((chunk::Entity, chunk::Column::IsDraft)).eq(true));
    }
    chunk::Entity::insert(chunk::ActiveModel {
        id: Set(ChunkId::random()),
        rendition_id: Set(row.id),
        index: Set(reported.index),
        size_bytes: Set(reported.size_bytes),
        start_ms: Set(reported.start_ms),
        init_offset_bytes: Set(init_offset_bytes),
        init_size_bytes: Set(init_size_bytes),
        segments: Set(chunk::Segments(reported.segments)),
        lease_id: Set(job.lease_id),
        is_draft: Set(reported.is_draft),
        iv: Set(reported.iv.map(|iv| iv.0.to_vec())),
        likeness: Set(reported.likeness),
    })
    .on_conflict(
        OnConflict::columns([chunk::Column::RenditionId, chunk::Column::Index])
            .update_columns([
                chunk::Column::SizeBytes,
                chunk::Column::StartMs,
                chunk::Column::InitOffsetBytes,
                chunk::Column::InitSizeBytes,
                chunk::Column::Segments,
                chunk::Column::LeaseId,
                chunk::Column::IsDraft,
                chunk::Column::Likeness,
                chunk::Column::Iv,
            ])
            .action_cond_where(gives_way)
            .to_owned(),
    )
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// A rendition of the plan, locked, so that two chunks of it do not measure it at the same time.
async fn planned_rendition(
    connection: &impl ConnectionTrait,
    job: &job::Model,
    name: &str,
) -> Result<Option<rendition::Model>> {
    let found = rendition::Entity::find()
        .filter(rendition::Column::VideoId.eq(job.video_id))
        .filter(rendition::Column::Attempt.eq(job.video_attempt()))
        .filter(rendition::Column::Name.eq(name))
        .lock_exclusive()
        .one(connection)
        .await?;
    Ok(found)
}

/// The row of a rendition that is made in one piece; it is filled in when the job is complete.
async fn rendition_of(
    connection: &impl ConnectionTrait,
    job: &job::Model,
    name: &str,
) -> Result<rendition::Model> {
    let kind = if name == "audio" { rendition::Kind::Audio } else { rendition::Kind::Video };
    rendition::Entity::insert(rendition::ActiveModel {
        id: Set(RenditionId::random()),
        video_id: Set(job.video_id),
        attempt: Set(job.video_attempt()),
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
    let row = planned_rendition(connection, job, name).await?;
    row.ok_or_else(|| Error::not_found("rendition"))
}

/// What a rendition is known by while it grows.
async fn grow(
    connection: &impl ConnectionTrait,
    row: rendition::Model,
    index: i32,
    codecs: Option<String>,
    is_last: bool,
) -> Result<()> {
    let is_measured = index < MEASURED_WHILE_GROWING;
    if !is_measured && !is_last {
        return Ok(());
    }
    let id = row.id;
    let mut row = row.into_active_model();
    if is_measured {
        let chunks = chunks_of(connection, id).await?;
        let bandwidth = Bandwidth::of(&segments_of(&chunks));
        row.bandwidth = Set(bandwidth.peak);
        row.average_bandwidth = Set(bandwidth.average);
    }
    if let Some(codecs) = codecs {
        row.codecs = Set(codecs);
    }
    if is_last {
        row.chunk_count = Set(Some(index + 1));
    }
    row.update(connection).await?;
    Ok(())
}

/// The chunks of a rendition in their order.
pub(super) async fn chunks_of(
    connection: &impl ConnectionTrait,
    rendition: RenditionId,
) -> Result<Vec<chunk::Model>> {
    let chunks = chunk::Entity::find()
        .filter(chunk::Column::RenditionId.eq(rendition))
        .order_by_asc(chunk::Column::Index)
        .all(connection)
        .await?;
    Ok(chunks)
}

pub(super) fn segments_of(chunks: &[chunk::Model]) -> Vec<chunk::Segment> {
    chunks.iter().flat_map(|chunk| chunk.segments.0.iter().copied()).collect()
}

/// A video can be watched once it begins in one size, and sounds if it has sound.
async fn make_playable(app: &App, connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    let attempt = job.video_attempt();
    let found = video::Entity::find_by_id(job.video_id)
        .lock_exclusive()
        .one(connection)
        .await?
        .ok_or_else(|| Error::not_found("video"))?;
    // One that is being made anew goes on as it is until the new version is whole.
    if found.state != video::State::Processing || found.published_attempt == Some(attempt) {
        return Ok(());
    }
    let begun: Vec<(rendition::Kind, i64)> = rendition::Entity::find()
        .filter(rendition::Column::VideoId.eq(job.video_id))
        .filter(rendition::Column::Attempt.eq(attempt))
        .select_only()
        .column(rendition::Column::Kind)
        .column(rendition::Column::Bandwidth)
        .into_tuple()
        .all(connection)
        .await?;
    let of = |kind| begun.iter().filter(move |(of, _)| *of == kind).map(|(_, bandwidth)| *bandwidth > 0);
    if !of(rendition::Kind::Video).any(|begun| begun) || !of(rendition::Kind::Audio).all(|begun| begun) {
        return Ok(());
    }
    publish_video(app, connection, found, attempt, |_| {}).await?;
    tracing::info!(video = %job.video_id, attempt, "a video can be watched");
    Ok(())
}

/// From here on this attempt is what viewers get. The caller holds the lock of the ranks.
pub(super) async fn publish_video(
    app: &App,
    connection: &impl ConnectionTrait,
    found: video::Model,
    attempt: i32,
    change: impl FnOnce(&mut video::ActiveModel),
) -> Result<()> {
    let published_at = found.published_at.unwrap_or_else(|| app.clock.now());
    let is_new = found.published_at.is_none();
    let before = found.clone();
    let is_encrypted = protection::is_encrypted(connection, found.id, attempt).await?;
    let mut row = found.into_active_model();
    row.published_attempt = Set(Some(attempt));
    row.is_encrypted = Set(is_encrypted);
    row.published_at = Set(Some(published_at));
    if is_new {
        // The score of a video without attention is its age, so that a new one begins among the new.
        row.trending_score = Set(published_at.timestamp() as f64 / 45_000.0);
    }
    change(&mut row);
    let updated = row.update(connection).await?;
    feed::sync_rank(connection, &updated).await?;
    webhook::video_changed(app, connection, &before, &updated).await
}
