//! What a message says: enough to know what happened to which video, and where to ask for more.

use chrono::{DateTime, Utc};
use kinora_entity::{WebhookId, user, video};
use sea_orm::ActiveEnum;
use serde::Serialize;

/// The body of a message.
#[derive(Serialize)]
pub struct Payload<T> {
    #[serde(rename = "type")]
    pub name: String,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    pub data: T,
}

impl<T: Serialize> Payload<T> {
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

/// A video at that time.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VideoData {
    id: String,
    /// Null for somebody else's private video.
    title: Option<String>,
    state: String,
    playable: bool,
    visibility: String,
    uploader: Uploader,
    /// Where it is watched; null once it is deleted, as the other addresses.
    url: Option<String>,
    hls_url: Option<String>,
    poster_url: Option<String>,
    download_url: Option<String>,
    duration_ms: Option<i64>,
    created_at: DateTime<Utc>,
    published_at: Option<DateTime<Utc>>,
    failure: Option<FailureData>,
}

#[derive(Serialize)]
struct Uploader {
    id: String,
    username: String,
}

#[derive(Serialize)]
struct FailureData {
    code: String,
    message: Option<String>,
}

/// For whom a video is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Its uploader.
    Uploader,
    /// Somebody who does not see private videos of others.
    Other,
}

impl VideoData {
    pub fn of(
        video: &video::Model,
        uploader: &user::Model,
        origin: &str,
        reader: Reader,
        is_deleted: bool,
    ) -> Self {
        let is_told = reader == Reader::Uploader || video.visibility != video::Visibility::Private;
        let is_there = is_told && !is_deleted;
        let playable = video.published_attempt.is_some() && !is_deleted;
        let address = |rest: &str| format!("{origin}/v/{}/{rest}", video.id);
        Self {
            id: video.id.to_string(),
            title: is_told.then(|| video.title.clone()),
            state: video.state.to_value().to_uppercase(),
            playable,
            visibility: video.visibility.to_value().to_uppercase(),
            uploader: Uploader { id: uploader.id.to_string(), username: uploader.username.clone() },
            url: is_there.then(|| format!("{origin}/watch/{}", video.id)),
            hls_url: (is_there && playable).then(|| address("master.m3u8")),
            poster_url: (is_there && video.has_picture()).then(|| address("poster.jpg")),
            download_url: (is_there && playable).then(|| address("download")),
            duration_ms: video.duration_ms,
            created_at: video.created_at,
            published_at: video.published_at,
            failure: video
                .failure_code
                .clone()
                .map(|code| FailureData { code, message: video.failure_message.clone() }),
        }
    }
}

/// What a ping says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PingData {
    webhook_id: String,
}

impl PingData {
    pub fn of(webhook: WebhookId) -> Self {
        Self { webhook_id: webhook.to_string() }
    }
}
