//! Frames of a source on the grid of those that are encoded, one every so often.

use crate::{
    ffmpeg::frame_rate::FrameRate,
    mp4::{Sample, Track},
};

/// Segments that begin this close to each other begin at the same time: clocks of a thousandth of a second round it to
/// half of that.
const EXACT_S: f64 = 0.001;

/// The times at which frames are encoded, from the first one of a track on.
pub struct Grid<'t> {
    track: &'t Track,
    first_pts: i64,
    fps: f64,
}

/// The nearest place to a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub number: u64,
    /// Whether a segment that begins with it begins at the same time in all renditions.
    pub is_exact: bool,
}

impl<'t> Grid<'t> {
    /// Nothing for a track without frames.
    pub fn new(track: &'t Track, rate: FrameRate) -> Option<Self> {
        let first_pts = track.pts(track.samples.0.first()?);
        Some(Self { track, first_pts, fps: rate.fps() })
    }

    /// Nothing for what is shown before the first frame.
    pub fn place(&self, sample: &Sample) -> Option<Place> {
        let frames = self.track.seconds(self.track.pts(sample) - self.first_pts) * self.fps;
        let (number, off) = (frames.round(), (frames - frames.round()).abs());
        (frames >= 0.0).then_some(Place { number: number as u64, is_exact: off <= EXACT_S * self.fps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mp4::{Samples, TrackKind};

    /// Places of frames at these milliseconds, at 30 a second.
    fn places(times_ms: &[i32]) -> Vec<Option<(u64, bool)>> {
        let sample = |delay| Sample { offset: 0, size: 1, dts: 0, duration: 33, delay, is_key: true };
        let track = Track {
            id: 1,
            kind: TrackKind::Pictures,
            timescale: 1_000,
            description: Vec::new(),
            samples: Samples(times_ms.iter().copied().map(sample).collect()),
            media_start: 0,
            has_plain_edits: true,
        };
        let grid = Grid::new(&track, FrameRate::new(30, 1)).expect("it has frames");
        let place = |sample| grid.place(sample).map(|place| (place.number, place.is_exact));
        track.samples.0.iter().map(place).collect()
    }

    #[test]
    fn rounded_times_are_exact_and_a_missing_frame_leaves_its_place_empty() {
        let exact = |number| Some((number, true));
        assert_eq!(places(&[7, 40, 74, 140]), [exact(0), exact(1), exact(2), exact(4)]);
    }

    #[test]
    fn what_trembles_has_the_nearest_place_but_is_not_exactly_there() {
        let near = |number| Some((number, false));
        assert_eq!(places(&[0, 36, 62, 118]), [Some((0, true)), near(1), near(2), near(4)]);
    }

    #[test]
    fn before_the_first_there_is_none() {
        assert_eq!(places(&[100, 66]), [Some((0, true)), None]);
    }
}
