//! Reading the one track of a file: its clock, its codec, and its fragments.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use super::{
    boxes::{FormatError, descend, find, u32_at, u64_at, walk},
    codecs,
};
use crate::files;

/// Larger headers are not ours.
const MAX_HEADER_BYTES: u64 = 16 << 20;
/// A sample that can be decoded without others, in the flags of `trun` and `tfhd`.
const SAMPLE_IS_NON_SYNC: u32 = 0x0001_0000;

/// A file with one track.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Ticks a second.
    pub timescale: u32,
    /// As in the `CODECS` attribute of a playlist, for example `avc1.640028`.
    pub codecs: String,
    /// Bytes of `ftyp` and `moov`, with which the file begins.
    pub init_size: u64,
    pub fragments: Vec<Fragment>,
}

/// A `moof` and its `mdat`: what can be fetched and decoded by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment {
    pub offset: u64,
    pub size: u64,
    /// Decoding time of the first sample, in ticks.
    pub start: u64,
    /// The sum of all samples' durations, in ticks.
    pub duration: u64,
    pub starts_with_keyframe: bool,
}

impl Track {
    /// Ticks from the beginning of the first fragment to the end of the last.
    pub fn duration_ticks(&self) -> u64 {
        match (self.fragments.first(), self.fragments.last()) {
            (Some(first), Some(last)) => (last.start + last.duration).saturating_sub(first.start),
            _ => 0,
        }
    }

    pub fn duration_ms(&self) -> f64 {
        self.duration_ticks() as f64 * 1_000.0 / f64::from(self.timescale)
    }
}

/// Reads the headers of a file; the media itself is skipped.
pub fn read_track(path: &Path) -> Result<Track, FormatError> {
    read(path, false)
}

/// The same of a file that is still being written: what is not whole yet is not there.
pub fn read_track_so_far(path: &Path) -> Result<Track, FormatError> {
    read(path, true)
}

fn read(path: &Path, still_grows: bool) -> Result<Track, FormatError> {
    let mut file = files::open_made(path)?;
    let length = file.metadata()?.len();
    let mut track: Option<Track> = None;
    let mut defaults = Defaults::default();
    let mut moof: Option<(u64, Vec<u8>)> = None;
    let mut at = 0;
    while at + 8 <= length {
        let (kind, header, size) = top_level(&mut file, at)?;
        let ends_outside = at.checked_add(size).is_none_or(|end| end > length);
        if still_grows && ends_outside {
            break;
        }
        if size < header || ends_outside {
            return Err(FormatError::Unexpected("a box that ends outside the file"));
        }
        match &kind {
            b"moov" => {
                let body = contents(&mut file, at + header, size - header)?;
                let (found, found_defaults) = read_moov(&body, at + size)?;
                track = Some(found);
                defaults = found_defaults;
            }
            b"moof" => moof = Some((at, contents(&mut file, at + header, size - header)?)),
            b"mdat" => {
                let track = track.as_mut().ok_or(FormatError::Unexpected("media before its description"))?;
                if let Some((offset, body)) = moof.take() {
                    let mut fragment = read_moof(&body, defaults)?;
                    fragment.offset = offset;
                    fragment.size = at + size - offset;
                    track.fragments.push(fragment);
                }
            }
            // `ftyp` in front; `mfra`, an index that nobody fetches, at the end.
            _ => {}
        }
        at += size;
    }
    let mut track = track.ok_or(FormatError::Unexpected("no moov"))?;
    close_gaps(&mut track.fragments);
    Ok(track)
}

/// Turns the picture upright in the file's own description. The pixels were turned already, but ffmpeg copies
/// the source's display matrix along, and players would turn them once more.
pub fn set_upright(path: &Path) -> Result<(), FormatError> {
    const MATRIX: [u32; 9] = [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000];
    let mut file = files::open_made_to_change(path)?;
    let length = file.metadata()?.len();
    let mut at = 0;
    while at + 8 <= length {
        let (kind, header, size) = top_level(&mut file, at)?;
        if &kind == b"moov" {
            let body = contents(&mut file, at + header, size - header)?;
            let trak = find(&body, b"trak").ok_or(FormatError::Unexpected("no trak"))?;
            let tkhd = find(trak.body, b"tkhd").ok_or(FormatError::Unexpected("no tkhd"))?;
            // Version 1 has three times of 64 instead of 32 bits in front of it.
            let matrix = if tkhd.body.first() == Some(&1) { 52 } else { 40 };
            if tkhd.body.len() < matrix + 36 {
                return Err(FormatError::Unexpected("a short tkhd"));
            }
            let bytes: Vec<u8> = MATRIX.iter().flat_map(|cell| cell.to_be_bytes()).collect();
            file.seek(SeekFrom::Start(at + header + (trak.offset + tkhd.offset + matrix) as u64))?;
            file.write_all(&bytes)?;
            return Ok(());
        }
        at = at.checked_add(size.max(8)).ok_or(FormatError::Unexpected("a box without end"))?;
    }
    Err(FormatError::Unexpected("no moov"))
}

/// Kind, length of the header, and length of the whole box at an offset of the file.
fn top_level(file: &mut File, at: u64) -> Result<([u8; 4], u64, u64), FormatError> {
    file.seek(SeekFrom::Start(at))?;
    let mut head = [0; 8];
    file.read_exact(&mut head)?;
    let kind = [head[4], head[5], head[6], head[7]];
    match u32::from_be_bytes([head[0], head[1], head[2], head[3]]) {
        1 => {
            let mut large = [0; 8];
            file.read_exact(&mut large)?;
            Ok((kind, 16, u64::from_be_bytes(large)))
        }
        size => Ok((kind, 8, u64::from(size))),
    }
}

fn contents(file: &mut File, at: u64, size: u64) -> Result<Vec<u8>, FormatError> {
    if size > MAX_HEADER_BYTES {
        return Err(FormatError::Unexpected("a header of many megabytes"));
    }
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; size as usize];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// What `trex` says of samples that say nothing themselves.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Defaults {
    duration: u32,
    flags: u32,
}

pub(super) fn read_moov(moov: &[u8], init_size: u64) -> Result<(Track, Defaults), FormatError> {
    let missing = FormatError::Unexpected;
    let media = descend(moov, &[b"trak", b"mdia"]).ok_or(missing("no track"))?;
    let mdhd = descend(media, &[b"mdhd"]).ok_or(missing("no mdhd"))?;
    let timescale = u32_at(mdhd, if mdhd.first() == Some(&1) { 20 } else { 12 })
        .filter(|timescale| *timescale > 0)
        .ok_or(missing("no timescale"))?;
    let entries = descend(media, &[b"minf", b"stbl", b"stsd"]).ok_or(missing("no stsd"))?;
    // Version, flags and the number of entries come before the first one.
    let entry = walk(entries.get(8..).unwrap_or_default()).next().ok_or(missing("no sample description"))?;
    let codecs = match &entry.kind {
        b"avc1" => {
            // 78 bytes of picture format come before the boxes.
            let avcc =
                descend(entry.body.get(78..).unwrap_or_default(), &[b"avcC"]).ok_or(missing("no avcC"))?;
            let profile = avcc.get(1..4).ok_or(missing("a short avcC"))?;
            format!("avc1.{:02x}{:02x}{:02x}", profile[0], profile[1], profile[2])
        }
        b"hvc1" => {
            let hvcc =
                descend(entry.body.get(78..).unwrap_or_default(), &[b"hvcC"]).ok_or(missing("no hvcC"))?;
            codecs::hevc(hvcc).ok_or(missing("a short hvcC"))?
        }
        b"av01" => {
            let av1c =
                descend(entry.body.get(78..).unwrap_or_default(), &[b"av1C"]).ok_or(missing("no av1C"))?;
            codecs::av1(av1c).ok_or(missing("a short av1C"))?
        }
        // ffmpeg's encoder makes nothing but AAC-LC.
        b"mp4a" => "mp4a.40.2".to_owned(),
        _ => return Err(missing("an unknown codec")),
    };
    let trex = descend(moov, &[b"mvex", b"trex"]).ok_or(missing("no trex"))?;
    let defaults = Defaults { duration: u32_at(trex, 12).unwrap_or(0), flags: u32_at(trex, 20).unwrap_or(0) };
    Ok((Track { timescale, codecs, init_size, fragments: Vec::new() }, defaults))
}

pub(super) fn read_moof(moof: &[u8], mut defaults: Defaults) -> Result<Fragment, FormatError> {
    let missing = FormatError::Unexpected;
    let traf = descend(moof, &[b"traf"]).ok_or(missing("no traf"))?;
    let tfhd = descend(traf, &[b"tfhd"]).ok_or(missing("no tfhd"))?;
    let flags = u32_at(tfhd, 0).ok_or(missing("a short tfhd"))? & 0x00ff_ffff;
    let mut at = 8;
    // Optional fields, in this order, each present if its bit is set.
    for (bit, size) in [(0x01, 8), (0x02, 4), (0x08, 4), (0x10, 4), (0x20, 4)] {
        if flags & bit == 0 {
            continue;
        }
        let value = u32_at(tfhd, at).ok_or(missing("a short tfhd"))?;
        match bit {
            0x08 => defaults.duration = value,
            0x20 => defaults.flags = value,
            _ => {}
        }
        at += size;
    }
    let tfdt = descend(traf, &[b"tfdt"]).ok_or(missing("no tfdt"))?;
    let start = if tfdt.first() == Some(&1) { u64_at(tfdt, 4) } else { u32_at(tfdt, 4).map(u64::from) };
    let mut duration = 0;
    let mut first_flags = None;
    for trun in walk(traf).filter(|inner| &inner.kind == b"trun") {
        let (sum, first) = read_trun(trun.body, defaults)?;
        duration += sum;
        first_flags = first_flags.or(first);
    }
    Ok(Fragment {
        offset: 0,
        size: 0,
        start: start.ok_or(missing("a short tfdt"))?,
        duration,
        starts_with_keyframe: first_flags.is_some_and(|flags| flags & SAMPLE_IS_NON_SYNC == 0),
    })
}

/// A segment of ten seconds has some hundreds: what says that it has more wants to be counted for ever.
const MOST_SAMPLES_OF_RUN: u32 = 100_000;

/// The sum of durations, and the flags of the first sample if there is one.
fn read_trun(trun: &[u8], defaults: Defaults) -> Result<(u64, Option<u32>), FormatError> {
    let short = || FormatError::Unexpected("a short trun");
    let flags = u32_at(trun, 0).ok_or_else(short)? & 0x00ff_ffff;
    let count = u32_at(trun, 4).ok_or_else(short)?;
    let has = |bit: u32| flags & bit != 0;
    let mut at = 8;
    if has(0x001) {
        at += 4;
    }
    let mut first_flags = None;
    if has(0x004) {
        first_flags = Some(u32_at(trun, at).ok_or_else(short)?);
        at += 4;
    }
    let widths = [0x100, 0x200, 0x400, 0x800].map(|bit| if has(bit) { 4 } else { 0 });
    let bytes = u64::from(count) * widths.iter().sum::<u64>();
    if count > MOST_SAMPLES_OF_RUN || bytes > trun.len() as u64 {
        return Err(FormatError::Unexpected("more samples than a fragment has"));
    }
    let mut duration: u64 = 0;
    for sample in 0..count {
        if has(0x100) {
            duration += u64::from(u32_at(trun, at).ok_or_else(short)?);
            at += 4;
        } else {
            duration += u64::from(defaults.duration);
        }
        at += if has(0x200) { 4 } else { 0 };
        if has(0x400) {
            let own = u32_at(trun, at).ok_or_else(short)?;
            if sample == 0 {
                first_flags = first_flags.or(Some(own));
            }
            at += 4;
        }
        at += if has(0x800) { 4 } else { 0 };
    }
    if count > 0 {
        first_flags = first_flags.or(Some(defaults.flags));
    }
    Ok((duration, first_flags))
}

/// A fragment lasts until the next one begins: only so do their durations add up to the whole.
fn close_gaps(fragments: &mut [Fragment]) {
    for at in 1..fragments.len() {
        let next = fragments[at].start;
        let fragment = &mut fragments[at - 1];
        if next > fragment.start {
            fragment.duration = next - fragment.start;
        }
    }
}

/// Boxes as ffmpeg writes them.
#[cfg(test)]
pub(crate) mod examples {
    use super::SAMPLE_IS_NON_SYNC;

    pub fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut bytes = (body.len() as u32 + 8).to_be_bytes().to_vec();
        bytes.extend_from_slice(kind);
        bytes.extend_from_slice(body);
        bytes
    }

    pub fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// A `moof` with two samples of 3000 ticks, or with the default of 1500, and its `mdat`.
    pub fn fragment(start: u32, own_durations: bool, first_is_key: bool) -> Vec<u8> {
        let tfhd = boxed(b"tfhd", &words(&[0x08 | 0x20, 1, 1_500, SAMPLE_IS_NON_SYNC]));
        let tfdt = boxed(b"tfdt", &words(&[0x0100_0000, 0, start]));
        let first = if first_is_key { 0x0200_0000 } else { SAMPLE_IS_NON_SYNC };
        let trun = if own_durations {
            boxed(b"trun", &words(&[0x105, 2, 99, first, 3_000, 3_000]))
        } else {
            boxed(b"trun", &words(&[0x005, 2, 99, first]))
        };
        let moof = boxed(b"moof", &boxed(b"traf", &[tfhd, tfdt, trun].concat()));
        [moof, boxed(b"mdat", b"media")].concat()
    }

    pub fn init() -> Vec<u8> {
        let mdhd = boxed(b"mdhd", &words(&[0, 0, 0, 90_000, 0]));
        let avcc = boxed(b"avcC", &[1, 0x64, 0x00, 0x28, 0xff]);
        let entry = boxed(b"avc1", &[vec![0; 78], avcc].concat());
        let stsd = boxed(b"stsd", &[words(&[0, 1]), entry].concat());
        let mdia = boxed(b"mdia", &[mdhd, boxed(b"minf", &boxed(b"stbl", &stsd))].concat());
        let mut tkhd = vec![0; 84];
        tkhd[40..76].copy_from_slice(&words(&[0, 0x0001_0000, 0, 0xffff_0000, 0, 0, 0, 0, 0x4000_0000]));
        let trak = boxed(b"trak", &[boxed(b"tkhd", &tkhd), mdia].concat());
        let mvex = boxed(b"mvex", &boxed(b"trex", &words(&[0, 1, 1, 0, 0, 0])));
        [boxed(b"ftyp", b"iso5"), boxed(b"moov", &[trak, mvex].concat())].concat()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use super::examples::{boxed, fragment, init, words};
    use super::*;

    #[test]
    fn a_track_is_read_with_its_fragments() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (head, one) = (init(), fragment(894_000, true, true));
        let bytes =
            [head.clone(), one.clone(), fragment(900_001, false, false), boxed(b"mfra", b"")].concat();
        std::fs::write(file.path(), bytes).unwrap();
        let track = read_track(file.path()).unwrap();
        assert_eq!((track.timescale, track.codecs.as_str()), (90_000, "avc1.640028"));
        assert_eq!(track.init_size, head.len() as u64);
        // The first one lasts until the second begins, whatever its samples say.
        let (offset, size) = (head.len() as u64, one.len() as u64);
        assert_eq!(
            track.fragments[0],
            Fragment { offset, size, start: 894_000, duration: 6_001, starts_with_keyframe: true }
        );
        assert_eq!((track.fragments[1].duration, track.fragments[1].starts_with_keyframe), (3_000, false));
        assert_eq!(track.duration_ticks(), 9_001);
    }

    #[test]
    fn the_display_matrix_is_made_upright_in_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), init()).unwrap();
        set_upright(file.path()).unwrap();
        let bytes = std::fs::read(file.path()).unwrap();
        let tkhd = descend(&bytes, &[b"moov", b"trak", b"tkhd"]).unwrap();
        assert_eq!(tkhd[40..76], words(&[0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000]));
        assert!(read_track(file.path()).is_ok());
    }

    #[test]
    fn a_file_that_breaks_off_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let bytes = [init(), fragment(900_000, true, true)].concat();
        std::fs::write(file.path(), &bytes[..bytes.len() - 3]).unwrap();
        assert!(matches!(read_track(file.path()), Err(FormatError::Unexpected(_))));
    }
}
