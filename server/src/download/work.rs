//! What a runner gets and reports of a file that it makes.

use kinora_entity::{LeaseId, RunnerId, download, job};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, TransactionTrait, sea_query::Expr};

use super::loader::DownloadRow;
use crate::{
    app::App,
    error::{Error, Result},
    job::{self as queue, held},
    storage::{StorageError, keys},
};

/// A file holds what its parts hold, and an index: beyond this much more it is something else.
const ALLOWANCE_BYTES: i64 = 1 << 20;

fn rejected(why: &str) -> Error {
    Error::coded("RESULT_REJECTED", why)
}

/// The rendition that a job makes a file of.
fn wanted(job: &job::Model) -> Result<&str> {
    job.rendition
        .as_deref()
        .filter(|_| job.kind == job::Kind::MakeDownload)
        .ok_or_else(|| rejected("This job makes no file to download."))
}

/// Where the file of a leased job goes.
///
/// # Errors
/// RESULT_REJECTED for a job of another kind.
pub fn key_of(job: &job::Model) -> Result<String> {
    let lease = job.lease_id.ok_or(Error::LeaseLost)?;
    Ok(keys::download(job.video_id, job.video_attempt(), wanted(job)?, lease))
}

/// The renditions that the file of a job is joined from.
///
/// # Errors
/// RESULT_REJECTED for a job of another kind.
pub fn parts(job: &job::Model) -> Result<Vec<&str>> {
    let wanted = wanted(job)?;
    Ok(if wanted == "audio" { vec![wanted] } else { vec![wanted, "audio"] })
}

/// Takes note of a file that is in the store, and ends its job.
///
/// # Errors
/// LEASE_LOST, RESULT_REJECTED.
pub async fn complete(app: &App, runner: RunnerId, lease: LeaseId) -> Result<()> {
    let job = held(&app.database, lease, runner).await?;
    let size_bytes = match app.storage.size_bytes(&key_of(&job)?).await {
        Ok(size_bytes) => size_bytes,
        Err(StorageError::NotFound) => return Err(rejected("The store does not hold the file.")),
        Err(error) => return Err(error.into()),
    };
    let transaction = app.database.begin().await?;
    let job = held(&transaction, lease, runner).await?;
    let rendition = wanted(&job)?;
    let rows = DownloadRow::of_all(&transaction, &[job.video_id]).await?;
    let row = rows.iter().find(|row| row.rendition == rendition);
    let most_bytes = row.map_or(0, |row| row.parts_bytes + row.parts_bytes / 20 + ALLOWANCE_BYTES);
    if !(1..=most_bytes).contains(&size_bytes) {
        return Err(rejected("The file is larger than what it was made of."));
    }
    // Where nobody wants it any more there is no row, and the file goes with the next comparison.
    download::Entity::update_many()
        .col_expr(download::Column::SizeBytes, Expr::value(size_bytes))
        .col_expr(download::Column::LeaseId, Expr::value(lease))
        .filter(download::Column::VideoId.eq(job.video_id))
        .filter(download::Column::Rendition.eq(rendition))
        .filter(download::Column::Attempt.eq(job.video_attempt()))
        .exec(&transaction)
        .await?;
    queue::finish(&transaction, &job, None).await?;
    transaction.commit().await?;
    tracing::info!(video = %job.video_id, rendition, size_bytes, "a file to download is ready");
    Ok(())
}

/// The job was given up.
///
/// # Errors
/// Whatever the database says.
pub async fn note_failed(connection: &impl ConnectionTrait, job: &job::Model) -> Result<()> {
    download::Entity::update_many()
        .col_expr(download::Column::HasFailed, Expr::value(true))
        .filter(download::Column::VideoId.eq(job.video_id))
        .filter(download::Column::Rendition.eq(job.rendition.clone()))
        .filter(download::Column::Attempt.eq(job.video_attempt()))
        .exec(connection)
        .await?;
    Ok(())
}
