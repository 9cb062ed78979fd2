//! What a reader finds: posts, and what is wrong.

use std::fmt;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::{extras::Extras, walk::FoundFile};
use crate::video::{Description, TagName, Title};

const LONGEST_AUTHOR: usize = 200;
const LONGEST_URL: usize = 2_000;
/// What the index over them takes, in characters of any script.
const LONGEST_EXTERNAL_ID: usize = 400;

/// What a folder holds for an import.
#[derive(Debug, Default)]
pub struct Reading {
    pub posts: Vec<Post>,
    pub problems: Vec<Problem>,
    /// Sentences for the summary.
    pub notes: Vec<String>,
}

/// One video to be.
#[derive(Debug)]
pub struct Post {
    /// For messages: the path of its main file below the folder.
    pub name: String,
    /// What the source calls it; the same in every run.
    pub external_id: String,
    pub media: Media,
    pub wording: Wording,
    pub author: Option<String>,
    /// http or https.
    pub url: Option<String>,
    pub posted_at: Option<DateTime<Utc>>,
    pub extras: Extras,
}

/// What a post shows.
#[derive(Debug, PartialEq, Eq)]
pub enum Media {
    Video(FoundFile),
    /// Pictures and clips, in their order.
    Slides(Vec<FoundFile>),
}

impl Media {
    /// How much is read.
    pub fn size_bytes(&self) -> u64 {
        match self {
            Self::Video(file) => file.size_bytes,
            Self::Slides(files) => files.iter().map(|file| file.size_bytes).sum(),
        }
    }
}

/// Title, description and tags, as a video here can have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    pub title: Title,
    pub description: Description,
    pub tags: Vec<TagName>,
}

impl Wording {
    /// The imprint of what a video is called, by which a later import sees whether somebody changed it here.
    pub fn imprint<'a>(title: &'a str, description: &'a str, tags: impl Iterator<Item = &'a str>) -> Vec<u8> {
        let mut hash = Sha256::new();
        for text in [title, description].into_iter().chain(tags) {
            hash.update(text);
            hash.update([0]);
        }
        hash.finalize().to_vec()
    }

    /// The imprint of this one.
    pub fn own_imprint(&self) -> Vec<u8> {
        Self::imprint(self.title.as_str(), self.description.as_str(), self.tags.iter().map(TagName::as_str))
    }
}

/// Something that could not be imported, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    name: String,
    what: String,
}

impl Problem {
    pub fn new(name: &str, what: impl Into<String>) -> Self {
        Self { name: name.to_owned(), what: what.into() }
    }
}

/// On one line, without anything that a terminal would obey: names of files are not to be trusted.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", printable(&self.name), printable(&self.what))
    }
}

/// Text without characters that a terminal would obey.
pub fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{FFFD}' } else { character }).collect()
}

/// The id of a post within its source, or its imprint where it is too long to be a key.
pub fn external_id(text: &str) -> String {
    if text.chars().count() <= LONGEST_EXTERNAL_ID && !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    format!("sha256:{}", hex::encode(Sha256::digest(text)))
}

/// The name of an author as it may be shown, if it says anything.
pub fn author(text: Option<&str>) -> Option<String> {
    let name = printable(text?.trim());
    Some(name.chars().take(LONGEST_AUTHOR).collect()).filter(|name: &String| !name.is_empty())
}

/// An address that a page may link to.
pub fn web_address(text: Option<&str>) -> Option<String> {
    let url = url::Url::parse(text?.trim()).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    // An address with a password in it is not for everybody's eyes.
    let is_open = url.username().is_empty() && url.password().is_none();
    Some(url.to_string()).filter(|text| is_web && is_open && text.len() <= LONGEST_URL)
}

/// The hashtags of a text, in their order, without the sign.
pub fn hashtags(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.split('#').skip(1).filter_map(move |rest| {
        let end = rest.find(|character: char| !is_part(character)).unwrap_or(rest.len());
        Some(&rest[..end]).filter(|tag| tag.chars().any(char::is_alphabetic))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashtags_of_any_script_are_found() {
        let found: Vec<&str> =
            hashtags("A #python web #apis. #Übung_1#two # three #123 #日本 end#").collect();
        assert_eq!(found, ["python", "apis", "Übung_1", "two", "日本"]);
    }

    #[test]
    fn only_web_addresses_are_kept() {
        assert_eq!(
            web_address(Some("https://example.org/a b")).as_deref(),
            Some("https://example.org/a%20b")
        );
        for bad in ["javascript:alert(1)", "data:text/html,x", "/etc/passwd", "https://", "http://u:p@h/", ""]
        {
            assert_eq!(web_address(Some(bad)), None, "{bad}");
        }
    }

    #[test]
    fn a_terminal_is_told_nothing_but_text() {
        let problem = Problem::new("a\u{1b}[2J.mp4", "bad\nnews");
        assert_eq!(problem.to_string(), "a\u{FFFD}[2J.mp4: bad\u{FFFD}news");
    }

    #[test]
    fn long_ids_are_hashed() {
        assert_eq!(external_id("a/b.mp4"), "a/b.mp4");
        assert_eq!(external_id(&"x".repeat(5_000)).len(), 71);
    }
}
