//! The operations behind the buttons.

use crate::api::{Bytes, schema};

/// What a rating or a favourite changes.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Video")]
pub struct Opinion {
    pub viewer_stars: Option<i32>,
    pub viewer_favorite: bool,
    pub average_stars: Option<f64>,
    pub rating_count: i32,
    pub favorite_count: i32,
}

#[derive(cynic::QueryVariables)]
pub struct RateVideoVariables {
    pub video_id: cynic::Id,
    pub stars: i32,
}

/// 1 to 10 stars; 0 takes them back.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "RateVideoVariables")]
pub struct RateVideo {
    #[arguments(videoId: $video_id, stars: $stars)]
    pub rate_video: Opinion,
}

#[derive(cynic::QueryVariables)]
pub struct FavoriteVideoVariables {
    pub video_id: cynic::Id,
    pub favorite: bool,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "FavoriteVideoVariables")]
pub struct FavoriteVideo {
    #[arguments(videoId: $video_id, favorite: $favorite)]
    pub favorite_video: Opinion,
}

#[derive(cynic::QueryVariables)]
pub struct RecordViewVariables {
    pub video_id: cynic::Id,
    pub position_ms: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "RecordViewVariables")]
pub struct RecordView {
    #[arguments(videoId: $video_id, positionMs: $position_ms)]
    #[allow(dead_code, reason = "the selection is what matters; the answer is always true")]
    pub record_view: bool,
}

/// A rendition as one file.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Download {
    /// `720p`, or `audio`.
    pub rendition: String,
    pub size: Bytes,
    pub state: DownloadState,
    pub url: Option<String>,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownloadState {
    Absent,
    Preparing,
    Ready,
    Failed,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Video")]
pub struct VideoDownloads {
    pub downloads: Vec<Download>,
}

#[derive(cynic::QueryVariables)]
pub struct DownloadsVariables {
    pub id: cynic::Id,
}

/// What can be saved of a video.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "DownloadsVariables")]
pub struct DownloadsQuery {
    #[arguments(id: $id)]
    pub video: Option<VideoDownloads>,
}

#[derive(cynic::QueryVariables)]
pub struct PrepareDownloadVariables {
    pub video_id: cynic::Id,
    pub rendition: String,
}

/// Has a file made.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Mutation", variables = "PrepareDownloadVariables")]
pub struct PrepareDownload {
    #[arguments(videoId: $video_id, rendition: $rendition)]
    pub prepare_download: Download,
}
