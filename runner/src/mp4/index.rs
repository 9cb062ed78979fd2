//! The index of a file, `moov`: its tracks and where their frames lie.

use super::samples::{Sample, Samples};
use crate::fmp4::{
    ByteRange,
    boxes::{descend, find, u32_at, u64_at, walk},
};

/// Indexes of twelve hours are smaller.
const LARGEST_INDEX_BYTES: u64 = 96 << 20;
/// Of all tracks together: twelve hours at 60 frames a second, and their sound. A table of a few bytes may claim
/// millions, so a file of many tracks would otherwise fill any memory.
const MOST_SAMPLES: usize = 5_000_000;

/// What kind of track it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackKind {
    Pictures,
    Sound,
    /// Subtitles, and the names of chapters.
    Text,
    Other,
}

/// One track.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// As ffprobe tells it.
    pub id: u32,
    pub kind: TrackKind,
    /// Ticks a second.
    pub timescale: u32,
    /// The one sample description, with its header: `avc1`, `mp4a`, …
    pub description: Vec<u8>,
    pub samples: Samples,
    /// Where on the media's own clock the presentation begins, in ticks; negative where the track comes late.
    pub media_start: i64,
    /// Whether the edit list does nothing but to set the beginning.
    pub has_plain_edits: bool,
}

/// All tracks of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    pub tracks: Vec<Track>,
}

/// What the first bytes say of where the index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Located {
    Index(ByteRange),
    /// The next box begins here.
    LookAt(u64),
}

/// So often a file is looked at before it is taken for one without an index.
pub(crate) const MOST_LOOKS: usize = 8;

/// Looks for the index among the boxes that begin at `at` of the file, of which `bytes` are known. Nothing if it is
/// no such file.
pub fn locate(bytes: &[u8], at: u64, file_size: u64) -> Option<Located> {
    let mut inside = 0_usize;
    loop {
        let offset = at + inside as u64;
        if offset >= file_size {
            return None;
        }
        let Some(header) = bytes.get(inside..).filter(|rest| rest.len() >= 16) else {
            return (inside > 0).then_some(Located::LookAt(offset));
        };
        let size = match u32_at(header, 0)? {
            0 => file_size - offset,
            1 => u64_at(header, 8)?,
            size => u64::from(size),
        };
        let kind = header.get(4..8)?;
        let is_plausible = size >= 8
            && offset.checked_add(size).is_some_and(|end| end <= file_size)
            && kind.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        if !is_plausible {
            return None;
        }
        match kind {
            b"moov" if size <= LARGEST_INDEX_BYTES => {
                return Some(Located::Index(ByteRange { offset, size }));
            }
            b"moov" => return None,
            // Media outside of what the index tells.
            b"moof" => return None,
            _ => {}
        }
        inside = inside.checked_add(usize::try_from(size).ok()?)?;
        if inside >= bytes.len() {
            return Some(Located::LookAt(at + inside as u64));
        }
    }
}

impl Index {
    /// From `moov` with its header. Nothing where something is missing or does not fit into the file.
    pub fn read(moov: &[u8], file_size: u64) -> Option<Self> {
        let body = moov.get(8..)?;
        // Fragments follow, of which the tables say nothing.
        if find(body, b"mvex").is_some() {
            return None;
        }
        let movie_timescale = timescale(descend(body, &[b"mvhd"])?)?;
        let mut tracks = Vec::new();
        let mut most_samples = MOST_SAMPLES;
        for trak in walk(body).filter(|inner| &inner.kind == b"trak") {
            let track = Track::read(trak.body, movie_timescale, most_samples)?;
            most_samples -= track.samples.0.len();
            tracks.push(track);
        }
        // Samples that lie one over the other would make a large video of a small file.
        let sizes = tracks.iter().flat_map(|track| &track.samples.0).map(|sample| u64::from(sample.size));
        let is_whole = sizes.sum::<u64>() <= file_size
            && tracks.iter().all(|track| track.samples.end_offset() <= file_size);
        (!tracks.is_empty() && is_whole).then_some(Self { tracks })
    }

    /// Bytes of memory that the places of all frames take.
    pub fn memory_bytes(&self) -> u64 {
        let samples: usize = self.tracks.iter().map(|track| track.samples.0.len()).sum();
        (samples * size_of::<Sample>()) as u64
    }

    pub fn track(&self, id: u32) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == id)
    }
}

/// `mvhd` and `mdhd` hold it at the same place.
fn timescale(header: &[u8]) -> Option<u32> {
    u32_at(header, if header.first() == Some(&1) { 20 } else { 12 }).filter(|timescale| *timescale > 0)
}

impl Track {
    fn read(trak: &[u8], movie_timescale: u32, most_samples: usize) -> Option<Self> {
        let tkhd = descend(trak, &[b"tkhd"])?;
        let id = u32_at(tkhd, if tkhd.first() == Some(&1) { 20 } else { 12 })?;
        let media = descend(trak, &[b"mdia"])?;
        let timescale = timescale(descend(media, &[b"mdhd"])?)?;
        let kind = match descend(media, &[b"hdlr"])?.get(8..12)? {
            b"vide" => TrackKind::Pictures,
            b"soun" => TrackKind::Sound,
            b"text" | b"sbtl" | b"subt" => TrackKind::Text,
            _ => TrackKind::Other,
        };
        let stbl = descend(media, &[b"minf", b"stbl"])?;
        let stsd = descend(stbl, &[b"stsd"])?;
        let first = walk(stsd.get(8..)?).next()?;
        let is_only_one = u32_at(stsd, 4)? == 1;
        let description = match is_only_one {
            true => stsd.get(8..8 + first.offset + first.body.len())?.to_vec(),
            false => Vec::new(),
        };
        let samples = Samples::read(stbl, most_samples)?;
        let (media_start, has_plain_edits) = edits(trak, movie_timescale, timescale, &samples);
        Some(Self { id, kind, timescale, description, samples, media_start, has_plain_edits })
    }

    /// Presentation time of a sample on the track's own timeline, in ticks; negative for what is only decoded.
    pub fn pts(&self, sample: &Sample) -> i64 {
        sample.dts as i64 + i64::from(sample.delay) - self.media_start
    }

    pub fn seconds(&self, ticks: i64) -> f64 {
        ticks as f64 / f64::from(self.timescale)
    }
}

/// One line of an edit list.
struct Edit {
    /// In ticks of the whole file.
    duration: u64,
    /// In ticks of the track; -1 for nothing at all.
    start: i64,
    rate: u32,
}

impl Edit {
    /// The one at `number` of an edit list.
    fn read(list: &[u8], number: usize) -> Option<Self> {
        if list.first() == Some(&1) {
            let at = 8 + number * 20;
            let (start, rate) = (u64_at(list, at + 8)? as i64, u32_at(list, at + 16)?);
            Some(Self { duration: u64_at(list, at)?, start, rate })
        } else {
            let at = 8 + number * 12;
            let start = i64::from(u32_at(list, at + 4)? as i32);
            Some(Self { duration: u32_at(list, at)?.into(), start, rate: u32_at(list, at + 8)? })
        }
    }
}

/// Where the presentation begins, and whether that is all that the edit list says.
fn edits(trak: &[u8], movie_timescale: u32, timescale: u32, samples: &Samples) -> (i64, bool) {
    let Some(list) = descend(trak, &[b"edts", b"elst"]) else { return (0, true) };
    let (late, edit) = match u32_at(list, 4) {
        Some(1) => (None, Edit::read(list, 0)),
        // A track that begins later than the others is written as nothing first.
        Some(2) => (Edit::read(list, 0), Edit::read(list, 1)),
        _ => return (0, false),
    };
    let late = match late {
        None => Some(0),
        Some(late) if late.start == -1 => {
            i64::try_from(u128::from(late.duration) * u128::from(timescale) / u128::from(movie_timescale))
                .ok()
        }
        Some(_) => None,
    };
    let (Some(late), Some(Edit { duration, start, rate })) = (late, edit) else { return (0, false) };
    let Ok(skipped) = u64::try_from(start) else { return (0, false) };
    let shown_s = duration as f64 / f64::from(movie_timescale);
    let stored_s = samples.end().saturating_sub(skipped) as f64 / f64::from(timescale);
    // A list that ends early cuts frames away; one frame or so is rounding.
    let is_all = duration == 0 || shown_s + 0.06 >= stored_s;
    (start.saturating_sub(late), is_all && rate == 0x0001_0000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_that_comes_late_begins_with_nothing() {
        let list = |entries: &[(u32, i32)]| {
            let mut body = (entries.len() as u32).to_be_bytes().to_vec();
            for (duration, start) in entries {
                body.extend(duration.to_be_bytes());
                body.extend(start.to_be_bytes());
                body.extend(0x0001_0000_u32.to_be_bytes());
            }
            let elst = [&(12 + body.len() as u32).to_be_bytes()[..], b"elst\0\0\0\0", &body].concat();
            [&(8 + elst.len() as u32).to_be_bytes()[..], b"edts", &elst].concat()
        };
        let read = |entries: &[(u32, i32)]| edits(&list(entries), 1_000, 90_000, &Samples::default());
        assert_eq!(read(&[(2_000, 3_000)]), (3_000, true));
        assert_eq!(read(&[(500, -1), (2_000, 3_000)]), (3_000 - 45_000, true));
        assert!(!read(&[(500, 0), (2_000, 3_000)]).1 && !read(&[(500, -1)]).1, "something is cut out");
    }

    #[test]
    fn the_index_is_found_in_front_behind_and_not_at_all() {
        let head = b"\0\0\0\x10ftypisomabcd\0\0\x10\0moovmvhdabcdefgh";
        assert_eq!(locate(head, 0, 100_000), Some(Located::Index(ByteRange { offset: 16, size: 4_096 })));
        assert_eq!(locate(head, 0, 4_000), None, "it would end outside of the file");
        let behind = b"\0\0\0\x10ftypisomabcd\0\x01\0\0mdat............";
        assert_eq!(locate(behind, 0, 100_000), Some(Located::LookAt(65_552)));
        assert_eq!(locate(b"\x1a\x45\xdf\xa3 something else", 0, 100_000), None);
        assert_eq!(locate(b"\0\0\0\x10moof........\0\0\0\0", 0, 100_000), None);
    }
}
