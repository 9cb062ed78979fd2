//! The rules of captions.

use chrono::{DateTime, Utc};
use kinora_entity::{VideoId, caption};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, TransactionTrait,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use super::{Cues, Language, cues::webvtt, loader::Track};
use crate::{
    account::Viewer,
    app::App,
    error::{Error, Result},
    video::{Label, owned},
};

/// More languages than any film is put into.
const MOST_LANGUAGES: u64 = 100;
/// So many tracks of a source are taken over.
const MOST_OF_SOURCE: u64 = 16;

/// A track that somebody wants on a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCaption {
    pub language: Language,
    pub label: Option<Label>,
    pub cues: Cues,
}

/// Gives a video of the viewer's a track, in place of the one in the same language.
///
/// # Errors
/// NOT_FOUND, also for what is somebody else's; CONFLICT when there are too many.
pub async fn set(app: &App, viewer: &Viewer, video: VideoId, new: NewCaption) -> Result<caption::Model> {
    let transaction = app.database.begin().await?;
    owned(&transaction, viewer.user.id, video).await?;
    let language = new.language.to_string();
    insert(&transaction, video, new, caption::Source::Uploaded, app.clock.now()).await?;
    let count =
        caption::Entity::find().filter(caption::Column::VideoId.eq(video)).count(&transaction).await?;
    if count > MOST_LANGUAGES {
        return Err(Error::Conflict {
            field: Some("language"),
            message: format!("A video has captions in at most {MOST_LANGUAGES} languages."),
        });
    }
    let saved = caption::Entity::find_by_id((video, language)).one(&transaction).await?;
    transaction.commit().await?;
    saved.ok_or_else(|| Error::not_found("caption"))
}

/// Writes a track in the caller's transaction. What an import brings stays behind what a person handed in here, and
/// what the source itself holds behind both; of two tracks of the source in one language the first stays.
///
/// # Errors
/// Whatever the database says.
pub async fn insert(
    connection: &impl ConnectionTrait,
    video: VideoId,
    new: NewCaption,
    source: caption::Source,
    now: DateTime<Utc>,
) -> Result<()> {
    let is_from = || Expr::col((caption::Entity, caption::Column::Source));
    let gives_way = match source {
        caption::Source::Uploaded => Condition::all(),
        caption::Source::Imported => Condition::any().add(is_from().ne(caption::Source::Uploaded)),
        caption::Source::Embedded => Condition::any().add(Expr::value(false)),
    };
    caption::Entity::insert(caption::ActiveModel {
        video_id: Set(video),
        language: Set(new.language.to_string()),
        label: Set(new.label.map(Label::into_string)),
        source: Set(source),
        cues: Set(new.cues.as_str().to_owned()),
        updated_at: Set(now),
    })
    .on_conflict(
        OnConflict::columns([caption::Column::VideoId, caption::Column::Language])
            .update_columns([
                caption::Column::Label,
                caption::Column::Source,
                caption::Column::Cues,
                caption::Column::UpdatedAt,
            ])
            .action_cond_where(gives_way)
            .to_owned(),
    )
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// Writes a track that the source holds, if there is room for one more.
///
/// # Errors
/// Whatever the database says.
pub async fn insert_from_source(
    connection: &impl ConnectionTrait,
    video: VideoId,
    new: NewCaption,
    now: DateTime<Utc>,
) -> Result<()> {
    let all = || caption::Entity::find().filter(caption::Column::VideoId.eq(video));
    let of_source = all().filter(caption::Column::Source.eq(caption::Source::Embedded));
    if of_source.count(connection).await? < MOST_OF_SOURCE && all().count(connection).await? < MOST_LANGUAGES
    {
        insert(connection, video, new, caption::Source::Embedded, now).await?;
    }
    Ok(())
}

/// Takes a track from a video of the viewer's.
///
/// # Errors
/// NOT_FOUND.
pub async fn delete(app: &App, viewer: &Viewer, video: VideoId, language: &Language) -> Result<()> {
    owned(&app.database, viewer.user.id, video).await?;
    let key = (video, language.as_str().to_owned());
    match caption::Entity::delete_by_id(key).exec(&app.database).await?.rows_affected {
        0 => Err(Error::not_found("caption")),
        _ => Ok(()),
    }
}

/// What a video has.
///
/// # Errors
/// Whatever the database says.
pub async fn tracks(app: &App, video: VideoId) -> Result<Vec<Track>> {
    Ok(Track::of_all(&app.database, [video]).await?)
}

/// A track as a WebVTT file. Whether the video may be seen is the caller's to check.
///
/// # Errors
/// NOT_FOUND.
pub async fn file(app: &App, video: VideoId, language: &str) -> Result<String> {
    // Postgres takes no text with a zero in it.
    if language.contains('\0') {
        return Err(Error::not_found("caption"));
    }
    let key = (video, language.to_owned());
    let found = caption::Entity::find_by_id(key).one(&app.database).await?;
    found.map(|row| webvtt(&row.cues)).ok_or_else(|| Error::not_found("caption"))
}
