//! What a runner gets with a job.

use chrono::Duration;
use kinora_entity::{job, runner, video};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use crate::{
    app::App,
    error::{Error, Result},
    job::{self as queue, Setback},
    ladder::VideoCodec,
    processing,
    protection::{self, AesBlock},
    storage::{Audience, MEDIA_URL_LIFETIME, PresignedRequest},
};

/// A leased job and where its source is.
pub struct Leased {
    pub job: job::Model,
    pub source: PresignedRequest,
    pub source_size_bytes: i64,
    /// With which its media are encrypted; none where they stay in the clear.
    pub content_key: Option<AesBlock>,
    /// With which those are encrypted that it reads.
    pub published_key: Option<AesBlock>,
    pub duration_ms: Option<i64>,
    pub measures_loudness: bool,
    /// The details of the plan that the job is part of.
    pub plan: Option<String>,
    /// Of the plan's renditions, those that a job that encodes a chunk is to make.
    pub renditions: Vec<String>,
}

/// Leases the next job for a runner.
///
/// # Errors
/// Whatever the database says.
pub async fn lease(
    app: &App,
    runner: &runner::Model,
    audience: Audience,
    kinds: &[job::Kind],
) -> Result<Option<Leased>> {
    seen(app, runner).await?;
    // What the request was let in with; the statement that claims looks again.
    if runner.state != runner::State::Active {
        return Ok(None);
    }
    let kinds: Vec<job::Kind> = kinds.iter().copied().filter(|kind| can_do(runner, *kind)).collect();
    let Some(job) = queue::lease(app, runner.id, &kinds, processing::lowest_priority(&kinds)).await? else {
        return Ok(None);
    };
    match describe(app, &job, audience).await {
        Ok(leased) => Ok(Some(leased)),
        Err(error) => {
            // Nobody has it: its lease would run out, and be held against it.
            let why =
                if matches!(error, Error::Unavailable(_)) { Setback::StorageAway } else { Setback::Failed };
            queue::retry_later(&app.database, &job, "the server could not say what is to be done", why)
                .await?;
            Err(error)
        }
    }
}

/// What a runner is told of a job.
async fn describe(app: &App, job: &job::Model, audience: Audience) -> Result<Leased> {
    let video = video::Entity::find_by_id(job.video_id)
        .one(&app.database)
        .await?
        .ok_or_else(|| Error::not_found("video"))?;
    let content_key = protection::key_for(app, job, &video).await?;
    let published_key = match (job.kind, video.published_attempt) {
        (job::Kind::RekeyChunk, Some(published)) => protection::key_of(app, video.id, published).await?,
        _ => None,
    };
    let source = app.storage.presign_get(&video.source_key, MEDIA_URL_LIFETIME, audience).await?;
    let plan = match job.parent_id {
        Some(parent) => {
            let parent = job::Entity::find_by_id(parent).one(&app.database).await?;
            parent.and_then(|parent| parent.plan)
        }
        None => job.plan.clone(),
    };
    let (source_size_bytes, duration_ms) = (video.source_size_bytes, video.duration_ms);
    let measures_loudness = job.kind == job::Kind::MakePreviews && video.loudness_lufs.is_none();
    let renditions = processing::encoded_names(&app.database, job).await?;
    Ok(Leased {
        job: job.clone(),
        source,
        source_size_bytes,
        duration_ms,
        measures_loudness,
        content_key,
        published_key,
        plan,
        renditions,
    })
}

/// Whether a runner's ffmpeg has what a kind of job takes, as far as that is not the same everywhere. One that has
/// not said what it can do is not asked for it.
pub fn can_do(runner: &runner::Model, kind: job::Kind) -> bool {
    let encoder = kind.extra_codec().map(VideoCodec::from).and_then(VideoCodec::extra_encoder);
    let said = runner.capabilities.as_ref();
    encoder.is_none_or(|encoder| said.is_some_and(|said| said.encoders.iter().any(|found| found == encoder)))
}

/// How exactly it is known when a runner was last seen.
const SEEN_IS_NOTED_EVERY: Duration = Duration::seconds(10);

/// Takes note that a runner is alive.
///
/// # Errors
/// Whatever the database says.
pub async fn seen(app: &App, runner: &runner::Model) -> Result<()> {
    let now = app.clock.now();
    if runner.last_seen_at.is_some_and(|seen| now - seen < SEEN_IS_NOTED_EVERY) {
        return Ok(());
    }
    runner::Entity::update_many()
        .col_expr(runner::Column::LastSeenAt, Expr::value(now))
        .filter(runner::Column::Id.eq(runner.id))
        .exec(&app.database)
        .await?;
    Ok(())
}

/// Takes note of what a runner is and can do.
///
/// # Errors
/// Whatever the database says.
pub async fn report(app: &App, runner: &runner::Model, capabilities: runner::Capabilities) -> Result<()> {
    runner::Entity::update_many()
        .set(runner::ActiveModel {
            capabilities: Set(Some(capabilities)),
            last_seen_at: Set(Some(app.clock.now())),
            ..Default::default()
        })
        .filter(runner::Column::Id.eq(runner.id))
        .exec(&app.database)
        .await?;
    Ok(())
}
