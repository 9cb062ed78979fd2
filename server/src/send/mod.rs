//! Files sent to a site from a terminal, by the same way as a browser's: one multipart upload, parts straight to
//! the bucket, resumed where it broke off. It knows the site by `schema.graphql` only, like a runner.
//!
//! [`Sender`] takes a file all the way: `source` is the file here, `memory` what is remembered of it between runs,
//! `transfer` its parts on their way, `site` the server at the other end.

mod error;
mod file;
mod memory;
mod operations;
mod part;
mod progress;
mod report;
mod site;
mod source;
mod transfer;
mod wires;

pub use error::SendError;
pub use file::Sender;
pub use memory::Memory;
pub use operations::Visibility;
pub use report::Report;
pub use site::Site;
pub use wires::Wires;

/// What the person says of the files. What is left out is the site's to choose.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    pub title: Option<String>,
    pub description: Option<String>,
    pub tags: Vec<String>,
    pub visibility: Option<Visibility>,
    /// Also what was sent before and has a video.
    pub again: bool,
    /// Not only sent, but processed as well.
    pub wait: bool,
}
