//! What a guest rates and keeps: their own, in their own browser.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Name of the entry in the browser's local storage.
pub const STORAGE_KEY: &str = "kinora.guest";

/// Ratings and favourites by video id.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GuestShelf {
    ratings: BTreeMap<String, i32>,
    favorites: BTreeSet<String>,
}

impl GuestShelf {
    /// What was stored; anything unreadable is an empty shelf, since nothing else can be done with it.
    pub fn read(stored: Option<&str>) -> Self {
        stored.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The text to store.
    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn stars(&self, video_id: &str) -> Option<i32> {
        self.ratings.get(video_id).copied()
    }

    pub fn is_favorite(&self, video_id: &str) -> bool {
        self.favorites.contains(video_id)
    }

    /// 0 takes the rating back.
    pub fn rate(&mut self, video_id: &str, stars: i32) {
        if stars == 0 {
            self.ratings.remove(video_id);
        } else {
            self.ratings.insert(video_id.to_owned(), stars);
        }
    }

    pub fn set_favorite(&mut self, video_id: &str, favorite: bool) {
        if favorite {
            self.favorites.insert(video_id.to_owned());
        } else {
            self.favorites.remove(video_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_survives_being_stored() {
        let mut shelf = GuestShelf::default();
        shelf.rate("a", 8);
        shelf.set_favorite("b", true);
        let again = GuestShelf::read(Some(&shelf.write()));
        assert_eq!(again, shelf);
        assert_eq!(again.stars("a"), Some(8));
        assert!(again.is_favorite("b"));
    }

    #[test]
    fn zero_takes_back() {
        let mut shelf = GuestShelf::default();
        shelf.rate("a", 8);
        shelf.rate("a", 0);
        assert_eq!(shelf.stars("a"), None);
    }

    #[test]
    fn rubbish_is_an_empty_shelf() {
        assert_eq!(GuestShelf::read(Some("{\"ratings\": 3}")), GuestShelf::default());
        assert_eq!(GuestShelf::read(None), GuestShelf::default());
    }
}
