//! What the server does by itself every now and then.

use std::time::Duration;

use crate::{app::SharedApp, job, processing, upload};

const REAP_EVERY: Duration = Duration::from_secs(10);
const TIDY_EVERY: Duration = Duration::from_secs(600);

/// Puts lost jobs back and clears abandoned uploads away until the process stops. A database or a store
/// that is away for a while ends nothing.
pub async fn run(app: SharedApp) {
    let mut reap = tokio::time::interval(REAP_EVERY);
    let mut tidy = tokio::time::interval(TIDY_EVERY);
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            _ = reap.tick() => {
                let outcome = job::reap(&app, async |transaction, lost| processing::lost(transaction, &lost.0).await).await;
                if let Err(error) = outcome {
                    tracing::warn!(?error, "lost jobs could not be looked for");
                }
            }
            _ = tidy.tick() => {
                app.throttle.forget_idle();
                match upload::expire_abandoned(&app).await {
                    Ok(0) => {}
                    Ok(count) => tracing::info!(count, "abandoned uploads were cleared away"),
                    Err(error) => tracing::warn!(?error, "abandoned uploads could not be looked for"),
                }
            }
        }
    }
}
