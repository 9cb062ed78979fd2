//! What comes with a video besides its words: captions beside its file, and chapters.

use std::io::Read;

use chrono::{DateTime, Utc};
use kinora_entity::{VideoId, caption, video};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};

use super::{
    extension,
    post::Problem,
    stem,
    walk::{FoundFile, reason},
};
use crate::{
    caption::{Cues, Language, NewCaption, insert},
    error::{Error, Result},
};

/// A little more than a caption may have, so that one that is too long is refused rather than cut.
const MOST_CAPTION_BYTES: u64 = 1 << 20;
/// Kinds of captions that are understood.
const READ: [&str; 2] = ["vtt", "srt"];
/// Kinds that are only recognised.
const OTHERS: [&str; 7] = ["ass", "ssa", "ttml", "srv1", "srv2", "srv3", "sbv"];

/// Captions, chapters and the thumbnail of a post.
#[derive(Debug, Default)]
pub struct Extras {
    /// One file a language.
    pub captions: Vec<(Language, FoundFile)>,
    pub chapters: Option<video::Chapters>,
    /// The picture that stands for it.
    pub thumbnail: Option<FoundFile>,
}

/// What a file's name says of captions.
pub enum CaptionName {
    /// Not a caption.
    None,
    /// A caption of a kind that is not understood.
    Unknown,
    /// Of the video with that name without its ending.
    Of { video: String, language: Language },
}

/// Reads `NAME.en.vtt` or `NAME.srt`. A name has dots of its own, so a language is only what `is_video` says of
/// the rest.
pub fn caption_name(name: &str, is_video: impl Fn(&str) -> bool) -> CaptionName {
    let ending = extension(name).unwrap_or_default();
    if OTHERS.contains(&ending.as_str()) {
        return CaptionName::Unknown;
    }
    if !READ.contains(&ending.as_str()) {
        return CaptionName::None;
    }
    let whole = stem(name);
    if is_video(whole) {
        return CaptionName::Of { video: whole.to_owned(), language: Language::unknown() };
    }
    let named = whole.rsplit_once('.').filter(|(video, _)| is_video(video));
    match named.and_then(|(video, tag)| Some((video, Language::from_tag(tag)?))) {
        Some((video, language)) => CaptionName::Of { video: video.to_owned(), language },
        None => CaptionName::None,
    }
}

impl Extras {
    /// Takes a caption in, unless it cannot be read or its language is there already: a WebVTT file, which
    /// says more, comes before a SubRip file of the same name.
    pub fn add(&mut self, language: Language, file: FoundFile, problems: &mut Vec<Problem>) {
        let known = self.captions.iter_mut().find(|(known, _)| *known == language);
        let is_better = extension(file.name()).as_deref() == Some("vtt");
        if known.is_some() && !is_better {
            return;
        }
        if let Err(what) = read(&file) {
            return problems.push(Problem::new(&file.relative, what));
        }
        match known {
            Some(known) => known.1 = file,
            None => self.captions.push((language, file)),
        }
    }

    /// Reads all of it, so that nothing waits for a disk while rows are locked.
    ///
    /// # Errors
    /// One sentence with the file it is about.
    pub fn read(&self) -> Result<ReadExtras, String> {
        let mut captions = Vec::with_capacity(self.captions.len());
        for (language, file) in &self.captions {
            let cues = read(file).map_err(|what| format!("{}: {what}", file.name()))?;
            captions.push(NewCaption { language: language.clone(), label: None, cues });
        }
        captions.sort_by(|a, b| a.language.cmp(&b.language));
        Ok(ReadExtras { captions, chapters: self.chapters.clone() })
    }
}

fn read(file: &FoundFile) -> Result<Cues, String> {
    let mut bytes = Vec::new();
    let open = file.open().map_err(|error| reason(&error))?;
    open.take(MOST_CAPTION_BYTES).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    let text = String::from_utf8_lossy(&bytes);
    Cues::parse(&text).map_err(|error| async_graphql::Error::from(error).message)
}

/// Captions and chapters, ready to be written.
pub struct ReadExtras {
    captions: Vec<NewCaption>,
    chapters: Option<video::Chapters>,
}

impl ReadExtras {
    /// By which a later import sees whether there is anything new; none where there is nothing at all.
    pub fn imprint(&self) -> Option<Vec<u8>> {
        if self.captions.is_empty() && self.chapters.is_none() {
            return None;
        }
        let mut hash = Sha256::new();
        for caption in &self.captions {
            for text in [caption.language.as_str(), caption.cues.as_str()] {
                hash.update(text);
                hash.update([0]);
            }
        }
        for chapter in self.chapters.iter().flat_map(|chapters| &chapters.0) {
            hash.update(chapter.start_ms.to_be_bytes());
            hash.update(&chapter.title);
            hash.update([0]);
        }
        Some(hash.finalize().to_vec())
    }

    /// Gives them to a video, in the caller's transaction. What a person wrote here stays.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn write(
        self,
        connection: &impl ConnectionTrait,
        id: VideoId,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        for caption in self.captions {
            insert(connection, id, caption, caption::Source::Imported, now).await?;
        }
        if let Some(chapters) = self.chapters {
            let row = video::ActiveModel { chapters: Set(Some(chapters)), ..Default::default() };
            video::Entity::update_many()
                .set(row)
                .filter(video::Column::Id.eq(id))
                .filter(video::Column::Chapters.is_null())
                .exec(connection)
                .await?;
        }
        Ok(())
    }
}
