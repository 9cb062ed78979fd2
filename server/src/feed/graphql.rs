//! The feed in GraphQL.

use async_graphql::{Context, Object, SimpleObject};

use super::service::{self, Filter};
use crate::{
    error::Result,
    graphql::{ContextExt, PageInfo, PageInput},
    video::{TagName, VideoObject},
};

/// A video of the feed, and why it is there.
#[derive(SimpleObject)]
pub struct FeedEdge {
    cursor: String,
    node: VideoObject,
    /// One short line for the viewer.
    why: String,
}

/// A page of the feed.
#[derive(SimpleObject)]
pub struct FeedConnection {
    edges: Vec<FeedEdge>,
    nodes: Vec<VideoObject>,
    page_info: PageInfo,
}

#[derive(Default)]
pub struct FeedQuery;

#[Object]
impl FeedQuery {
    /// Public videos in an order of chance: each once per `seed`. Without a seed every first page
    /// begins another order. A page can hold fewer than `first` although there are more.
    #[allow(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn feed(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        seed: Option<i32>,
        tags: Option<Vec<String>>,
        exclude_tags: Option<Vec<String>>,
        unwatched: Option<bool>,
    ) -> Result<FeedConnection> {
        let filter = Filter {
            tags: TagName::parse_all(&tags.unwrap_or_default())?,
            exclude_tags: TagName::parse_all(&exclude_tags.unwrap_or_default())?,
            unwatched_by: ctx.requester().user_id().filter(|_| unwatched == Some(true)),
        };
        let page = service::page(ctx.app(), seed, &filter, &PageInput::parse(first, after)?).await?;
        let nodes = page.items.iter().map(|(_, video)| VideoObject(video.clone())).collect();
        let edges = page
            .items
            .into_iter()
            .map(|(cursor, video)| FeedEdge {
                cursor,
                node: VideoObject(video),
                why: "Picked by chance".into(),
            })
            .collect();
        Ok(FeedConnection { edges, nodes, page_info: page.info })
    }
}
