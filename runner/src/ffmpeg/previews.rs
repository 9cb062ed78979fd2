//! What shows a video before it is played: how its storyboard is laid out, and from where its loop is taken.

use super::filters::DARK;

/// Tiles are at most this long.
const TILE_LONG_SIDE: u32 = 160;
const LOOP_LONG_SIDE: u32 = 480;
const COLUMNS: u32 = 10;
const TILES_OF_SPRITE: u32 = 100;
const MOST_TILES: u32 = 1_000;
/// Up to so many seconds of video, so many milliseconds lie between two tiles.
const INTERVALS: [(u64, u32); 4] = [(100, 1_000), (600, 2_000), (3_600, 5_000), (10_000, 10_000)];
/// Very short videos have so many tiles,
const FEWEST_TILES: u32 = 10;
/// which are at least this far apart.
const SHORTEST_INTERVAL_MS: u32 = 250;
/// What is shorter is decoded whole, where its keyframes are too far apart for its tiles.
const SHORT_MS: u64 = 60_000;
/// Keyframes of longer videos may be this far apart.
const USUAL_KEYFRAME_MS: u32 = 10_500;
const LOOP_S: f64 = 3.0;
/// A loop is taken from the first part of a video: the end is not to be given away.
const LOOP_FROM: f64 = 0.1;
const LOOP_UNTIL: f64 = 0.7;

/// How tiles are laid out in sprites, row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// From one tile to the next.
    pub interval_ms: u32,
    /// Pixels of a tile.
    pub tile: (u32, u32),
    pub columns: u32,
    pub rows: u32,
    /// Of all sprites together.
    pub tiles: u32,
}

/// Which frames of the source are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frames {
    Key,
    All,
}

impl Layout {
    /// For a video of this length and shape, upright and in square pixels.
    pub fn new(duration_ms: u64, shown: (u32, u32)) -> Self {
        let duration_ms = duration_ms.max(1);
        let usual = INTERVALS.iter().find(|(seconds, _)| duration_ms <= seconds * 1_000);
        let longest = u32::try_from(duration_ms.div_ceil(MOST_TILES.into())).unwrap_or(u32::MAX);
        let of_few = u32::try_from(duration_ms / u64::from(FEWEST_TILES)).unwrap_or(u32::MAX);
        let interval_ms = usual.map_or(longest, |(_, interval)| *interval);
        let interval_ms = interval_ms.min(of_few.max(SHORTEST_INTERVAL_MS));
        let tiles = u32::try_from(duration_ms.div_ceil(interval_ms.into())).unwrap_or(MOST_TILES);
        let tiles = tiles.clamp(1, MOST_TILES);
        let columns = tiles.min(COLUMNS);
        let rows = tiles.min(TILES_OF_SPRITE).div_ceil(columns);
        Self { interval_ms, tile: fitted(shown, TILE_LONG_SIDE), columns, rows, tiles }
    }

    pub fn sprites(&self) -> u32 {
        self.tiles.div_ceil(self.columns * self.rows)
    }

    /// What has to be decoded for tiles so close, where keyframes come every `keyframe_ms`, if that is known.
    pub fn frames(&self, duration_ms: u64, keyframe_ms: Option<u64>) -> Frames {
        let most_ms =
            if duration_ms > SHORT_MS { self.interval_ms.max(USUAL_KEYFRAME_MS) } else { self.interval_ms };
        let are_close = keyframe_ms.map_or(duration_ms > SHORT_MS, |distance| distance <= most_ms.into());
        if are_close { Frames::Key } else { Frames::All }
    }

    /// The time that a tile shows, in seconds.
    fn shows_s(&self, tile: usize) -> f64 {
        (tile as f64 + 0.5) * f64::from(self.interval_ms) / 1_000.0
    }
}

/// Width and height within a square, even, never larger than they were.
fn fitted((width, height): (u32, u32), long_side: u32) -> (u32, u32) {
    let scale = (f64::from(long_side) / f64::from(width.max(height).max(1))).min(1.0);
    let side = |length: u32| ((f64::from(length) * scale / 2.0).round() as u32 * 2).max(2);
    (side(width), side(height))
}

/// Pixels of the loop.
pub fn loop_size(shown: (u32, u32)) -> (u32, u32) {
    fitted(shown, LOOP_LONG_SIDE)
}

/// What a tile shows, as `signalstats` measures it: luma from 16 (black) to 235 (white).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Light {
    pub mean: f64,
    /// Between the darkest and the brightest tenth.
    pub contrast: f64,
}

/// Reads what the filters say of each tile.
#[derive(Debug, Default)]
pub struct Lights {
    pub tiles: Vec<Light>,
    low: f64,
}

impl Lights {
    pub fn line(&mut self, line: &str) {
        let value = |name: &str| {
            let number = line.strip_prefix("lavfi.signalstats.")?.strip_prefix(name)?.strip_prefix('=')?;
            number.trim().parse::<f64>().ok()
        };
        if line.starts_with("frame:") {
            self.tiles.push(Light::default());
            self.low = 0.0;
        }
        let Some(tile) = self.tiles.last_mut() else { return };
        if let Some(mean) = value("YAVG") {
            tile.mean = mean;
        }
        if let Some(low) = value("YLOW") {
            self.low = low;
        }
        if let Some(high) = value("YHIGH") {
            tile.contrast = high - self.low;
        }
    }
}

/// From where the loop is taken and how long it is, in seconds: what shows most, and nothing dark on the way.
pub fn loop_place(layout: &Layout, lights: &[Light], duration_ms: u64) -> (f64, f64) {
    let duration_s = duration_ms as f64 / 1_000.0;
    let length_s = LOOP_S.min(duration_s);
    let latest_s = (duration_s - length_s).max(0.0);
    let half_s = layout.shows_s(0);
    let is_bright = |tile: usize| lights.get(tile).is_some_and(|light| light.mean > f64::from(DARK));
    let is_bright_from = |from_s: f64| {
        let is_inside = |tile: &usize| {
            let at_s = layout.shows_s(*tile);
            at_s + half_s > from_s && at_s < from_s + length_s
        };
        (0..lights.len()).filter(is_inside).all(is_bright)
    };
    let start_s = |tile: usize| layout.shows_s(tile).min(latest_s);
    let contrast = |tile: usize| lights.get(tile).map_or(0.0, |light| light.contrast);
    let best = |from: f64, until: f64| {
        let fits = |tile: &usize| {
            let from_s = start_s(*tile);
            from_s >= from * duration_s && from_s <= until * duration_s && is_bright_from(from_s)
        };
        // Of equals the first.
        (0..lights.len()).rev().filter(fits).max_by(|one, other| contrast(*one).total_cmp(&contrast(*other)))
    };
    if let Some(tile) = best(LOOP_FROM, LOOP_UNTIL).or_else(|| best(0.0, 1.0)) {
        return (start_s(tile), length_s);
    }
    // No three seconds are bright: then as many as there are, from the first bright moment on.
    let is_long_enough = |tile: &usize| is_bright(*tile) && layout.shows_s(*tile) + 1.0 <= duration_s;
    match (0..lights.len()).find(is_long_enough).map(|tile| layout.shows_s(tile)) {
        Some(at_s) => (at_s, length_s.min(duration_s - at_s)),
        None => (latest_s * LOOP_FROM, length_s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_lie_further_apart_the_longer_a_video_is() {
        let of = |seconds: u64| {
            let layout = Layout::new(seconds * 1_000, (1920, 1080));
            (layout.interval_ms, layout.tiles, layout.sprites())
        };
        assert_eq!(of(4), (400, 10, 1));
        assert_eq!(of(40), (1_000, 40, 1));
        assert_eq!(of(100), (1_000, 100, 1));
        assert_eq!(of(101), (2_000, 51, 1));
        assert_eq!(of(600), (2_000, 300, 3));
        assert_eq!(of(3_600), (5_000, 720, 8));
        assert_eq!(of(7_200), (10_000, 720, 8));
        assert_eq!(of(43_200), (43_200, 1_000, 10));
        assert_eq!(Layout::new(1, (2, 2)).tiles, 1);
        for seconds in 1..20_000 {
            let layout = Layout::new(seconds * 1_000 + 1, (640, 360));
            let shown_ms = u64::from(layout.tiles) * u64::from(layout.interval_ms);
            assert!(shown_ms > seconds * 1_000, "{layout:?} leaves a hole at the end of {seconds} s");
            assert!(layout.columns * layout.rows <= TILES_OF_SPRITE && layout.sprites() <= 10, "{layout:?}");
        }
    }

    #[test]
    fn tiles_have_the_shape_of_the_video() {
        assert_eq!(Layout::new(9_000, (1920, 1080)).tile, (160, 90));
        assert_eq!(Layout::new(9_000, (1080, 1920)).tile, (90, 160));
        assert_eq!(Layout::new(9_000, (64, 36)).tile, (64, 36));
        assert_eq!(loop_size((1280, 720)), (480, 270));
    }

    #[test]
    fn all_is_decoded_of_short_videos_and_where_keyframes_are_rare() {
        let frames = |seconds: u64, keyframe_ms| {
            Layout::new(seconds * 1_000, (640, 360)).frames(seconds * 1_000, keyframe_ms)
        };
        assert_eq!(frames(40, None), Frames::All);
        assert_eq!(frames(40, Some(2_000)), Frames::All);
        assert_eq!(frames(40, Some(1_000)), Frames::Key);
        assert_eq!(frames(61, Some(10_000)), Frames::Key);
        assert_eq!(frames(61, None), Frames::Key);
        assert_eq!(frames(600, Some(600_000)), Frames::All, "a storyboard of one picture");
    }

    #[test]
    fn brightness_is_read_tile_by_tile() {
        let mut lights = Lights::default();
        for line in [
            "frame:0    pts:0       pts_time:0",
            "lavfi.signalstats.YMIN=16",
            "lavfi.signalstats.YLOW=16",
            "lavfi.signalstats.YAVG=16.5",
            "lavfi.signalstats.YHIGH=17",
            "frame:1    pts:1       pts_time:1",
            "lavfi.signalstats.YLOW=40",
            "lavfi.signalstats.YAVG=120",
            "lavfi.signalstats.YHIGH=200",
        ] {
            lights.line(line);
        }
        assert_eq!(
            lights.tiles,
            [Light { mean: 16.5, contrast: 1.0 }, Light { mean: 120.0, contrast: 160.0 }]
        );
    }

    fn lights(tiles: &[(f64, f64)]) -> Vec<Light> {
        tiles.iter().map(|&(mean, contrast)| Light { mean, contrast }).collect()
    }

    #[test]
    fn a_loop_shows_no_dark_beginning() {
        let layout = Layout::new(10_000, (640, 360));
        let of = |tiles: &[(f64, f64)]| loop_place(&layout, &lights(tiles), 10_000);
        let (dark, grey, telling) = ((16.0, 0.0), (100.0, 50.0), (100.0, 150.0));
        assert_eq!(of(&[dark, dark, dark, dark, grey, grey, grey, grey, grey, grey]), (4.5, 3.0));
        assert_eq!(of(&[grey, grey, grey, telling, grey, grey, grey, grey, grey, grey]), (3.5, 3.0));
        assert_eq!(of(&[grey, telling, dark, grey, grey, grey, grey, grey, grey, grey]), (3.5, 3.0));
        assert_eq!(of(&[dark, dark, dark, dark, dark, dark, dark, dark, grey, dark]), (8.5, 1.5));
        assert_eq!(of(&[dark; 10]).1, 3.0);
        let short = Layout::new(2_000, (640, 360));
        assert_eq!(loop_place(&short, &lights(&[grey; 8]), 2_000), (0.0, 2.0));
    }
}
