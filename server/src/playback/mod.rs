//! Playback: playlists built from rows for each request, never stored, so that a growing video and a
//! finished one are the same thing.

mod access;
mod playlist;
mod routes;
mod storyboard;

pub use routes::router;
