//! Fragmented MP4 as ffmpeg writes it for us: where its segments are, how long they last, and how they are cut
//! into chunks.

mod boxes;
mod chunks;
mod track;

pub use boxes::FormatError;
pub use chunks::{ByteRange, Chunk, Segment, cut};
pub use track::{Fragment, Track, read_track, set_upright};
