//! How fast an upload runs and how long it will take, from what was sent over the last seconds.

use std::collections::{BTreeMap, VecDeque};

/// Speed is the mean over this long: shorter jumps about, longer lies after a change.
const WINDOW_MS: f64 = 8_000.0;
/// No figure before this: the first moments say nothing.
const WARM_UP_MS: f64 = 1_500.0;

/// Bytes sent, part by part. A part that is sent again counts anew.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    done: u64,
    under_way: BTreeMap<i32, u64>,
}

impl Tally {
    pub fn progress(&mut self, part: i32, sent: u64) {
        self.under_way.insert(part, sent);
    }

    /// The attempt failed; its bytes will be sent again.
    pub fn lost(&mut self, part: i32) {
        self.under_way.remove(&part);
    }

    pub fn done(&mut self, part: i32, size: u64) {
        self.under_way.remove(&part);
        self.done += size;
    }

    pub fn sent(&self) -> u64 {
        self.done + self.under_way.values().sum::<u64>()
    }
}

/// Samples of the bytes sent so far.
#[derive(Debug, Clone, Default)]
pub struct Speed {
    samples: VecDeque<(f64, u64)>,
    began_ms: Option<f64>,
}

impl Speed {
    pub fn sample(&mut self, now_ms: f64, sent: u64) {
        self.began_ms.get_or_insert(now_ms);
        // Bytes of a lost part were no progress: the window starts again from what is true.
        if self.samples.back().is_some_and(|&(_, last)| sent < last) {
            self.samples.clear();
        }
        self.samples.push_back((now_ms, sent));
        while self.samples.len() > 2 && self.samples.front().is_some_and(|&(at, _)| now_ms - at > WINDOW_MS) {
            self.samples.pop_front();
        }
    }

    /// Bytes a second; None while it is too early to say.
    pub fn bytes_per_second(&self) -> Option<f64> {
        let (first_at, first) = self.samples.front()?;
        let (last_at, last) = self.samples.back()?;
        let ms = last_at - first_at;
        (last_at - self.began_ms? >= WARM_UP_MS && ms > 0.0).then(|| (last - first) as f64 / ms * 1000.0)
    }

    /// Seconds until `total` is sent at this speed; None while nothing moves.
    pub fn seconds_left(&self, total: u64) -> Option<f64> {
        let speed = self.bytes_per_second().filter(|&speed| speed > 1.0)?;
        let (_, sent) = self.samples.back()?;
        Some(total.saturating_sub(*sent) as f64 / speed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(seconds: u32, per_second: u64) -> Speed {
        let mut speed = Speed::default();
        for second in 0..=seconds {
            speed.sample(f64::from(second) * 1000.0, u64::from(second) * per_second);
        }
        speed
    }

    #[test]
    fn it_says_nothing_too_early() {
        assert_eq!(steady(1, 500).bytes_per_second(), None);
        assert_eq!(steady(3, 500).bytes_per_second(), Some(500.0));
    }

    #[test]
    fn old_moments_are_forgotten() {
        let mut speed = steady(20, 1_000);
        for second in 21..=40 {
            speed.sample(f64::from(second) * 1000.0, 20_000 + u64::from(second as u32 - 20) * 10);
        }
        assert_eq!(speed.bytes_per_second(), Some(10.0));
    }

    #[test]
    fn time_left_needs_movement() {
        assert_eq!(steady(10, 1_000).seconds_left(20_000), Some(10.0));
        assert_eq!(steady(10, 0).seconds_left(20_000), None);
        assert_eq!(steady(10, 1_000).seconds_left(5_000), Some(0.0));
    }

    #[test]
    fn a_lost_part_takes_its_bytes_back() {
        let mut tally = Tally::default();
        tally.progress(1, 80);
        tally.progress(2, 50);
        assert_eq!(tally.sent(), 130);
        tally.lost(2);
        tally.done(1, 100);
        assert_eq!(tally.sent(), 100);
    }
}
