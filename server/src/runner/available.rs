//! Telling runners of work.

use std::time::Duration;

use async_graphql::SimpleObject;
use futures::Stream;
use kinora_entity::{RunnerId, job, runner};
use sea_orm::EntityTrait;
use tokio::sync::broadcast::error::RecvError;

use super::{inputs::JobKindName, service::can_do};
use crate::{
    app::{App, SharedApp},
    error::Result,
    events::Event,
    job as queue,
};

/// Lost news are made up for after this long.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Work of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SimpleObject)]
pub struct JobAvailable {
    kind: JobKindName,
    /// How many jobs could be leased now, up to a hundred.
    waiting: i64,
}

/// What waits now, and again whenever there may be more. A count that stays the same is said again when
/// something was queued: the jobs behind it may be others.
///
/// # Errors
/// Whatever the database says.
pub async fn follow(
    app: SharedApp,
    runner: RunnerId,
    kinds: Vec<job::Kind>,
) -> Result<impl Stream<Item = Result<JobAvailable>>> {
    let (sender, receiver) = tokio::sync::mpsc::channel(8);
    let mut events = app.events.subscribe();
    tokio::spawn(async move {
        let mut is_first = true;
        loop {
            let news = match waiting_for(&app, runner, &kinds).await {
                Ok(counts) => kinds.iter().zip(counts).map(|(kind, waiting)| Ok((*kind, waiting))).collect(),
                // The database is away: the next look will tell.
                Err(_) if !is_first => Vec::new(),
                Err(error) => vec![Err(error)],
            };
            for item in news {
                if matches!(item, Ok((_, 0))) && !is_first {
                    continue;
                }
                let item = item.map(|(kind, waiting)| JobAvailable { kind: kind.into(), waiting });
                if sender.send(item).await.is_err() {
                    return;
                }
            }
            is_first = false;
            // Other events do not put the next look off.
            let look_again_at = tokio::time::Instant::now() + LOOK_AGAIN_AFTER;
            loop {
                tokio::select! {
                    () = sender.closed() => return,
                    event = tokio::time::timeout_at(look_again_at, events.recv()) => match event {
                        Ok(Ok(Event::Job) | Err(RecvError::Lagged(_))) | Err(_) => break,
                        Ok(Ok(_)) => {}
                        Ok(Err(RecvError::Closed)) => return,
                    },
                }
            }
        }
    });
    Ok(tokio_stream::wrappers::ReceiverStream::new(receiver))
}

/// How many jobs of each kind this runner could lease: none of what it may not.
async fn waiting_for(app: &App, runner: RunnerId, kinds: &[job::Kind]) -> Result<Vec<i64>> {
    let mut counts = queue::waiting(app, kinds).await?;
    if counts.iter().any(|waiting| *waiting > 0) {
        let runner = runner::Entity::find_by_id(runner).one(&app.database).await?;
        let runner = runner.filter(|runner| runner.state == runner::State::Active);
        for (kind, waiting) in kinds.iter().zip(&mut counts) {
            if !runner.as_ref().is_some_and(|runner| can_do(runner, *kind)) {
                *waiting = 0;
            }
        }
    }
    Ok(counts)
}
