//! Which bytes of a source a piece of the work reads, where an index tells.

use std::ops::Range;

use super::{Cut, Cutting, cutting::LEAD_S};
use crate::{
    fmp4::ByteRange,
    mp4::{Index, Sample, Track, TrackKind},
    source::Ranges,
};

/// ffmpeg looks at the beginning of all tracks before it does anything else.
const HEAD_S: f64 = 2.0;
/// And looks for a keyframe a little before where it was told to.
const SEEK_MARGIN_S: f64 = 0.5;
/// It reads on a little past the end, for frames are not stored in the order in which they are shown.
const READ_MARGIN_S: f64 = 3.0;

fn places(samples: &[Sample]) -> impl Iterator<Item = ByteRange> {
    samples.iter().map(|sample| ByteRange { offset: sample.offset, size: sample.size.into() })
}

fn beginning(track: &Track, seconds: f64) -> &[Sample] {
    let end = (seconds * f64::from(track.timescale)) as u64;
    let count = track.samples.0.partition_point(|sample| sample.dts <= end);
    &track.samples.0[..count]
}

fn beginnings(index: &Index, seconds: f64) -> impl Iterator<Item = ByteRange> {
    index.tracks.iter().flat_map(move |track| places(beginning(track, seconds)))
}

/// The beginning of every track.
pub fn head(index: &Index, seconds: f64) -> Ranges {
    Ranges::of(beginnings(index, seconds))
}

/// Frames to be passed on.
pub fn pieces(track: &Track, pieces: &[Range<usize>]) -> Ranges {
    let samples = pieces.iter().map(|range| track.samples.0.get(range.clone()).unwrap_or_default());
    Ranges::of(samples.flat_map(places))
}

/// A whole track.
pub fn track(index: &Index, id: u32) -> Ranges {
    let samples = index.track(id).map(|track| &track.samples.0[..]).unwrap_or_default();
    Ranges::of(beginnings(index, HEAD_S).chain(places(samples)))
}

/// The keyframes of a track.
pub fn keyframes(index: &Index, id: u32) -> Ranges {
    let samples = index.track(id).map(|track| &track.samples.0[..]).unwrap_or_default();
    let keyframes = samples.iter().filter(|sample| sample.is_key);
    let places = keyframes.map(|sample| ByteRange { offset: sample.offset, size: sample.size.into() });
    Ranges::of(beginnings(index, HEAD_S).chain(places))
}

/// All tracks of text.
pub fn texts(index: &Index) -> Ranges {
    let tracks = index.tracks.iter().filter(|track| track.kind == TrackKind::Text);
    Ranges::of(beginnings(index, HEAD_S).chain(tracks.flat_map(|track| places(&track.samples.0))))
}

/// Pictures from `from_s` to `to_s` of the common timeline, to be decoded.
pub fn pictures(index: &Index, track: u32, start_s: f64, from_s: f64, to_s: f64) -> Ranges {
    let Some(track) = index.track(track) else { return head(index, HEAD_S) };
    let samples = &track.samples.0;
    let shown_s = |sample: &Sample| track.seconds(track.pts(sample)) - start_s;
    let is_before = |sample: &Sample| sample.is_key && shown_s(sample) <= from_s - SEEK_MARGIN_S;
    let first = samples.iter().rposition(is_before).unwrap_or(0);
    let decoded_s = |sample: &Sample| track.seconds(sample.dts as i64 - track.media_start) - start_s;
    let end = samples.partition_point(|sample| decoded_s(sample) <= to_s + READ_MARGIN_S);
    let needed = samples.get(first..end).unwrap_or_default();
    Ranges::of(beginnings(index, HEAD_S).chain(places(needed)))
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
