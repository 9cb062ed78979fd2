//! What every part of the server shares.

use std::sync::Arc;

use sea_orm::DatabaseConnection;
use tokio_util::sync::CancellationToken;

use crate::{
    account::{Passwords, SessionTokens, Throttle},
    clock::Clock,
    config::Config,
    database::StatementCount,
    events::Events,
    graphql::SocketPlaces,
    protection::SealingKey,
    site::ReadSiteFile,
    storage::{Audience, Storage},
    webhook::Messenger,
};

/// One server process.
pub struct App {
    pub config: Config,
    pub database: DatabaseConnection,
    /// How many SQL statements have been sent.
    pub statements: StatementCount,
    pub storage: Storage,
    /// The built site.
    pub site: ReadSiteFile,
    pub events: Events,
    pub clock: Clock,
    /// Signs and reads the tokens of sessions.
    pub session_tokens: SessionTokens,
    /// Hashes and checks passwords, two at once.
    pub passwords: Passwords,
    /// Limits on log-ins and sign-ups.
    pub throttle: Throttle,
    /// How many websockets each user and address has open.
    pub sockets: SocketPlaces,
    /// Sends messages to webhooks.
    pub messenger: Messenger,
    /// Seals the keys of encrypted media.
    pub content_keys: SealingKey,
    /// Keys the hashes that tell viewers apart.
    pub viewer_secret: [u8; 32],
    /// `127.0.0.1:PORT`: what the embedded runner calls this server.
    pub local_authority: String,
    /// Set where the store is embedded: a request on `local_authority` then gets addresses on it.
    pub embedded_store: bool,
    /// Cancelled when the process is to end.
    pub stop: CancellationToken,
}

/// As it is handed around.
pub type SharedApp = Arc<App>;

impl App {
    /// Which host a presigned address for a caller who reached us as `authority` should name.
    pub fn audience_of(&self, authority: Option<&str>) -> Audience {
        if self.embedded_store && authority == Some(self.local_authority.as_str()) {
            Audience::ThisMachine
        } else {
            Audience::Network
        }
    }
}
