//! Stars and favourites: a row for each, and counts on the video that move in the same transaction.

use kinora_entity::{VideoId, favorite, rating, video};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect,
    Statement, TransactionTrait, sea_query::LockType,
};

use crate::{
    account::Viewer,
    app::App,
    error::{Error, Result},
};

/// A video that the viewer may open, locked so that counts cannot cross. The lock lets rows that refer to
/// the video be inserted: views that are being counted could otherwise wait for it in a circle.
async fn locked(connection: &impl ConnectionTrait, viewer: &Viewer, id: VideoId) -> Result<video::Model> {
    video::Entity::visible_to(Some(viewer.user.id))
        .filter(video::Column::Id.eq(id))
        .lock(LockType::NoKeyUpdate)
        .one(connection)
        .await?
        .ok_or_else(|| Error::not_found("video"))
}

/// Gives a video 1 to 10 stars; 0 takes them back.
///
/// # Errors
/// BAD_USER_INPUT on `stars`, NOT_FOUND.
pub async fn rate(app: &App, viewer: &Viewer, id: VideoId, stars: i32) -> Result<video::Model> {
    if !(0..=10).contains(&stars) {
        return Err(Error::bad_input("stars", "Give 0 to 10 stars; 0 takes a rating back."));
    }
    let transaction = app.database.begin().await?;
    locked(&transaction, viewer, id).await?;
    let key = (viewer.user.id, id);
    let before = rating::Entity::find_by_id(key).one(&transaction).await?.map(|row| i32::from(row.stars));
    rating::Entity::delete_by_id(key).exec(&transaction).await?;
    if stars > 0 {
        rating::Entity::insert(rating::ActiveModel {
            user_id: Set(viewer.user.id),
            video_id: Set(id),
            stars: Set(i16::try_from(stars).unwrap_or_default()),
            created_at: Set(app.clock.now()),
        })
        .exec_without_returning(&transaction)
        .await?;
    }
    let change_of_count = i32::from(stars > 0) - i32::from(before.is_some());
    let change_of_sum = stars - before.unwrap_or(0);
    let updated = count(
        &transaction,
        id,
        "rating_count = rating_count + $2, rating_sum = rating_sum + $3",
        [change_of_count.into(), change_of_sum.into()],
    )
    .await?;
    transaction.commit().await?;
    Ok(updated)
}

/// Makes a video a favourite, or not any more.
///
/// # Errors
/// NOT_FOUND.
pub async fn favorite(app: &App, viewer: &Viewer, id: VideoId, wanted: bool) -> Result<video::Model> {
    let transaction = app.database.begin().await?;
    let found = locked(&transaction, viewer, id).await?;
    let key = (viewer.user.id, id);
    let is_one = favorite::Entity::find_by_id(key).one(&transaction).await?.is_some();
    if is_one == wanted {
        return Ok(found);
    }
    if wanted {
        favorite::Entity::insert(favorite::ActiveModel {
            user_id: Set(viewer.user.id),
            video_id: Set(id),
            created_at: Set(app.clock.now()),
        })
        .exec_without_returning(&transaction)
        .await?;
    } else {
        favorite::Entity::delete_by_id(key).exec(&transaction).await?;
    }
    let change: i32 = if wanted { 1 } else { -1 };
    let updated = count(&transaction, id, "favorite_count = favorite_count + $2", [change.into()]).await?;
    transaction.commit().await?;
    Ok(updated)
}

/// Moves counts and, with them, the score of the trending order: the logarithm of attention plus the
/// age in units of twelve and a half hours, so that ten times the attention outweighs half a day.
pub(super) async fn count<const N: usize>(
    connection: &impl ConnectionTrait,
    id: VideoId,
    changes: &str,
    values: [sea_orm::Value; N],
) -> Result<video::Model> {
    let run = |sql: String, values: Vec<sea_orm::Value>| {
        Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
    };
    let values = std::iter::once(id.into()).chain(values).collect();
    connection.execute_raw(run(format!("UPDATE video SET {changes} WHERE id = $1"), values)).await?;
    let score = "UPDATE video SET trending_score = \
        log(greatest(1, view_count + 3 * favorite_count + greatest(0, rating_sum - 4 * rating_count))) \
        + extract(epoch FROM coalesce(published_at, created_at)) / 45000 WHERE id = $1 RETURNING *";
    video::Entity::find()
        .from_raw_sql(run(score.into(), vec![id.into()]))
        .one(connection)
        .await?
        .ok_or_else(|| Error::not_found("video"))
}
