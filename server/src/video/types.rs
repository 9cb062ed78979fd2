//! Videos as GraphQL shows them.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use kinora_entity::{rendition, video};

use super::{
    Tag,
    chapter::Chapter,
    loader::{Opinion, OpinionKey, RenditionsKey, TagsKey, WorkKey},
    progress::VideoProgress,
};
use crate::{
    account::{UserKey, UserObject},
    caption::{Caption, CaptionsKey},
    download::{Download, DownloadsKey},
    error::{Error, Result},
    graphql::{ContextExt, load},
    import::{Origin, OriginKey},
};

/// Where processing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "VideoState", remote = "video::State")]
pub enum VideoStateKind {
    /// Waiting for a runner, or on one.
    Processing,
    /// Everything is there.
    Ready,
    /// It will not be played; `failure` says why.
    Failed,
}

/// Who may find a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "Visibility", remote = "video::Visibility")]
pub enum VisibilityKind {
    /// Listed, searched and fed to everybody.
    Public,
    /// Whoever has the link.
    Unlisted,
    /// The uploader alone.
    Private,
}

/// What a rendition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "rendition::Kind")]
pub enum RenditionKind {
    Video,
    Audio,
}

/// What a runner is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ProcessingStage {
    /// Waiting for a runner.
    Queued,
    /// Fetching the uploaded file.
    Downloading,
    /// Finding out what it is.
    Probing,
    Encoding,
    /// Sending the results to the store.
    Uploading,
    /// Checking and announcing them.
    Publishing,
}

impl ProcessingStage {
    const ALL: [Self; 6] =
        [Self::Queued, Self::Downloading, Self::Probing, Self::Encoding, Self::Uploading, Self::Publishing];

    /// As the database keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Downloading => "downloading",
            Self::Probing => "probing",
            Self::Encoding => "encoding",
            Self::Uploading => "uploading",
            Self::Publishing => "publishing",
        }
    }

    /// The way back.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text)
    }
}

/// Why a video failed, in words for its uploader.
#[derive(Clone, Debug, SimpleObject)]
pub struct Failure {
    /// Stable, for programs.
    pub code: String,
    pub message: String,
    /// Whether `retryVideo` may end better.
    pub can_retry: bool,
}

/// Verdicts on the bytes themselves: whoever looks again sees the same. What failed by our fault, or by a limit of
/// this site or of its ffmpeg, may pass another time.
const FINAL: [&str; 7] = [
    "MEDIA_TRUNCATED",
    "MEDIA_UNSUPPORTED_CONTAINER",
    "MEDIA_EXTERNAL_REFERENCE",
    "MEDIA_DIMENSIONS",
    "MEDIA_TOO_MANY_STREAMS",
    "MEDIA_NO_VIDEO",
    "MEDIA_CORRUPT",
];

impl Failure {
    pub fn of(video: &video::Model) -> Option<Self> {
        let code = video.failure_code.clone()?;
        let can_retry = !FINAL.contains(&code.as_str());
        Some(Self { code, message: video.failure_message.clone().unwrap_or_default(), can_retry })
    }
}

/// One of the encodings that a player chooses from.
#[derive(Clone, Debug, SimpleObject)]
pub struct Rendition {
    name: String,
    kind: RenditionKind,
    width: Option<i32>,
    height: Option<i32>,
    /// Average bits per second.
    bitrate: i64,
    /// RFC 6381.
    codecs: String,
}

impl From<rendition::Model> for Rendition {
    fn from(row: rendition::Model) -> Self {
        Self {
            name: row.name,
            kind: row.kind.into(),
            width: row.width,
            height: row.height,
            bitrate: row.average_bandwidth,
            codecs: row.codecs,
        }
    }
}

/// A video.
#[derive(Clone, Debug)]
pub struct VideoObject(pub video::Model);

impl VideoObject {
    fn address(&self, ctx: &Context<'_>, rest: &str) -> String {
        format!("{}/v/{}/{rest}", ctx.app().config.origin(), self.0.id)
    }

    /// Of a video that can be played.
    fn previews(&self) -> Option<&video::Previews> {
        self.0.previews.as_ref().filter(|_| self.0.published_attempt.is_some())
    }

    async fn opinion(&self, ctx: &Context<'_>) -> Result<Opinion> {
        if ctx.requester().user_id().is_none() {
            return Ok(Opinion::default());
        }
        Ok(load(ctx, OpinionKey(self.0.id)).await?.unwrap_or_default())
    }
}

#[Object(name = "Video")]
impl VideoObject {
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn description(&self) -> &str {
        &self.0.description
    }

    async fn state(&self) -> VideoStateKind {
        self.0.state.into()
    }

    /// Whether there is something to play already.
    async fn playable(&self) -> bool {
        self.0.published_attempt.is_some()
    }

    /// Why it failed. Told to its uploader only.
    async fn failure(&self, ctx: &Context<'_>) -> Option<Failure> {
        Failure::of(&self.0).filter(|_| ctx.requester().owns(self.0.uploader_id))
    }

    /// How far processing is; null once it has ended.
    async fn progress(&self, ctx: &Context<'_>) -> Result<Option<VideoProgress>> {
        if self.0.state != video::State::Processing {
            return Ok(None);
        }
        let work = load(ctx, WorkKey(self.0.id)).await?.unwrap_or_default();
        Ok(Some(VideoProgress::of(&self.0, &work, ctx.requester())))
    }

    async fn visibility(&self) -> VisibilityKind {
        self.0.visibility.into()
    }

    /// Whether its owner wants its media encrypted, so that they are worth nothing without a key, which only those get
    /// who may watch.
    async fn protected(&self) -> bool {
        self.0.is_protected
    }

    /// Whether the media that are played now are encrypted.
    async fn encrypted(&self) -> bool {
        self.0.is_encrypted
    }

    async fn duration_ms(&self) -> Option<i64> {
        self.0.duration_ms
    }

    /// How loud it is over the whole, after EBU R128; null without sound, and until somebody has listened.
    async fn loudness_lufs(&self) -> Option<f64> {
        self.0.loudness_lufs
    }

    /// How loud its loudest moment is, in dB of full scale.
    async fn true_peak_dbtp(&self) -> Option<f64> {
        self.0.true_peak_dbtp
    }

    /// In square pixels, the right way up.
    async fn width(&self) -> Option<i32> {
        self.0.width
    }

    async fn height(&self) -> Option<i32> {
        self.0.height
    }

    async fn uploader(&self, ctx: &Context<'_>) -> Result<UserObject> {
        let user = load(ctx, UserKey(self.0.uploader_id)).await?;
        user.map(UserObject).ok_or_else(|| Error::not_found("account"))
    }

    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<Tag>> {
        Ok(load(ctx, TagsKey(self.0.id)).await?.unwrap_or_default())
    }

    /// 1 to 10; null while nobody has rated it.
    async fn average_stars(&self) -> Option<f64> {
        (self.0.rating_count > 0).then(|| f64::from(self.0.rating_sum) / f64::from(self.0.rating_count))
    }

    async fn rating_count(&self) -> i32 {
        self.0.rating_count
    }

    async fn favorite_count(&self) -> i32 {
        self.0.favorite_count
    }

    async fn view_count(&self) -> i32 {
        self.0.view_count
    }

    /// The viewer's own stars; null for a guest and for who has given none.
    async fn viewer_stars(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(self.opinion(ctx).await?.stars.map(i32::from))
    }

    /// Whether it is a favourite of the viewer.
    async fn viewer_favorite(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.opinion(ctx).await?.is_favorite)
    }

    /// Whether the viewer may change and delete it.
    async fn viewer_can_edit(&self, ctx: &Context<'_>) -> bool {
        ctx.requester().owns(self.0.uploader_id)
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it could first be played.
    async fn published_at(&self) -> Option<DateTime<Utc>> {
        self.0.published_at
    }

    async fn poster_url(&self, ctx: &Context<'_>) -> Option<String> {
        self.0.has_picture().then(|| self.address(ctx, "poster.jpg"))
    }

    /// WebVTT whose cues name a tile of an image for each time of the video; null until there is one.
    async fn storyboard_url(&self, ctx: &Context<'_>) -> Option<String> {
        self.previews().map(|_| self.address(ctx, "storyboard.vtt"))
    }

    /// A few seconds without sound, to play in a grid; null until there are.
    async fn loop_url(&self, ctx: &Context<'_>) -> Option<String> {
        self.previews().filter(|made| made.has_loop).map(|_| self.address(ctx, "loop.mp4"))
    }

    /// The master playlist.
    async fn hls_url(&self, ctx: &Context<'_>) -> Option<String> {
        self.0.published_attempt.map(|_| self.address(ctx, "master.m3u8"))
    }

    /// Saves the uploaded file. Of a protected video, for its uploader only.
    async fn download_url(&self, ctx: &Context<'_>) -> Option<String> {
        let may_save = !self.0.is_protected || ctx.requester().owns(self.0.uploader_id);
        self.0.published_attempt.filter(|_| may_save).map(|_| self.address(ctx, "download"))
    }

    /// Its renditions as files, largest first, the sound alone last. Empty until all of it is there.
    async fn downloads(&self, ctx: &Context<'_>) -> Result<Vec<Download>> {
        let rows = load(ctx, DownloadsKey(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Download).collect())
    }

    /// Where it was published first, for what was imported from there.
    async fn origin(&self, ctx: &Context<'_>) -> Result<Option<Origin>> {
        Ok(load(ctx, OriginKey(self.0.id)).await?.as_ref().and_then(Origin::of))
    }

    /// Where each picture begins, in milliseconds, in a video that was made of a post's pictures; null for
    /// every other video.
    async fn slides(&self, ctx: &Context<'_>) -> Result<Option<Vec<i32>>> {
        let origin = load(ctx, OriginKey(self.0.id)).await?;
        Ok(origin.and_then(|origin| origin.slides).map(|slides| slides.0))
    }

    /// Where its parts begin, in their order.
    async fn chapters(&self) -> Vec<Chapter> {
        let chapters = self.0.chapters.clone().unwrap_or_default();
        chapters.0.into_iter().map(Chapter::from).collect()
    }

    /// Text to show over it, by language.
    async fn captions(&self, ctx: &Context<'_>) -> Result<Vec<Caption>> {
        let tracks = load(ctx, CaptionsKey(self.0.id)).await?.unwrap_or_default();
        Ok(tracks.into_iter().map(Caption).collect())
    }

    /// What a player chooses from, largest first, sound last.
    async fn renditions(&self, ctx: &Context<'_>) -> Result<Vec<Rendition>> {
        let Some(attempt) = self.0.published_attempt else { return Ok(Vec::new()) };
        let rows = load(ctx, RenditionsKey { video: self.0.id, attempt }).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Rendition::from).collect())
    }
}
