//! The loop that sends messages. Every server of a site runs one; the database keeps them apart.

use std::time::Duration;

use tokio::{
    sync::broadcast::error::RecvError,
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{attempt::attempt, store};
use crate::{app::SharedApp, error::Result, events::Event};

/// Finds what is due again, and what a lost notification would have said.
const POLL_EVERY: Duration = Duration::from_secs(2);
/// Messages under way at once in this process.
const MOST_AT_ONCE: usize = 128;
/// Of these, so many may be to addresses that have failed before.
const MOST_TO_FAILING: usize = 64;
/// What is under way when the process is to end gets so long; what does not arrive is sent again.
const FINISH_WITHIN: Duration = Duration::from_secs(5);

/// Sends what is due until the process stops. A database that is away for a while ends nothing.
pub async fn run(app: SharedApp) {
    let mut news = app.events.subscribe();
    let mut poll = interval(POLL_EVERY);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            () = app.stop.cancelled() => break,
            _ = poll.tick() => {}
            heard = news.recv() => match heard {
                Ok(Event::Webhook) | Err(RecvError::Lagged(_)) => {}
                Ok(_) | Err(RecvError::Closed) => continue,
            },
            Some(ended) = under_way.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a try to send a message ended badly");
                }
            }
        }
        if let Err(error) = begin(&app, &mut under_way).await {
            tracing::warn!(?error, "messages to webhooks could not be looked for");
        }
    }
    let finished = timeout(FINISH_WITHIN, async { while under_way.join_next().await.is_some() {} }).await;
    if finished.is_err() {
        tracing::info!(count = under_way.len(), "messages that are under way will be sent again");
    }
}

async fn begin(app: &SharedApp, under_way: &mut JoinSet<()>) -> Result<()> {
    let room = MOST_AT_ONCE.saturating_sub(under_way.len());
    if room == 0 {
        return Ok(());
    }
    let healthy_only = under_way.len() >= MOST_TO_FAILING;
    for claimed in store::claim(&app.database, room, healthy_only).await? {
        let app = SharedApp::clone(app);
        under_way.spawn(async move {
            if let Err(error) = attempt(&app, claimed).await {
                tracing::warn!(?error, "what came of a message could not be written down");
            }
        });
    }
    Ok(())
}
