//! Renditions as files to download.
//!
//! A file is made when somebody asks for it, out of the chunks that are there for playing, and goes when nobody has
//! asked for it for a week: to keep all of them would double what a site stores.

mod graphql;
mod loader;
mod service;
mod work;

pub use graphql::{Download, DownloadMutation};
pub use loader::{DownloadRow, DownloadsKey};
pub use service::{all_made, forget_unasked, made, prepare};
pub use work::{complete, key_of, note_failed, parts};

/// What one request can put into any store (R2: 5 GiB). Nobody's phone takes more.
pub const LARGEST_BYTES: i64 = 5 * 1024 * 1024 * 1024;
