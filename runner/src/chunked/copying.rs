//! Frames that are passed on as they are, cut where the encoded ones are cut.

use std::{
    fs::File,
    io::{BufWriter, Write},
    ops::Range,
    os::unix::fs::FileExt,
    path::Path,
};

use super::{Cutting, grid::Grid};
use crate::{
    ffmpeg::args::BASE_S,
    fmp4::{ByteRange, Chunk, Segment},
    mp4::{self, CopyFormat, Track},
};

/// A segment of sound.
const SOUND_SEGMENT_S: f64 = 2.0;
/// Less than this is no chunk.
const SHORTEST_LAST_S: f64 = 1.0;
const LARGEST_SAMPLE_BYTES: usize = 64 << 20;

/// Frames of a track: of each chunk, of each of its segments.
pub type Pieces = Vec<Vec<Range<usize>>>;

/// The pictures' pieces. Nothing if the cutting does not fit the track.
pub fn pictures(cutting: &Cutting, track: &Track) -> Option<Pieces> {
    let samples = &track.samples.0;
    let grid = Grid::new(track, cutting.plan.rate)?;
    let mut keys: Vec<(u64, usize)> = samples
        .iter()
        .enumerate()
        .filter(|(_, sample)| sample.is_key)
        .filter_map(|(at, sample)| Some((grid.place(sample)?.number, at)))
        .collect();
    keys.dedup_by_key(|(number, _)| *number);
    let place = |frame: u64| {
        let found = keys.binary_search_by_key(&frame, |(number, _)| *number).ok()?;
        keys.get(found).map(|(_, at)| *at)
    };
    let starts: Vec<usize> = cutting.segments.iter().map(|frame| place(*frame)).collect::<Option<_>>()?;
    let chunk_starts: Vec<usize> = cutting.chunks.iter().map(|frame| place(*frame)).collect::<Option<_>>()?;
    Some(grouped(&starts, &chunk_starts, samples.len()))
}

/// When a track ends, in seconds from the common beginning.
pub fn end_s(cutting: &Cutting, track: &Track) -> f64 {
    track.seconds(track.samples.end() as i64 - track.media_start) - cutting.start_s
}

/// The sound's pieces: chunks begin with the first frame that is heard after the pictures' do. Nothing if some
/// chunk would have no sound.
pub fn sound(cutting: &Cutting, track: &Track) -> Option<Pieces> {
    let samples = &track.samples.0;
    let at_s = |at: usize| track.seconds(track.pts(&samples[at])) - cutting.start_s;
    let end_s = end_s(cutting, track);
    if samples.is_empty() {
        return None;
    }
    let mut chunk_starts = Vec::new();
    for &frame in &cutting.chunks {
        let from_s = cutting.seconds(frame);
        if frame > 0 && end_s - from_s < SHORTEST_LAST_S {
            // Only what comes last may be missing.
            break;
        }
        let start = if frame == 0 {
            0
        } else {
            samples.partition_point(|sample| track.seconds(track.pts(sample)) - cutting.start_s < from_s)
        };
        chunk_starts.push(start);
    }
    let mut starts = Vec::new();
    for (number, &start) in chunk_starts.iter().enumerate() {
        let end = chunk_starts.get(number + 1).copied().unwrap_or(samples.len());
        let mut next_s = f64::NEG_INFINITY;
        let chunk_end_s = if end < samples.len() { at_s(end) } else { end_s };
        for at in start..end {
            if at_s(at) >= next_s && (at == start || chunk_end_s - at_s(at) >= SHORTEST_LAST_S) {
                starts.push(at);
                next_s = at_s(at) + SOUND_SEGMENT_S;
            }
        }
    }
    let is_sound = chunk_starts.windows(2).all(|pair| pair[0] < pair[1]);
    is_sound.then(|| grouped(&starts, &chunk_starts, samples.len()))
}

fn grouped(starts: &[usize], chunk_starts: &[usize], all: usize) -> Pieces {
    let mut pieces: Pieces = vec![Vec::new(); chunk_starts.len()];
    for (number, &start) in starts.iter().enumerate() {
        let end = starts.get(number + 1).copied().unwrap_or(all);
        let chunk = chunk_starts.partition_point(|chunk| *chunk <= start).saturating_sub(1);
        if let Some(chunk) = pieces.get_mut(chunk) {
            chunk.push(start..end);
        }
    }
    pieces
}

/// Writes one chunk to `to`, reading the frames from `source`.
///
/// # Errors
/// When one of the files cannot be read or written.
pub fn write(
    cutting: &Cutting,
    track: &Track,
    format: &CopyFormat,
    pieces: &Pieces,
    index: u32,
    source: &Path,
    to: &Path,
) -> std::io::Result<Chunk> {
    let segments = pieces.get(index as usize).ok_or(std::io::ErrorKind::InvalidInput)?;
    let source = File::open(source)?;
    let mut file = BufWriter::new(File::create(to)?);
    let samples = &track.samples.0;
    let shift = f64::from(BASE_S) * f64::from(track.timescale) - cutting.start_s * f64::from(track.timescale);
    let shift = shift.round() as i64 - track.media_start;
    let begins = samples.first().map_or(0, |first| track.pts(first));
    // By when frames are shown: where some are missing, times of decoding run ahead of that.
    let shown_ms = |at: usize| match samples.get(at) {
        Some(sample) => track.seconds(track.pts(sample) - begins) * 1_000.0,
        None => track.seconds(end(track) - begins) * 1_000.0,
    };
    let mut written = 0;
    let mut init = None;
    if index == 0 {
        let head = mp4::init(track, format);
        file.write_all(&head)?;
        written = head.len() as u64;
        init = Some(ByteRange { offset: 0, size: written });
    }
    let mut described = Vec::new();
    for (number, range) in segments.iter().enumerate() {
        let inside = &samples[range.clone()];
        let start = samples[range.start].dts as i64 + shift;
        let start = u64::try_from(start).map_err(std::io::Error::other)?;
        let head = mp4::fragment(index * 1_000 + number as u32 + 1, start, inside);
        file.write_all(&head)?;
        let mut size = head.len() as u64;
        let mut bytes = Vec::new();
        for sample in inside {
            if sample.size as usize > LARGEST_SAMPLE_BYTES {
                return Err(std::io::Error::other("a frame of more than 64 MB"));
            }
            bytes.resize(sample.size as usize, 0);
            source.read_exact_at(&mut bytes, sample.offset)?;
            file.write_all(&bytes)?;
            size += u64::from(sample.size);
        }
        described.push(Segment {
            range: ByteRange { offset: written, size },
            duration_ms: shown_ms(range.end) - shown_ms(range.start),
        });
        written += size;
    }
    file.flush()?;
    let before = segments.first().map_or(0, |first| first.start);
    Ok(Chunk {
        index,
        file_range: ByteRange { offset: 0, size: written },
        start_ms: shown_ms(before),
        init,
        segments: described,
    })
}

/// When the last frame is over, in ticks of the track's own timeline.
fn end(track: &Track) -> i64 {
    let ends = track.samples.0.iter().map(|sample| track.pts(sample) + i64::from(sample.duration));
    ends.max().unwrap_or(0)
}
