//! All SQL of the queue. Times are the database's, so that no machine's clock matters.

use super::service::Setback;
use kinora_entity::{JobId, LeaseId, RunnerId, VideoId, job};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Statement, Value};

fn sql(text: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}

fn kinds_array(kinds: &[job::Kind]) -> Value {
    let names: Vec<String> = kinds.iter().map(sea_orm::ActiveEnum::to_value).collect();
    names.into()
}

/// Claims the first waiting job of one of `kinds`, skipping those that others are claiming; those of a lower priority
/// than `lowest_priority` are not even looked at, as there may be thousands that nobody can do. Nothing for a runner
/// that is to get none: its row is locked meanwhile, so that whoever tells it so comes before or after, and a
/// lease that was given before is one that they find.
pub(super) async fn claim(
    connection: &impl ConnectionTrait,
    kinds: &[job::Kind],
    runner: RunnerId,
    lowest_priority: i32,
    lease: LeaseId,
    lease_s: f64,
) -> Result<Option<job::Model>, DbErr> {
    let statement = sql(
        "WITH may AS (SELECT FROM runner WHERE id = $2 AND state = 'active' FOR SHARE) \
         UPDATE job SET state = 'leased', attempts = attempts + 1, lease_id = $1, runner_id = $2, progress = NULL, \
         leased_at = now(), lease_expires_at = now() + make_interval(secs => $3) \
         WHERE id = (SELECT id FROM job WHERE state = 'queued' AND kind = ANY($4) AND run_after <= now() \
         AND priority >= $5 AND EXISTS (SELECT FROM may) ORDER BY priority DESC, run_after, created_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *",
        [lease.into(), runner.into(), lease_s.into(), kinds_array(kinds), lowest_priority.into()],
    );
    job::Entity::find().from_raw_sql(statement).one(connection).await
}

/// What every write under a lease asks for: that it is good, and that its runner may keep what it has.
const IS_HELD: &str = "lease_id = $1 AND runner_id = $2 AND state = 'leased' AND lease_expires_at > now() \
    AND EXISTS (SELECT FROM runner WHERE runner.id = $2 AND runner.state IN ('active', 'draining'))";

/// The job behind a lease that is good, locked: every write of a runner begins here.
///
/// # Errors
/// LEASE_LOST.
pub async fn held(
    connection: &impl ConnectionTrait,
    lease: LeaseId,
    runner: RunnerId,
) -> crate::error::Result<job::Model> {
    let text = format!("SELECT * FROM job WHERE {IS_HELD} FOR UPDATE");
    let statement = sql(&text, [lease.into(), runner.into()]);
    job::Entity::find().from_raw_sql(statement).one(connection).await?.ok_or(crate::error::Error::LeaseLost)
}

/// Extends a lease that is good; nothing when it is not.
pub(super) async fn extend(
    connection: &impl ConnectionTrait,
    lease: LeaseId,
    runner: RunnerId,
    lease_s: f64,
    progress: Option<&job::Progress>,
) -> Result<Option<job::Model>, DbErr> {
    let progress: Option<serde_json::Value> =
        progress.and_then(|progress| serde_json::to_value(progress).ok());
    let text = format!(
        "UPDATE job SET lease_expires_at = now() + make_interval(secs => $3), progress = coalesce($4, progress) \
         WHERE {IS_HELD} RETURNING *"
    );
    let statement = sql(&text, [lease.into(), runner.into(), lease_s.into(), progress.into()]);
    job::Entity::find().from_raw_sql(statement).one(connection).await
}

/// How the time of a job with a runner ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With so much media made, where the job makes any.
    Done {
        media_ms: Option<i64>,
    },
    Failed,
    Lost,
    Returned,
}

/// Remembers what came of a lease, for the figures of its runner. Nothing for a job that nobody holds.
pub(super) async fn note_run(
    connection: &impl ConnectionTrait,
    id: JobId,
    outcome: Outcome,
) -> Result<(), DbErr> {
    let (name, media_ms) = match outcome {
        Outcome::Done { media_ms } => ("done", media_ms),
        Outcome::Failed => ("failed", None),
        Outcome::Lost => ("lost", None),
        Outcome::Returned => ("returned", None),
    };
    // The statement's own time: a transaction may have waited long since it began.
    let statement = sql(
        "INSERT INTO job_run (runner_id, kind, outcome, started_at, ended_at, media_ms) \
         SELECT runner_id, kind, $2, coalesce(leased_at, statement_timestamp()), statement_timestamp(), $3 \
         FROM job WHERE id = $1 AND state = 'leased' AND runner_id IS NOT NULL",
        [id.into(), name.into(), media_ms.into()],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// Forgets runs that ended more than so many days ago.
pub(super) async fn forget_runs(connection: &impl ConnectionTrait, days: i32) -> Result<u64, DbErr> {
    let statement =
        sql("DELETE FROM job_run WHERE ended_at < now() - make_interval(days => $1)", [days.into()]);
    Ok(connection.execute_raw(statement).await?.rows_affected())
}

/// The jobs of a runner, locked, but for those that are just being reported on: waiting for these could be
/// waiting for somebody who waits for us.
pub(super) async fn leased_by(
    connection: &impl ConnectionTrait,
    runner: RunnerId,
) -> Result<Vec<job::Model>, DbErr> {
    let statement = sql(
        "SELECT * FROM job WHERE runner_id = $1 AND state = 'leased' FOR UPDATE SKIP LOCKED",
        [runner.into()],
    );
    job::Entity::find().from_raw_sql(statement).all(connection).await
}

/// How many jobs a runner has.
pub(super) async fn count_leased(connection: &impl ConnectionTrait, runner: RunnerId) -> Result<i64, DbErr> {
    count(
        connection,
        sql("SELECT count(*) AS counted FROM job WHERE runner_id = $1 AND state = 'leased'", [runner.into()]),
    )
    .await
}

#[derive(FromQueryResult)]
struct Count {
    counted: i64,
}

async fn count(connection: &impl ConnectionTrait, statement: Statement) -> Result<i64, DbErr> {
    Ok(Count::find_by_statement(statement).one(connection).await?.map_or(0, |count| count.counted))
}

/// Ends a job as done or failed.
pub(super) async fn end(
    connection: &impl ConnectionTrait,
    id: JobId,
    state: job::State,
    error: Option<&str>,
) -> Result<(), DbErr> {
    let statement = sql(
        "UPDATE job SET state = $2, error = $3, lease_id = NULL, lease_expires_at = NULL, finished_at = now() \
         WHERE id = $1",
        [id.into(), sea_orm::ActiveEnum::to_value(&state).into(), error.into()],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// Keeps what the program said that failed, or that it said nothing.
///
/// # Errors
/// Whatever the database says.
pub async fn keep_log(
    connection: &impl ConnectionTrait,
    job: &job::Model,
    log: Option<&str>,
) -> Result<(), DbErr> {
    let statement = sql("UPDATE job SET log = $2 WHERE id = $1", [job.id.into(), log.into()]);
    connection.execute_raw(statement).await?;
    Ok(())
}

/// Puts a job back into the queue.
pub(super) async fn requeue(
    connection: &impl ConnectionTrait,
    id: JobId,
    delay_s: f64,
    why: Setback,
    error: &str,
) -> Result<(), DbErr> {
    let statement = sql(
        "UPDATE job SET state = 'queued', lease_id = NULL, lease_expires_at = NULL, progress = NULL, error = $4, \
         crashes = crashes + $3, excused = excused + $5, run_after = now() + make_interval(secs => $2) WHERE id = $1",
        [
            id.into(),
            delay_s.into(),
            i32::from(why == Setback::Crashed).into(),
            error.into(),
            i32::from(why.is_excused()).into(),
        ],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// Locks one job whose lease has run out.
pub(super) async fn next_lost(connection: &impl ConnectionTrait) -> Result<Option<job::Model>, DbErr> {
    let statement = sql(
        "SELECT * FROM job WHERE state = 'leased' AND lease_expires_at <= now() LIMIT 1 FOR UPDATE SKIP LOCKED",
        [],
    );
    job::Entity::find().from_raw_sql(statement).one(connection).await
}

/// More jobs are not counted: whoever asks wants to know whether there are any.
const MOST_COUNTED: i64 = 100;

/// How many jobs of each of these kinds could be leased now, in their order, up to [`MOST_COUNTED`].
pub(super) async fn count_waiting(
    connection: &impl ConnectionTrait,
    kinds: &[job::Kind],
) -> Result<Vec<i64>, DbErr> {
    let statement = sql(
        "SELECT (SELECT count(*) FROM (SELECT FROM job WHERE job.kind = wanted.kind AND job.state = 'queued' \
         AND job.run_after <= now() LIMIT $2) few) AS counted \
         FROM unnest($1::text[]) WITH ORDINALITY AS wanted (kind, place) ORDER BY wanted.place",
        [kinds_array(kinds), MOST_COUNTED.into()],
    );
    Ok(Count::find_by_statement(statement)
        .all(connection)
        .await?
        .into_iter()
        .map(|row| row.counted)
        .collect())
}

/// How many jobs of a family, the one that planned and those that it planned, are not done.
///
/// # Errors
/// Whatever the database says.
pub async fn unfinished(connection: &impl ConnectionTrait, parent: JobId) -> Result<i64, DbErr> {
    let statement = sql(
        "SELECT count(*) AS counted FROM job WHERE (id = $1 OR parent_id = $1) AND state <> 'done'",
        [parent.into()],
    );
    count(connection, statement).await
}

/// How many jobs of the same video, kind and attempt as this one are still to be done.
///
/// # Errors
/// Whatever the database says.
pub async fn unfinished_like(connection: &impl ConnectionTrait, job: &job::Model) -> Result<i64, DbErr> {
    let statement = sql(
        "SELECT count(*) AS counted FROM job WHERE video_id = $1 AND kind = $2 AND attempt_base = $3 \
         AND state IN ('queued', 'leased')",
        like(job),
    );
    count(connection, statement).await
}

/// Whether another job of the same video, kind and attempt as this one was given up.
///
/// # Errors
/// Whatever the database says.
pub async fn is_given_up_like(connection: &impl ConnectionTrait, job: &job::Model) -> Result<bool, DbErr> {
    let [video, kind, attempt] = like(job);
    let statement = sql(
        "SELECT count(*) AS counted FROM job WHERE video_id = $1 AND kind = $2 AND attempt_base = $3 \
         AND state = 'failed' AND id <> $4",
        [video, kind, attempt, job.id.into()],
    );
    Ok(count(connection, statement).await? > 0)
}

/// Nobody waits behind more than so many videos of their own: beyond that their order matters to nobody, and to count
/// them would cost what they are.
pub const MOST_TURNS: i64 = 10_000;

/// Of how many videos of the same uploader jobs of these kinds wait.
///
/// # Errors
/// Whatever the database says.
pub async fn videos_waiting(
    connection: &impl ConnectionTrait,
    video: VideoId,
    kinds: &[job::Kind],
) -> Result<i32, DbErr> {
    let statement = sql(
        "SELECT count(*) AS counted FROM (SELECT FROM video WHERE EXISTS \
         (SELECT FROM job WHERE job.video_id = video.id AND job.state = 'queued' AND job.kind = ANY($2)) \
         AND uploader_id = (SELECT uploader_id FROM video WHERE id = $1) LIMIT $3) few",
        [video.into(), kinds_array(kinds), MOST_TURNS.into()],
    );
    Ok(i32::try_from(count(connection, statement).await?).unwrap_or(i32::MAX))
}

/// Takes a family's jobs away that are not done.
///
/// # Errors
/// Whatever the database says.
pub async fn remove_siblings(connection: &impl ConnectionTrait, parent: JobId) -> Result<(), DbErr> {
    remove(connection, "parent_id = $1 AND state IN ('queued', 'leased')", [parent.into()]).await
}

/// Takes the jobs of the same video, kind and attempt as this one away that are not done.
///
/// # Errors
/// Whatever the database says.
pub async fn remove_like(connection: &impl ConnectionTrait, job: &job::Model) -> Result<(), DbErr> {
    let which = "video_id = $1 AND kind = $2 AND attempt_base = $3 AND state IN ('queued', 'leased')";
    remove(connection, which, like(job)).await
}

/// Takes a video's jobs of these kinds away that work for another attempt than this.
///
/// # Errors
/// Whatever the database says.
pub async fn remove_other_attempts(
    connection: &impl ConnectionTrait,
    video: VideoId,
    kinds: &[job::Kind],
    attempt: i32,
) -> Result<(), DbErr> {
    let which = "video_id = $1 AND kind = ANY($2) AND attempt_base <> $3";
    remove(connection, which, [video.into(), kinds_array(kinds), attempt.into()]).await
}

fn like(job: &job::Model) -> [Value; 3] {
    [job.video_id.into(), sea_orm::ActiveEnum::to_value(&job.kind).into(), job.attempt_base.into()]
}

/// Jobs that are just being reported on are left: whoever does so would otherwise wait for us while we wait for them.
async fn remove(
    connection: &impl ConnectionTrait,
    which: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<(), DbErr> {
    let text =
        format!("DELETE FROM job WHERE id IN (SELECT id FROM job WHERE {which} FOR UPDATE SKIP LOCKED)");
    connection.execute_raw(sql(&text, values)).await?;
    Ok(())
}
