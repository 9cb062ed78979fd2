//! Bitrates measured from the bytes, as playlists announce them.

use kinora_entity::chunk::Segment;

/// Bits per second of a rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth {
    /// The most over any run of segments that lasts between half and one and a half of the target
    /// duration (RFC 8216, 4.1, "peak segment bit rate"): a last segment of one frame counts for little.
    pub peak: i64,
    pub average: i64,
}

/// No longer run is looked at, however short its segments are beside the longest.
const MOST_OF_RUN: usize = 1_000;

fn rate(bytes: i64, duration_ms: f64) -> i64 {
    (bytes as f64 * 8000.0 / duration_ms.max(1.0)).ceil() as i64
}

impl Bandwidth {
    /// Of segments in playing order, each with a duration above zero.
    pub fn of(segments: &[Segment]) -> Self {
        let bytes = segments.iter().map(|segment| segment.size_bytes).sum();
        let duration_ms: f64 = segments.iter().map(|segment| segment.duration_ms).sum();
        let average = rate(bytes, duration_ms);
        let target_ms = segments.iter().map(|segment| segment.duration_ms).fold(0.0, f64::max);
        let mut peak = 0;
        for first in 0..segments.len() {
            let (mut bytes, mut duration_ms) = (0, 0.0);
            for segment in segments[first..].iter().take(MOST_OF_RUN) {
                bytes += segment.size_bytes;
                duration_ms += segment.duration_ms;
                if duration_ms > 1.5 * target_ms {
                    break;
                }
                if duration_ms >= 0.5 * target_ms {
                    peak = peak.max(rate(bytes, duration_ms));
                }
            }
        }
        Self { peak: peak.max(average), average }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(parts: &[(i64, f64)]) -> Vec<Segment> {
        parts
            .iter()
            .map(|&(size_bytes, duration_ms)| Segment { offset_bytes: 0, size_bytes, duration_ms })
            .collect()
    }

    #[test]
    fn the_peak_is_that_of_the_heaviest_stretch() {
        let measured = Bandwidth::of(&segments(&[(250_000, 2000.0), (500_000, 2000.0), (250_000, 2000.0)]));
        assert_eq!(measured, Bandwidth { peak: 2_000_000, average: 1_333_334 });
    }

    #[test]
    fn a_last_segment_of_one_frame_makes_no_peak() {
        let measured = Bandwidth::of(&segments(&[(250_000, 2000.0), (20_000, 33.0)]));
        assert!(measured.peak < 1_100_000, "{measured:?}");
        assert_eq!(Bandwidth::of(&segments(&[(1000, 40.0)])).peak, 200_000);
    }
}
