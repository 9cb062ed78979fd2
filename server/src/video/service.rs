//! The rules of videos: inserting, showing, changing, deleting.

use kinora_entity::{UserId, VideoId, departed, job, user, video};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect, TransactionTrait, sea_query::OnConflict,
};

use super::{Description, TagName, Title, search, tag};
use crate::{
    account::{Requester, Viewer},
    app::{App, SharedApp},
    error::{Error, Result},
    events::{Event, notify},
    feed, protection,
    storage::keys,
    webhook,
};

/// A video as its uploader described it.
pub struct NewVideo<'a> {
    pub id: VideoId,
    pub uploader: &'a user::Model,
    pub title: Title,
    pub description: Description,
    pub tags: &'a [TagName],
    pub visibility: video::Visibility,
    pub source_key: String,
    pub source_size_bytes: i64,
    pub source_file_name: String,
}

/// Inserts a video that waits for processing, in the caller's transaction.
///
/// # Errors
/// Whatever the database says.
pub async fn insert(app: &App, connection: &impl ConnectionTrait, new: NewVideo<'_>) -> Result<video::Model> {
    let (title, description) = (new.title.into_string(), new.description.into_string());
    let inserted = video::ActiveModel {
        id: Set(new.id),
        uploader_id: Set(new.uploader.id),
        search_text: Set(search::text_of(&title, new.tags, new.uploader, &description)),
        title: Set(title),
        description: Set(description),
        visibility: Set(new.visibility),
        is_protected: Set(new.visibility == video::Visibility::Private),
        is_encrypted: Set(false),
        state: Set(video::State::Processing),
        has_poster: Set(false),
        source_key: Set(new.source_key),
        source_size_bytes: Set(new.source_size_bytes),
        source_file_name: Set(new.source_file_name),
        rating_count: Set(0),
        rating_sum: Set(0),
        favorite_count: Set(0),
        view_count: Set(0),
        trending_score: Set(0.0),
        created_at: Set(app.clock.now()),
        ..Default::default()
    }
    .insert(connection)
    .await?;
    tag::replace(connection, inserted.id, new.tags).await?;
    Ok(inserted)
}

/// The video of that id, if this requester may open it.
///
/// # Errors
/// NOT_FOUND, also for what is somebody else's.
pub async fn visible(app: &App, requester: &Requester, id: VideoId) -> Result<video::Model> {
    video::Entity::visible_to(requester.user_id())
        .filter(video::Column::Id.eq(id))
        .one(&app.database)
        .await?
        .ok_or_else(|| Error::not_found("video"))
}

/// The viewer's own video, locked for a change.
///
/// # Errors
/// NOT_FOUND, also for what is somebody else's.
pub async fn owned(connection: &impl ConnectionTrait, owner: UserId, id: VideoId) -> Result<video::Model> {
    video::Entity::owned_by(owner)
        .filter(video::Column::Id.eq(id))
        .lock_exclusive()
        .one(connection)
        .await?
        .ok_or_else(|| Error::not_found("video"))
}

/// What an owner may change; `None` leaves it.
#[derive(Default)]
pub struct Changes {
    pub title: Option<Title>,
    pub description: Option<Description>,
    pub tags: Option<Vec<TagName>>,
    pub visibility: Option<video::Visibility>,
    /// Without it a video becomes protected when it becomes private, and stays so.
    pub is_protected: Option<bool>,
    pub chapters: Option<video::Chapters>,
}

/// Changes a video of the viewer's.
///
/// # Errors
/// NOT_FOUND, also for what is somebody else's.
pub async fn update(app: &App, viewer: &Viewer, id: VideoId, changes: Changes) -> Result<video::Model> {
    let transaction = app.database.begin().await?;
    feed::lock_ranks(&transaction).await?;
    let found = owned(&transaction, viewer.user.id, id).await?;
    let tags = match changes.tags {
        Some(tags) => {
            tag::replace(&transaction, id, &tags).await?;
            tags
        }
        None => tag::names_of(&transaction, id)
            .await?
            .iter()
            .map(|name| TagName::parse(name))
            .collect::<Result<_>>()?,
    };
    let title = changes.title.map_or_else(|| found.title.clone(), Title::into_string);
    let description = changes.description.map_or_else(|| found.description.clone(), Description::into_string);
    let visibility = changes.visibility.unwrap_or(found.visibility);
    let becomes_private =
        visibility == video::Visibility::Private && found.visibility != video::Visibility::Private;
    let is_protected = changes.is_protected.unwrap_or(found.is_protected || becomes_private);
    let mut row = found.into_active_model();
    row.is_protected = Set(is_protected);
    row.search_text = Set(search::text_of(&title, &tags, &viewer.user, &description));
    row.title = Set(title);
    row.description = Set(description);
    row.visibility = Set(visibility);
    if let Some(chapters) = changes.chapters {
        row.chapters = Set(Some(chapters));
    }
    let updated = row.update(&transaction).await?;
    feed::sync_rank(&transaction, &updated).await?;
    protection::settle(app, &transaction, &updated).await?;
    notify(&transaction, Event::Video(id)).await?;
    transaction.commit().await?;
    Ok(updated)
}

/// Other words for a video.
pub struct Retold {
    pub title: Title,
    pub description: Description,
    pub tags: Vec<TagName>,
}

/// Gives a video other words, in the caller's transaction, if `agrees` to title, description and tags that
/// it has now. Returns whether it did.
///
/// # Errors
/// Whatever the database says.
pub async fn retell(
    connection: &impl ConnectionTrait,
    uploader: &user::Model,
    id: VideoId,
    new: Retold,
    agrees: impl FnOnce(&str, &str, &[TagName]) -> bool,
) -> Result<bool> {
    let found = owned(connection, uploader.id, id).await?;
    let tags = tag::names_of(connection, id).await?;
    let tags = tags.iter().map(|name| TagName::parse(name)).collect::<Result<Vec<_>>>()?;
    if !agrees(&found.title, &found.description, &tags) {
        return Ok(false);
    }
    tag::replace(connection, id, &new.tags).await?;
    let mut row = found.into_active_model();
    let (title, description) = (new.title.into_string(), new.description.into_string());
    row.search_text = Set(search::text_of(&title, &new.tags, uploader, &description));
    row.title = Set(title);
    row.description = Set(description);
    row.update(connection).await?;
    notify(connection, Event::Video(id)).await?;
    Ok(true)
}

/// Deletes a video of the viewer's with everything that was made from it. The rows go at once; the
/// objects follow in the background.
///
/// # Errors
/// NOT_FOUND, also for what is somebody else's.
pub async fn delete(app: &SharedApp, viewer: &Viewer, id: VideoId) -> Result<()> {
    let transaction = app.database.begin().await?;
    feed::lock_ranks(&transaction).await?;
    // Jobs before the video, as whoever reports on a job locks them: the other way round, both could wait
    // for each other.
    job::Entity::find().filter(job::Column::VideoId.eq(id)).lock_exclusive().all(&transaction).await?;
    let found = owned(&transaction, viewer.user.id, id).await?;
    feed::leave(&transaction, &found).await?;
    webhook::video_deleted(app, &transaction, &found).await?;
    // Jobs go with it: a runner that works on one finds its lease lost.
    video::Entity::delete_by_id(id).exec(&transaction).await?;
    // Should the store be away now, or a runner write late, the objects go with the next comparison.
    let departed_at = app.clock.now();
    let departed = [keys::video_prefix(id), found.source_key.clone()].map(|key_prefix| {
        departed::ActiveModel { key_prefix: Set(key_prefix), departed_at: Set(departed_at) }
    });
    departed::Entity::insert_many(departed)
        .on_conflict(OnConflict::column(departed::Column::KeyPrefix).do_nothing().to_owned())
        .exec_without_returning(&transaction)
        .await?;
    notify(&transaction, Event::Video(id)).await?;
    transaction.commit().await?;
    let app = SharedApp::clone(app);
    tokio::spawn(async move {
        let objects = app.storage.delete_prefix(&keys::video_prefix(id)).await;
        let source = app.storage.delete(&found.source_key).await;
        if let Err(error) = objects.and(source) {
            tracing::warn!(video = %id, %error, "objects of a deleted video are left over");
        }
    });
    Ok(())
}

/// Marks a video as failed, in the caller's transaction. One that was ready before stays as it is; one that could
/// be watched while it grew is withdrawn.
///
/// # Errors
/// Whatever the database says.
pub async fn fail(
    app: &App,
    connection: &impl ConnectionTrait,
    id: VideoId,
    code: &str,
    message: &str,
) -> Result<()> {
    let found = video::Entity::find_by_id(id)
        .filter(video::Column::State.eq(video::State::Processing))
        .lock_exclusive()
        .one(connection)
        .await?;
    if let Some(found) = found {
        let before = found.clone();
        let mut row = found.into_active_model();
        row.state = Set(video::State::Failed);
        row.failure_code = Set(Some(code.to_owned()));
        row.failure_message = Set(Some(message.to_owned()));
        row.published_attempt = Set(None);
        row.has_poster = Set(false);
        let failed = row.update(connection).await?;
        feed::sync_rank(connection, &failed).await?;
        webhook::video_changed(app, connection, &before, &failed).await?;
    }
    notify(connection, Event::Video(id)).await?;
    Ok(())
}
