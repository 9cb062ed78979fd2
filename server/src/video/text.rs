//! What people write: parsed at the edge, so that nothing behind it needs to look again.

use crate::error::{Error, Result};

const LONGEST_TITLE: usize = 200;
const LONGEST_DESCRIPTION: usize = 10_000;
const LONGEST_LABEL: usize = 60;
const LONGEST_TAG: usize = 50;
const MOST_TAGS: usize = 30;
/// What most file systems take.
const LONGEST_FILE_NAME_BYTES: usize = 255;

/// Characters that turn text around or hide in it: a title must read as it is written.
fn is_deceptive(character: char) -> bool {
    matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}')
}

/// A title: 1 to 200 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(String);

impl Title {
    /// # Errors
    /// BAD_USER_INPUT on `title`.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 || length > LONGEST_TITLE {
            return Err(Error::bad_input("title", format!("A title has 1 to {LONGEST_TITLE} characters.")));
        }
        if text.chars().any(|character| character.is_control() || is_deceptive(character)) {
            return Err(Error::bad_input("title", "A title has no control characters and no line breaks."));
        }
        Ok(Self(text.to_owned()))
    }

    /// A readable title from the name of a file: without its extension, with spaces for what stands in
    /// for them.
    pub fn from_file_name(file_name: &str) -> Self {
        let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
        let words = stem.replace(['_', '+'], " ");
        let title: String =
            words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_TITLE).collect();
        Self(if title.trim().is_empty() { "Untitled".into() } else { title.trim().to_owned() })
    }

    /// The first line that says something, without what a title must not hold, shortened at a word. For
    /// text that comes from elsewhere and cannot be sent back to be mended.
    pub fn from_text(text: &str) -> Option<Self> {
        let line = text.lines().find(|line| line.chars().any(char::is_alphanumeric))?;
        let clean: String = line
            .chars()
            .map(|character| if character.is_control() { ' ' } else { character })
            .filter(|&character| !is_deceptive(character))
            .collect();
        let words = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.chars().count() <= LONGEST_TITLE {
            return Some(Self(words));
        }
        let cut: String = words.chars().take(LONGEST_TITLE - 1).collect();
        let whole = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
        Some(Self(format!("{whole}…")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// What something is called in a few words: 1 to 60 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// # Errors
    /// BAD_USER_INPUT on `label`.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let is_plain = !text.chars().any(|character| character.is_control() || is_deceptive(character));
        if !is_plain || !(1..=LONGEST_LABEL).contains(&text.chars().count()) {
            return Err(Error::bad_input("label", format!("A label has 1 to {LONGEST_LABEL} characters.")));
        }
        Ok(Self(text.to_owned()))
    }

    /// As much of a text as a label may hold, if it says anything. For text that comes from elsewhere and
    /// cannot be sent back to be mended.
    pub fn from_text(text: &str) -> Option<Self> {
        let clean: String = text
            .chars()
            .map(|character| if character.is_control() { ' ' } else { character })
            .filter(|&character| !is_deceptive(character))
            .collect();
        let words = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        let label: String = words.chars().take(LONGEST_LABEL).collect();
        Some(Self(label.trim_end().to_owned())).filter(|label| !label.0.is_empty())
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// A description: at most 10,000 characters, line breaks allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    /// # Errors
    /// BAD_USER_INPUT on `description`.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.replace("\r\n", "\n");
        let text = text.trim();
        if text.chars().count() > LONGEST_DESCRIPTION {
            return Err(Error::bad_input(
                "description",
                format!("A description has at most {LONGEST_DESCRIPTION} characters."),
            ));
        }
        let strange = |character: char| {
            (character.is_control() && !matches!(character, '\n' | '\t')) || is_deceptive(character)
        };
        if text.chars().any(strange) {
            return Err(Error::bad_input("description", "A description has no control characters."));
        }
        Ok(Self(text.to_owned()))
    }

    /// As much of a text as a description may hold. For text that comes from elsewhere and cannot be sent
    /// back to be mended.
    pub fn from_text(text: &str) -> Self {
        let clean: String = text
            .replace("\r\n", "\n")
            .chars()
            .filter(|&character| !character.is_control() || matches!(character, '\n' | '\t'))
            .filter(|&character| !is_deceptive(character))
            .take(LONGEST_DESCRIPTION)
            .collect();
        Self(clean.trim().to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// A tag: lower case, letters and digits of any script, `-` and `_` between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagName(String);

impl TagName {
    /// # Errors
    /// BAD_USER_INPUT on `tags`.
    pub fn parse(text: &str) -> Result<Self> {
        let name = text
            .trim()
            .trim_start_matches('#')
            .to_lowercase()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join("-");
        let length = name.chars().count();
        let plain = |character: char| {
            character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | '&' | '\'')
        };
        let says_something = name.chars().any(char::is_alphanumeric);
        if !says_something || length > LONGEST_TAG || !name.chars().all(plain) {
            return Err(Error::bad_input(
                "tags",
                format!("A tag has 1 to {LONGEST_TAG} letters, digits, hyphens or underscores."),
            ));
        }
        Ok(Self(name))
    }

    /// Tags as somebody wrote them, without what is there twice.
    ///
    /// # Errors
    /// BAD_USER_INPUT on `tags`.
    pub fn parse_all(texts: &[String]) -> Result<Vec<Self>> {
        let mut names: Vec<Self> = Vec::with_capacity(texts.len().min(MOST_TAGS));
        for text in texts {
            let name = Self::parse(text)?;
            if !names.contains(&name) {
                names.push(name);
            }
            if names.len() > MOST_TAGS {
                return Err(Error::bad_input("tags", format!("A video has at most {MOST_TAGS} tags.")));
            }
        }
        Ok(names)
    }

    /// Those of the texts that can be tags, each once, as many as a video may have.
    pub fn usable<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let mut names: Vec<Self> = Vec::new();
        for name in texts.into_iter().filter_map(|text| Self::parse(text).ok()) {
            if names.len() == MOST_TAGS {
                break;
            }
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of an uploaded file as it may be shown and offered for saving: the last part of a path,
/// on one line, of a length that file systems take. It is never used as a path here.
pub fn display_file_name(text: &str) -> String {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name: String = last
        .chars()
        .filter(|&character| !character.is_control() && !is_deceptive(character))
        .collect::<String>()
        .trim()
        .trim_start_matches('.')
        .to_owned();
    while name.len() > LONGEST_FILE_NAME_BYTES {
        // Shorten the stem and keep the extension.
        let dot = name.rfind('.').filter(|dot| name.len() - dot <= 16).unwrap_or(name.len());
        let Some((before, _)) = name[..dot].char_indices().next_back() else {
            name.truncate(0);
            break;
        };
        name.replace_range(before..dot, "");
    }
    if name.is_empty() { "video".into() } else { name }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn titles_read_as_they_are_written() {
        assert_eq!(Title::parse("  Sea birds  ").unwrap().into_string(), "Sea birds");
        for bad in ["", "   ", "a\0b", "a\nb", "safe\u{202E}4pm.exe", &"x".repeat(10_240)] {
            assert!(Title::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Title::parse("映画 🎞 café").is_ok());
    }

    #[test]
    fn a_file_name_becomes_a_title() {
        for (name, title) in [
            ("VID_2024-05-01_sea.birds.mp4", "VID 2024-05-01 sea.birds"),
            (".mp4", "Untitled"),
            ("noextension", "noextension"),
        ] {
            assert_eq!(Title::from_file_name(name).into_string(), title);
        }
    }

    #[test]
    fn a_file_name_is_a_name_and_no_path() {
        for (given, shown) in [
            ("-y.mp4", "-y.mp4"),
            ("a%03d.mp4", "a%03d.mp4"),
            ("concat:x", "concat:x"),
            ("../../etc/passwd", "passwd"),
            ("C:\\videos\\CON", "CON"),
            ("a\r\nSet-Cookie: x.mp4", "aSet-Cookie: x.mp4"),
            ("..", "video"),
            ("", "video"),
        ] {
            assert_eq!(display_file_name(given), shown);
        }
        let long = display_file_name(&format!("{}.mp4", "ü".repeat(300)));
        assert!(long.len() <= 255 && long.ends_with("ü.mp4"), "{long}");
    }

    #[test]
    fn text_from_elsewhere_is_made_to_fit() {
        let title = |text: &str| Title::from_text(text).map(Title::into_string);
        assert_eq!(title("\n 🎉\n It's\u{202E} time\tto talk \nmore").as_deref(), Some("It's time to talk"));
        assert_eq!(title(" \n#\u{0}"), None);
        let long = title(&"word ".repeat(100)).unwrap();
        assert!(long.ends_with("word…") && Title::parse(&long).is_ok(), "{long}");
        let description = Description::from_text(&format!("a\0\u{202E}b\r\nc{}", "x".repeat(20_000)));
        assert!(
            description.as_str().starts_with("ab\nc") && Description::parse(description.as_str()).is_ok()
        );
        let tags = TagName::usable(["A", "#a", "", "b/c", "b c"]);
        assert_eq!(tags.iter().map(TagName::as_str).collect::<Vec<_>>(), ["a", "b-c"]);
    }

    #[test]
    fn tags_are_lower_case_and_once() {
        let names = TagName::parse_all(&["#Sea Birds".into(), "sea-birds".into(), "übung".into()]).unwrap();
        assert_eq!(names.iter().map(TagName::as_str).collect::<Vec<_>>(), ["sea-birds", "übung"]);
        for bad in ["", "#", "..", "a/b", "a\0", &"x".repeat(51)] {
            assert!(TagName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
