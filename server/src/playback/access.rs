//! Who may play what.

use axum::http::{HeaderMap, HeaderValue, header};
use kinora_entity::{VideoId, video};

use crate::{
    account::{CookieSettings, Credentials, Requester, authenticate, session_token_of},
    app::App,
    error::{Error, Result},
    graphql::bearer_token,
    video::visible,
};

/// A video that the request may play, and how long its answers may be kept.
pub struct Playable {
    pub video: video::Model,
    pub attempt: i32,
    /// Whether the uploader asks.
    pub is_owner: bool,
}

impl Playable {
    /// # Errors
    /// NOT_FOUND for what is not there, not yet playable, or somebody else's; UNAUTHENTICATED for a bad
    /// bearer token.
    pub async fn find(app: &App, headers: &HeaderMap, id: &str) -> Result<Self> {
        let id: VideoId = id.parse().map_err(|_| Error::not_found("video"))?;
        let requester = requester(app, headers).await?;
        let video = visible(app, &requester, id).await?;
        let attempt = video.published_attempt.ok_or_else(|| Error::not_found("video"))?;
        let is_owner = requester.owns(video.uploader_id);
        Ok(Self { video, attempt, is_owner })
    }

    /// Whether everybody with the address may have it.
    pub fn is_open(&self) -> bool {
        self.video.visibility != video::Visibility::Private
    }

    /// `Cache-Control`: what belongs to one person is kept by nobody.
    pub fn cache_control(&self, seconds: u32) -> (header::HeaderName, HeaderValue) {
        let value = if self.is_open() {
            HeaderValue::from_str(&format!("public, max-age={seconds}"))
        } else {
            Ok(HeaderValue::from_static("private, no-store"))
        };
        (header::CACHE_CONTROL, value.unwrap_or(HeaderValue::from_static("no-store")))
    }
}

/// Who asks. These routes only read, so a cookie counts whatever page sent it.
async fn requester(app: &App, headers: &HeaderMap) -> Result<Requester> {
    let credentials =
        match (bearer_token(headers), session_token_of(headers, CookieSettings::new(&app.config))) {
            (Some(token), _) => Credentials::Bearer(token),
            (None, Some(token)) => Credentials::Cookie(token),
            (None, None) => Credentials::None,
        };
    authenticate(app, &credentials).await
}
