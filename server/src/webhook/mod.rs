//! Webhooks: other programs are told what happens to videos.
//!
//! A message is a row, inserted in the transaction of the change that it tells of ([`tell`]). A loop in every
//! server ([`run`]) sends what is due, and tries for a day. Addresses that are not on the public internet are
//! never connected to unless a setting allows it ([`public`]).

mod attempt;
mod client;
mod graphql;
mod input;
mod log;
mod payload;
mod public;
mod schedule;
mod service;
mod signature;
mod store;
mod tell;
mod worker;

pub use client::Messenger;
pub use graphql::{WebhookMutation, WebhookObject, WebhookQuery};
pub use service::{list, switch_off_all};
pub use signature::{Secret, SecretKey};
pub use store::prune;
pub use tell::{video_changed, video_deleted};
pub use worker::run;
