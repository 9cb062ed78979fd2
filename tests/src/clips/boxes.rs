//! The boxes of an MP4, to be changed from within as attackers and strange writers do. All that is changed here comes
//! after the media, so that what says where they lie stays true.

use std::ops::Range;

/// A box around a body.
pub(crate) fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
}

/// A box without flags around numbers.
pub(super) fn table(kind: &[u8; 4], numbers: &[u32]) -> Vec<u8> {
    let body: Vec<u8> =
        std::iter::once(&0).chain(numbers).flat_map(|number: &u32| number.to_be_bytes()).collect();
    boxed(kind, &body)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// Where a box lies, header and all: at the end of a path of the first box of each kind.
pub(super) fn place(bytes: &[u8], path: &[&[u8; 4]]) -> Range<usize> {
    let mut inside = 0..bytes.len();
    for kind in path {
        let mut at = inside.start;
        inside = loop {
            assert!(at + 8 <= inside.end, "there is no {}", kind.escape_ascii());
            let end = at + u32_at(bytes, at) as usize;
            if &bytes[at + 4..at + 8] == *kind {
                // The next one is looked for behind what the box itself says.
                let skipped = if *kind == b"dref" || *kind == b"stsd" { 16 } else { 8 };
                break at + skipped..end;
            }
            at = end;
        };
    }
    let skipped = if path.last().is_some_and(|kind| *kind == b"dref" || *kind == b"stsd") { 16 } else { 8 };
    inside.start - skipped..inside.end
}

/// Puts other bytes in place of some that lie inside all boxes of a path.
pub(super) fn replace(bytes: &mut Vec<u8>, path: &[&[u8; 4]], old: Range<usize>, new: &[u8]) {
    let around: Vec<usize> = (1..=path.len()).map(|depth| place(bytes, &path[..depth]).start).collect();
    let (grown, shrunk) = (new.len() as u32, old.len() as u32);
    bytes.splice(old, new.iter().copied());
    for at in around {
        let size = u32_at(bytes, at) + grown - shrunk;
        bytes[at..at + 4].copy_from_slice(&size.to_be_bytes());
    }
}
