//! What `NAME.json.xz` says. Its form changed over the years and with the way a post was asked for; nothing
//! in it can be relied on.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::import::{sidecar, walk::FoundFile};

/// What a file of metadata is about.
#[derive(Debug)]
pub enum Content {
    Post(Box<Metadata>),
    /// An account.
    Profile {
        id: String,
        username: String,
    },
    /// Something else that instaloader keeps, such as how far it got.
    Other,
}

/// What is known of a post.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    pub shortcode: Option<String>,
    pub id: Option<String>,
    pub caption: Option<String>,
    pub owner_id: Option<String>,
    pub author: Option<String>,
    pub posted_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Document {
    node: Option<Node>,
    instaloader: Option<About>,
}

#[derive(Deserialize)]
struct About {
    node_type: Option<String>,
}

#[derive(Default, Deserialize)]
struct Node {
    id: Option<Id>,
    pk: Option<Id>,
    shortcode: Option<String>,
    code: Option<String>,
    /// Of a profile.
    username: Option<String>,
    edge_media_to_caption: Option<CaptionEdges>,
    caption: Option<Caption>,
    taken_at_timestamp: Option<f64>,
    taken_at: Option<f64>,
    date: Option<f64>,
    owner: Option<Owner>,
    user: Option<Owner>,
    /// The same post as phones are told of it.
    iphone_struct: Option<Box<Node>>,
}

#[derive(Deserialize)]
struct Owner {
    id: Option<Id>,
    pk: Option<Id>,
    username: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

impl Id {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

#[derive(Deserialize)]
struct CaptionEdges {
    #[serde(default)]
    edges: Vec<CaptionEdge>,
}

#[derive(Deserialize)]
struct CaptionEdge {
    node: CaptionText,
}

#[derive(Deserialize)]
struct CaptionText {
    text: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Caption {
    Text(String),
    Object(CaptionText),
}

/// Reads a file of metadata.
///
/// # Errors
/// One sentence.
pub fn read(file: &FoundFile) -> Result<Content, String> {
    understand(sidecar::read_json(file)?)
}

fn understand(document: Document) -> Result<Content, String> {
    let kind = document.instaloader.and_then(|about| about.node_type).unwrap_or_default();
    let Some(node) = document.node else {
        if kind.is_empty() || kind == "Post" || kind == "StoryItem" {
            return Err("it is no metadata of instaloader: there is no “node” in it".to_owned());
        }
        return Ok(Content::Other);
    };
    match kind.as_str() {
        "Post" | "StoryItem" | "" => {}
        "Profile" => {
            return Ok(match (node.id, node.username) {
                (Some(id), Some(username)) => Content::Profile { id: id.into_text(), username },
                _ => Content::Other,
            });
        }
        _ => return Ok(Content::Other),
    }
    let metadata = metadata_of(node);
    if metadata.shortcode.is_none() && metadata.id.is_none() {
        return Err("it names no post: both shortcode and id are missing".to_owned());
    }
    Ok(Content::Post(Box::new(metadata)))
}

fn metadata_of(mut node: Node) -> Metadata {
    let phone = node.iphone_struct.take().map(|inner| *inner).unwrap_or_default();
    let caption = node
        .edge_media_to_caption
        .and_then(|edges| edges.edges.into_iter().next())
        .and_then(|edge| edge.node.text)
        .or_else(|| text_of(node.caption))
        .or_else(|| text_of(phone.caption));
    let owner = node.owner.or(node.user);
    let (owner_id, owner_name) =
        owner.map(|owner| (owner.id.or(owner.pk).map(Id::into_text), owner.username)).unwrap_or_default();
    let posted_at = [node.taken_at_timestamp, node.taken_at, node.date, phone.taken_at];
    Metadata {
        shortcode: node.shortcode.or(node.code).or(phone.code).filter(|code| is_shortcode(code)),
        id: node.id.or(node.pk).or(phone.pk).map(Id::into_text).filter(|id| is_shortcode(id)),
        caption,
        owner_id,
        author: owner_name.or_else(|| phone.user.and_then(|user| user.username)),
        posted_at: posted_at.into_iter().flatten().find_map(time),
    }
}

fn text_of(caption: Option<Caption>) -> Option<String> {
    match caption? {
        Caption::Text(text) => Some(text),
        Caption::Object(object) => object.text,
    }
}

fn time(seconds: f64) -> Option<DateTime<Utc>> {
    // Before 2000 and after 2100 nothing was posted.
    (946_684_800.0..4_102_444_800.0)
        .contains(&seconds)
        .then(|| DateTime::from_timestamp(seconds as i64, 0))
        .flatten()
}

/// What Instagram calls posts by; it becomes part of an address.
pub fn is_shortcode(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn understood(json: &str) -> Result<Content, String> {
        understand(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_post_is_read_in_its_old_and_in_its_new_form() {
        for json in [
            r#"{"node": {"shortcode": "Cbu-BgfL3W3", "id": "28", "taken_at_timestamp": 1648656014,
                "owner": {"id": "7", "username": "ann"},
                "edge_media_to_caption": {"edges": [{"node": {"text": "Hello #one"}}]}},
                "instaloader": {"version": "4.16", "node_type": "Post"}}"#,
            r#"{"node": {"code": "Cbu-BgfL3W3", "pk": 28, "taken_at": 1648656014.0, "caption": {"text": "Hello #one"},
                "user": {"pk": 7, "username": "ann"}}, "instaloader": {"node_type": "Post"}}"#,
            r#"{"node": {"shortcode": "Cbu-BgfL3W3", "id": 28, "date": 1648656014, "caption": "Hello #one",
                "owner": {"id": 7}, "iphone_struct": {"user": {"username": "ann"}}}}"#,
        ] {
            let Ok(Content::Post(post)) = understood(json) else { panic!("{json}") };
            assert_eq!(
                *post,
                Metadata {
                    shortcode: Some("Cbu-BgfL3W3".into()),
                    id: Some("28".into()),
                    caption: Some("Hello #one".into()),
                    owner_id: Some("7".into()),
                    author: Some("ann".into()),
                    posted_at: DateTime::from_timestamp(1_648_656_014, 0),
                }
            );
        }
    }

    #[test]
    fn what_names_no_post_is_refused_and_other_files_are_passed_over() {
        for json in ["{}", r#"{"node": {}}"#, r#"{"node": {"shortcode": "../../x"}}"#] {
            assert!(understood(json).is_err(), "{json}");
        }
        let iterator =
            r#"{"node": {"context_username": "x"}, "instaloader": {"node_type": "FrozenNodeIterator"}}"#;
        assert!(matches!(understood(iterator), Ok(Content::Other)));
        let profile = r#"{"node": {"id": "7", "username": "ann"}, "instaloader": {"node_type": "Profile"}}"#;
        assert!(matches!(understood(profile), Ok(Content::Profile { username, .. }) if username == "ann"));
    }
}
