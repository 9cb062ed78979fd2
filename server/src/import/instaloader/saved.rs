//! `saved_posts.json` of an export from Instagram. Its form changes from year to year; what stays is that
//! every saved post is there as an address.

use std::{collections::HashMap, io, path::Path};

use serde_json::Value;
use url::Url;

use super::metadata::is_shortcode;
use crate::import::{sidecar, walk};

/// The posts that somebody saved: shortcodes, with the author where the export names one.
#[derive(Debug, Default)]
pub struct Saved(HashMap<String, Option<String>>);

impl Saved {
    pub fn lists(&self, shortcode: &str) -> bool {
        self.0.contains_key(shortcode)
    }

    pub fn shortcodes(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn author_of(&self, shortcode: &str) -> Option<&str> {
        self.0.get(shortcode)?.as_deref()
    }
}

/// Reads the export.
///
/// # Errors
/// One sentence, also when no saved post is in it.
pub fn read_saved(file: &Path) -> io::Result<Saved> {
    let open = walk::open(file, None)?;
    if open.metadata()?.len() > MOST_BYTES {
        return Err(io::Error::other("the file is too large to be an export of saved posts"));
    }
    let document: Value = sidecar::parse_json(open, false).map_err(io::Error::other)?;
    let mut saved = Saved::default();
    collect(&document, None, &mut saved);
    if saved.0.is_empty() {
        return Err(io::Error::other("it lists no saved post"));
    }
    Ok(saved)
}

/// A hundred thousand saved posts.
const MOST_BYTES: u64 = 64 << 20;

fn collect(value: &Value, author: Option<&str>, saved: &mut Saved) {
    match value {
        Value::String(text) => {
            if let Some(code) = shortcode_of(text) {
                let known = saved.0.entry(code).or_default();
                if known.is_none() {
                    *known = author.map(str::to_owned);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, author, saved)),
        Value::Object(fields) => {
            // An entry's title is the name of the account that posted it.
            let author =
                fields.get("title").and_then(Value::as_str).filter(|title| !title.is_empty()).or(author);
            fields.values().for_each(|field| collect(field, author, saved));
        }
        _ => {}
    }
}

/// From `https://www.instagram.com/p/CODE/`, also `/reel/`, `/tv/` and with the account before it.
fn shortcode_of(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    if host != "instagram.com" && !host.ends_with(".instagram.com") {
        return None;
    }
    let mut parts = url.path_segments()?;
    parts.find(|part| ["p", "reel", "reels", "tv"].contains(part))?;
    parts.next().filter(|code| is_shortcode(code)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_forms_of_the_export_are_read() {
        let old = json!({ "saved_saved_media": [{ "title": "nasa", "string_map_data": { "Saved on":
            { "href": "https://www.instagram.com/p/Cbu-BgfL3W3/", "timestamp": 1650000000 } } }] });
        let new = json!([{ "timestamp": 1, "label_values": [
            { "label": "URL", "value": "https://www.instagram.com/reel/AbC_1/", "href": "https://www.instagram.com/reel/AbC_1/" },
            { "label": "Owner", "value": "https://www.instagram.com/nasa/" }] }]);
        let mut saved = Saved::default();
        collect(&old, None, &mut saved);
        collect(&new, None, &mut saved);
        assert_eq!(saved.0.len(), 2);
        assert!(saved.lists("AbC_1"));
        assert_eq!(saved.author_of("Cbu-BgfL3W3"), Some("nasa"));
    }

    #[test]
    fn other_addresses_are_no_posts() {
        for text in ["https://instagram.com.evil.org/p/x/", "https://www.instagram.com/nasa/", "p/x", ""] {
            assert_eq!(shortcode_of(text), None, "{text}");
        }
    }
}
