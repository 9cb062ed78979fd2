//! Everything that is public, in an order of choice, and the tags that lead further.

use cynic::QueryBuilder;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    Filter,
    order::{OrderTabs, parse},
    search::SearchBox,
    use_videos,
};
use crate::{
    api::{self, Tag, TagsQuery, TagsVariables},
    ui::{EmptyState, Icon, Load, VideoGrid, set_title, use_load},
};

/// How many of the tags that are used most are offered.
const TAG_COUNT: i32 = 24;

/// The grid of all public videos.
#[component]
pub fn BrowsePage() -> impl IntoView {
    set_title(|| "Browse".to_owned());
    let query = use_query_map();
    let order = Memo::new(move |_| parse(query.with(|query| query.get("order")).as_deref()));
    let list = use_videos(move || Filter { order: Some(order.get()), ..Filter::default() });
    view! {
        <div class="wide-page">
            <header class="browse-head">
                <h1>"Browse"</h1>
                <SearchBox words=Signal::derive(String::new) />
            </header>
            <OrderTabs current=order path="/browse" />
            <TagStrip />
            <VideoGrid
                list=list
                empty=|| {
                    view! {
                        <EmptyState
                            icon=Icon::Film
                            text="There are no videos yet."
                            action=("Upload the first", "/upload".to_owned())
                        />
                    }
                }
            />
        </div>
    }
}

/// The tags that most videos carry; nothing at all where there are none.
#[component]
fn TagStrip() -> impl IntoView {
    let tags = use_load(|| async {
        let variables = TagsVariables { prefix: None, first: TAG_COUNT };
        Ok(api::send(TagsQuery::build(variables)).await?.tags)
    });
    let link = |tag: Tag| {
        let href = super::tag::tag_href(&tag.name);
        view! {
            <a class="tag" href=href>
                {tag.name}
            </a>
        }
    };
    move || match tags.state.get() {
        Load::Ready(tags) if !tags.is_empty() => Some(view! {
            <nav class="tag-strip" aria-label="Tags">
                {tags.into_iter().map(link).collect_view()}
            </nav>
        }),
        _ => None,
    }
}
