//! What a video can be watched without. Lost, it is forgotten, and made again where that is possible.

use std::{collections::HashMap, fmt};

use kinora_entity::{LeaseId, ThumbnailId, VideoId, download, video};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, TransactionTrait};

use crate::{app::App, download::all_made, error::Result, processing, storage::keys};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Extra {
    /// The rendition's file for download, made under that lease.
    Download(VideoId, String, Option<LeaseId>),
    /// The storyboard and the loop.
    Previews(VideoId, LeaseId),
    /// The picture that came with the video.
    Thumbnail(VideoId, ThumbnailId),
}

impl fmt::Display for Extra {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Download(video, rendition, _) => {
                write!(
                    formatter,
                    "the {rendition} file of video {video} is missing: it is made again when asked for"
                )
            }
            Self::Previews(video, _) => {
                write!(formatter, "previews of video {video} are missing: mending makes them again")
            }
            Self::Thumbnail(video, _) => {
                write!(
                    formatter,
                    "the picture that came with video {video} is missing: mending shows its poster instead"
                )
            }
        }
    }
}

/// An extra's object that should be there, by its key: what it belongs to, and its bytes, where they are known.
pub type Expected = HashMap<String, (Extra, Option<i64>)>;

pub fn of_video(row: &video::Model) -> Expected {
    let mut expected = Expected::new();
    if let Some(made) = &row.previews {
        let extra = Extra::Previews(row.id, made.lease_id);
        let keys = processing::keys_of_previews(row.id, made);
        expected.extend(keys.into_iter().map(|key| (key, (extra.clone(), None))));
    }
    if let Some(thumbnail) = row.thumbnail_id {
        expected.insert(keys::thumbnail(row.id, thumbnail), (Extra::Thumbnail(row.id, thumbnail), None));
    }
    expected
}

/// # Errors
/// Whatever the database says.
pub async fn downloads(app: &App) -> Result<Expected> {
    let made = all_made(&app.database).await?;
    let expected =
        |row: download::Model| (Extra::Download(row.video_id, row.rendition, row.lease_id), row.size_bytes);
    Ok(made.into_iter().map(|(key, row)| (key, expected(row))).collect())
}

/// Forgets extras whose objects are lost, so that nobody is sent to them, and has previews made again.
///
/// # Errors
/// Whatever the database says.
pub async fn forget(app: &App, lost: &[Extra]) -> Result<()> {
    for extra in lost {
        match extra {
            Extra::Download(video, rendition, lease) => {
                download::Entity::delete_by_id((*video, rendition.clone()))
                    .filter(download::Column::LeaseId.eq(*lease))
                    .exec(&app.database)
                    .await?;
            }
            Extra::Previews(video, lease) => forget_previews(app, *video, *lease).await?,
            Extra::Thumbnail(video, thumbnail) => {
                let none = video::ActiveModel { thumbnail_id: Set(None), ..Default::default() };
                video::Entity::update_many()
                    .set(none)
                    .filter(video::Column::Id.eq(*video))
                    .filter(video::Column::ThumbnailId.eq(*thumbnail))
                    .exec(&app.database)
                    .await?;
            }
        }
    }
    Ok(())
}

/// Nothing is done when others were made meanwhile.
async fn forget_previews(app: &App, id: VideoId, lease: LeaseId) -> Result<()> {
    let transaction = app.database.begin().await?;
    let found = video::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
    let lost = |video: &video::Model| video.previews.as_ref().is_some_and(|made| made.lease_id == lease);
    if let Some(video) = found.filter(lost) {
        let none = video::ActiveModel { previews: Set(None), ..Default::default() };
        let this = video::Column::Id.eq(id);
        video::Entity::update_many().set(none).filter(this).exec(&transaction).await?;
        if let Some(attempt) = video.published_attempt {
            processing::enqueue_previews(&transaction, id, attempt).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}
