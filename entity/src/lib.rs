//! The tables of Kinora as sea-orm entities: one table a file, scoped finders, no rules.

pub mod api_token;
pub mod caption;
pub mod chunk;
pub mod content_key;
pub mod departed;
pub mod download;
pub mod favorite;
pub mod id;
pub mod job;
pub mod rating;
pub mod rendition;
pub mod runner;
pub mod runner_registration;
pub mod session;
pub mod tag;
pub mod upload;
pub mod user;
pub mod video;
pub mod video_origin;
pub mod video_tag;
pub mod view;
pub mod webhook;
pub mod webhook_delivery;

pub use id::{
    ApiTokenId, ChunkId, DeliveryId, JobId, LeaseId, OriginId, RenditionId, RunnerId, RunnerRegistrationId,
    SessionId, TagId, ThumbnailId, UploadId, UserId, VideoId, ViewId, WebhookId,
};
