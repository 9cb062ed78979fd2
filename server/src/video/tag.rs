//! Tags: kept with their videos, counted over what everybody may find.

use std::collections::HashMap;

use async_graphql::{Context, Object, dataloader::Loader};
use kinora_entity::{TagId, VideoId, tag, video, video_tag};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, FromQueryResult, JoinType, QueryFilter,
    QueryOrder, QuerySelect, RelationTrait,
    sea_query::{Expr, LikeExpr, OnConflict, Order},
};

use super::TagName;
use crate::{
    app::App,
    error::Result,
    graphql::{LoadError, Loaders, PageInput, load},
};

/// A tag.
#[derive(Clone, Debug)]
pub struct Tag {
    pub name: String,
    /// Known already, or loaded when asked for.
    pub video_count: Option<i64>,
}

#[Object]
impl Tag {
    async fn name(&self) -> &str {
        &self.name
    }

    /// How many public videos carry it.
    async fn video_count(&self, ctx: &Context<'_>) -> Result<i64> {
        match self.video_count {
            Some(count) => Ok(count),
            None => Ok(load(ctx, TagCountKey(self.name.clone())).await?.unwrap_or(0)),
        }
    }
}

/// How many public videos carry the tag of that name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct TagCountKey(String);

#[derive(FromQueryResult)]
struct Counted {
    name: String,
    video_count: i64,
}

fn counted() -> sea_orm::Select<tag::Entity> {
    tag::Entity::find()
        .select_only()
        .column(tag::Column::Name)
        .column_as(video_tag::Column::VideoId.count(), "video_count")
        .join_rev(JoinType::InnerJoin, video_tag::Relation::Tag.def())
        .join(JoinType::InnerJoin, video_tag::Relation::Video.def())
        .filter(video::Entity::is_listed())
        .group_by(tag::Column::Name)
}

impl Loader<TagCountKey> for Loaders {
    type Value = i64;
    type Error = LoadError;

    async fn load(&self, keys: &[TagCountKey]) -> Result<HashMap<TagCountKey, i64>, LoadError> {
        let rows = counted()
            .filter(tag::Column::Name.is_in(keys.iter().map(|key| key.0.as_str())))
            .into_model::<Counted>()
            .all(&self.app.database)
            .await?;
        Ok(rows.into_iter().map(|row| (TagCountKey(row.name), row.video_count)).collect())
    }
}

/// The most used tags that begin with `prefix`.
///
/// # Errors
/// BAD_USER_INPUT for a page that is too large.
pub async fn popular(app: &App, prefix: Option<&str>, first: Option<i32>) -> Result<Vec<Tag>> {
    let page = PageInput::parse(first, None)?;
    let mut query = counted();
    if let Some(prefix) = prefix.map(|text| text.trim().trim_start_matches('#').to_lowercase()) {
        if prefix.contains('\0') {
            return Ok(Vec::new());
        }
        let escaped = prefix.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        query = query
            .filter(Expr::col((tag::Entity, tag::Column::Name)).like(LikeExpr::new(format!("{escaped}%"))));
    }
    let rows = query
        .order_by(Expr::col("video_count"), Order::Desc)
        .order_by_asc(tag::Column::Name)
        .limit(page.first)
        .into_model::<Counted>()
        .all(&app.database)
        .await?;
    Ok(rows.into_iter().map(|row| Tag { name: row.name, video_count: Some(row.video_count) }).collect())
}

/// Gives a video exactly these tags, in this order.
///
/// # Errors
/// Whatever the database says.
pub async fn replace(
    connection: &impl ConnectionTrait,
    video: VideoId,
    names: &[TagName],
) -> Result<(), DbErr> {
    video_tag::Entity::delete_many().filter(video_tag::Column::VideoId.eq(video)).exec(connection).await?;
    if names.is_empty() {
        return Ok(());
    }
    // In one order everywhere, so that two uploads with the same new tags cannot wait for each other.
    let mut sorted: Vec<&TagName> = names.iter().collect();
    sorted.sort();
    let rows = sorted
        .into_iter()
        .map(|name| tag::ActiveModel { id: Set(TagId::random()), name: Set(name.as_str().to_owned()) });
    tag::Entity::insert_many(rows)
        .on_conflict(OnConflict::column(tag::Column::Name).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    let ids: HashMap<String, TagId> = tag::Entity::find()
        .filter(tag::Column::Name.is_in(names.iter().map(TagName::as_str)))
        .all(connection)
        .await?
        .into_iter()
        .map(|tag| (tag.name, tag.id))
        .collect();
    let links = names.iter().enumerate().filter_map(|(position, name)| {
        let tag_id = *ids.get(name.as_str())?;
        Some(video_tag::ActiveModel {
            video_id: Set(video),
            tag_id: Set(tag_id),
            position: Set(i32::try_from(position).unwrap_or(i32::MAX)),
        })
    });
    video_tag::Entity::insert_many(links).exec_without_returning(connection).await?;
    Ok(())
}

/// The names of a video's tags in their order.
///
/// # Errors
/// Whatever the database says.
pub async fn names_of(connection: &impl ConnectionTrait, video: VideoId) -> Result<Vec<String>, DbErr> {
    let rows = video_tag::Entity::find()
        .filter(video_tag::Column::VideoId.eq(video))
        .find_also_related(tag::Entity)
        .order_by_asc(video_tag::Column::Position)
        .all(connection)
        .await?;
    Ok(rows.into_iter().filter_map(|(_, tag)| tag.map(|tag| tag.name)).collect())
}
