//! From a stream of wheel events to single steps: a mouse notch is one, so is one swipe on a trackpad with all
//! the inertia that follows it.

/// Pixels that mean it.
const THRESHOLD: f64 = 36.0;
/// A pause this long ends a swipe, its inertia included.
const QUIET_MS: f64 = 120.0;
/// Steps never follow each other faster, so that a spinning wheel stays legible.
const SHORTEST_MS: f64 = 180.0;
/// Inertia only dies away: a delta this much larger than the last is a new swipe.
const PUSH: f64 = 1.8;

/// Which way to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Next,
    Previous,
}

/// Remembers enough of the past events to tell intent from inertia.
#[derive(Debug, Clone, Default)]
pub struct WheelIntent {
    gathered: f64,
    last_delta: f64,
    last_event_ms: f64,
    last_step_ms: Option<f64>,
    spent: bool,
}

impl WheelIntent {
    /// One event: `delta_px` downwards positive, already in pixels.
    pub fn turn(&mut self, delta_px: f64, now_ms: f64) -> Option<Step> {
        let quiet = now_ms - self.last_event_ms > QUIET_MS;
        let turned = delta_px * self.last_delta < 0.0;
        let pushed = delta_px.abs() > self.last_delta.abs() * PUSH && delta_px.abs() > THRESHOLD / 2.0;
        // Notches are large and all alike; inertia is neither for long.
        let notch = delta_px.abs() >= 90.0 && delta_px == self.last_delta;
        if quiet || turned {
            self.gathered = 0.0;
        }
        if quiet || turned || pushed || notch {
            self.spent = false;
        }
        self.last_delta = delta_px;
        self.last_event_ms = now_ms;
        let rested = self.last_step_ms.is_none_or(|at| now_ms - at >= SHORTEST_MS);
        if self.spent || !rested {
            return None;
        }
        self.gathered += delta_px;
        if self.gathered.abs() < THRESHOLD {
            return None;
        }
        let step = if self.gathered > 0.0 { Step::Next } else { Step::Previous };
        self.gathered = 0.0;
        self.spent = true;
        self.last_step_ms = Some(now_ms);
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(events: &[(f64, f64)]) -> Vec<Step> {
        let mut intent = WheelIntent::default();
        events.iter().filter_map(|&(at, delta)| intent.turn(delta, at)).collect()
    }

    #[test]
    fn a_notch_is_a_step_at_once() {
        assert_eq!(steps(&[(1000.0, 120.0)]), [Step::Next]);
        assert_eq!(steps(&[(1000.0, -100.0)]), [Step::Previous]);
    }

    #[test]
    fn notches_one_after_the_other_are_steps() {
        assert_eq!(steps(&[(1000.0, 120.0), (1200.0, 120.0), (1400.0, 120.0)]).len(), 3);
    }

    #[test]
    fn a_spinning_wheel_stays_legible() {
        let spin: Vec<_> = (0..20).map(|n| (1000.0 + f64::from(n) * 30.0, 120.0)).collect();
        assert!((3..=4).contains(&steps(&spin).len()));
    }

    #[test]
    fn a_trackpad_swipe_with_its_inertia_is_one_step() {
        let mut delta = 48.0;
        let mut events = vec![(1000.0, 4.0), (1016.0, 12.0), (1032.0, 30.0)];
        for n in 0..60 {
            events.push((1048.0 + f64::from(n) * 16.0, delta));
            delta *= 0.93;
        }
        assert_eq!(steps(&events), [Step::Next]);
    }

    #[test]
    fn a_second_swipe_into_the_inertia_counts() {
        let mut events = vec![(1000.0, 20.0), (1016.0, 50.0), (1032.0, 44.0)];
        for n in 0..20 {
            events.push((1048.0 + f64::from(n) * 16.0, 38.0 * 0.85_f64.powi(n)));
        }
        events.push((1400.0, 40.0));
        assert_eq!(steps(&events).len(), 2);
    }

    #[test]
    fn turning_round_counts_at_once() {
        assert_eq!(steps(&[(1000.0, 50.0), (1190.0, -50.0)]), [Step::Next, Step::Previous]);
    }

    #[test]
    fn trembling_is_nothing() {
        assert!(steps(&[(1000.0, 3.0), (1300.0, -3.0), (1600.0, 3.0)]).is_empty());
    }
}
