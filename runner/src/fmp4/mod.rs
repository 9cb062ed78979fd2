//! Fragmented MP4 as ffmpeg writes it for us: where its segments are, how long they last, and how they are cut
//! into chunks.

pub(crate) mod boxes;
mod chunks;
mod codecs;
mod joining;
mod parts;
mod track;

pub use boxes::FormatError;
pub use chunks::{ByteRange, Chunk, Segment, chunk_length_s, cut, one_chunk};
pub use joining::append;
pub use parts::{Init, segment_ms};
pub use track::{Fragment, Track, read_track, read_track_so_far, set_upright};

#[cfg(test)]
pub(crate) use track::examples;
