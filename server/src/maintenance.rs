//! What the server does by itself every now and then.

use std::time::Duration;

use sea_orm::DatabaseTransaction;
use tokio::time::Instant;

use crate::{
    app::App,
    app::SharedApp,
    doctor::{
        extras::{self, Extra},
        leftovers,
    },
    download,
    error::Result,
    feed, job, processing, protection, runner, upload, webhook,
};

const REAP_EVERY: Duration = Duration::from_secs(10);
const TIDY_EVERY: Duration = Duration::from_secs(600);
/// Listing a bucket costs a request for each thousand objects.
const COMPARE_EVERY: Duration = Duration::from_secs(6 * 3600);
/// What is younger may belong to something under way. With the interval it makes less than a day.
const LEAVE_ALONE: Duration = Duration::from_secs(12 * 3600);

/// Puts lost jobs back and clears abandoned uploads away until the process stops. A database or a store
/// that is away for a while ends nothing.
pub async fn run(app: SharedApp) {
    let mut reap = tokio::time::interval(REAP_EVERY);
    let mut tidy = tokio::time::interval(TIDY_EVERY);
    let mut compare = tokio::time::interval_at(Instant::now() + TIDY_EVERY, COMPARE_EVERY);
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            _ = reap.tick() => {
                // A video that fails may leave the feed.
                let before = async |transaction: &DatabaseTransaction| Ok(feed::lock_ranks(transaction).await?);
                let outcome = job::reap(&app, before, async |app, transaction, lost| {
                    processing::lost(app, transaction, &lost.0).await
                })
                .await;
                if let Err(error) = outcome {
                    tracing::warn!(?error, "lost jobs could not be looked for");
                }
            }
            _ = tidy.tick() => {
                app.throttle.forget_idle();
                if let Err(error) = protection::settle_forgotten(&app).await {
                    tracing::warn!(?error, "videos that are to be protected could not be looked for");
                }
                if let Err(error) = forget(&app).await {
                    tracing::warn!(?error, "what runners did long ago could not be forgotten");
                }
                match upload::expire_abandoned(&app).await {
                    Ok(0) => {}
                    Ok(count) => tracing::info!(count, "abandoned uploads were cleared away"),
                    Err(error) => tracing::warn!(?error, "abandoned uploads could not be looked for"),
                }
                match download::forget_unasked(&app).await {
                    Ok(0) => {}
                    Ok(count) => tracing::info!(count, "files that nobody downloads any more were removed"),
                    Err(error) => tracing::warn!(?error, "files that nobody downloads could not be removed"),
                }
                if let Err(error) = webhook::prune(&app).await {
                    tracing::warn!(?error, "the log of webhooks could not be shortened");
                }
            }
            _ = compare.tick() => {
                if let Err(error) = remove_orphans(&app).await {
                    tracing::warn!(?error, "the bucket could not be compared with the database");
                }
            }
        }
    }
}

async fn forget(app: &App) -> Result<()> {
    job::forget_runs(app).await?;
    runner::forget_expired(app).await
}

/// Objects that were ours and that nothing names any more go; what is missing, or was never ours, is for a
/// person to decide on (`kinora doctor --storage`).
async fn remove_orphans(app: &App) -> Result<()> {
    let found = leftovers::compare(app, LEAVE_ALONE).await?;
    let all = found.orphans.len() + found.orphan_multiparts.len();
    let found = found.of_known_owners();
    let (objects, uploads) = leftovers::remove_orphans(app, &found).await?;
    // Where more is missing, the bucket may be the wrong one for a while; and a picture that came with a video
    // cannot be made again.
    if found.damaged.is_empty() && found.lost.is_empty() {
        let made_again: Vec<Extra> = found
            .lost_extras
            .iter()
            .filter(|extra| !matches!(extra, Extra::Thumbnail(..)))
            .cloned()
            .collect();
        extras::forget(app, &made_again).await?;
    }
    if objects + uploads > 0 {
        tracing::info!(objects, uploads, "what nothing names any more was removed from the bucket");
    }
    let strange = all - objects - uploads;
    if strange > 0 {
        tracing::warn!(
            strange,
            "the bucket holds what this database never heard of: `kinora doctor --storage` lists it"
        );
    }
    let (damaged, lost) = (found.damaged.len(), found.lost.len());
    if damaged + lost > 0 {
        tracing::error!(damaged, lost, "videos lack objects: run `kinora doctor --storage`");
    }
    Ok(())
}
