//! When watching counts as a view.

/// So much played time is a view.
const ENOUGH_MS: f64 = 3_000.0;
/// Between two looks at the clock no more than this has been played: more is a jump.
const LONGEST_STEP_MS: f64 = 1_500.0;

/// Adds up the time that really played, whatever was skipped, and says once that it is a view.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    played_ms: f64,
    last_ms: Option<f64>,
    told: bool,
}

impl Watched {
    /// The video is at `position_ms` of `duration_ms` and playing; true exactly once, when it counts.
    pub fn at(&mut self, position_ms: f64, duration_ms: f64) -> bool {
        if let Some(last) = self.last_ms {
            let step = position_ms - last;
            if (0.0..=LONGEST_STEP_MS).contains(&step) {
                self.played_ms += step;
            }
        }
        self.last_ms = Some(position_ms);
        // A shorter video counts when nearly all of it was seen; the last time update comes before its end.
        let enough = if duration_ms > 0.0 { ENOUGH_MS.min(duration_ms * 0.8) } else { ENOUGH_MS };
        self.tell(self.played_ms >= enough)
    }

    /// It played to its end; true if that makes it count.
    pub fn ended(&mut self) -> bool {
        self.tell(self.played_ms > 0.0)
    }

    fn tell(&mut self, counts: bool) -> bool {
        let first = counts && !self.told;
        self.told |= counts;
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(positions: &[f64], duration_ms: f64) -> usize {
        let mut watched = Watched::default();
        positions.iter().filter(|&&at| watched.at(at, duration_ms)).count()
    }

    #[test]
    fn three_seconds_count_once() {
        let positions: Vec<_> = (0..40).map(|n| f64::from(n) * 250.0).collect();
        assert_eq!(counted(&positions, 60_000.0), 1);
        assert_eq!(counted(&positions[..12], 60_000.0), 0);
    }

    #[test]
    fn skipping_is_not_watching() {
        assert_eq!(counted(&[0.0, 10_000.0, 20_000.0, 30_000.0], 60_000.0), 0);
    }

    #[test]
    fn a_short_video_counts_near_its_end() {
        assert_eq!(counted(&[0.0, 250.0, 500.0, 750.0, 900.0], 1_000.0), 1);
        let mut watched = Watched::default();
        watched.at(0.0, 300.0);
        watched.at(120.0, 300.0);
        assert!(watched.ended());
        assert!(!watched.ended());
    }
}
