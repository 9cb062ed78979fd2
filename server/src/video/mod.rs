//! Videos: what they are called, who may see them, and what viewers make of them.

pub mod chapter;
mod graphql;
pub mod listing;
mod loader;
mod opinion;
mod progress;
mod search;
mod service;
mod tag;
mod text;
mod types;
mod view;
mod work;

pub use graphql::{VideoMutation, VideoQuery, VideoSubscription};
pub use listing::VideoConnection;
pub use loader::{UploaderCountKey, VideoKey};
pub use service::{NewVideo, Retold, fail, insert, owned, retell, visible};
pub use tag::Tag;
pub use text::{Description, Label, TagName, Title, display_file_name};
pub use types::{Failure, ProcessingStage, RenditionKind, VideoObject, VisibilityKind};
