//! What the keys do in the feed.

use super::wheel::Step;

/// Seconds that an arrow to the side jumps.
const SKIP_MS: f64 = 5_000.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FeedKey {
    Go(Step),
    TogglePlay,
    ToggleMute,
    SkipMs(f64),
    Favorite,
}

/// The meaning of a key pressed without modifiers; None leaves it to the browser.
pub fn feed_key(key: &str) -> Option<FeedKey> {
    match key {
        "ArrowDown" | "PageDown" | "j" | "J" => Some(FeedKey::Go(Step::Next)),
        "ArrowUp" | "PageUp" | "k" | "K" => Some(FeedKey::Go(Step::Previous)),
        " " => Some(FeedKey::TogglePlay),
        "m" | "M" => Some(FeedKey::ToggleMute),
        "ArrowLeft" => Some(FeedKey::SkipMs(-SKIP_MS)),
        "ArrowRight" => Some(FeedKey::SkipMs(SKIP_MS)),
        "f" | "F" => Some(FeedKey::Favorite),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_on_and_back() {
        for key in ["ArrowDown", "PageDown", "j"] {
            assert_eq!(feed_key(key), Some(FeedKey::Go(Step::Next)), "{key}");
        }
        for key in ["ArrowUp", "PageUp", "k"] {
            assert_eq!(feed_key(key), Some(FeedKey::Go(Step::Previous)), "{key}");
        }
    }

    #[test]
    fn other_keys_stay_the_browsers() {
        for key in ["Tab", "Enter", "Escape", "F5", "a", "Home"] {
            assert_eq!(feed_key(key), None, "{key}");
        }
    }
}
