//! Pages of videos: one query for every grid, and the studio's list of one's own.

use super::{VideoCard, VideoDetails, VideoOrder, schema};

/// Where the next page begins.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct PageInfo {
    pub has_next_page: bool,
    pub end_cursor: Option<String>,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub struct VideosVariables {
    pub first: i32,
    pub after: Option<String>,
    pub search: Option<String>,
    pub tags: Option<Vec<String>>,
    pub uploader: Option<String>,
    pub order: VideoOrder,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "VideoConnection")]
pub struct CardPage {
    pub nodes: Vec<VideoCard>,
    pub page_info: PageInfo,
}

/// A page of cards.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "VideosVariables")]
pub struct VideosQuery {
    #[arguments(first: $first, after: $after, search: $search, tags: $tags, uploader: $uploader, order: $order)]
    pub videos: CardPage,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub struct OwnVideosVariables {
    pub first: i32,
    pub after: Option<String>,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "VideoConnection")]
pub struct DetailsPage {
    pub nodes: Vec<VideoDetails>,
    pub page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "User", variables = "OwnVideosVariables")]
pub struct Owner {
    #[arguments(first: $first, after: $after)]
    pub videos: DetailsPage,
}

/// A page of one's own videos in every state, newest first.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "OwnVideosVariables")]
pub struct OwnVideosQuery {
    pub me: Option<Owner>,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Tag {
    pub name: String,
    pub video_count: i32,
}

#[derive(cynic::QueryVariables)]
pub struct TagsVariables {
    pub prefix: Option<String>,
    pub first: i32,
}

/// The tags that most public videos carry.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "TagsVariables")]
pub struct TagsQuery {
    #[arguments(prefix: $prefix, first: $first)]
    pub tags: Vec<Tag>,
}
