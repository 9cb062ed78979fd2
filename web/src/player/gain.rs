//! How far a loud video is turned down, so that nobody reaches for the volume between two videos.

/// Integrated loudness that videos are turned down to, in LUFS.
const GOAL_LUFS: f64 = -14.0;
/// Measures may be wrong: nothing is turned down further than this.
const MOST_DB: f64 = 20.0;

/// Of the viewer's own volume, from 0 to 1. A media element plays nothing louder than it is, so quiet videos stay.
pub fn share(loudness_lufs: Option<f64>) -> f64 {
    let over_db = loudness_lufs.filter(|lufs| lufs.is_finite()).map_or(0.0, |lufs| lufs - GOAL_LUFS);
    10_f64.powf(-over_db.clamp(0.0, MOST_DB) / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_share(loudness_lufs: Option<f64>, expected: f64) {
        assert!(
            (share(loudness_lufs) - expected).abs() < 1e-3,
            "{loudness_lufs:?}: {}",
            share(loudness_lufs)
        );
    }

    #[test]
    fn loud_videos_are_turned_down_to_the_goal() {
        assert_share(Some(-8.0), 0.501);
        assert_share(Some(-13.0), 0.891);
        assert_share(Some(-14.0), 1.0);
    }

    #[test]
    fn quiet_and_unmeasured_videos_stay() {
        for loudness in [Some(-23.0), Some(f64::NEG_INFINITY), Some(f64::NAN), None] {
            assert_share(loudness, 1.0);
        }
    }

    #[test]
    fn a_wrong_measure_silences_nothing() {
        assert_share(Some(60.0), 0.1);
    }
}
