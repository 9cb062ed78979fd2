//! Passing frames on as they are: the fragmented MP4 that players fetch, around the source's own bytes.

use super::{Sample, Track, TrackKind};
use crate::fmp4::boxes::find;

/// A sample that depends on others; one that does not.
const DEPENDS: u32 = 0x0101_0000;
const IS_KEY: u32 = 0x0200_0000;

/// How frames that are passed on are described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyFormat {
    /// As in the `CODECS` attribute of a playlist.
    pub codecs: String,
    /// The sample description, built anew from what is known to be harmless.
    entry: Vec<u8>,
    /// Stored pixels; 0 for sound.
    width: u16,
    height: u16,
}

/// Whether every player takes the frames of this track as they are, and how they are described.
pub fn copy_format(track: &Track) -> Option<CopyFormat> {
    match track.kind {
        TrackKind::Pictures => h264(&track.description),
        TrackKind::Sound => aac(&track.description),
        TrackKind::Text | TrackKind::Other => None,
    }
}

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let length = 8 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(&(length as u32).to_be_bytes());
    bytes.extend_from_slice(kind);
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// Baseline, Main or High up to level 4.2: what browsers and phones decode.
fn h264(description: &[u8]) -> Option<CopyFormat> {
    if description.get(4..8)? != b"avc1" {
        return None;
    }
    let format = description.get(8..86)?;
    let avcc = find(description.get(86..)?, b"avcC")?;
    let profile = avcc.body.get(1..4)?;
    if !matches!(profile[0], 66 | 77 | 100) || profile[2] > 42 {
        return None;
    }
    let codecs = format!("avc1.{:02x}{:02x}{:02x}", profile[0], profile[1], profile[2]);
    let number = |at: usize| Some(u16::from_be_bytes([*format.get(at)?, *format.get(at + 1)?]));
    let entry = boxed(b"avc1", &[format, &boxed(b"avcC", &[avcc.body])]);
    Some(CopyFormat { codecs, entry, width: number(24)?, height: number(26)? })
}

/// AAC-LC in mono or stereo.
fn aac(description: &[u8]) -> Option<CopyFormat> {
    if description.get(4..8)? != b"mp4a" {
        return None;
    }
    // QuickTime writes longer headers and puts the description into a box of its own.
    let version = description.get(17)?;
    let header = match version {
        0 => 36,
        1 => 52,
        _ => return None,
    };
    let rest = description.get(header..)?;
    let wave = find(rest, b"wave");
    let esds = find(rest, b"esds").or_else(|| find(wave?.body, b"esds"))?;
    let config = specific_config(esds.body.get(4..)?)?;
    let bits = u32::from(config[0]) << 8 | u32::from(config[1]);
    let (kind, rate, channels) = (bits >> 11, (bits >> 7) & 15, (bits >> 3) & 15);
    // Rates below 32 kHz may hide a second layer that doubles them.
    let rate = *[96_000, 88_200, 64_000, 48_000, 44_100, 32_000_u32].get(rate as usize)?;
    if kind != 2 || !(1..=2).contains(&channels) || rate > 48_000 {
        return None;
    }
    let mut head = vec![0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    head.extend_from_slice(&words(&[channels << 16 | 16, 0, rate << 16]));
    let descriptor = |tag: u8, body: &[u8]| [&[tag, body.len() as u8], body].concat();
    let decoder = [&[0x40, 0x15, 0, 0, 0][..], &words(&[0, 0]), &descriptor(5, &config)].concat();
    let stream = [&[0, 1, 0][..], &descriptor(4, &decoder), &descriptor(6, &[2])].concat();
    let esds = boxed(b"esds", &[&[0; 4], &descriptor(3, &stream)]);
    Some(CopyFormat {
        codecs: "mp4a.40.2".to_owned(),
        entry: boxed(b"mp4a", &[&head, &esds]),
        width: 0,
        height: 0,
    })
}

/// The two bytes that describe AAC-LC, out of nested descriptors: tag, length in groups of seven bits, contents.
fn specific_config(mut bytes: &[u8]) -> Option<[u8; 2]> {
    for _ in 0..4 {
        let (&tag, mut rest) = bytes.split_first()?;
        let mut length = 0_usize;
        for _ in 0..4 {
            let (&byte, after) = rest.split_first()?;
            rest = after;
            length = length << 7 | usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let body = rest.get(..length)?;
        bytes = match tag {
            3 => {
                let flags = *body.get(2)?;
                // Optional fields that nobody writes.
                if flags & 0xe0 != 0 {
                    return None;
                }
                body.get(3..)?
            }
            4 => {
                // 0x40 is AAC.
                if body.first() != Some(&0x40) {
                    return None;
                }
                body.get(13..)?
            }
            5 => return Some([*body.first()?, *body.get(1)?]),
            _ => return None,
        };
    }
    None
}

/// The head of a rendition: what the frames are, none of them yet.
pub fn init(track: &Track, format: &CopyFormat) -> Vec<u8> {
    const MATRIX: [u32; 9] = [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000];
    let is_sound = track.kind == TrackKind::Sound;
    let mut mvhd = words(&[0, 0, 0, 1_000, 0, 0x0001_0000, 0x0100_0000, 0, 0]);
    mvhd.extend(words(&MATRIX));
    mvhd.extend(words(&[0, 0, 0, 0, 0, 0, 2]));
    let mut tkhd = words(&[3, 0, 0, 1, 0, 0, 0, 0, 0]);
    tkhd.extend(words(&[if is_sound { 0x0100_0000 } else { 0 }]));
    tkhd.extend(words(&MATRIX));
    tkhd.extend(words(&[u32::from(format.width) << 16, u32::from(format.height) << 16]));
    // The language is undetermined.
    let mdhd = words(&[0, 0, 0, track.timescale, 0, 0x55c4_0000]);
    let mut hdlr = words(&[0, 0]);
    hdlr.extend_from_slice(if is_sound { b"soun" } else { b"vide" });
    hdlr.extend(words(&[0, 0, 0]));
    hdlr.push(0);
    let header = match is_sound {
        true => boxed(b"smhd", &[&words(&[0, 0])]),
        false => boxed(b"vmhd", &[&words(&[1, 0, 0])]),
    };
    let dref = boxed(b"dref", &[&words(&[0, 1]), &boxed(b"url ", &[&words(&[1])])]);
    let stbl = boxed(
        b"stbl",
        &[
            &boxed(b"stsd", &[&words(&[0, 1]), &format.entry]),
            &boxed(b"stts", &[&words(&[0, 0])]),
            &boxed(b"stsc", &[&words(&[0, 0])]),
            &boxed(b"stsz", &[&words(&[0, 0, 0])]),
            &boxed(b"stco", &[&words(&[0, 0])]),
        ],
    );
    let minf = boxed(b"minf", &[&header, &boxed(b"dinf", &[&dref]), &stbl]);
    let mdia = boxed(b"mdia", &[&boxed(b"mdhd", &[&mdhd]), &boxed(b"hdlr", &[&hdlr]), &minf]);
    let trak = boxed(b"trak", &[&boxed(b"tkhd", &[&tkhd]), &mdia]);
    let mvex = boxed(b"mvex", &[&boxed(b"trex", &[&words(&[0, 1, 1, 0, 0, 0])])]);
    let moov = boxed(b"moov", &[&boxed(b"mvhd", &[&mvhd]), &trak, &mvex]);
    [boxed(b"ftyp", &[b"iso6", &words(&[0x200]), b"iso6mp41"]), moov].concat()
}

/// The head of one segment: `moof`, and the header of the `mdat` that its frames follow in.
///
/// `start` is the decoding time of the first frame on the rendition's clock.
pub fn fragment(sequence: u32, start: u64, samples: &[Sample]) -> Vec<u8> {
    let head = |offset: u32| {
        let mfhd = boxed(b"mfhd", &[&words(&[0, sequence])]);
        // The base of all offsets is this box.
        let tfhd = boxed(b"tfhd", &[&words(&[0x0002_0000, 1])]);
        let tfdt = boxed(b"tfdt", &[&words(&[0x0100_0000]), &start.to_be_bytes()]);
        let mut trun = words(&[0x0100_0f01, samples.len() as u32, offset]);
        for sample in samples {
            let flags = if sample.is_key { IS_KEY } else { DEPENDS };
            trun.extend(words(&[sample.duration, sample.size, flags, sample.delay as u32]));
        }
        boxed(b"moof", &[&mfhd, &boxed(b"traf", &[&tfhd, &tfdt, &boxed(b"trun", &[&trun])])])
    };
    let length = head(0).len() as u32 + 8;
    let media: u64 = samples.iter().map(|sample| u64::from(sample.size)).sum();
    let mut bytes = head(length);
    bytes.extend(words(&[(media + 8) as u32]));
    bytes.extend_from_slice(b"mdat");
    bytes
}
