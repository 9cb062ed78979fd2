//! What becomes of a video when a job of it fails.

use kinora_entity::{LeaseId, RunnerId, job};
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect, TransactionTrait};

use super::{beginning, extras, rekey};
use crate::{
    app::App,
    download,
    error::{Error, Result},
    feed,
    job::{self as queue, MOST_FAILURES, MOST_LEASES, Setback, held},
    video as videos,
};

/// What a runner says when it was told to stop and gives its job back.
const RUNNER_STOPPED: &str = "RUNNER_STOPPED";
/// What a runner says when its bytes could not go where they should: no job is to blame for that.
const STORAGE_AWAY: [&str; 2] = ["STORAGE_UNAVAILABLE", "RUNNER_OUT_OF_DISK"];
/// What uploaders are told when we failed and not their file.
const PROCESSING_FAILED: &str = "PROCESSING_FAILED";

/// So much of a log is kept, from its end.
const LONGEST_LOG_BYTES: usize = 8 << 10;

/// What a runner says of a job that it could not do.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: String,
    pub message: String,
    /// Whether another try may end better.
    pub retry: bool,
    /// The last lines of the program that failed.
    pub log: Option<String>,
}

/// The end of a log, without addresses and without what looks like a secret: presigned addresses are both.
fn presentable(log: &str) -> String {
    let is_secret = |word: &str| {
        word.contains("://")
            || word.contains("X-Amz-")
            || word.contains("kn_")
            || word.contains("knr_")
            || word.contains("Bearer")
    };
    let lines = log.lines().map(|line| {
        let words = line.split(' ').map(|word| if is_secret(word) { "…" } else { word });
        let line: String = words.collect::<Vec<_>>().join(" ");
        line.chars().filter(|character| !character.is_control()).collect::<String>()
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let mut start = text.len().saturating_sub(LONGEST_LOG_BYTES);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text[start..].to_owned()
}

/// A runner could not do it: to be tried again, or for good with a code and a sentence for the uploader.
///
/// # Errors
/// LEASE_LOST, BAD_USER_INPUT on `code` or `message`.
pub async fn fail(app: &App, runner: RunnerId, lease: LeaseId, failure: Failure) -> Result<()> {
    let Failure { code, message, retry, log } = failure;
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
    let mut left_over = Vec::new();
    if code != RUNNER_STOPPED {
        queue::keep_log(&transaction, &job, log.as_deref().map(presentable).as_deref()).await?;
    }
    if retry && code == RUNNER_STOPPED && job.attempts < MOST_LEASES {
        queue::retry_later(&transaction, &job, &error, Setback::GivenBack).await?;
    } else if retry && STORAGE_AWAY.contains(&code.as_str()) && job.attempts < MOST_LEASES {
        tracing::warn!(job = %job.id, video = %job.video_id, error, "a job waits for the storage");
        queue::retry_later(&transaction, &job, &error, Setback::StorageAway).await?;
    } else if retry && job.failures() < MOST_FAILURES {
        tracing::warn!(job = %job.id, video = %job.video_id, error, "a job failed and will be tried again");
        queue::retry_later(&transaction, &job, &error, Setback::Failed).await?;
    } else {
        queue::give_up(&transaction, &job, &error, Setback::Failed).await?;
        if job.kind == job::Kind::MakeDownload {
            download::note_failed(&transaction, &job).await?;
        } else if job.kind.extra_codec().is_some() {
            tracing::warn!(job = %job.id, video = %job.video_id, error, "a video is left without a codec");
            left_over = extras::abandon(&transaction, &job).await?;
        } else if job.kind == job::Kind::RekeyChunk {
            tracing::warn!(job = %job.id, video = %job.video_id, error, "a video is made anew for its protection");
            left_over = rekey::abandon(&transaction, &job).await?;
        } else if !job.kind.is_needed() {
            tracing::warn!(job = %job.id, video = %job.video_id, error, "a video is left without previews");
        } else if job.parent_id.is_some() || job.plan.is_some() {
            fall_back(&transaction, &job, &error).await?;
        } else if retry {
            give_up_on(app, &transaction, &job).await?;
        } else {
            tracing::info!(job = %job.id, video = %job.video_id, error, "a video failed");
            videos::fail(app, &transaction, job.video_id, &code, &message).await?;
        }
    }
    transaction.commit().await?;
    extras::remove(app, &left_over).await;
    Ok(())
}

/// What becomes of a video whose job was given up because its runners went silent.
///
/// # Errors
/// Whatever the database says.
pub async fn lost(app: &App, connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    if job.kind == job::Kind::MakeDownload {
        return download::note_failed(connection, job).await;
    }
    if job.kind.extra_codec().is_some() {
        tracing::warn!(job = %job.id, video = %job.video_id, "a video is left without a codec");
        // Its objects go with the next comparison of bucket and database: this change may still be undone.
        extras::abandon(connection, job).await?;
        return Ok(());
    }
    if job.kind == job::Kind::RekeyChunk {
        tracing::warn!(job = %job.id, video = %job.video_id, "a video is made anew for its protection");
        rekey::abandon(connection, job).await?;
        return Ok(());
    }
    if !job.kind.is_needed() {
        tracing::warn!(job = %job.id, video = %job.video_id, "a video is left without previews");
        return Ok(());
    }
    if job.parent_id.is_some() || job.plan.is_some() {
        return fall_back(connection, job, "its runners went silent").await;
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
async fn fall_back(connection: &impl ConnectionTrait, job: &job::Model, error: &str) -> Result<()> {
    let parent = job.parent_id.unwrap_or(job.id);
    let found = job::Entity::find_by_id(parent).lock_exclusive().one(connection).await?;
    let Some(found) = found else { return Ok(()) };
    // A sibling was faster.
    if found.id != job.id && found.state == job::State::Failed {
        return Ok(());
    }
    tracing::warn!(job = %job.id, video = %job.video_id, error, "a video cannot be made in chunks");
    queue::give_up(connection, &found, error, Setback::GivenBack).await?;
    queue::remove_siblings(connection, parent).await?;
    beginning::begin_in_one_piece(connection, job.video_id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_keeps_its_end_and_no_addresses() {
        let said =
            "frame=1\nGET https://store.example/a?X-Amz-Signature=1 failed\n[mov @ 0x1] moov\u{7} not found";
        assert_eq!(presentable(said), "frame=1\nGET … failed\n[mov @ 0x1] moov not found");
        assert!(!presentable("token kn_abc knr_def").contains("abc"));
        let long = format!("{}é{}the end", "x".repeat(9_000), "y".repeat(LONGEST_LOG_BYTES - 8));
        let kept = presentable(&long);
        assert!(kept.len() <= LONGEST_LOG_BYTES && kept.ends_with("the end"));
    }
}
