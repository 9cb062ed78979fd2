//! News between the processes of a site, over Postgres's LISTEN and NOTIFY.
//!
//! A notification carries an id and nothing else; whoever hears it reads the row. A lost one is
//! harmless, because every listener also looks again every few seconds.

use std::{sync::Arc, time::Duration};

use kinora_entity::{SessionId, UserId, VideoId};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, sqlx::postgres::PgListener};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

const CHANNEL: &str = "kinora";
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A video or the progress of its processing.
    Video(VideoId),
    /// A job waits to be leased.
    Job,
    /// A message to a webhook waits to be sent.
    Webhook,
    /// A log-in has ended.
    SessionEnded(SessionId),
    /// An account has been disabled, or all its log-ins ended.
    UserEnded(UserId),
}

impl Event {
    fn payload(self) -> String {
        match self {
            Self::Video(id) => format!("video {id}"),
            Self::Job => "job".into(),
            Self::Webhook => "webhook".into(),
            Self::SessionEnded(id) => format!("session {id}"),
            Self::UserEnded(id) => format!("user {id}"),
        }
    }

    fn parse(payload: &str) -> Option<Self> {
        match payload.split_once(' ') {
            None if payload == "job" => Some(Self::Job),
            None if payload == "webhook" => Some(Self::Webhook),
            Some(("video", id)) => id.parse().ok().map(Self::Video),
            Some(("session", id)) => id.parse().ok().map(Self::SessionEnded),
            Some(("user", id)) => id.parse().ok().map(Self::UserEnded),
            _ => None,
        }
    }
}

/// Sends an event when the transaction that `connection` is in commits.
///
/// # Errors
/// Whatever the database says.
pub async fn notify(connection: &impl ConnectionTrait, event: Event) -> Result<(), DbErr> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT pg_notify($1, $2)",
        [CHANNEL.into(), event.payload().into()],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// Hands each event of the site to everybody in this process who listens.
#[derive(Clone, Debug)]
pub struct Events(Arc<broadcast::Sender<Event>>);

impl Events {
    pub fn new() -> Self {
        Self(Arc::new(broadcast::channel(1024).0))
    }

    /// All events from now on. One that lags loses the oldest: treat it as "look again".
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }

    /// Listens until `stop`; comes back by itself after the database was away.
    pub async fn listen(self, database: DatabaseConnection, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let outcome = tokio::select! {
                () = stop.cancelled() => return,
                outcome = self.relay(&database) => outcome,
            };
            if let Err(error) = outcome {
                tracing::warn!(%error, "lost the connection that listens for events; connecting again");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(RECONNECT_AFTER) => {}
            }
        }
    }

    async fn relay(&self, database: &DatabaseConnection) -> Result<(), sea_orm::sqlx::Error> {
        let mut listener = PgListener::connect_with(database.get_postgres_connection_pool()).await?;
        listener.listen(CHANNEL).await?;
        loop {
            // `None`: the connection broke and events may be lost; the polls of the listeners make up for it.
            let Some(notification) = listener.try_recv().await? else { continue };
            match Event::parse(notification.payload()) {
                // No receiver is no error.
                Some(event) => drop(self.0.send(event)),
                None => tracing::warn!(
                    payload = notification.payload(),
                    "an event that this version does not know"
                ),
            }
        }
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_survives_the_way_through_the_database() {
        for event in [
            Event::Video(VideoId::random()),
            Event::Job,
            Event::Webhook,
            Event::SessionEnded(SessionId::random()),
            Event::UserEnded(UserId::random()),
        ] {
            assert_eq!(Event::parse(&event.payload()), Some(event));
        }
        assert_eq!(Event::parse("video ../x"), None);
    }
}
