//! Which bytes of a source a piece of the work reads, where an index tells.

use std::ops::Range;

use super::{Cut, Cutting, cutting::LEAD_S};
use crate::{
    fmp4::ByteRange,
    mp4::{Index, Sample, Track},
    source::Ranges,
};

/// ffmpeg looks at the beginning of all tracks before it does anything else.
pub const HEAD_S: f64 = 2.0;
/// And looks for a keyframe a little before where it was told to.
const SEEK_MARGIN_S: f64 = 0.5;
/// It reads on a little past the end, for frames are not stored in the order in which they are shown.
const READ_MARGIN_S: f64 = 3.0;

fn add(ranges: &mut Ranges, samples: &[Sample]) {
    for sample in samples {
        ranges.add(ByteRange { offset: sample.offset, size: sample.size.into() });
    }
}

/// The beginning of every track.
pub fn head(index: &Index, seconds: f64) -> Ranges {
    let mut ranges = Ranges::default();
    for track in &index.tracks {
        ranges.extend(&Some(beginning(track, seconds)));
    }
    ranges
}

/// The beginning of one track.
pub fn beginning(track: &Track, seconds: f64) -> Ranges {
    let mut ranges = Ranges::default();
    let end = (seconds * f64::from(track.timescale)) as u64;
    let count = track.samples.0.partition_point(|sample| sample.dts <= end);
    add(&mut ranges, track.samples.0.get(..count).unwrap_or_default());
    ranges
}

/// Frames to be passed on.
pub fn pieces(track: &Track, pieces: &[Range<usize>]) -> Ranges {
    let mut ranges = Ranges::default();
    for range in pieces {
        add(&mut ranges, track.samples.0.get(range.clone()).unwrap_or_default());
    }
    ranges
}

/// A whole track.
pub fn track(index: &Index, id: u32) -> Ranges {
    let mut ranges = head(index, HEAD_S);
    if let Some(track) = index.track(id) {
        add(&mut ranges, &track.samples.0);
    }
    ranges
}

/// Pictures from `from_s` to `to_s` of the common timeline, to be decoded.
pub fn pictures(index: &Index, track: u32, start_s: f64, from_s: f64, to_s: f64) -> Ranges {
    let mut ranges = head(index, HEAD_S);
    let Some(track) = index.track(track) else { return ranges };
    let samples = &track.samples.0;
    let shown_s = |sample: &Sample| track.seconds(track.pts(sample)) - start_s;
    let is_before = |sample: &Sample| sample.is_key && shown_s(sample) <= from_s - SEEK_MARGIN_S;
    let first = samples.iter().rposition(is_before).unwrap_or(0);
    let decoded_s = |sample: &Sample| track.seconds(sample.dts as i64 - track.media_start as i64) - start_s;
    let end = samples.partition_point(|sample| decoded_s(sample) <= to_s + READ_MARGIN_S);
    add(&mut ranges, samples.get(first..end).unwrap_or_default());
    ranges
}

/// The pictures of a chunk, to be encoded.
pub fn cut(index: &Index, track: u32, cutting: &Cutting, cut: &Cut) -> Ranges {
    let from_s = cutting.seconds(cut.first) - LEAD_S;
    let to_s = match (cut.is_last, cut.frames) {
        (false, Some(frames)) => cutting.seconds(cut.first + frames),
        _ => f64::INFINITY,
    };
    pictures(index, track, cutting.start_s, from_s, to_s)
}
