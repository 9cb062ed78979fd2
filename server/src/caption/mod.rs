//! Captions: text over a video, one track a language.
//!
//! What people hand in ([`cues`], [`payload`]) is taken apart and written anew, so that nothing of it reaches a
//! player but times, places and marked-up text. The tracks are small and lie in the database, so that they
//! come and go with their video and follow its visibility.

mod cues;
mod graphql;
mod iso639;
mod language;
mod loader;
mod payload;
mod service;

pub use cues::Cues;
pub use graphql::{Caption, CaptionMutation};
pub use language::Language;
pub use loader::{CaptionsKey, Track};
pub use service::{NewCaption, file, insert, insert_from_source, tracks};
