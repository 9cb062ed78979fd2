//! The feed: vertical, one video a screen, three elements for any number of videos.
//!
//! Decisions are in plain structs: `ring` (which slot shows what), `reel` (position, finger, spring), `wheel` and
//! `keys` (intent), `pages` (the growing list). `control` puts them to work, `slot_view` and `page` display.

mod api;
mod control;
mod keys;
mod page;
mod pages;
mod reel;
mod ring;
mod slot;
mod slot_view;
mod swipe;
mod visit;
mod wheel;

pub use page::FeedPage;
pub use visit::forget_visit;
