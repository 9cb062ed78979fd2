//! Captions and chapters that an uploaded file holds.
//!
//! They are taken over once. The file stays the same, so reading it again could only undo what a person did since. What
//! cannot be used is passed over: it is no reason for a video to fail.

use kinora_entity::{LeaseId, RunnerId, VideoId, job, video};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    TransactionTrait,
};

use super::result::rejected;
use crate::{
    app::App,
    caption::{self, Cues, Language, NewCaption},
    error::Result,
    events::{Event, notify},
    job::held,
    video::{
        Label,
        chapter::{self, ChapterInput},
    },
};

/// A track of text as a runner found it.
#[derive(Clone, Debug)]
pub struct SourceCaption {
    pub language: Option<String>,
    pub label: Option<String>,
    pub text: String,
}

/// Takes a track over, unless the video has one in this language.
///
/// # Errors
/// LEASE_LOST, RESULT_REJECTED.
pub async fn publish_caption(
    app: &App,
    runner: RunnerId,
    lease: LeaseId,
    found: SourceCaption,
) -> Result<()> {
    let transaction = app.database.begin().await?;
    let Some(video) = reading(&transaction, runner, lease).await? else { return Ok(()) };
    let cues = match Cues::parse(&found.text) {
        Ok(cues) => cues,
        Err(error) => {
            tracing::debug!(%video, ?error, "a text track is passed over");
            return Ok(());
        }
    };
    let new = NewCaption {
        language: Language::of_track(found.language.as_deref()),
        label: found.label.as_deref().and_then(Label::from_text),
        cues,
    };
    caption::insert_from_source(&transaction, video, new, app.clock.now()).await?;
    notify(&transaction, Event::Video(video)).await?;
    transaction.commit().await?;
    Ok(())
}

/// Takes chapters over, unless the video has some.
///
/// # Errors
/// LEASE_LOST, RESULT_REJECTED.
pub async fn publish_chapters(
    app: &App,
    runner: RunnerId,
    lease: LeaseId,
    found: Vec<ChapterInput>,
) -> Result<()> {
    let transaction = app.database.begin().await?;
    let Some(video) = reading(&transaction, runner, lease).await? else { return Ok(()) };
    let Some(chapters) = chapter::usable(found.into_iter().map(Into::into)) else { return Ok(()) };
    video::Entity::update_many()
        .set(video::ActiveModel { chapters: Set(Some(chapters)), ..Default::default() })
        .filter(video::Column::Id.eq(video))
        .filter(video::Column::Chapters.is_null())
        .exec(&transaction)
        .await?;
    notify(&transaction, Event::Video(video)).await?;
    transaction.commit().await?;
    Ok(())
}

/// The video whose tracks are read under a lease; nothing when they were taken over before.
async fn reading(
    transaction: &DatabaseTransaction,
    runner: RunnerId,
    lease: LeaseId,
) -> Result<Option<VideoId>> {
    let job = held(transaction, lease, runner).await?;
    let is_whole = job.kind == job::Kind::ProcessVideo && job.plan.is_none();
    if job.kind != job::Kind::ReadTracks && !is_whole {
        return Err(rejected("This job is not one to read tracks."));
    }
    let video = video::Entity::find_by_id(job.video_id).one(transaction).await?;
    Ok(video.filter(|video| !video.tracks_taken).map(|video| video.id))
}

/// From here on what the source holds is no longer taken over.
pub(super) async fn note_taken(connection: &impl ConnectionTrait, id: VideoId) -> Result<()> {
    video::Entity::update_many()
        .set(video::ActiveModel { tracks_taken: Set(true), ..Default::default() })
        .filter(video::Column::Id.eq(id))
        .exec(connection)
        .await?;
    Ok(())
}
