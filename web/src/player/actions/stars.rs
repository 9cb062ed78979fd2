//! Ten stars in one gesture.

/// The most stars.
pub const MOST: i32 = 10;
/// What a tap gives.
pub const HALF: i32 = 5;
/// Pixels of sliding that are one star.
const STAR_PX: f64 = 20.0;
/// Less movement than this is a tap.
const TAP_PX: f64 = 8.0;

/// A press on the star button, sliding right or up for more, left or down for less: it needs no room beside
/// the button, so it works at the edge of a phone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StarSlide {
    x: f64,
    y: f64,
    from: i32,
    moved: bool,
    stars: i32,
}

impl StarSlide {
    /// Pressed at (`x`, `y`) with `rating` given before (None or 0: not rated).
    pub fn press(x: f64, y: f64, rating: Option<i32>) -> Self {
        let from = rating.filter(|&stars| stars > 0).unwrap_or(HALF);
        Self { x, y, from, moved: false, stars: from }
    }

    /// The thumb is at (`x`, `y`): the stars to show.
    pub fn slide(&mut self, x: f64, y: f64) -> i32 {
        let (right, up) = (x - self.x, self.y - y);
        let way = if right.abs() >= up.abs() { right } else { up };
        self.moved |= way.abs() > TAP_PX;
        if self.moved {
            self.stars = (self.from + (way / STAR_PX).round() as i32).clamp(0, MOST);
        }
        self.stars
    }

    /// The thumb lifts: the rating that is given. A tap on a rated video changes nothing.
    pub fn stars(&self) -> i32 {
        self.stars
    }
}

/// The stars under a pointer on a row of ten, `x` pixels from its start: 0 beyond the start.
pub fn stars_at(x: f64, width: f64) -> i32 {
    if width <= 0.0 { 0 } else { ((x / width * f64::from(MOST)).ceil() as i32).clamp(0, MOST) }
}

/// What a key makes of the rating when the stars have the focus.
pub fn stars_key(key: &str, stars: i32) -> Option<i32> {
    if let [digit @ b'0'..=b'9'] = key.as_bytes() {
        return Some(i32::from(digit - b'0'));
    }
    let goal = match key {
        "ArrowRight" | "ArrowUp" => stars + 1,
        "ArrowLeft" | "ArrowDown" => stars - 1,
        "PageUp" => stars + 3,
        "PageDown" => stars - 3,
        "Home" | "Delete" | "Backspace" => 0,
        "End" => MOST,
        "Enter" | " " if stars == 0 => HALF,
        _ => return None,
    };
    Some(goal.clamp(0, MOST))
}

/// The rating for the ear.
pub fn spoken(stars: i32) -> String {
    match stars {
        0 => "Not rated".into(),
        1 => "1 star of 10".into(),
        n => format!("{n} stars of 10"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tap_gives_half_and_leaves_a_rating_alone() {
        assert_eq!(StarSlide::press(0.0, 0.0, None).stars(), 5);
        assert_eq!(StarSlide::press(0.0, 0.0, Some(0)).stars(), 5);
        assert_eq!(StarSlide::press(0.0, 0.0, Some(8)).stars(), 8);
        let mut trembling = StarSlide::press(0.0, 0.0, None);
        assert_eq!(trembling.slide(5.0, -6.0), 5);
    }

    #[test]
    fn it_slides_both_ways_on_both_axes() {
        let mut slide = StarSlide::press(300.0, 300.0, None);
        assert_eq!(slide.slide(340.0, 300.0), 7);
        assert_eq!(slide.slide(260.0, 300.0), 3);
        assert_eq!(slide.slide(300.0, 220.0), 9);
        assert_eq!(slide.slide(300.0, 500.0), 0);
        assert_eq!(slide.slide(900.0, 300.0), 10);
        assert_eq!(slide.slide(300.0, 300.0), 5, "back where it began");
    }

    #[test]
    fn a_row_has_ten_places_and_nothing_before_them() {
        assert_eq!(stars_at(-3.0, 200.0), 0);
        assert_eq!(stars_at(1.0, 200.0), 1);
        assert_eq!(stars_at(139.0, 200.0), 7);
        assert_eq!(stars_at(500.0, 200.0), 10);
        assert_eq!(stars_at(5.0, 0.0), 0);
    }

    #[test]
    fn keys_step_and_take_back() {
        assert_eq!(stars_key("ArrowRight", 10), Some(10));
        assert_eq!(stars_key("ArrowLeft", 3), Some(2));
        assert_eq!(stars_key("Home", 8), Some(0));
        assert_eq!(stars_key("7", 2), Some(7));
        assert_eq!(stars_key("Enter", 0), Some(5));
        assert_eq!(stars_key("Enter", 4), None);
        assert_eq!(stars_key("Tab", 4), None);
    }
}
