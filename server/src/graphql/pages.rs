//! Relay connections: pages of at most 100, and cursors that only fit where they came from.

use async_graphql::SimpleObject;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Error, Result};

const LARGEST_PAGE: i32 = 100;
const USUAL_PAGE: i32 = 20;

/// Where a page stands among its neighbours.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct PageInfo {
    pub has_next_page: bool,
    pub has_previous_page: bool,
    pub start_cursor: Option<String>,
    pub end_cursor: Option<String>,
}

/// A checked request for a page.
#[derive(Clone, Debug)]
pub struct PageInput {
    /// 1 to 100.
    pub first: u64,
    pub after: Option<String>,
}

impl PageInput {
    /// # Errors
    /// BAD_USER_INPUT on `first`.
    pub fn parse(first: Option<i32>, after: Option<String>) -> Result<Self> {
        let first = first.unwrap_or(USUAL_PAGE);
        if !(1..=LARGEST_PAGE).contains(&first) {
            return Err(Error::bad_input("first", format!("A page holds 1 to {LARGEST_PAGE} items.")));
        }
        Ok(Self { first: first.unsigned_abs().into(), after })
    }

    /// The cursor that the page begins after.
    ///
    /// # Errors
    /// BAD_USER_INPUT on `after` when it is not one of `list`.
    pub fn cursor<K: DeserializeOwned>(&self, list: &str) -> Result<Option<K>> {
        self.after.as_deref().map(|text| Cursor::decode(list, text)).transpose()
    }
}

/// A place in a list: opaque outside, the name of the list and a key inside.
pub struct Cursor;

impl Cursor {
    pub fn encode<K: Serialize>(list: &str, key: &K) -> String {
        let json = serde_json::to_vec(&(list, key)).unwrap_or_default();
        BASE64_URL_SAFE_NO_PAD.encode(json)
    }

    fn decode<K: DeserializeOwned>(list: &str, text: &str) -> Result<K> {
        BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|json| serde_json::from_slice::<(String, K)>(&json).ok())
            .filter(|(of, _)| of == list)
            .map(|(_, key)| key)
            .ok_or_else(|| {
                Error::bad_input("after", "This cursor does not belong to this list. Begin again without it.")
            })
    }
}

/// A page that has been fetched with one item more than asked for.
pub struct Page<T> {
    pub items: Vec<(String, T)>,
    pub info: PageInfo,
}

impl<T> Page<T> {
    /// Cuts the extra item off and gives every other one its cursor.
    pub fn cut(mut found: Vec<T>, input: &PageInput, cursor_of: impl Fn(&T) -> String) -> Self {
        let wanted = usize::try_from(input.first).unwrap_or(usize::MAX);
        let has_next_page = found.len() > wanted;
        found.truncate(wanted);
        let items: Vec<(String, T)> = found.into_iter().map(|item| (cursor_of(&item), item)).collect();
        let info = PageInfo {
            has_next_page,
            has_previous_page: input.after.is_some(),
            start_cursor: items.first().map(|(cursor, _)| cursor.clone()),
            end_cursor: items.last().map(|(cursor, _)| cursor.clone()),
        };
        Self { items, info }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_fits_its_own_list_only() {
        let input = PageInput { first: 5, after: Some(Cursor::encode("newest", &(12, "x"))) };
        assert_eq!(input.cursor::<(i32, String)>("newest").unwrap(), Some((12, "x".into())));
        assert!(input.cursor::<(i32, String)>("feed").is_err());
        assert!(input.cursor::<(i32, i32)>("newest").is_err());
    }

    #[test]
    fn a_page_is_between_one_and_a_hundred() {
        for bad in [-1, 0, 101, i32::MAX] {
            assert!(PageInput::parse(Some(bad), None).is_err(), "{bad}");
        }
        assert_eq!(PageInput::parse(None, None).unwrap().first, 20);
    }
}
