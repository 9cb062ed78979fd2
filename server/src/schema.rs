//! The one schema, put together from the features.

use async_graphql::{MergedObject, MergedSubscription};

use crate::{
    account::{AccountMutation, AccountQuery, TokenMutation},
    caption::CaptionMutation,
    download::DownloadMutation,
    feed::FeedQuery,
    processing::{ProcessingMutation, ProcessingQuery},
    runner::{RunnerAdminMutation, RunnerAdminQuery, RunnerMutation, RunnerSubscription},
    upload::{UploadMutation, UploadQuery},
    video::{VideoMutation, VideoQuery, VideoSubscription},
    webhook::{WebhookMutation, WebhookQuery},
};

#[derive(MergedObject, Default)]
pub struct Query(
    AccountQuery,
    VideoQuery,
    FeedQuery,
    UploadQuery,
    RunnerAdminQuery,
    ProcessingQuery,
    WebhookQuery,
);

#[derive(MergedObject, Default)]
pub struct Mutation(
    AccountMutation,
    TokenMutation,
    UploadMutation,
    VideoMutation,
    CaptionMutation,
    DownloadMutation,
    RunnerMutation,
    RunnerAdminMutation,
    ProcessingMutation,
    WebhookMutation,
);

#[derive(MergedSubscription, Default)]
pub struct Subscription(VideoSubscription, RunnerSubscription);

pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema. Depth and cost are limited by the guard before anything runs.
pub fn build() -> Schema {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .disable_suggestions()
        .finish()
}

/// What `schema.graphql` holds.
pub fn sdl() -> String {
    let sdl =
        build().sdl_with_options(async_graphql::SDLExportOptions::new().sorted_fields().sorted_enum_items());
    format!("{}\n", sdl.trim())
}
