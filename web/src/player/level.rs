//! The qualities that a video offers, as its viewer chooses them.

use serde::Deserialize;

/// One variant of the stream, as the player script lists them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Level {
    pub index: i32,
    /// Pixels; 0 when unknown.
    pub width: u32,
    pub height: u32,
    /// Bits a second.
    pub bitrate: f64,
}

impl Level {
    /// By the short side, so that a portrait video is "1080p" as well.
    pub fn label(&self) -> String {
        match self.width.min(self.height) {
            0 => format!("{} kb/s", (self.bitrate / 1000.0).round()),
            side => format!("{side}p"),
        }
    }
}

/// What is played now, and whether the player chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct LevelChoice {
    pub index: i32,
    pub auto: bool,
}

impl Default for LevelChoice {
    fn default() -> Self {
        Self { index: -1, auto: true }
    }
}

/// Best first, for the menu.
pub fn by_quality(mut levels: Vec<Level>) -> Vec<Level> {
    levels.sort_by(|a, b| {
        let side = |level: &Level| level.width.min(level.height);
        side(b).cmp(&side(a)).then(b.bitrate.total_cmp(&a.bitrate))
    });
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(index: i32, width: u32, height: u32) -> Level {
        Level { index, width, height, bitrate: 700_000.0 }
    }

    #[test]
    fn portrait_is_named_by_its_short_side() {
        assert_eq!(level(0, 720, 1280).label(), "720p");
        assert_eq!(level(0, 1920, 1080).label(), "1080p");
        assert_eq!(level(0, 0, 0).label(), "700 kb/s");
    }

    #[test]
    fn the_menu_begins_with_the_best() {
        let sorted = by_quality(vec![level(0, 640, 360), level(2, 1920, 1080), level(1, 1280, 720)]);
        assert_eq!(sorted.iter().map(|l| l.index).collect::<Vec<_>>(), [2, 1, 0]);
    }
}
