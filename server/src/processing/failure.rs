//! What becomes of a video when a job of it fails.

use kinora_entity::{LeaseId, RunnerId, job};
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect, TransactionTrait};

use super::beginning;
use crate::{
    app::App,
    error::{Error, Result},
    feed,
    job::{self as queue, MOST_ATTEMPTS, Retry, held},
    video as videos,
};

/// What a runner says when it was told to stop and gives its job back.
const RUNNER_STOPPED: &str = "RUNNER_STOPPED";
/// What uploaders are told when we failed and not their file.
const PROCESSING_FAILED: &str = "PROCESSING_FAILED";

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
    // A video that fails may leave the feed.
    feed::lock_ranks(&transaction).await?;
    let job = held(&transaction, lease, runner).await?;
    let error = format!("{code}: {message}");
    if retry && code == RUNNER_STOPPED {
        queue::retry_later(&transaction, &job, &error, Retry::GivenBack).await?;
    } else if retry && job.attempts < MOST_ATTEMPTS {
        tracing::warn!(job = %job.id, video = %job.video_id, error, "a job failed and will be tried again");
        queue::retry_later(&transaction, &job, &error, Retry::Failed).await?;
    } else {
        queue::give_up(&transaction, &job, &error).await?;
        if job.parent_id.is_some() || job.plan.is_some() {
            fall_back(app, &transaction, &job, &error).await?;
        } else if retry {
            give_up_on(app, &transaction, &job).await?;
        } else {
            tracing::info!(job = %job.id, video = %job.video_id, error, "a video failed");
            videos::fail(app, &transaction, job.video_id, code, &message).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// What becomes of a video whose job was given up because its runners went silent.
///
/// # Errors
/// Whatever the database says.
pub async fn lost(app: &App, connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    if job.parent_id.is_some() || job.plan.is_some() {
        return fall_back(app, connection, job, "its runners went silent").await;
    }
    give_up_on(app, connection, job).await
}

async fn give_up_on(app: &App, connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    const MESSAGE: &str = "This video could not be processed after several tries. The file is safe; tell the administrator of this site.";
    tracing::info!(job = %job.id, video = %job.video_id, "a video is given up");
    videos::fail(app, connection, job.video_id, PROCESSING_FAILED, MESSAGE).await
}

/// A video that cannot be made in chunks is made in one piece, which is slower and puts up with more: only that
/// decides whether anything is wrong with the file. What can be watched already stays so meanwhile.
async fn fall_back(
    app: &App,
    connection: &impl ConnectionTrait,
    job: &job::Model,
    error: &str,
) -> Result<()> {
    let parent = job.parent_id.unwrap_or(job.id);
    let found = job::Entity::find_by_id(parent).lock_exclusive().one(connection).await?;
    let Some(found) = found else { return Ok(()) };
    // A sibling was faster.
    if found.id != job.id && found.state == job::State::Failed {
        return Ok(());
    }
    tracing::warn!(job = %job.id, video = %job.video_id, error, "a video cannot be made in chunks");
    queue::give_up(connection, &found, error).await?;
    queue::remove_siblings(connection, parent).await?;
    beginning::begin_in_one_piece(app, connection, job.video_id).await
}
