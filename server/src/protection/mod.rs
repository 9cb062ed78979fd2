//! Protection: media that are worth nothing without a key, and a key that only those get who may watch.
//!
//! Every processing attempt of a protected video has a key of its own. It is made when a runner begins the attempt,
//! lies sealed in the database, and leaves the server in two answers only: to the runner that encrypts, with its
//! lease, and to viewers, at `/v/{id}/key`. Turning protection on or off makes a new attempt.

mod block;
mod change;
mod seal;
mod service;

pub use block::AesBlock;
pub use change::{remove_older, settle, settle_forgotten};
pub use seal::SealingKey;
pub use service::{begin_attempt, forget_other_keys, is_encrypted, key_for, key_of, opens};
