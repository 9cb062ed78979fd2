//! One post at a time: new, known, changed, or taken away again.

use std::{collections::HashSet, fs::File};

use kinora_entity::{
    OriginId, ThumbnailId, VideoId, user, video,
    video_origin::{self, SlideStarts, Source},
};
use kinora_runner::slideshow::Slideshow;
use md5::Md5;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    TransactionTrait,
};
use sha2::{Digest, Sha256};

use super::{
    bucket::{self, PutError},
    content,
    extras::ReadExtras,
    post::{Media, Post, Wording},
    slides::Studio,
    walk::reason,
};
use crate::{
    account::Viewer,
    app::App,
    error::{Error, Result},
    processing::enqueue,
    storage::{StorageError, keys},
    upload,
    video::{NewVideo, Retold, TagName, display_file_name, insert, retell},
};

/// What became of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Added,
    /// Its words or its origin were brought up to date.
    Changed,
    /// It is here as it is there.
    Unchanged,
    /// Its words changed, and somebody changed them here as well; those stay.
    KeptAsEdited,
    /// A file that was imported under another name, which is gone.
    Moved,
    /// It was imported and deleted here.
    Deleted,
}

/// Why a post was not taken in.
#[derive(Debug)]
pub enum Trouble {
    /// Its files, or a rule of the site.
    Post(String),
    /// The database or the bucket: the next one may fare no better.
    Site(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match &error {
            Error::Internal(cause) | Error::Unavailable(cause) => Self::Site(format!("{cause:#}")),
            _ => Self::Post(async_graphql::Error::from(error).message),
        }
    }
}

impl From<sea_orm::DbErr> for Trouble {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Site(error.to_string())
    }
}

impl From<PutError> for Trouble {
    fn from(error: PutError) -> Self {
        match error {
            PutError::Store(StorageError::Failed(text)) => Self::Site(format!("the store failed: {text}")),
            other => Self::Post(other.to_string()),
        }
    }
}

/// Takes posts in for one account.
pub struct Importer<'a> {
    pub app: &'a App,
    pub viewer: Viewer,
    pub source: Source,
    pub visibility: video::Visibility,
    /// Also what was imported and then deleted here.
    pub bring_back: bool,
    /// The ids of everything that this run found.
    pub present: HashSet<String>,
    pub studio: Studio,
}

/// A file that is about to become a video.
struct Ready {
    file: File,
    size_bytes: i64,
    file_name: String,
    slides: Option<SlideStarts>,
    content_hash: Option<Vec<u8>>,
    /// Holds the file while it is needed.
    _made: Option<Slideshow>,
}

/// What lies in the store and is not known to the database yet.
struct Stored {
    id: VideoId,
    thumbnail_id: Option<ThumbnailId>,
    key: String,
    size_bytes: i64,
    file_name: String,
}

impl Importer<'_> {
    /// Takes a post in, or brings up to date what was made of it. `on_bytes` hears how much is stored.
    ///
    /// # Errors
    /// [`Trouble`]; then nothing has changed.
    pub async fn take_in(&self, post: &Post, on_bytes: &(dyn Fn(u64) + Sync)) -> Result<Outcome, Trouble> {
        let known = video_origin::Entity::imported_by(self.viewer.user.id, self.source)
            .filter(video_origin::Column::ExternalId.eq(&post.external_id))
            .one(&self.app.database)
            .await?;
        match known {
            Some(origin) if origin.video_id.is_some() => self.refresh(origin, post).await,
            Some(_) if !self.bring_back => Ok(Outcome::Deleted),
            known => self.add(known, post, on_bytes).await,
        }
    }

    async fn add(
        &self,
        deleted: Option<video_origin::Model>,
        post: &Post,
        on_bytes: &(dyn Fn(u64) + Sync),
    ) -> Result<Outcome, Trouble> {
        let ready = self.prepare(post).await?;
        if deleted.is_none() && self.was_moved(ready.content_hash.as_ref()).await? {
            return Ok(Outcome::Moved);
        }
        let most = self.app.config.max_upload_bytes;
        if ready.size_bytes.unsigned_abs() > most {
            return Err(Trouble::Post(format!("it is larger than the {most} bytes that this site takes")));
        }
        // Refused before a byte is sent, and once more below, where it is exact.
        upload::check_quota(self.app, &self.app.database, &self.viewer, ready.size_bytes).await?;
        let attempt = deleted.as_ref().map_or(1, |origin| origin.attempt + 1);
        let key = keys::imported(self.viewer.user.id, &self.imprint(post), attempt);
        let extras = post.extras.read().map_err(Trouble::Post)?;
        let Ready { file, size_bytes, file_name, slides, content_hash, _made } = ready;
        bucket::put(self.app, &key, file, size_bytes, on_bytes).await?;
        let id = VideoId::random();
        let thumbnail_id = self.put_thumbnail(id, post).await;
        let origin = video_origin::ActiveModel {
            attempt: Set(attempt),
            slides: Set(slides),
            content_hash: Set(content_hash),
            extras_hash: Set(extras.imprint()),
            ..self.origin(post)
        };
        let stored = Stored { id, thumbnail_id, key: key.clone(), size_bytes, file_name };
        let recorded = self.record(deleted, post, (origin, extras), stored).await;
        // A database that went away while it committed may name them all the same. The next run writes over what it
        // does not, for the key is that of the post.
        if matches!(recorded, Err(Trouble::Post(_))) {
            let thumbnail = thumbnail_id.map(|thumbnail| keys::thumbnail(id, thumbnail));
            for key in [Some(key), thumbnail].into_iter().flatten() {
                if let Err(error) = self.app.storage.delete(&key).await {
                    tracing::warn!(%error, "a file of a failed import is left over in the store");
                }
            }
        }
        recorded.map(|()| Outcome::Added)
    }

    /// Stores the picture that came with the post. Without one there will be a frame, so no video fails for it.
    async fn put_thumbnail(&self, video: VideoId, post: &Post) -> Option<ThumbnailId> {
        let file = post.extras.thumbnail.as_ref()?;
        let put = async {
            let bytes = self.studio.thumbnail(self.app, file).await?;
            let id = ThumbnailId::random();
            let md5: [u8; 16] = Md5::digest(&bytes).into();
            let key = keys::thumbnail(video, id);
            let stored = self.app.storage.put(&key, bytes.into(), &md5, "image/jpeg").await;
            stored.map(|()| id).map_err(|error| error.to_string())
        };
        put.await
            .inspect_err(|error| tracing::warn!(file = file.relative, error, "a thumbnail cannot be used"))
            .ok()
    }

    /// Opens the file, or makes it of pictures.
    async fn prepare(&self, post: &Post) -> Result<Ready, Trouble> {
        let trouble = |error: std::io::Error| Trouble::Post(reason(&error));
        let (file, file_name, made) = match &post.media {
            Media::Video(found) => {
                let file = found.open().map_err(trouble)?;
                if file.metadata().map_err(trouble)?.len() != found.size_bytes {
                    return Err(PutError::Changed.into());
                }
                (file, display_file_name(found.name()), None)
            }
            Media::Slides(files) => {
                let made = self.studio.make(self.app, files).await.map_err(Trouble::Post)?;
                let file = File::open(made.file()).map_err(trouble)?;
                let name = files.first().map_or("", |first| super::stem(first.name()));
                (file, display_file_name(&format!("{name}.mp4")), Some(made))
            }
        };
        let size = file.metadata().map_err(trouble)?.len();
        let size_bytes = i64::try_from(size).unwrap_or(i64::MAX);
        if size_bytes == 0 {
            return Err(Trouble::Post("it is empty".to_owned()));
        }
        let content_hash = match self.source {
            Source::Folder => Some(content::imprint(&file, size).map_err(trouble)?),
            // These have a name of their own wherever they lie.
            Source::Instaloader | Source::Ytdlp => None,
        };
        let slides = made.as_ref().map(|made| SlideStarts(made.starts_ms.clone()));
        Ok(Ready { file, size_bytes, file_name, slides, content_hash, _made: made })
    }

    /// Whether the same bytes were imported from a place where they no longer are. Two copies that are both
    /// there are two videos: whoever keeps them so may want them so.
    async fn was_moved(&self, content_hash: Option<&Vec<u8>>) -> Result<bool, Trouble> {
        let Some(hash) = content_hash else { return Ok(false) };
        let same: Vec<String> = video_origin::Entity::imported_by(self.viewer.user.id, self.source)
            .filter(video_origin::Column::ContentHash.eq(hash.clone()))
            .select_only()
            .column(video_origin::Column::ExternalId)
            .into_tuple()
            .all(&self.app.database)
            .await?;
        Ok(same.iter().any(|id| !self.present.contains(id)))
    }

    /// Names the post in the bucket.
    fn imprint(&self, post: &Post) -> String {
        let hash = Sha256::new().chain_update(format!("{:?} ", self.source)).chain_update(&post.external_id);
        hex::encode(&hash.finalize()[..16])
    }

    /// What is kept of where a post comes from.
    fn origin(&self, post: &Post) -> video_origin::ActiveModel {
        video_origin::ActiveModel {
            uploader_id: Set(self.viewer.user.id),
            source: Set(self.source),
            external_id: Set(post.external_id.clone()),
            url: Set(post.url.clone()),
            author: Set(post.author.clone()),
            posted_at: Set(post.posted_at),
            text_hash: Set(post.wording.own_imprint()),
            created_at: Set(self.app.clock.now()),
            ..Default::default()
        }
    }

    /// Video, job and origin appear together or not at all.
    async fn record(
        &self,
        deleted: Option<video_origin::Model>,
        post: &Post,
        (mut origin, extras): (video_origin::ActiveModel, ReadExtras),
        stored: Stored,
    ) -> Result<(), Trouble> {
        let Stored { id, thumbnail_id, key, size_bytes, file_name } = stored;
        let transaction = self.app.database.begin().await?;
        user::Entity::find_by_id(self.viewer.user.id).lock_exclusive().one(&transaction).await?;
        upload::check_quota(self.app, &transaction, &self.viewer, size_bytes).await?;
        let wording = post.wording.clone();
        let created = insert(
            self.app,
            &transaction,
            NewVideo {
                id,
                uploader: &self.viewer.user,
                title: wording.title,
                description: wording.description,
                tags: &wording.tags,
                visibility: self.visibility,
                source_key: key,
                source_size_bytes: size_bytes,
                source_file_name: file_name,
            },
        )
        .await?;
        if thumbnail_id.is_some() {
            let mut row = created.clone().into_active_model();
            row.thumbnail_id = Set(thumbnail_id);
            row.update(&transaction).await?;
        }
        extras.write(&transaction, created.id, self.app.clock.now()).await?;
        origin.video_id = Set(Some(created.id));
        match deleted {
            Some(row) => {
                origin.id = Set(row.id);
                origin.update(&transaction).await?;
            }
            None => {
                origin.id = Set(OriginId::random());
                origin.insert(&transaction).await?;
            }
        }
        enqueue(&transaction, created.id).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Brings the words of a known post up to date, unless somebody changed them here.
    async fn refresh(&self, origin: video_origin::Model, post: &Post) -> Result<Outcome, Trouble> {
        let Some(video) = origin.video_id else { return Ok(Outcome::Unchanged) };
        let new_hash = post.wording.own_imprint();
        let words_changed = new_hash != origin.text_hash;
        // What is known stays: an author may be guessed from a folder's name, and differently next time.
        let details = (
            origin.url.clone().or_else(|| post.url.clone()),
            origin.author.clone().or_else(|| post.author.clone()),
            origin.posted_at.or(post.posted_at),
        );
        let details_changed = details != (origin.url.clone(), origin.author.clone(), origin.posted_at);
        let extras = post.extras.read().map_err(Trouble::Post)?;
        // What was taken away here stays away until it changes there.
        let extras_changed = extras.imprint().is_some_and(|new| origin.extras_hash.as_ref() != Some(&new));
        if !words_changed && !details_changed && !extras_changed {
            return Ok(Outcome::Unchanged);
        }
        let transaction = self.app.database.begin().await?;
        let mut retold = false;
        if words_changed {
            let wording = post.wording.clone();
            let new = Retold { title: wording.title, description: wording.description, tags: wording.tags };
            let as_imported = origin.text_hash.clone();
            let is_as_imported = |title: &str, description: &str, tags: &[TagName]| {
                Wording::imprint(title, description, tags.iter().map(TagName::as_str)) == as_imported
            };
            retold = retell(&transaction, &self.viewer.user, video, new, is_as_imported).await?;
        }
        let mut row = origin.into_active_model();
        (row.url, row.author, row.posted_at) = (Set(details.0), Set(details.1), Set(details.2));
        if retold {
            row.text_hash = Set(new_hash);
        }
        if extras_changed {
            row.extras_hash = Set(extras.imprint());
            extras.write(&transaction, video, self.app.clock.now()).await?;
        }
        row.update(&transaction).await?;
        transaction.commit().await?;
        Ok(if retold || details_changed || extras_changed { Outcome::Changed } else { Outcome::KeptAsEdited })
    }
}
