//! Keeping a lease alive, and saying how far the job is on the way.

use std::time::Duration;

use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    api::{Api, ApiError, operations::JobProgressInput},
    job::Reporter,
};

/// A quarter of the lease: three renewals may be lost.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Progress is told no more often than this, except when a stage begins.
const PROGRESS: Duration = Duration::from_secs(1);
/// After a failed renewal.
const RETRY: Duration = Duration::from_secs(2);

/// Renews until dropped; cancels `lost` when the server says that the lease is gone.
pub async fn keep(
    api: Api,
    lease_id: cynic::Id,
    mut progress: watch::Receiver<JobProgressInput>,
    lost: CancellationToken,
) {
    let mut told: Option<JobProgressInput> = None;
    let mut due = Instant::now();
    loop {
        tokio::select! {
            () = tokio::time::sleep_until(due) => {}
            changed = wait_for_news(&mut progress, told) => {
                if !changed {
                    // Nothing more will be reported; the lease is still needed until we are dropped.
                    tokio::time::sleep_until(due).await;
                }
            }
        }
        let now = *progress.borrow_and_update();
        match api.renew_lease(&lease_id, Some(now)).await {
            Ok(()) => {
                told = Some(now);
                due = Instant::now() + HEARTBEAT;
                let stage = now.stage;
                // At most once a second, unless a new stage begins.
                tokio::select! {
                    () = tokio::time::sleep(PROGRESS) => {}
                    _ = progress.wait_for(|next| next.stage != stage) => {}
                }
            }
            Err(error) if is_final(&error) => {
                tracing::warn!(%error, "the lease cannot be renewed");
                lost.cancel();
                return;
            }
            Err(error) => {
                tracing::warn!(%error, "the lease is not renewed yet");
                due = Instant::now() + RETRY;
                tokio::time::sleep_until(due).await;
            }
        }
    }
}

/// Waits until the lease is somebody else's. Never answers once the job is handed in: a lease ends with its job as
/// well, and how that went is for the server's answer to say.
pub async fn taken_away(lost: &CancellationToken, reporter: &Reporter) {
    lost.cancelled().await;
    if reporter.is_handing_in() {
        std::future::pending::<()>().await;
    }
}

/// Whether the job is somebody else's now, or nobody's. Anything else may pass.
fn is_final(error: &ApiError) -> bool {
    match error {
        ApiError::LeaseLost => true,
        ApiError::Rejected { code, .. } => code == "NOT_FOUND",
        ApiError::TokenRefused { .. } => true,
        ApiError::Unreachable(_) | ApiError::Busy { .. } => false,
    }
}

/// Answers when there is something that was not told; `false` when nothing will come any more.
async fn wait_for_news(
    progress: &mut watch::Receiver<JobProgressInput>,
    told: Option<JobProgressInput>,
) -> bool {
    progress.wait_for(|now| Some(*now) != told).await.is_ok()
}
