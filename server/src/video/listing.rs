//! Lists of videos: orders, filters, pages.

use async_graphql::SimpleObject;
use kinora_entity::{UserId, VideoId, tag, user, video, video_tag};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, Order, SimpleExpr},
};

use super::{TagName, VideoObject, search::Search};
use crate::{
    account::Requester,
    app::App,
    error::{Error, Result},
    graphql::{Cursor, Page, PageInfo, PageInput},
};

/// A video in a list.
#[derive(SimpleObject)]
pub struct VideoEdge {
    cursor: String,
    node: VideoObject,
}

/// A page of videos.
#[derive(SimpleObject)]
pub struct VideoConnection {
    edges: Vec<VideoEdge>,
    nodes: Vec<VideoObject>,
    page_info: PageInfo,
}

impl From<Page<video::Model>> for VideoConnection {
    fn from(page: Page<video::Model>) -> Self {
        let nodes = page.items.iter().map(|(_, video)| VideoObject(video.clone())).collect();
        let edges = page
            .items
            .into_iter()
            .map(|(cursor, video)| VideoEdge { cursor, node: VideoObject(video) })
            .collect();
        Self { edges, nodes, page_info: page.info }
    }
}

/// How a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum)]
pub enum VideoOrder {
    Newest,
    Oldest,
    /// By stars; few ratings are drawn towards the middle.
    TopRated,
    MostViewed,
    /// By attention, the recent counting more.
    Trending,
}

/// The same expression as that of the index.
const TOP_SCORE: &str = "(rating_sum + 15)::double precision / (rating_count + 3)";

impl VideoOrder {
    fn name(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::TopRated => "top-rated",
            Self::MostViewed => "most-viewed",
            Self::Trending => "trending",
        }
    }

    fn key(self) -> SimpleExpr {
        match self {
            Self::Newest | Self::Oldest => Expr::col((video::Entity, video::Column::CreatedAt)),
            Self::TopRated => Expr::cust(TOP_SCORE),
            Self::MostViewed => Expr::col((video::Entity, video::Column::ViewCount)),
            Self::Trending => Expr::col((video::Entity, video::Column::TrendingScore)),
        }
    }

    fn direction(self) -> Order {
        if self == Self::Oldest { Order::Asc } else { Order::Desc }
    }

    fn cursor(self, list: &str, video: &video::Model) -> String {
        let value = match self {
            Self::Newest | Self::Oldest => serde_json::json!(video.created_at),
            Self::TopRated => exactly(f64::from(video.rating_sum + 15) / f64::from(video.rating_count + 3)),
            Self::MostViewed => serde_json::json!(video.view_count),
            Self::Trending => exactly(video.trending_score),
        };
        Cursor::encode(list, &(value, video.id.0))
    }

    /// Everything behind the place that a cursor names.
    fn behind(self, value: &serde_json::Value, id: i64) -> Option<SimpleExpr> {
        let value: SimpleExpr = match self {
            Self::Newest | Self::Oldest => {
                let time: chrono::DateTime<chrono::Utc> = serde_json::from_value(value.clone()).ok()?;
                // Postgres holds no time before 4714 BC; nothing of ours is older than 1970.
                (time.timestamp() >= 0).then(|| Expr::value(time))?
            }
            Self::MostViewed => Expr::value(i32::try_from(value.as_i64()?).ok()?),
            Self::TopRated | Self::Trending => {
                let number = f64::from_bits(value.as_u64()?);
                number.is_finite().then(|| Expr::value(number))?
            }
        };
        let here = Expr::tuple([self.key(), Expr::col((video::Entity, video::Column::Id))]);
        let there = Expr::tuple([value, Expr::value(id)]);
        Some(if self == Self::Oldest { here.gt(there) } else { here.lt(there) })
    }
}

/// A number as its bits: JSON may give it back a last digit off, and then a page repeats or leaves out the
/// video at its border.
fn exactly(number: f64) -> serde_json::Value {
    serde_json::json!(number.to_bits())
}

async fn page(
    app: &App,
    query: Select<video::Entity>,
    order: VideoOrder,
    list: &str,
    input: &PageInput,
) -> Result<VideoConnection> {
    let mut query = query;
    if let Some((value, id)) = input.cursor::<(serde_json::Value, i64)>(list)? {
        let behind =
            order.behind(&value, id).ok_or_else(|| Error::bad_input("after", "This cursor is damaged."))?;
        query = query.filter(behind);
    }
    let found = query
        .order_by(order.key(), order.direction())
        .order_by(video::Column::Id, order.direction())
        .limit(input.first + 1)
        .all(&app.database)
        .await?;
    Ok(Page::cut(found, input, |video| order.cursor(list, video)).into())
}

/// The videos of one account, newest first: all for itself, the listed ones for everybody else.
///
/// # Errors
/// BAD_USER_INPUT for a cursor of another list.
pub async fn of_uploader(
    app: &App,
    uploader: UserId,
    requester: &Requester,
    input: &PageInput,
) -> Result<VideoConnection> {
    let (query, list) = if requester.owns(uploader) {
        (video::Entity::owned_by(uploader), "own")
    } else {
        (video::Entity::listed().filter(video::Column::UploaderId.eq(uploader)), "of-uploader")
    };
    page(app, query, VideoOrder::Newest, list, input).await
}

/// What to list.
pub struct Filter {
    pub search: Option<Search>,
    /// A video must carry all of them.
    pub tags: Vec<TagName>,
    pub uploader: Option<String>,
    /// Unset: by how well a search fits, else newest first.
    pub order: Option<VideoOrder>,
}

/// Videos that carry the tag.
pub fn carrying(name: &TagName) -> SimpleExpr {
    Expr::col((video::Entity, video::Column::Id)).in_subquery(
        video_tag::Entity::find()
            .select_only()
            .column(video_tag::Column::VideoId)
            .inner_join(tag::Entity)
            .filter(tag::Column::Name.eq(name.as_str()))
            .into_query(),
    )
}

/// What everybody may find.
///
/// # Errors
/// BAD_USER_INPUT for a cursor of another list.
pub async fn listed(app: &App, filter: &Filter, input: &PageInput) -> Result<VideoConnection> {
    let mut query = video::Entity::listed();
    for name in &filter.tags {
        query = query.filter(carrying(name));
    }
    if let Some(name) = &filter.uploader {
        let uploader = if name.contains('\0') {
            None
        } else {
            user::Entity::by_username(name).one(&app.database).await?
        };
        query = query.filter(video::Column::UploaderId.eq(uploader.map_or(UserId(-1), |user| user.id)));
    }
    if let Some(search) = &filter.search {
        query = query.filter(search.condition());
        if filter.order.is_none() {
            return by_fit(app, query, search, input).await;
        }
    }
    let order = filter.order.unwrap_or(VideoOrder::Newest);
    page(app, query, order, order.name(), input).await
}

/// A ranking has no key to continue from, so its cursor counts.
async fn by_fit(
    app: &App,
    query: Select<video::Entity>,
    search: &Search,
    input: &PageInput,
) -> Result<VideoConnection> {
    const FURTHEST: u64 = 10_000;
    let list = search.fingerprint();
    let offset = input.cursor::<u64>(&list)?.map_or(0, |place| place.saturating_add(1));
    if offset > FURTHEST {
        return Err(Error::bad_input(
            "after",
            "A search goes no further than this. Search for something narrower.",
        ));
    }
    let found = query
        .order_by(search.rank(), Order::Desc)
        .order_by_desc(video::Column::Id)
        .offset(offset)
        .limit(input.first + 1)
        .all(&app.database)
        .await?;
    let places: std::collections::HashMap<VideoId, u64> =
        found.iter().enumerate().map(|(at, video)| (video.id, offset + at as u64)).collect();
    Ok(Page::cut(found, input, |video| Cursor::encode(&list, &places.get(&video.id))).into())
}
