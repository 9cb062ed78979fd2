//! The rules of the queue.

use std::time::Duration;

use kinora_entity::{JobId, LeaseId, RunnerId, VideoId, job};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, TransactionTrait};

use super::store::{self, Outcome};
use crate::{
    app::App,
    error::{Error, Result},
    events::{Event, notify},
};

/// How long a lease lasts; runners renew it every 15 s.
pub const LEASE: Duration = Duration::from_secs(60);
/// A job that failed this often is not tried again.
pub const MOST_FAILURES: i32 = 5;
/// Nor one that was leased this often, whoever was to blame: that takes a storage a day of being away.
pub const MOST_LEASES: i32 = 300;
/// The figures of runners look back a day.
const RUNS_ARE_KEPT_DAYS: i32 = 7;
const FIRST_DELAY_S: f64 = 30.0;
const LONGEST_DELAY_S: f64 = 3600.0;
/// A storage that comes back is used again soon.
const LONGEST_OUTAGE_DELAY_S: f64 = 300.0;

/// A job that is wanted.
#[derive(Clone, Debug)]
pub struct NewJob {
    pub kind: job::Kind,
    pub video: VideoId,
    /// Higher first.
    pub priority: i32,
    pub parent: Option<JobId>,
    pub chunk: Option<i32>,
    pub in_one_piece: bool,
    /// See [`job::Model::attempt_base`].
    pub attempt_base: i32,
    pub weight_ms: i64,
    /// See [`job::Model::rendition`].
    pub rendition: Option<String>,
}

/// Puts jobs into the queue, in the transaction of the change that wants them.
///
/// # Errors
/// Whatever the database says.
pub async fn enqueue(connection: &impl ConnectionTrait, wanted: &[NewJob]) -> Result<()> {
    // A statement has at most 65,535 values.
    for batch in wanted.chunks(1_000) {
        let rows = batch.iter().map(|new| job::ActiveModel {
            id: Set(JobId::random()),
            kind: Set(new.kind),
            video_id: Set(new.video),
            state: Set(job::State::Queued),
            priority: Set(new.priority),
            attempts: Set(0),
            crashes: Set(0),
            parent_id: Set(new.parent),
            chunk: Set(new.chunk),
            in_one_piece: Set(new.in_one_piece),
            attempt_base: Set(new.attempt_base),
            weight_ms: Set(new.weight_ms),
            rendition: Set(new.rendition.clone()),
            ..Default::default()
        });
        job::Entity::insert_many(rows).exec_without_returning(connection).await?;
    }
    notify(connection, Event::Job).await?;
    Ok(())
}

/// Leases the next job of one of `kinds`, if one waits. None of them has a lower priority than `lowest_priority`.
///
/// # Errors
/// Whatever the database says.
pub async fn lease(
    app: &App,
    runner: RunnerId,
    kinds: &[job::Kind],
    lowest_priority: i32,
) -> Result<Option<job::Model>> {
    let (lease, lease_s) = (LeaseId::random(), LEASE.as_secs_f64());
    let found = store::claim(&app.database, kinds, runner, lowest_priority, lease, lease_s).await?;
    if let Some(job) = &found {
        notify(&app.database, Event::Video(job.video_id)).await?;
    }
    Ok(found)
}

/// Extends a lease and takes note of the progress.
///
/// # Errors
/// LEASE_LOST.
pub async fn renew(
    app: &App,
    runner: RunnerId,
    lease: LeaseId,
    progress: Option<&job::Progress>,
) -> Result<job::Model> {
    let job = store::extend(&app.database, lease, runner, LEASE.as_secs_f64(), progress)
        .await?
        .ok_or(Error::LeaseLost)?;
    if progress.is_some() {
        notify(&app.database, Event::Video(job.video_id)).await?;
    }
    Ok(job)
}

/// Ends a job that is held, as done. `media_ms` is how much was made, for jobs from which the speed of a runner
/// can be told.
///
/// # Errors
/// Whatever the database says.
pub async fn finish(
    connection: &impl ConnectionTrait,
    job: &job::Model,
    media_ms: Option<i64>,
) -> Result<()> {
    store::note_run(connection, job.id, Outcome::Done { media_ms }).await?;
    store::end(connection, job.id, job::State::Done, None).await?;
    Ok(())
}

/// Ends a job for good.
///
/// # Errors
/// Whatever the database says.
pub async fn give_up(
    connection: &impl ConnectionTrait,
    job: &job::Model,
    error: &str,
    why: Setback,
) -> Result<()> {
    store::note_run(connection, job.id, why.into()).await?;
    store::end(connection, job.id, job::State::Failed, Some(error)).await?;
    Ok(())
}

/// Puts a job back, to be tried again after a while that doubles from try to try. A runner that gives a
/// job back because it is being stopped has not failed: the next one may begin at once.
///
/// # Errors
/// Whatever the database says.
pub async fn retry_later(
    connection: &impl ConnectionTrait,
    job: &job::Model,
    error: &str,
    why: Setback,
) -> Result<()> {
    let delay_s = match why {
        Setback::GivenBack | Setback::TakenOver => 0.0,
        // What crashed once may well have been the machine: the first retry does not wait.
        Setback::Crashed if job.crashes == 0 => 0.0,
        Setback::StorageAway => back_off_s(job.attempts, rand::random()).min(LONGEST_OUTAGE_DELAY_S),
        Setback::Failed | Setback::Crashed => back_off_s(job.failures(), rand::random()),
    };
    store::note_run(connection, job.id, why.into()).await?;
    store::requeue(connection, job.id, delay_s, why, error).await?;
    notify(connection, Event::Job).await?;
    notify(connection, Event::Video(job.video_id)).await?;
    Ok(())
}

/// Why a runner has a job no longer that it did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setback {
    /// Its runner was told to stop, or to give up its jobs.
    GivenBack,
    /// Its runner was ended without a word, and is here again: that may have been the job's doing.
    TakenOver,
    /// Its runner could not reach the storage, or had no room for it.
    StorageAway,
    /// Its runner said that it failed.
    Failed,
    /// Nothing was heard of its runner.
    Crashed,
}

impl Setback {
    /// Whether the job cannot be to blame.
    pub(super) fn is_excused(self) -> bool {
        matches!(self, Self::GivenBack | Self::StorageAway)
    }
}

impl From<Setback> for Outcome {
    fn from(why: Setback) -> Self {
        match why {
            Setback::GivenBack | Setback::TakenOver | Setback::StorageAway => Self::Returned,
            Setback::Failed => Self::Failed,
            Setback::Crashed => Self::Lost,
        }
    }
}

/// 30 s · 2ⁿ, give or take a fifth, at most an hour. `chance` is 0 to 1.
fn back_off_s(attempts: i32, chance: f64) -> f64 {
    let doublings = (attempts - 1).clamp(0, 20);
    let delay = (FIRST_DELAY_S * 2f64.powi(doublings)).min(LONGEST_DELAY_S);
    (delay * (0.8 + 0.4 * chance)).min(LONGEST_DELAY_S)
}

/// How long the end of a runner's leases waits for those that it is just reporting on.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Puts back what a runner has that may keep nothing any more. A job that it is reporting on at this moment is
/// waited for; what is still left then is put back when its lease runs out.
///
/// # Errors
/// Whatever the database says.
pub async fn take_back(app: &App, runner: RunnerId, error: &str) -> Result<()> {
    let give_up_at = tokio::time::Instant::now() + PATIENCE;
    loop {
        let transaction = app.database.begin().await?;
        for job in store::leased_by(&transaction, runner).await? {
            retry_later(&transaction, &job, error, Setback::GivenBack).await?;
        }
        transaction.commit().await?;
        if store::count_leased(&app.database, runner).await? == 0 || tokio::time::Instant::now() > give_up_at
        {
            return Ok(());
        }
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
}

/// Puts back what a runner had that was ended and is here again under the same name, so that nobody waits for its
/// leases to run out. What may be what ends it, as it was tried so often, waits all the same, and counts as a crash.
///
/// # Errors
/// Whatever the database says.
pub async fn take_over(app: &App, runner: RunnerId) -> Result<()> {
    let transaction = app.database.begin().await?;
    for job in store::leased_by(&transaction, runner).await? {
        if job.failures() < MOST_FAILURES {
            retry_later(&transaction, &job, "its runner was ended", Setback::TakenOver).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// Forgets what came of leases that ended long ago.
///
/// # Errors
/// Whatever the database says.
pub async fn forget_runs(app: &App) -> Result<u64> {
    Ok(store::forget_runs(&app.database, RUNS_ARE_KEPT_DAYS).await?)
}

/// How many jobs of each of these kinds could be leased now, in their order; more than a hundred are a hundred.
///
/// # Errors
/// Whatever the database says.
pub async fn waiting(app: &App, kinds: &[job::Kind]) -> Result<Vec<i64>> {
    Ok(store::count_waiting(&app.database, kinds).await?)
}

#[cfg(test)]
mod tests {
    use super::back_off_s;

    #[test]
    fn each_try_waits_twice_as_long_up_to_an_hour() {
        assert!((back_off_s(1, 0.5) - 30.0).abs() < 1e-9);
        assert!((back_off_s(3, 0.5) - 120.0).abs() < 1e-9);
        assert!((back_off_s(1, 0.0) - 24.0).abs() < 1e-9);
        assert!((back_off_s(30, 1.0) - 3600.0).abs() < 1e-9);
    }
}
