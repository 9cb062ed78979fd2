//! The API as clients and attackers see it: every test starts the real server with its own database.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod access;
mod accounts;
mod captions;
mod chunks;
mod codecs;
mod csrf;
mod downloads;
mod feed;
mod guard;
mod leftovers;
mod limits;
mod migrations;
mod playback;
mod previews;
mod protection;
mod quotas;
mod resume;
mod retries;
mod runner;
mod runners;
mod sessions;
mod subscriptions;
mod tokens;
mod uploads;
mod videos;
mod webhooks;
