//! Messages are made in the transaction of the change that they tell of: both are there, or neither.

use kinora_entity::{
    DeliveryId, user, video,
    webhook::{Event, Scope},
    webhook_delivery,
};
use sea_orm::{ActiveEnum, ActiveValue::Set, ConnectionTrait, EntityTrait};

use super::{
    payload::{Payload, Reader, VideoData},
    store,
};
use crate::{
    app::App,
    error::{Error, Result},
    events::{self, notify},
};

/// Tells what a change made of a video, if it is worth telling; in the caller's transaction.
///
/// # Errors
/// Whatever the database says.
pub async fn video_changed(
    app: &App,
    connection: &impl ConnectionTrait,
    before: &video::Model,
    after: &video::Model,
) -> Result<()> {
    let became = |state| before.state != state && after.state == state;
    if before.published_attempt.is_none() && after.published_attempt.is_some() {
        tell(app, connection, Event::VideoPlayable, after).await?;
    }
    if became(video::State::Ready) {
        tell(app, connection, Event::VideoReady, after).await?;
    }
    if became(video::State::Failed) {
        tell(app, connection, Event::VideoFailed, after).await?;
    }
    Ok(())
}

/// Tells that a video has been deleted, in the caller's transaction.
///
/// # Errors
/// Whatever the database says.
pub async fn video_deleted(app: &App, connection: &impl ConnectionTrait, video: &video::Model) -> Result<()> {
    tell(app, connection, Event::VideoDeleted, video).await
}

async fn tell(
    app: &App,
    connection: &impl ConnectionTrait,
    event: Event,
    video: &video::Model,
) -> Result<()> {
    let listeners = store::listeners(connection, event, video.uploader_id).await?;
    if listeners.is_empty() {
        return Ok(());
    }
    let uploader = user::Entity::find_by_id(video.uploader_id).one(connection).await?;
    let uploader = uploader.ok_or_else(|| Error::not_found("account"))?;
    let (name, now, origin) = (event.to_value(), app.clock.now(), app.config.origin());
    let mut rows = Vec::with_capacity(listeners.len());
    for listener in listeners {
        let is_own = listener.scope == Scope::Own || listener.user_id == video.uploader_id;
        let reader = if is_own { Reader::Uploader } else { Reader::Other };
        let data = VideoData::of(video, &uploader, &origin, reader, event == Event::VideoDeleted);
        let payload = Payload { name: name.clone(), timestamp: now, data };
        rows.push(webhook_delivery::ActiveModel {
            id: Set(DeliveryId::random()),
            webhook_id: Set(listener.id),
            event: Set(name.clone()),
            video_id: Set(Some(video.id)),
            payload: Set(payload.to_json().map_err(Error::internal)?),
            state: Set(webhook_delivery::State::Pending),
            attempts: Set(0),
            attempts_before: Set(0),
            // When it is due and since when it waits is the database's to say.
            ..Default::default()
        });
    }
    // Far fewer than a statement has room for: administrators' and ten of one person.
    webhook_delivery::Entity::insert_many(rows).exec_without_returning(connection).await?;
    notify(connection, events::Event::Webhook).await?;
    Ok(())
}
