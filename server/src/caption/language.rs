//! Names of languages (BCP 47), as far as a caption needs them.

use std::fmt;

use super::iso639::two_letters;
use crate::error::{Error, Result};

/// What BCP 47 asks software to hold at least (RFC 5646, section 4.4.1).
const LONGEST: usize = 35;

/// A language tag in its usual case: `en`, `pt-BR`, `zh-Hant`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Language(String);

impl Language {
    /// # Errors
    /// BAD_USER_INPUT on `language`.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_tag(text.trim()).ok_or_else(|| {
            Error::bad_input("language", "Name the language as in `en`, `pt-BR` or `zh-Hant` (BCP 47).")
        })
    }

    /// The language of a tag, if it is one.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let tag = tag.replace('_', "-");
        let mut parts = tag.split('-');
        let first = parts.next()?;
        let is_language = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
        if !is_language || tag.len() > LONGEST {
            return None;
        }
        let mut usual = first.to_ascii_lowercase();
        for part in parts {
            if !(1..=8).contains(&part.len()) || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return None;
            }
            usual.push('-');
            usual.push_str(&in_usual_case(part));
        }
        Some(Self(usual))
    }

    /// The language of a track in a file, where three letters of ISO 639-2 are usual.
    pub fn of_track(tag: Option<&str>) -> Self {
        let Some(tag) = tag.map(str::trim) else { return Self::unknown() };
        Self::from_tag(two_letters(&tag.to_ascii_lowercase()).unwrap_or(tag)).unwrap_or_else(Self::unknown)
    }

    /// For a track of which nothing is known (ISO 639-2).
    pub fn unknown() -> Self {
        Self("und".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A region of two letters is upper case, a script of four begins with a capital (RFC 5646, section 2.1.1).
fn in_usual_case(part: &str) -> String {
    let is_alphabetic = part.bytes().all(|b| b.is_ascii_alphabetic());
    match part.len() {
        2 if is_alphabetic => part.to_ascii_uppercase(),
        4 if is_alphabetic => part[..1].to_ascii_uppercase() + &part[1..].to_ascii_lowercase(),
        _ => part.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn languages_have_one_spelling() {
        let tag = |text| Language::from_tag(text).map(|language| language.to_string());
        assert_eq!(tag("EN").as_deref(), Some("en"));
        assert_eq!(tag("pt_br").as_deref(), Some("pt-BR"));
        assert_eq!(tag("ZH-hant-tw").as_deref(), Some("zh-Hant-TW"));
        assert_eq!(tag("en-orig").as_deref(), Some("en-Orig"));
        let of_track = |tag| Language::of_track(tag).to_string();
        assert_eq!(of_track(Some("eng")), "en");
        assert_eq!(of_track(Some("GER")), "de");
        assert_eq!(of_track(Some("deu")), "de");
        assert_eq!(of_track(Some("pt-BR")), "pt-BR");
        assert_eq!(of_track(Some("tlh")), "tlh");
        for unknown in [None, Some("und"), Some(""), Some("Deutsch (Forced)"), Some("../../x")] {
            assert_eq!(of_track(unknown), "und");
        }
        for bad in ["", "e", "english", "12", "en-", "en--us", "en/../x", "en-toolongpart", "ä"] {
            assert_eq!(tag(bad), None, "{bad}");
        }
    }
}
