//! Dense ranks: 0, 1, 2 … over everything that the feed may show, with no hole between them.

use kinora_entity::video;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};

const LOCK: i64 = 0x4645_4544;

#[derive(FromQueryResult)]
struct Count {
    ranks: i32,
}

fn sql(text: &str, values: impl IntoIterator<Item = sea_orm::Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}

/// Waits for the right to change ranks until the transaction ends. Take it before any row is locked:
/// whoever changes a rank also touches the video that moves into the hole.
///
/// # Errors
/// Whatever the database says.
pub async fn lock_ranks(transaction: &impl ConnectionTrait) -> Result<(), DbErr> {
    transaction.execute_raw(sql("SELECT pg_advisory_xact_lock($1)", [LOCK.into()])).await?;
    Ok(())
}

/// How many videos the feed may show.
pub(super) async fn count(connection: &impl ConnectionTrait) -> Result<u64, DbErr> {
    let statement = sql("SELECT coalesce(max(feed_rank) + 1, 0) AS ranks FROM video", []);
    let found = Count::find_by_statement(statement).one(connection).await?;
    Ok(found.map_or(0, |count| u64::try_from(count.ranks).unwrap_or(0)))
}

/// Gives a video a rank, or takes it away, as its visibility and state want it.
///
/// # Errors
/// Whatever the database says.
pub async fn sync_rank(transaction: &impl ConnectionTrait, video: &video::Model) -> Result<(), DbErr> {
    let is_listed = video.visibility == video::Visibility::Public && video.published_attempt.is_some();
    match (is_listed, video.feed_rank) {
        (true, None) => {
            let statement = sql(
                "UPDATE video SET feed_rank = (SELECT coalesce(max(feed_rank) + 1, 0) FROM video) WHERE id = $1",
                [video.id.into()],
            );
            transaction.execute_raw(statement).await?;
            Ok(())
        }
        (false, Some(_)) => leave(transaction, video).await,
        _ => Ok(()),
    }
}

/// Takes a video's rank away; the last one moves into the hole.
///
/// # Errors
/// Whatever the database says.
pub async fn leave(transaction: &impl ConnectionTrait, video: &video::Model) -> Result<(), DbErr> {
    let Some(rank) = video.feed_rank else { return Ok(()) };
    transaction
        .execute_raw(sql("UPDATE video SET feed_rank = NULL WHERE id = $1", [video.id.into()]))
        .await?;
    let statement = sql(
        "UPDATE video SET feed_rank = $1 WHERE feed_rank = (SELECT max(feed_rank) FROM video) AND feed_rank > $1",
        [rank.into()],
    );
    transaction.execute_raw(statement).await?;
    Ok(())
}
