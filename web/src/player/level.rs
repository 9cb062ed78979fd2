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
    /// RFC 6381; empty when unknown.
    #[serde(default)]
    pub codec: String,
}

impl Level {
    /// By the short side, so that a portrait video is "1080p" as well.
    pub fn label(&self) -> String {
        match self.width.min(self.height) {
            0 => format!("{} kb/s", (self.bitrate / 1000.0).round()),
            side => format!("{side}p{}", self.codec_words()),
        }
    }

    /// What is not H.264 says so.
    fn codec_words(&self) -> &'static str {
        match self.codec.get(..4) {
            Some("hvc1" | "hev1") => " HEVC",
            Some("av01") => " AV1",
            _ => "",
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
        Level { index, width, height, bitrate: 700_000.0, codec: "avc1.64001f".to_owned() }
    }

    #[test]
    fn other_codecs_are_told_apart() {
        let of = |codec: &str| Level { codec: codec.to_owned(), ..level(0, 1920, 1080) }.label();
        assert_eq!(of("avc1.640028"), "1080p");
        assert_eq!(of("hvc1.1.6.L120.90"), "1080p HEVC");
        assert_eq!(of("av01.0.08M.08"), "1080p AV1");
        assert_eq!(of(""), "1080p");
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
