//! Finding the constant frame rate that serves a source best.

/// Frames a second as an exact fraction, for example 30000/1001.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FrameRate {
    pub num: u32,
    pub den: u32,
}

/// Rates that cameras, films and screens have; what is close to one is taken as that one.
const STANDARD: [FrameRate; 16] = [
    FrameRate::new(5, 1),
    FrameRate::new(6, 1),
    FrameRate::new(8, 1),
    FrameRate::new(10, 1),
    FrameRate::new(12, 1),
    FrameRate::new(15_000, 1_001),
    FrameRate::new(15, 1),
    FrameRate::new(20, 1),
    FrameRate::new(24_000, 1_001),
    FrameRate::new(24, 1),
    FrameRate::new(25, 1),
    FrameRate::new(30_000, 1_001),
    FrameRate::new(30, 1),
    FrameRate::new(50, 1),
    FrameRate::new(60_000, 1_001),
    FrameRate::new(60, 1),
];

/// Faster sources are thinned out to this or below.
const FASTEST: f64 = 60.0;
/// Slower sources repeat frames, so that segments do not grow beyond reason.
const SLOWEST: f64 = 5.0;
/// The length of a segment; every one of them begins with a keyframe.
const SEGMENT_S: f64 = 2.0;

impl FrameRate {
    pub const fn new(num: u32, den: u32) -> Self {
        Self { num, den }
    }

    /// From ffprobe's `30000/1001`; nothing for `0/0`.
    pub fn parse(text: &str) -> Option<Self> {
        let (num, den) = text.split_once('/')?;
        let rate = Self { num: num.parse().ok()?, den: den.parse().ok()? };
        (rate.num > 0 && rate.den > 0).then_some(rate)
    }

    pub fn fps(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// Frames from one keyframe to the next: the same in all renditions, so that their segments align.
    pub fn keyframe_interval(self) -> u32 {
        (self.fps() * SEGMENT_S).round().max(1.0) as u32
    }

    fn is_within(self, other: f64, tolerance: f64) -> bool {
        (self.fps() / other - 1.0).abs() <= tolerance
    }
}

/// What is known about the timing of a source.
#[derive(Debug, Clone, Copy)]
pub struct Timing<'a> {
    /// The lowest rate at which all timestamps can be shown exactly (`r_frame_rate`).
    pub base: Option<FrameRate>,
    /// Frames divided by duration (`avg_frame_rate`).
    pub average: Option<FrameRate>,
    pub interlaced: bool,
    /// When the first frames are shown, in seconds, in any order.
    pub frame_times_s: &'a [f64],
}

impl Timing<'_> {
    /// Whether the headers agree that every frame lasts as long as at `rate`.
    pub fn is_constant_at(&self, rate: FrameRate) -> bool {
        let agrees = |other: Option<FrameRate>| other.is_some_and(|other| other.is_within(rate.fps(), 0.01));
        agrees(self.base) && agrees(self.average)
    }
}

/// Chooses the rate to encode at: the source's own where it has one, at most 60.
pub fn choose(timing: Timing<'_>) -> FrameRate {
    let base = timing.base.filter(|rate| rate.fps() <= 1_000.0);
    let rate = match (base, timing.average) {
        // Field-coded pictures tick twice a frame.
        (Some(base), Some(average)) if timing.interlaced && base.is_within(2.0 * average.fps(), 0.02) => {
            average
        }
        (Some(base), Some(average)) if base.is_within(average.fps(), 0.01) => base,
        (base, average) => match usual_rate(timing.frame_times_s).or(average.map(FrameRate::fps)) {
            Some(measured) => match base {
                Some(base) if base.is_within(measured, 0.01) => base,
                _ => nearest_standard(measured),
            },
            None => base.unwrap_or(FrameRate::new(30, 1)),
        },
    };
    bounded(named(rate))
}

/// The rate that the middle one of all distances between frames stands for.
fn usual_rate(frame_times_s: &[f64]) -> Option<f64> {
    let mut times = frame_times_s.to_vec();
    times.sort_by(f64::total_cmp);
    let mut gaps: Vec<f64> =
        times.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 0.0005).collect();
    if gaps.len() < 3 {
        return None;
    }
    gaps.sort_by(f64::total_cmp);
    Some(1.0 / gaps[gaps.len() / 2])
}

fn nearest_standard(fps: f64) -> FrameRate {
    let distance = |rate: &FrameRate| (rate.fps() / fps).ln().abs();
    STANDARD.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(FrameRate::new(30, 1))
}

/// A rate that is a standard one written otherwise (2997/100) by its own name.
fn named(rate: FrameRate) -> FrameRate {
    STANDARD.into_iter().find(|standard| standard.is_within(rate.fps(), 0.0003)).unwrap_or(rate)
}

fn bounded(rate: FrameRate) -> FrameRate {
    if rate.fps() < SLOWEST {
        return FrameRate::new(5, 1);
    }
    let mut rate = rate;
    // Every second, third … frame is dropped evenly; picking others would judder.
    let divisor = ((rate.fps() / FASTEST) - 1e-6).ceil().max(1.0) as u32;
    rate.den = rate.den.saturating_mul(divisor);
    named(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Option<FrameRate> {
        FrameRate::parse(text)
    }

    fn chosen(base: &str, average: &str, gap_s: f64) -> (u32, u32) {
        let frame_times_s: Vec<f64> = (0..20).map(|n| f64::from(n) * gap_s).collect();
        let timing = Timing {
            base: rate(base),
            average: rate(average),
            interlaced: false,
            frame_times_s: &frame_times_s,
        };
        let FrameRate { num, den } = choose(timing);
        (num, den)
    }

    #[test]
    fn a_constant_rate_is_kept_exactly() {
        assert_eq!(chosen("30000/1001", "30000/1001", 0.033_367), (30_000, 1_001));
        assert_eq!(chosen("25/1", "25/1", 0.04), (25, 1));
        assert_eq!(chosen("2997/100", "2997/100", 0.033), (30_000, 1_001));
        assert_eq!(chosen("60/1", "810000/13487", 0.0167), (60, 1));
        assert_eq!(chosen("18/1", "18/1", 0.0556), (18, 1));
    }

    #[test]
    fn a_variable_rate_becomes_the_usual_one() {
        // A phone in the dark, a dump with a nonsensical average, a phone that dropped frames.
        assert_eq!(chosen("90000/1", "750000/71393", 0.1), (10, 1));
        assert_eq!(chosen("60/1", "1000/1", 0.0333), (30, 1));
        assert_eq!(chosen("30000/1001", "51600/1841", 0.033_333), (30_000, 1_001));
    }

    #[test]
    fn high_speed_is_thinned_evenly_and_slides_are_repeated() {
        assert_eq!(chosen("120/1", "120/1", 0.0083), (60, 1));
        assert_eq!(chosen("120000/1001", "120000/1001", 0.0083), (60_000, 1_001));
        assert_eq!(chosen("240/1", "240/1", 0.0042), (60, 1));
        assert_eq!(chosen("1/2", "1/2", 2.0), (5, 1));
    }

    #[test]
    fn fields_are_not_frames() {
        let timing = Timing {
            base: rate("50/1"),
            average: rate("25/1"),
            interlaced: true,
            frame_times_s: &[0.0, 0.02, 0.04],
        };
        assert_eq!(choose(timing), FrameRate::new(25, 1));
    }

    #[test]
    fn segments_hold_two_seconds() {
        assert_eq!(FrameRate::new(30_000, 1_001).keyframe_interval(), 60);
        assert_eq!(FrameRate::new(24_000, 1_001).keyframe_interval(), 48);
        assert_eq!(FrameRate::new(5, 1).keyframe_interval(), 10);
    }
}
