//! What the keys do in the player on a video's own page.

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PlayerKey {
    TogglePlay,
    ToggleMute,
    ToggleCaptions,
    ToggleFullscreen,
    SkipMs(f64),
    /// Louder or quieter, of 1.
    Volume(f64),
    /// A place in the video, of 1.
    Seek(f64),
}

/// The meaning of a key pressed without modifiers; None leaves it to the browser.
pub fn player_key(key: &str) -> Option<PlayerKey> {
    if let [digit @ b'0'..=b'9'] = key.as_bytes() {
        return Some(PlayerKey::Seek(f64::from(digit - b'0') / 10.0));
    }
    match key {
        " " | "k" | "K" => Some(PlayerKey::TogglePlay),
        "j" | "J" => Some(PlayerKey::SkipMs(-10_000.0)),
        "l" | "L" => Some(PlayerKey::SkipMs(10_000.0)),
        "ArrowLeft" => Some(PlayerKey::SkipMs(-5_000.0)),
        "ArrowRight" => Some(PlayerKey::SkipMs(5_000.0)),
        "ArrowUp" => Some(PlayerKey::Volume(0.1)),
        "ArrowDown" => Some(PlayerKey::Volume(-0.1)),
        "m" | "M" => Some(PlayerKey::ToggleMute),
        "c" | "C" => Some(PlayerKey::ToggleCaptions),
        "f" | "F" => Some(PlayerKey::ToggleFullscreen),
        _ => None,
    }
}

/// Where a key moves a slider that has the focus: the new position in milliseconds.
pub fn slider_key(key: &str, position_ms: f64, duration_ms: f64) -> Option<f64> {
    let goal = match key {
        "ArrowLeft" | "ArrowDown" => position_ms - 5_000.0,
        "ArrowRight" | "ArrowUp" => position_ms + 5_000.0,
        "PageDown" => position_ms - duration_ms / 10.0,
        "PageUp" => position_ms + duration_ms / 10.0,
        "Home" => 0.0,
        "End" => duration_ms,
        _ => return None,
    };
    Some(goal.clamp(0.0, duration_ms.max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_tenths_of_the_video() {
        assert_eq!(player_key("0"), Some(PlayerKey::Seek(0.0)));
        assert_eq!(player_key("7"), Some(PlayerKey::Seek(0.7)));
        assert_eq!(player_key("77"), None);
        assert_eq!(player_key("é"), None);
    }

    #[test]
    fn the_slider_stays_within_the_video() {
        assert_eq!(slider_key("ArrowRight", 58_000.0, 60_000.0), Some(60_000.0));
        assert_eq!(slider_key("ArrowLeft", 2_000.0, 60_000.0), Some(0.0));
        assert_eq!(slider_key("PageUp", 0.0, 60_000.0), Some(6_000.0));
        assert_eq!(slider_key("Tab", 0.0, 60_000.0), None);
    }
}
