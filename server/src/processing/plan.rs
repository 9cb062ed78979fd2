//! From one job to many: what a runner plans for a video.

use kinora_entity::{JobId, LeaseId, RenditionId, RunnerId, job, rendition, rendition::Codec, video};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, QuerySelect, TransactionTrait,
};

use super::{
    beginning::{priority, turn},
    result::{check_picture, check_rendition_name, check_shape, rejected},
};
use crate::{
    app::App,
    error::{Error, Result},
    events::{Event, notify},
    job::{self as queue, NewJob, held},
};

/// Twelve hours have 1,440 chunks of half a minute, which is as short as they are.
pub(super) const MOST_JOBS: usize = 10_000;
pub(super) const MOST_RENDITIONS: usize = 64;
/// The places of all keyframes of twelve hours take less.
const LONGEST_PLAN_BYTES: usize = 512 << 10;

/// How a video will be made in chunks.
#[derive(Clone, Debug)]
pub struct Plan {
    pub duration_ms: i32,
    pub width: i32,
    pub height: i32,
    pub renditions: Vec<PlannedRendition>,
    pub jobs: Vec<PlannedJob>,
    /// For the runners that do the work; means nothing to us.
    pub details: String,
}

/// A rendition that will be there.
#[derive(Clone, Debug)]
pub struct PlannedRendition {
    pub name: String,
    pub kind: rendition::Kind,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub frame_rate: Option<f64>,
    /// Where it is known before the first chunk is there.
    pub chunk_count: Option<i32>,
}

/// A piece of the work.
#[derive(Clone, Copy, Debug)]
pub struct PlannedJob {
    pub kind: job::Kind,
    pub chunk: Option<i32>,
    /// How much it is beside the others.
    pub weight_ms: i64,
}

impl Plan {
    /// # Errors
    /// RESULT_REJECTED.
    pub fn check(&self) -> Result<()> {
        check_shape(self.duration_ms, self.width, self.height)?;
        let is_for_all = |planned: &PlannedRendition| Codec::of_name(&planned.name) == Some(Codec::H264);
        if self.renditions.len() > MOST_RENDITIONS || !self.renditions.iter().any(is_for_all) {
            return Err(rejected(
                "A video has at least one rendition with pictures that everybody can play.",
            ));
        }
        for (at, planned) in self.renditions.iter().enumerate() {
            check_rendition_name(&planned.name)?;
            if self.renditions[..at].iter().any(|other| other.name == planned.name) {
                return Err(rejected("Two renditions have the same name."));
            }
            check_picture(&planned.name, planned.kind, planned.width, planned.height, planned.frame_rate)?;
            let most = i32::try_from(MOST_JOBS).unwrap_or(i32::MAX);
            if planned.chunk_count.is_some_and(|count| !(1..=most).contains(&count)) {
                return Err(rejected("A rendition has at least one chunk, and not too many."));
            }
            let is_extra = !is_for_all(planned) && planned.kind == rendition::Kind::Video;
            if is_extra && planned.chunk_count.is_none() {
                return Err(rejected("Of what is made later it is said how many chunks it has."));
            }
        }
        let is_part = |job: &PlannedJob| {
            job.kind != job::Kind::ProcessVideo
                && job.kind.is_needed()
                && (0..=86_400_000).contains(&job.weight_ms)
                && job.chunk.is_none_or(|chunk| usize::try_from(chunk).is_ok_and(|chunk| chunk < MOST_JOBS))
                && job.chunk.is_some() == matches!(job.kind, job::Kind::CopyChunk | job::Kind::EncodeChunk)
        };
        if self.jobs.len() > MOST_JOBS || !self.jobs.iter().all(is_part) {
            return Err(rejected(
                "A plan has jobs for chunks, for the sound, for the poster and for text tracks, and not too many.",
            ));
        }
        if self.details.len() > LONGEST_PLAN_BYTES {
            return Err(rejected("A plan has at most half a megabyte of details."));
        }
        Ok(())
    }
}

/// Takes a plan and puts its jobs into the queue. Repeating it is no error.
///
/// # Errors
/// LEASE_LOST, RESULT_REJECTED.
pub async fn plan(app: &App, runner: RunnerId, lease: LeaseId, plan: Plan) -> Result<()> {
    plan.check()?;
    let transaction = app.database.begin().await?;
    let job = held(&transaction, lease, runner).await?;
    if job.kind != job::Kind::ProcessVideo || job.in_one_piece {
        return Err(rejected("This job is not one to plan."));
    }
    if job.plan.is_some() {
        return Ok(());
    }
    let attempt = job.video_attempt();
    let found = video::Entity::find_by_id(job.video_id)
        .lock_exclusive()
        .one(&transaction)
        .await?
        .ok_or_else(|| Error::not_found("video"))?;
    let (job_id, video_id, turn) = (job.id, job.video_id, turn(&transaction, &found).await?);
    for planned in &plan.renditions {
        rendition::ActiveModel {
            id: Set(RenditionId::random()),
            video_id: Set(video_id),
            attempt: Set(attempt),
            name: Set(planned.name.clone()),
            kind: Set(planned.kind),
            width: Set(planned.width),
            height: Set(planned.height),
            frame_rate: Set(planned.frame_rate),
            codecs: Set(String::new()),
            bandwidth: Set(0),
            average_bandwidth: Set(0),
            chunk_count: Set(planned.chunk_count),
        }
        .insert(&transaction)
        .await?;
    }
    // What is watched already keeps its measures until the new version takes its place.
    if found.state == video::State::Processing {
        let mut row = found.into_active_model();
        row.duration_ms = Set(Some(plan.duration_ms.into()));
        row.width = Set(Some(plan.width));
        row.height = Set(Some(plan.height));
        row.update(&transaction).await?;
    }
    let jobs: Vec<NewJob> =
        plan.jobs.iter().map(|planned| new_job(planned, &job, job_id, attempt, turn)).collect();
    let mut row = job.into_active_model();
    row.plan = Set(Some(plan.details));
    row.attempt_base = Set(attempt);
    row.update(&transaction).await?;
    queue::enqueue(&transaction, &jobs).await?;
    notify(&transaction, Event::Video(video_id)).await?;
    transaction.commit().await?;
    tracing::info!(video = %video_id, job = %job_id, jobs = jobs.len(), "a video is planned");
    Ok(())
}

fn new_job(planned: &PlannedJob, job: &job::Model, parent: JobId, attempt: i32, turn: i32) -> NewJob {
    NewJob {
        kind: planned.kind,
        video: job.video_id,
        priority: priority(planned.kind, false, planned.chunk, turn),
        parent: Some(parent),
        chunk: planned.chunk,
        in_one_piece: false,
        attempt_base: attempt,
        weight_ms: planned.weight_ms,
        rendition: None,
    }
}
