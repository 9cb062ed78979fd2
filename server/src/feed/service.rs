//! Pages of the feed.

use std::collections::HashMap;

use kinora_entity::{UserId, video, view};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect, QueryTrait, sea_query::Expr};
use serde::{Deserialize, Serialize};

use super::{order::Order, ranks};
use crate::{
    app::App,
    error::{Error, Result},
    graphql::{Cursor, PageInfo, PageInput},
    video::{TagName, listing::carrying},
};

/// Ranks asked for in one statement.
const BATCH: usize = 128;
/// A narrow filter must not turn one page into a walk over everything: after so many statements the
/// page ends where it is, and the next one goes on from there.
const MOST_BATCHES: usize = 16;
const LIST: &str = "feed";

/// What the feed may show.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A video must carry all of these …
    pub tags: Vec<TagName>,
    /// … and none of those.
    pub exclude_tags: Vec<TagName>,
    /// Only what this account has not watched.
    pub unwatched_by: Option<UserId>,
}

/// Where a page ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Place {
    seed: u64,
    half_bits: u32,
    place: u64,
}

/// A page of the feed: each video with the cursor behind it.
pub struct FeedPage {
    pub items: Vec<(String, video::Model)>,
    pub info: PageInfo,
}

/// The next videos of the order of `seed`; without one, of a new order.
///
/// # Errors
/// BAD_USER_INPUT for a cursor of another list.
pub async fn page(app: &App, seed: Option<i32>, filter: &Filter, input: &PageInput) -> Result<FeedPage> {
    let count = ranks::count(&app.database).await?;
    let (order, seed, begin) = match input.cursor::<Place>(LIST)? {
        Some(after) => {
            let order = Order::resume(after.seed, after.half_bits, count).ok_or_else(|| {
                Error::bad_input("after", "This cursor is damaged. Begin again without it.")
            })?;
            (order, after.seed, after.place.saturating_add(1))
        }
        None => {
            let seed =
                seed.map_or_else(|| u64::from(rand::random::<u32>()), |seed| u64::from(seed.cast_unsigned()));
            (Order::new(seed, count), seed, 0)
        }
    };
    let cursor = |place| Cursor::encode(LIST, &Place { seed, half_bits: order.half_bits(), place });
    let wanted = usize::try_from(input.first).unwrap_or(usize::MAX);
    // The next place that holds a video at all; everything between is arithmetic.
    let held_from = |from: u64| (from..order.places()).find(|&place| order.rank_at(place) < count);
    let mut items = Vec::new();
    let (mut next, mut seen_up_to) = (held_from(begin), None);
    for _ in 0..MOST_BATCHES {
        if items.len() >= wanted {
            break;
        }
        let mut batch: Vec<(u64, i32)> = Vec::new();
        while let Some(place) = next.filter(|_| batch.len() < BATCH.min(2 * wanted)) {
            batch.push((place, i32::try_from(order.rank_at(place)).unwrap_or(i32::MAX)));
            next = held_from(place + 1);
        }
        if batch.is_empty() {
            break;
        }
        let mut found = at_ranks(app, batch.iter().map(|(_, rank)| *rank), filter).await?;
        for (place, rank) in batch {
            if items.len() >= wanted {
                next = Some(place);
                break;
            }
            seen_up_to = Some(place);
            if let Some(video) = found.remove(&rank) {
                items.push((cursor(place), video));
            }
        }
    }
    let info = PageInfo {
        has_next_page: next.is_some(),
        has_previous_page: input.after.is_some(),
        start_cursor: items.first().map(|(cursor, _)| cursor.clone()),
        // Behind everything that was looked at, shown or not.
        end_cursor: seen_up_to.map(cursor),
    };
    Ok(FeedPage { items, info })
}

async fn at_ranks(
    app: &App,
    ranks: impl Iterator<Item = i32>,
    filter: &Filter,
) -> Result<HashMap<i32, video::Model>> {
    let mut query = video::Entity::listed().filter(video::Column::FeedRank.is_in(ranks));
    for name in &filter.tags {
        query = query.filter(carrying(name));
    }
    for name in &filter.exclude_tags {
        query = query.filter(carrying(name).not());
    }
    if let Some(user) = filter.unwatched_by {
        let watched = view::Entity::find()
            .select_only()
            .column(view::Column::VideoId)
            .filter(view::Column::UserId.eq(user))
            .into_query();
        query = query.filter(Expr::col((video::Entity, video::Column::Id)).not_in_subquery(watched));
    }
    let found = query.all(&app.database).await?;
    Ok(found.into_iter().filter_map(|video| Some((video.feed_rank?, video))).collect())
}
