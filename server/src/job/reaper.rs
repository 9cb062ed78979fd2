//! Jobs whose runner went silent.

use kinora_entity::job;
use sea_orm::{DatabaseTransaction, TransactionTrait};

use super::{
    service::{Setback, give_up, retry_later},
    store,
};
use crate::{app::App, error::Result};

/// A job that takes three runners with it is not handed to a fourth.
const MOST_CRASHES: i32 = 3;
const AT_ONCE: usize = 100;

/// A job that was given up.
pub struct Lost(pub job::Model);

/// Puts jobs back whose lease has run out; those that crashed too often are given up, and `on_lost`
/// does in the same transaction what their kind wants then. `before` takes the locks that this needs and that come
/// before those of jobs.
///
/// # Errors
/// Whatever the database says.
pub async fn reap<B, F>(app: &App, before: B, on_lost: F) -> Result<usize>
where
    B: AsyncFn(&DatabaseTransaction) -> Result<()>,
    F: AsyncFn(&App, &DatabaseTransaction, &Lost) -> Result<()>,
{
    for count in 0..AT_ONCE {
        let transaction = app.database.begin().await?;
        before(&transaction).await?;
        let Some(job) = store::next_lost(&transaction).await? else { return Ok(count) };
        tracing::warn!(job = %job.id, video = %job.video_id, attempt = job.attempts, "a runner went silent");
        if job.crashes + 1 >= MOST_CRASHES {
            give_up(&transaction, &job, "its runners went silent", Setback::Crashed).await?;
            on_lost(app, &transaction, &Lost(job)).await?;
        } else {
            retry_later(&transaction, &job, "its runner went silent", Setback::Crashed).await?;
        }
        transaction.commit().await?;
    }
    Ok(AT_ONCE)
}
