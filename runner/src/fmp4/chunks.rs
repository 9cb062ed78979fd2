//! Cutting a track into chunks: runs of segments, each one object of the store.

use super::track::{Fragment, Track};

/// The first chunk is short, so that playing can begin early.
const FIRST_CHUNK_S: f64 = 10.0;
const CHUNK_S: f64 = 30.0;
/// From here on viewers are far behind, and there is work for everybody.
const LATER_S: f64 = 240.0;
/// Each chunk is an object in each rendition, and stores take money for these: an hour has 54.
const LATER_CHUNK_S: f64 = 75.0;
/// What would remain shorter than this joins the chunk before it.
const SHORTEST_LAST_CHUNK_S: f64 = 4.0;
/// A last segment shorter than this belongs to the one before it: hls.js takes a few milliseconds for a
/// gap in the buffer, waits for them, and never ends the video.
const SHORTEST_LAST_SEGMENT_S: f64 = 0.5;
/// Cuts of sound and pictures fall on their own segments, so they are compared with some tolerance.
const TOLERANCE_S: f64 = 0.1;

/// A stretch of a file or an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    pub offset: u64,
    pub size: u64,
}

/// What a player fetches at once. Its range counts from the beginning of its chunk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    pub range: ByteRange,
    pub duration_ms: f64,
}

/// One object.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// From 0, without gaps.
    pub index: u32,
    /// Where the object's bytes lie in the file.
    pub file_range: ByteRange,
    /// Beginning within the rendition: that of the first chunk is 0.
    pub start_ms: f64,
    /// The description of the track, at the head of the first chunk.
    pub init: Option<ByteRange>,
    pub segments: Vec<Segment>,
}

/// How long a chunk is that begins here, but for the first.
pub fn chunk_length_s(at_s: f64) -> f64 {
    if at_s < LATER_S { CHUNK_S } else { LATER_CHUNK_S }
}

/// Cuts at segment boundaries. Tracks of the same video are cut at the same times.
pub fn cut(track: &Track) -> Vec<Chunk> {
    let timescale = f64::from(track.timescale);
    let Some(origin) = track.fragments.first().map(|fragment| fragment.start) else { return Vec::new() };
    let seconds = |ticks: u64| ticks as f64 / timescale;
    let start_s = |fragment: &Fragment| seconds(fragment.start.saturating_sub(origin));
    let end_s = seconds(track.duration_ticks());

    let mut groups: Vec<Vec<Fragment>> = vec![Vec::new()];
    let mut next_cut_s = FIRST_CHUNK_S;
    let fragments = without_short_end(track);
    for fragment in &fragments {
        let at_s = start_s(fragment);
        if at_s + TOLERANCE_S >= next_cut_s {
            if end_s - at_s >= SHORTEST_LAST_CHUNK_S {
                groups.push(Vec::new());
            }
            // One long segment may reach past several cuts.
            while at_s + TOLERANCE_S >= next_cut_s {
                next_cut_s += chunk_length_s(next_cut_s);
            }
        }
        if let Some(group) = groups.last_mut() {
            group.push(*fragment);
        }
    }

    (0..)
        .zip(&groups)
        .filter_map(|(index, group)| chunk(track, group, index, start_s(group.first()?) * 1_000.0))
        .collect()
}

/// All of a track as the chunk of this index, which begins at `start_ms`. Of the last chunk of a rendition, a short
/// end is no segment of its own.
pub fn one_chunk(track: &Track, index: u32, start_ms: f64, is_last: bool) -> Chunk {
    let fragments = if is_last { without_short_end(track) } else { track.fragments.clone() };
    let nothing = Chunk {
        index,
        file_range: ByteRange { offset: 0, size: 0 },
        start_ms,
        init: None,
        segments: Vec::new(),
    };
    chunk(track, &fragments, index, start_ms).unwrap_or(nothing)
}

fn chunk(track: &Track, group: &[Fragment], index: u32, start_ms: f64) -> Option<Chunk> {
    let (first, last) = (group.first()?, group.last()?);
    let begin = if index == 0 { 0 } else { first.offset };
    let segment = |fragment: &Fragment| Segment {
        range: ByteRange { offset: fragment.offset - begin, size: fragment.size },
        duration_ms: fragment.duration as f64 * 1_000.0 / f64::from(track.timescale),
    };
    Some(Chunk {
        index,
        file_range: ByteRange { offset: begin, size: last.offset + last.size - begin },
        start_ms,
        init: (index == 0).then_some(ByteRange { offset: 0, size: track.init_size }),
        segments: group.iter().map(segment).collect(),
    })
}

/// The fragments, the last two taken for one segment where the last is too short to be one.
fn without_short_end(track: &Track) -> Vec<Fragment> {
    let mut fragments = track.fragments.clone();
    let shortest = (SHORTEST_LAST_SEGMENT_S * f64::from(track.timescale)) as u64;
    if let [.., before, last] = fragments.as_mut_slice()
        && last.duration < shortest
    {
        before.size = last.offset + last.size - before.offset;
        before.duration = last.start + last.duration - before.start;
        fragments.pop();
    }
    fragments
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Segments of 2 s and 1000 bytes behind 700 bytes of description, and a last one of `rest_s`.
    fn track(whole: u64, rest_s: f64) -> Track {
        let fragment = |number: u64, duration_s: f64| Fragment {
            offset: 700 + number * 1_000,
            size: 1_000,
            start: 900_000 + number * 180_000,
            duration: (duration_s * 90_000.0) as u64,
            starts_with_keyframe: true,
        };
        let mut fragments: Vec<Fragment> = (0..whole).map(|number| fragment(number, 2.0)).collect();
        fragments.push(fragment(whole, rest_s));
        Track { timescale: 90_000, codecs: String::new(), init_size: 700, fragments }
    }

    fn lengths(chunks: &[Chunk]) -> Vec<usize> {
        chunks.iter().map(|chunk| chunk.segments.len()).collect()
    }

    #[test]
    fn the_first_chunk_is_short_and_a_small_rest_joins_the_last() {
        assert_eq!(lengths(&cut(&track(4, 1.5))), [5]);
        assert_eq!(lengths(&cut(&track(5, 0.03))), [5]);
        assert_eq!(lengths(&cut(&track(20, 1.0))), [5, 16]);
        assert_eq!(lengths(&cut(&track(22, 1.0))), [5, 15, 3]);
        assert_eq!(lengths(&cut(&track(60, 2.0))), [5, 15, 15, 15, 11]);
    }

    #[test]
    fn chunks_cover_the_file_without_gaps_and_durations_add_up() {
        let track = track(40, 0.5);
        let chunks = cut(&track);
        let mut offset = 0;
        for (index, chunk) in (0..).zip(&chunks) {
            assert_eq!((chunk.index, chunk.file_range.offset), (index, offset));
            assert_eq!(chunk.init.is_some(), index == 0);
            offset += chunk.file_range.size;
            let mut inside = chunk.init.map_or(0, |init| init.size);
            for segment in &chunk.segments {
                assert_eq!(segment.range.offset, inside);
                inside += segment.range.size;
            }
            assert_eq!(inside, chunk.file_range.size);
        }
        assert_eq!(offset, 700 + 41_000);
        let sum_ms: f64 =
            chunks.iter().flat_map(|chunk| &chunk.segments).map(|segment| segment.duration_ms).sum();
        assert!((sum_ms - track.duration_ms()).abs() < 1e-6);
        assert!((chunks[1].start_ms - 10_000.0).abs() < 1e-6);
    }

    #[test]
    fn a_last_segment_of_a_few_milliseconds_joins_the_one_before() {
        let chunks = cut(&track(2, 0.003));
        let segments = &chunks[0].segments;
        assert_eq!(segments.len(), 2);
        assert_eq!(segments[1].range, ByteRange { offset: 1_700, size: 2_000 });
        assert!((segments[1].duration_ms - 2_003.0).abs() < 0.1);
        assert_eq!(chunks[0].file_range.size, 3_700);
        assert_eq!(cut(&track(0, 0.04))[0].segments.len(), 1);
    }

    #[test]
    fn a_track_without_fragments_has_no_chunks() {
        assert!(cut(&Track { fragments: Vec::new(), ..track(1, 1.0) }).is_empty());
    }
}
