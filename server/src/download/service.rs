//! Asking for files, handing them out, and forgetting them.

use std::collections::HashMap;

use chrono::Duration;
use kinora_entity::{VideoId, download, job, video};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    Statement, TransactionTrait,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use super::loader::DownloadRow;
use crate::{
    account::{ClientAddress, Requester},
    app::App,
    error::{Error, Result},
    job::{self as queue, NewJob},
    processing::download_priority,
    storage::keys,
    video::visible,
};

/// So long a file stays that nobody asks for.
const KEPT: Duration = Duration::days(7);
/// How exactly it is known when a file was last asked for.
const ASKED_IS_NOTED_EVERY: Duration = Duration::hours(1);

/// Has a rendition made into a file, unless it is there or being made.
///
/// # Errors
/// NOT_FOUND, CONFLICT for a video that is not ready, RATE_LIMITED.
pub async fn prepare(
    app: &App,
    requester: &Requester,
    address: ClientAddress,
    id: VideoId,
    rendition: &str,
) -> Result<DownloadRow> {
    app.throttle.download(address)?;
    visible(app, requester, id).await?;
    let transaction = app.database.begin().await?;
    let video = video::Entity::find_by_id(id).lock_shared().one(&transaction).await?;
    let video = video.ok_or_else(|| Error::not_found("video"))?;
    let attempt = video.published_attempt.filter(|_| video.state == video::State::Ready);
    let attempt = attempt.ok_or_else(|| Error::Conflict {
        field: None,
        message: "This video is not ready yet. Try again when it is.".into(),
    })?;
    if video.is_encrypted {
        return Err(Error::Conflict {
            field: None,
            message: "This video is protected: its owner alone can save it, as it was uploaded.".into(),
        });
    }
    if row_of(&transaction, id, rendition).await?.is_none() {
        return Err(Error::not_found("rendition"));
    }
    let row = ask(app, &transaction, id, attempt, rendition).await?;
    if row.size_bytes.is_none() && active_jobs(id, attempt, rendition).count(&transaction).await? == 0 {
        let job = NewJob {
            kind: job::Kind::MakeDownload,
            video: id,
            priority: download_priority(),
            parent: None,
            chunk: None,
            in_one_piece: false,
            attempt_base: attempt,
            weight_ms: 0,
            rendition: Some(rendition.to_owned()),
        };
        queue::enqueue(&transaction, &[job]).await?;
    }
    let row = row_of(&transaction, id, rendition).await?.ok_or_else(|| Error::not_found("rendition"))?;
    transaction.commit().await?;
    Ok(row)
}

async fn row_of(
    connection: &impl ConnectionTrait,
    id: VideoId,
    rendition: &str,
) -> Result<Option<DownloadRow>> {
    let rows = DownloadRow::of_all(connection, &[id]).await?;
    Ok(rows.into_iter().find(|row| row.rendition == rendition))
}

/// Notes that somebody asks, and locks the row: two who ask at once do so one behind the other.
async fn ask(
    app: &App,
    connection: &impl ConnectionTrait,
    id: VideoId,
    attempt: i32,
    rendition: &str,
) -> Result<download::Model> {
    let column = |column| Expr::col((download::Entity, column));
    // What was made of an earlier version is none of this one.
    let if_same = |kept: download::Column| {
        Expr::case(column(download::Column::Attempt).eq(attempt), column(kept)).finally(Expr::cust("NULL"))
    };
    let row = download::Entity::insert(download::ActiveModel {
        video_id: Set(id),
        rendition: Set(rendition.to_owned()),
        attempt: Set(attempt),
        size_bytes: Set(None),
        lease_id: Set(None),
        has_failed: Set(false),
        asked_at: Set(app.clock.now()),
    })
    .on_conflict(
        OnConflict::columns([download::Column::VideoId, download::Column::Rendition])
            .update_columns([
                download::Column::Attempt,
                download::Column::HasFailed,
                download::Column::AskedAt,
            ])
            .value(download::Column::SizeBytes, if_same(download::Column::SizeBytes))
            .value(download::Column::LeaseId, if_same(download::Column::LeaseId))
            .to_owned(),
    )
    .exec_with_returning(connection)
    .await?;
    Ok(row)
}

fn active_jobs(id: VideoId, attempt: i32, rendition: &str) -> sea_orm::Select<job::Entity> {
    job::Entity::find()
        .filter(job::Column::Kind.eq(job::Kind::MakeDownload))
        .filter(job::Column::VideoId.eq(id))
        .filter(job::Column::AttemptBase.eq(attempt))
        .filter(job::Column::Rendition.eq(rendition))
        .filter(job::Column::State.is_in([job::State::Queued, job::State::Leased]))
}

/// The key of a file that is there, and a note that it was asked for. Whether the video may be seen is the caller's
/// to check.
///
/// # Errors
/// NOT_FOUND.
pub async fn made(app: &App, id: VideoId, attempt: i32, rendition: &str) -> Result<String> {
    // Postgres takes no text with a zero in it.
    if rendition.contains('\0') {
        return Err(Error::not_found("file"));
    }
    let row = download::Entity::find_by_id((id, rendition.to_owned()))
        .filter(download::Column::Attempt.eq(attempt))
        .one(&app.database)
        .await?;
    let (row, lease) =
        row.and_then(|row| row.lease_id.map(|lease| (row, lease))).ok_or_else(|| Error::not_found("file"))?;
    let now = app.clock.now();
    if now - row.asked_at > ASKED_IS_NOTED_EVERY {
        download::Entity::update_many()
            .col_expr(download::Column::AskedAt, Expr::value(now))
            .filter(download::Column::VideoId.eq(id))
            .filter(download::Column::Rendition.eq(rendition))
            .exec(&app.database)
            .await?;
    }
    Ok(keys::download(id, attempt, rendition, lease))
}

/// Removes the files that nobody has asked for in a week; returns how many.
///
/// # Errors
/// Whatever the database says. What the store does not remove now goes with the next comparison.
pub async fn forget_unasked(app: &App) -> Result<usize> {
    let forgotten = download::Entity::delete_many()
        .filter(download::Column::AskedAt.lt(app.clock.now() - KEPT))
        .exec_with_returning(&app.database)
        .await?;
    let files: Vec<String> = forgotten.iter().filter_map(key_of_row).collect();
    for key in &files {
        if let Err(error) = app.storage.delete(key).await {
            tracing::warn!(key, %error, "a file that nobody downloads is left over");
        }
    }
    Ok(files.len())
}

fn key_of_row(row: &download::Model) -> Option<String> {
    row.lease_id.map(|lease| keys::download(row.video_id, row.attempt, &row.rendition, lease))
}

/// All files of what is published now, by their keys.
///
/// # Errors
/// Whatever the database says.
pub async fn all_made(connection: &impl ConnectionTrait) -> Result<HashMap<String, download::Model>, DbErr> {
    let statement = Statement::from_string(
        DbBackend::Postgres,
        "SELECT d.* FROM download d JOIN video v ON v.id = d.video_id AND v.published_attempt = d.attempt",
    );
    let rows = download::Entity::find().from_raw_sql(statement).all(connection).await?;
    Ok(rows.into_iter().filter_map(|row| Some((key_of_row(&row)?, row))).collect())
}
