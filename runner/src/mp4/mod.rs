//! MP4 and QuickTime files of strangers: where each frame lies, so that a chunk can be fetched without the rest of
//! the file, and passed on without being decoded.
//!
//! Nothing here trusts a number: what does not fit makes the file one that is processed in one piece.

mod index;
mod references;
mod samples;
mod writer;

pub(crate) use index::MOST_LOOKS;
pub use index::{Index, Located, Track, TrackKind, locate};
pub use references::names_other_files;
pub use samples::{Sample, Samples};
pub use writer::{CopyFormat, copy_format, fragment, init};
