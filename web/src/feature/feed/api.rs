//! What the feed asks for.

use super::pages::{PAGE, Page, Request};
use crate::api::{self, ApiError, PageInfo, VideoDetails, schema};
use cynic::QueryBuilder;

/// A video of the feed, and why it is there.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "FeedEdge")]
pub struct Item {
    #[cynic(rename = "node")]
    pub video: VideoDetails,
    pub why: String,
}

#[derive(cynic::QueryVariables)]
struct FeedVariables {
    first: i32,
    after: Option<String>,
    seed: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FeedConnection")]
struct FeedItems {
    edges: Vec<Item>,
    page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Query", variables = "FeedVariables")]
struct FeedQuery {
    #[arguments(first: $first, after: $after, seed: $seed)]
    feed: FeedItems,
}

/// The page that `request` stands for.
///
/// # Errors
/// The server's answer, or that there was none.
pub async fn fetch(request: Request) -> Result<Page<Item>, ApiError> {
    let variables = FeedVariables { first: PAGE, after: request.after, seed: request.seed };
    let FeedItems { edges, page_info } = api::send(FeedQuery::build(variables)).await?.feed;
    Ok(Page { items: edges, end_cursor: page_info.end_cursor, has_next_page: page_info.has_next_page })
}
