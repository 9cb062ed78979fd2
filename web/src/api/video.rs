//! Videos: the fragments that cards, pages and the feed share, and the enums of the schema.

use super::{DateTime, UserName, schema};

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoState {
    Processing,
    Ready,
    Failed,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    Public,
    Unlisted,
    Private,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoOrder {
    Newest,
    Oldest,
    TopRated,
    MostViewed,
    Trending,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessingStage {
    Queued,
    Downloading,
    Probing,
    Encoding,
    Uploading,
    Publishing,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUpPolicy {
    Open,
    Invite,
    Closed,
}

/// Why a video could not be made ready.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Failure {
    pub code: String,
    pub message: String,
    pub can_retry: bool,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Tag")]
pub struct TagName {
    pub name: String,
}

/// Where processing is. `percent` is 0 to 100 over all stages.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct VideoProgress {
    pub video_id: cynic::Id,
    pub state: VideoState,
    pub playable: bool,
    pub percent: f64,
    pub stage: Option<ProcessingStage>,
    pub eta_ms: Option<i32>,
    /// From 0 to 1 each; empty where the video is not made in parts.
    pub parts: Vec<f64>,
    pub failure: Option<Failure>,
}

/// What a card in a grid shows.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Video")]
pub struct VideoCard {
    pub id: cynic::Id,
    pub title: String,
    pub state: VideoState,
    pub visibility: Visibility,
    pub duration_ms: Option<i32>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub uploader: UserName,
    pub view_count: i32,
    pub average_stars: Option<f64>,
    pub created_at: DateTime,
    pub published_at: Option<DateTime>,
    pub poster_url: Option<String>,
    /// A few seconds without sound.
    pub loop_url: Option<String>,
}

/// Where an imported video was published first.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Origin {
    pub url: Option<String>,
    pub author: Option<String>,
    pub posted_at: Option<DateTime>,
}

/// Text over a video, in one language.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Caption {
    /// BCP 47; `und` where nobody knows.
    pub language: String,
    pub label: Option<String>,
    pub url: String,
}

/// Where a part of a video begins.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Chapter {
    pub start_ms: i32,
    pub title: String,
}

/// All that the feed and the watch page show and act on.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Video")]
pub struct VideoDetails {
    pub id: cynic::Id,
    pub title: String,
    pub description: String,
    pub state: VideoState,
    pub playable: bool,
    pub failure: Option<Failure>,
    pub progress: Option<VideoProgress>,
    pub visibility: Visibility,
    /// What its owner wants.
    pub protected: bool,
    /// What is played now.
    pub encrypted: bool,
    pub duration_ms: Option<i32>,
    pub loudness_lufs: Option<f64>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub uploader: UserName,
    pub tags: Vec<TagName>,
    pub average_stars: Option<f64>,
    pub rating_count: i32,
    pub favorite_count: i32,
    pub view_count: i32,
    /// 1 to 10, or `None` where this viewer has not rated.
    pub viewer_stars: Option<i32>,
    pub viewer_favorite: bool,
    pub viewer_can_edit: bool,
    pub created_at: DateTime,
    pub published_at: Option<DateTime>,
    pub poster_url: Option<String>,
    pub storyboard_url: Option<String>,
    pub hls_url: Option<String>,
    pub download_url: Option<String>,
    pub origin: Option<Origin>,
    /// Where each picture begins, in milliseconds, in a video that was made of pictures.
    pub slides: Option<Vec<i32>>,
    pub captions: Vec<Caption>,
    pub chapters: Vec<Chapter>,
}

impl VideoCard {
    /// Width over height; 16:9 while the shape is not known.
    pub fn aspect_ratio(&self) -> f64 {
        aspect_ratio(self.width, self.height)
    }
}

impl VideoDetails {
    /// Width over height; 16:9 while the shape is not known.
    pub fn aspect_ratio(&self) -> f64 {
        aspect_ratio(self.width, self.height)
    }
}

fn aspect_ratio(width: Option<i32>, height: Option<i32>) -> f64 {
    match (width, height) {
        (Some(width), Some(height)) if width > 0 && height > 0 => f64::from(width) / f64::from(height),
        _ => 16.0 / 9.0,
    }
}

#[derive(cynic::QueryVariables)]
pub struct VideoVariables {
    pub id: cynic::Id,
}

/// One video by its id.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "VideoVariables")]
pub struct VideoQuery {
    #[arguments(id: $id)]
    pub video: Option<VideoDetails>,
}

#[derive(cynic::QueryVariables)]
pub struct ProgressVariables {
    pub video_id: cynic::Id,
}

/// Processing as it happens; the current value comes first.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Subscription", variables = "ProgressVariables")]
pub struct ProgressSubscription {
    #[arguments(videoId: $video_id)]
    pub video_progress: VideoProgress,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub struct UpdateVideoInput {
    pub id: cynic::Id,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub protected: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub chapters: Option<Vec<ChapterInput>>,
}

#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub struct ChapterInput {
    pub start_ms: i32,
    pub title: String,
}

#[derive(cynic::InputObject, Clone, Debug)]
pub struct SetCaptionInput {
    pub video_id: cynic::Id,
    pub language: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    pub text: String,
}

#[derive(cynic::QueryVariables)]
pub struct SetCaptionVariables {
    pub input: SetCaptionInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "SetCaptionVariables")]
pub struct SetCaption {
    #[arguments(input: $input)]
    pub set_caption: Caption,
}

#[derive(cynic::QueryVariables)]
pub struct DeleteCaptionVariables {
    pub video_id: cynic::Id,
    pub language: String,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "DeleteCaptionVariables")]
pub struct DeleteCaption {
    #[arguments(videoId: $video_id, language: $language)]
    #[allow(dead_code, reason = "the selection is what matters; the answer is always true")]
    pub delete_caption: bool,
}

#[derive(cynic::QueryVariables)]
pub struct UpdateVideoVariables {
    pub input: UpdateVideoInput,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "UpdateVideoVariables")]
pub struct UpdateVideo {
    #[arguments(input: $input)]
    pub update_video: VideoDetails,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "VideoVariables")]
pub struct DeleteVideo {
    #[arguments(id: $id)]
    #[allow(dead_code, reason = "the selection is what matters; the answer is always true")]
    pub delete_video: bool,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "VideoVariables")]
pub struct RetryVideo {
    #[arguments(id: $id)]
    pub retry_video: VideoDetails,
}
