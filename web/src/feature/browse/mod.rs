//! Finding videos: everything in an order, by words, by tag, by person.

mod browse_page;
mod order;
mod profile;
mod search;
mod tag;

pub use browse_page::BrowsePage;
pub use profile::ProfilePage;
pub use search::SearchPage;
pub use tag::{TagPage, tag_href};

use cynic::QueryBuilder;
use leptos::prelude::*;

use crate::{
    api::{self, VideoCard, VideoOrder, VideosQuery, VideosVariables},
    ui::{Paged, use_paged},
};

/// How many cards come at once: two screens of a wide window.
const PAGE_SIZE: i32 = 36;

/// What a grid asks for.
#[derive(Clone, Debug, Default, PartialEq)]
struct Filter {
    search: Option<String>,
    tag: Option<String>,
    uploader: Option<String>,
    order: Option<VideoOrder>,
}

/// A growing list of the videos that match; starts over when the filter changes.
fn use_videos(filter: impl Fn() -> Filter + Send + Sync + 'static) -> Paged<VideoCard> {
    let filter = Memo::new(move |_| filter());
    use_paged(
        move || filter.get(),
        |filter, after| async move {
            let variables = VideosVariables {
                first: PAGE_SIZE,
                after,
                search: filter.search,
                tags: filter.tag.map(|tag| vec![tag]),
                uploader: filter.uploader,
                order: filter.order.unwrap_or(VideoOrder::Newest),
            };
            let page = api::send(VideosQuery::build(variables)).await?.videos;
            Ok((page.nodes, page.page_info))
        },
    )
}
