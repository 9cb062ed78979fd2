//! From clear to encrypted and back: a new attempt takes the place of the old one, whose objects then go.

use std::time::Duration;

use kinora_entity::{VideoId, job, video};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    Statement, TransactionTrait,
};

use crate::{
    app::{App, SharedApp},
    error::Result,
    processing,
    storage::keys,
};

/// Longer than any cache keeps a playlist that everybody may read.
const PLAYLISTS_ARE_FORGOTTEN_AFTER: Duration = Duration::from_secs(75);

/// Has the media of a video written anew that are not as its owner wants them, or made anew where they cannot be; unless
/// something is being made of it already: then the end of that looks again. What is there is played until then.
///
/// # Errors
/// Whatever the database says.
pub async fn settle(app: &App, connection: &impl ConnectionTrait, video: &video::Model) -> Result<()> {
    if video.state != video::State::Ready || video.is_protected == video.is_encrypted {
        return Ok(());
    }
    let under_way = job::Entity::find()
        .filter(job::Column::VideoId.eq(video.id))
        .filter(job::Column::State.is_in([job::State::Queued, job::State::Leased]))
        // Their end looks at nothing.
        .filter(job::Column::Kind.is_not_in(job::Kind::AFTERWARDS))
        .count(connection)
        .await?;
    if under_way > 0 {
        return Ok(());
    }
    tracing::info!(video = %video.id, protected = video.is_protected, "the protection of a video changes");
    if processing::begin_rekeying(app, connection, video).await? {
        return Ok(());
    }
    processing::enqueue(connection, video.id).await
}

/// Looks again at videos whose media are not as their owner wants them although nothing is under way: what was to
/// make them so has failed. Not more often than every six hours for each.
///
/// # Errors
/// Whatever the database says.
pub async fn settle_forgotten(app: &App) -> Result<()> {
    let forgotten = Statement::from_string(
        DbBackend::Postgres,
        "SELECT v.id FROM video v WHERE v.state = 'ready' AND v.is_protected <> v.is_encrypted \
         AND NOT EXISTS (SELECT FROM job j WHERE j.video_id = v.id AND j.kind IN ('process_video', 'rekey_chunk') \
         AND (j.state IN ('queued', 'leased') OR j.created_at > now() - interval '6 hours')) LIMIT 20",
    );
    for row in app.database.query_all_raw(forgotten).await? {
        let id: VideoId = row.try_get("", "id")?;
        let transaction = app.database.begin().await?;
        let video = video::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
        if let Some(video) = video {
            tracing::warn!(video = %id, "what an owner wants of a video's protection was not done, and is tried again");
            settle(app, &transaction, &video).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// Removes the objects of all attempts before the published one, in the background: at once where nobody else could
/// have their addresses, else when the playlists that name them are forgotten. What is left over because the store
/// is away or the process ends goes with the next comparison of bucket and database.
pub fn remove_older(app: &SharedApp, video: video::Model) {
    let app = SharedApp::clone(app);
    tokio::spawn(async move {
        if video.visibility != video::Visibility::Private {
            tokio::time::sleep(PLAYLISTS_ARE_FORGOTTEN_AFTER).await;
        }
        match remove(&app, &video).await {
            Ok(objects) => {
                tracing::info!(video = %video.id, objects, "objects of earlier attempts were removed");
            }
            Err(error) => {
                tracing::warn!(video = %video.id, ?error, "objects of earlier attempts are left over");
            }
        }
    });
}

async fn remove(app: &App, video: &video::Model) -> Result<usize> {
    let Some(published) = video.published_attempt else { return Ok(0) };
    let Some(now) = video::Entity::find_by_id(video.id).one(&app.database).await? else { return Ok(0) };
    // Others take their place when they are made.
    let mut shown: Vec<String> = keys::poster_of(&now).into_iter().collect();
    shown.extend(now.previews.iter().flat_map(|previews| processing::keys_of_previews(now.id, previews)));
    let (mut removed, mut next) = (0, None);
    loop {
        let page = app.storage.list_objects(&keys::video_prefix(video.id), next).await?;
        for object in page.objects {
            let is_older = keys::attempt_of(&object.key).is_some_and(|attempt| attempt < published);
            if is_older && !shown.contains(&object.key) {
                app.storage.delete(&object.key).await?;
                removed += 1;
            }
        }
        next = page.next;
        if next.is_none() {
            return Ok(removed);
        }
    }
}
