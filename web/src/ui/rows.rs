//! Rows of even height: how wide each video of a grid is, so that every one keeps its shape and each row is full.

/// Shapes beyond these are shown cropped, so that one panorama does not take a screen.
const NARROWEST: f64 = 0.5;
const WIDEST: f64 = 2.4;
/// A last row may grow by this much to be full; beyond it, it keeps the target height and ends early.
const LAST_ROW_GROWTH: f64 = 1.25;

/// The space that rows are laid out in, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    pub width: f64,
    pub gap: f64,
    /// The height that rows come close to.
    pub target_height: f64,
}

impl Measure {
    /// Taller rows on wider screens, so that a wide window shows larger videos and not only more of them.
    pub fn for_width(width: f64) -> Self {
        let (target_height, gap) = match width {
            ..480.0 => (200.0, 8.0),
            480.0..900.0 => (210.0, 12.0),
            900.0..1600.0 => (240.0, 16.0),
            _ => (290.0, 20.0),
        };
        Self { width, gap, target_height }
    }
}

/// The place of one video: its picture's size in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub width: f64,
    pub height: f64,
}

/// Places videos of these aspect ratios (width over height) in order. A row is closed where its height comes
/// closest to the target, so a new page of videos moves nothing but the last row.
pub fn justify(ratios: &[f64], measure: Measure) -> Vec<Place> {
    let mut places = Vec::with_capacity(ratios.len());
    let mut row: Vec<f64> = Vec::new();
    for &ratio in ratios {
        let ratio = if ratio.is_finite() { ratio.clamp(NARROWEST, WIDEST) } else { 1.0 };
        if !row.is_empty() {
            let before = row_height(&row, measure);
            row.push(ratio);
            let after = row_height(&row, measure);
            // The distance is of proportions: half as high is as far as twice as high.
            let misses = |height: f64| (height / measure.target_height).ln().abs();
            if after < measure.target_height && misses(before) < misses(after) {
                row.pop();
                close(&mut places, &row, before, measure);
                row.clear();
                row.push(ratio);
            }
        } else {
            row.push(ratio);
        }
        let height = row_height(&row, measure);
        if height <= measure.target_height {
            close(&mut places, &row, height, measure);
            row.clear();
        }
    }
    if !row.is_empty() {
        let full = row_height(&row, measure);
        let height =
            if full <= measure.target_height * LAST_ROW_GROWTH { full } else { measure.target_height };
        close(&mut places, &row, height, measure);
    }
    places
}

fn row_height(row: &[f64], measure: Measure) -> f64 {
    let gaps = measure.gap * (row.len() as f64 - 1.0);
    ((measure.width - gaps) / row.iter().sum::<f64>()).max(1.0)
}

fn close(places: &mut Vec<Place>, row: &[f64], height: f64, measure: Measure) {
    // A single tall video in a narrow window would otherwise be as high as the window is wide, and more.
    let height = height.min(measure.target_height * 1.9);
    places.extend(row.iter().map(|ratio| Place { width: (ratio * height).min(measure.width), height }));
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: f64 = 16.0 / 9.0;
    const TALL: f64 = 9.0 / 16.0;

    fn measure(width: f64) -> Measure {
        Measure { width, gap: 10.0, target_height: 200.0 }
    }

    /// Splits places into rows by adding widths up.
    fn rows(places: &[Place], measure: Measure) -> Vec<Vec<Place>> {
        let mut rows: Vec<Vec<Place>> = Vec::new();
        let mut used = f64::INFINITY;
        for &place in places {
            if used + place.width > measure.width + 0.5 {
                rows.push(Vec::new());
                used = 0.0;
            }
            used += place.width + measure.gap;
            rows.last_mut().into_iter().for_each(|row| row.push(place));
        }
        rows
    }

    #[test]
    fn rows_are_full_and_even() {
        let ratios: Vec<f64> = (0..40).map(|index| if index % 3 == 0 { TALL } else { WIDE }).collect();
        let measure = measure(1200.0);
        let rows = rows(&justify(&ratios, measure), measure);
        assert_eq!(rows.iter().map(Vec::len).sum::<usize>(), 40);
        for row in &rows[..rows.len() - 1] {
            let width: f64 =
                row.iter().map(|place| place.width).sum::<f64>() + 10.0 * (row.len() as f64 - 1.0);
            assert!((width - 1200.0).abs() < 0.01, "{width}");
            assert!(row.iter().all(|place| (place.height - row[0].height).abs() < 0.01));
            assert!((130.0..300.0).contains(&row[0].height), "{}", row[0].height);
        }
    }

    #[test]
    fn every_video_keeps_its_shape() {
        let ratios = [WIDE, TALL, 1.0, 4.0 / 3.0, WIDE, TALL];
        for (place, ratio) in justify(&ratios, measure(900.0)).iter().zip(ratios) {
            assert!((place.width / place.height - ratio).abs() < 0.01);
        }
    }

    #[test]
    fn a_last_row_that_is_not_full_keeps_the_target_height() {
        let places = justify(&[TALL], measure(1200.0));
        assert!((places[0].height - 200.0).abs() < 0.01);
    }

    #[test]
    fn more_videos_move_only_the_last_row() {
        let ratios: Vec<f64> = (0..30).map(|index| if index % 4 == 0 { TALL } else { WIDE }).collect();
        let few = justify(&ratios[..20], measure(1000.0));
        let more = justify(&ratios, measure(1000.0));
        assert_eq!(few[..12], more[..12]);
    }

    #[test]
    fn odd_ratios_are_survived() {
        let places = justify(&[f64::NAN, 0.0, 1000.0, f64::INFINITY, -3.0], measure(360.0));
        assert_eq!(places.len(), 5);
        assert!(places.iter().all(|place| place.width > 0.0 && place.width <= 360.0 && place.height > 0.0));
    }
}
