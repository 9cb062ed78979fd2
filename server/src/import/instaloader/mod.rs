//! What instaloader saves: for each post `NAME.json.xz` with its metadata, `NAME.txt` with its caption, and
//! `NAME.mp4`, `NAME.jpg` or, for several, `NAME_1.jpg`, `NAME_2.mp4` …

mod group;
mod metadata;
mod saved;

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use chrono::{DateTime, NaiveDateTime, Utc};
use kinora_runner::slideshow;

use self::{
    group::{Group, group},
    metadata::{Content, Metadata},
};
use super::{
    extras::Extras,
    post::{self, Media, Post, Problem, Reading, Wording, hashtags},
    sidecar,
    walk::{FoundFile, Walk},
};
use crate::video::{Description, TagName, Title};

pub use saved::{Saved, read_saved};

/// Turns what was found into posts; with `saved`, into those that it lists.
pub fn read(walk: Walk, root: &Path, saved: Option<Saved>) -> Reading {
    let mut reading = Reading { problems: walk.problems, ..Reading::default() };
    let (groups, strays) = group(walk.files);
    let mut reader = Reader { owners: HashMap::new(), saved, root_is_profile: is_profile_folder(root) };
    let mut drafts = Vec::new();
    let mut without_media = 0u64;
    for group in groups {
        match reader.draft(group) {
            Ok(Some(draft)) if draft.items.is_empty() => without_media += 1,
            Ok(Some(draft)) => drafts.push(draft),
            Ok(None) => {}
            Err(problem) => reading.problems.push(problem),
        }
    }
    // The names of owners may stand in files that come after their posts.
    reading.posts = drafts.into_iter().filter_map(|draft| reader.post(draft)).collect();
    let mut note = |count: u64, one: &str, many: &str| match count {
        0 => {}
        1 => reading.notes.push(format!("1 {one}")),
        count => reading.notes.push(format!("{count} {many}")),
    };
    note(
        without_media,
        "post has no picture or video beside it.",
        "posts have no picture or video beside them.",
    );
    note(
        strays,
        "picture belongs to no post and was left out.",
        "pictures belong to no post and were left out.",
    );
    if let Some(saved) = &reader.saved {
        let there: HashSet<&str> = reading.posts.iter().map(|post| post.external_id.as_str()).collect();
        let missing = saved.shortcodes().filter(|code| !there.contains(code)).count() as u64;
        note(missing, "saved post is not in the folder.", "saved posts are not in the folder.");
    }
    reading
}

/// A post whose author may not be known yet.
struct Draft {
    name: String,
    /// The name of its folder, where that is a profile's.
    folder: Option<String>,
    stem: String,
    items: Vec<FoundFile>,
    metadata: Option<Metadata>,
    caption: String,
}

struct Reader {
    /// Names of accounts by their number, as profiles tell them.
    owners: HashMap<String, String>,
    saved: Option<Saved>,
    root_is_profile: Option<String>,
}

impl Reader {
    /// Reads what belongs to one post; nothing when it is none.
    fn draft(&mut self, group: Group) -> Result<Option<Draft>, Problem> {
        let name = group.name().to_owned();
        let mut metadata = None;
        if let Some(file) = &group.sidecar {
            let content = metadata::read(file).map_err(|what| Problem::new(&file.relative, what))?;
            match content {
                Content::Post(found) => metadata = Some(*found),
                Content::Profile { id, username } => {
                    self.owners.insert(id, username);
                    return Ok(None);
                }
                Content::Other => return Ok(None),
            }
        }
        let caption = match (metadata.as_ref().and_then(|metadata| metadata.caption.clone()), &group.caption)
        {
            (Some(caption), _) => caption,
            (None, Some(file)) => {
                sidecar::read_text(file).map_err(|what| Problem::new(&file.relative, what))?
            }
            (None, None) => String::new(),
        };
        let folder = match group.folder.rsplit('/').next() {
            Some("") | None => self.root_is_profile.clone(),
            Some(folder) => Some(folder.to_owned()).filter(|folder| is_username(folder)),
        };
        Ok(Some(Draft { name, folder, stem: group.stem, items: group.items, metadata, caption }))
    }

    fn post(&self, draft: Draft) -> Option<Post> {
        let metadata = draft.metadata.unwrap_or_default();
        let shortcode = metadata.shortcode.as_deref();
        if let Some(saved) = &self.saved
            && !shortcode.is_some_and(|code| saved.lists(code))
        {
            return None;
        }
        let external_id = match (shortcode, &metadata.id) {
            (Some(code), _) => code.to_owned(),
            (None, Some(id)) => format!("id:{id}"),
            (None, None) => post::external_id(&format!("file:{}", draft.name)),
        };
        let of_owner = metadata.owner_id.as_ref().and_then(|id| self.owners.get(id));
        let of_saved = self.saved.as_ref().zip(shortcode).and_then(|(saved, code)| saved.author_of(code));
        let author = metadata.author.as_deref().or(of_owner.map(String::as_str)).or(of_saved);
        let author = post::author(author.or(draft.folder.as_deref()));
        let posted_at = metadata.posted_at.or_else(|| time_of_stem(&draft.stem));
        let mut items = draft.items;
        let media = match items.as_slice() {
            [only] if slideshow::is_clip(Path::new(only.name())) => Media::Video(items.remove(0)),
            _ => Media::Slides(items),
        };
        let title = Title::from_text(&draft.caption)
            .unwrap_or_else(|| title_without_caption(author.as_deref(), posted_at));
        Some(Post {
            name: draft.name,
            external_id,
            media,
            wording: Wording {
                title,
                description: Description::from_text(&draft.caption),
                tags: TagName::usable(hashtags(&draft.caption)),
            },
            author,
            url: shortcode.map(|code| format!("https://www.instagram.com/p/{code}/")),
            posted_at,
            extras: Extras::default(),
        })
    }
}

fn title_without_caption(author: Option<&str>, posted_at: Option<DateTime<Utc>>) -> Title {
    let who = author.unwrap_or("Instagram");
    let text = match posted_at {
        Some(time) => format!("{who}, {}", time.format("%-d %B %Y")),
        None => format!("{who}, a post"),
    };
    Title::from_text(&text).unwrap_or_else(|| Title::from_file_name("Instagram"))
}

/// Instaloader names files by the time of the post.
fn time_of_stem(stem: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(stem, "%Y-%m-%d_%H-%M-%S_UTC").ok().map(|time| time.and_utc())
}

/// Whether a folder's name is that of an account. Instaloader's other folders (`:saved`, `#tag`) are not.
fn is_username(name: &str) -> bool {
    (1..=30).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte))
}

/// The account whose folder this is: instaloader leaves its number in a file called `id`.
fn is_profile_folder(root: &Path) -> Option<String> {
    let root = root.canonicalize().ok()?;
    let name = root.file_name()?.to_str()?;
    (is_username(name) && root.join("id").is_file()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_in_the_name() {
        let time = time_of_stem("2022-03-30_16-00-14_UTC").map(|time| time.to_rfc3339());
        assert_eq!(time.as_deref(), Some("2022-03-30T16:00:14+00:00"));
        assert_eq!(time_of_stem("holiday"), None);
    }

    #[test]
    fn a_post_without_words_is_called_by_who_and_when() {
        let time = time_of_stem("2022-03-05_16-00-14_UTC");
        assert_eq!(title_without_caption(Some("nasa"), time).into_string(), "nasa, 5 March 2022");
        assert_eq!(title_without_caption(None, None).into_string(), "Instagram, a post");
    }

    #[test]
    fn folders_of_accounts_are_told_from_others() {
        assert!(is_username("nasa_1.x"));
        for other in [":saved", "#cats", "˸saved", "My videos", ""] {
            assert!(!is_username(other), "{other}");
        }
    }
}
