//! What search looks through, and how.

use kinora_entity::user;
use sea_orm::{
    Condition,
    sea_query::{Expr, SimpleExpr},
};

use super::TagName;
use crate::error::{Error, Result};

const LONGEST_SEARCH: usize = 200;

/// Everything of a video that search finds, the more telling first.
pub fn text_of(title: &str, tags: &[TagName], uploader: &user::Model, description: &str) -> String {
    let mut text = title.to_owned();
    for tag in tags {
        text.push(' ');
        text.push_str(tag.as_str());
    }
    format!("{text} {} {description}", uploader.username)
}

/// A checked search.
#[derive(Clone, Debug)]
pub struct Search(String);

impl Search {
    /// Nothing for an empty search.
    ///
    /// # Errors
    /// BAD_USER_INPUT on `search`.
    pub fn parse(text: Option<&str>) -> Result<Option<Self>> {
        let text = text.map(str::trim).unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        if text.chars().count() > LONGEST_SEARCH || text.chars().any(char::is_control) {
            return Err(Error::bad_input(
                "search",
                format!("A search has at most {LONGEST_SEARCH} characters and no control characters."),
            ));
        }
        Ok(Some(Self(text.to_lowercase())))
    }

    /// Whole words in any order, or something spelled like it.
    pub fn condition(&self) -> Condition {
        Condition::any()
            .add(Expr::cust_with_values(
                "video.search_vector @@ websearch_to_tsquery('simple', $1)",
                [self.0.as_str()],
            ))
            .add(Expr::cust_with_values("$1 <% video.search_text", [self.0.as_str()]))
    }

    /// How well a video fits: larger is better.
    pub fn rank(&self) -> SimpleExpr {
        Expr::cust_with_values(
            "(ts_rank(video.search_vector, websearch_to_tsquery('simple', $1)) \
             + word_similarity($1, video.search_text) + word_similarity($1, video.title))::double precision",
            [self.0.as_str()],
        )
    }

    /// Names this search in cursors, so that a cursor of another one is refused.
    pub fn fingerprint(&self) -> String {
        format!("search:{}", self.0)
    }
}
