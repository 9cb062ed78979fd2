//! Media that are to be read from another file: QuickTime's reference movies, and whoever tries to have files read
//! that are not theirs.

use std::{fs::File, io, os::unix::fs::FileExt};

use super::index::{Located, MOST_LOOKS, locate};
use crate::fmp4::{
    ByteRange,
    boxes::{descend, u32_at, walk},
};

/// As much of a file as is looked at to find the next box.
const HEAD_BYTES: usize = 4_096;
/// The entry's media lie in the file itself.
const SELF_CONTAINED: u32 = 1;

/// Whether a track names another file by its address. Those that ffmpeg itself would follow, it tells of; of these it
/// reads whatever lies at the same place in this file.
pub fn names_other_files(file: &File) -> io::Result<bool> {
    let size = file.metadata()?.len();
    let Some(range) = find_index(file, size)? else { return Ok(false) };
    let Ok(length) = usize::try_from(range.size) else { return Ok(false) };
    let mut moov = vec![0; length];
    file.read_exact_at(&mut moov, range.offset)?;
    // A length of 1 says that the real one follows, in 64 bits (ISO/IEC 14496-12, 4.2).
    let header = if u32_at(&moov, 0) == Some(1) { 16 } else { 8 };
    Ok(moov.get(header..).is_some_and(has_addresses))
}

fn find_index(file: &File, size: u64) -> io::Result<Option<ByteRange>> {
    let mut at = 0;
    let mut head = [0; HEAD_BYTES];
    for _ in 0..MOST_LOOKS {
        let mut filled = 0;
        while filled < head.len() {
            match file.read_at(&mut head[filled..], at + filled as u64)? {
                0 => break,
                length => filled += length,
            }
        }
        match locate(&head[..filled], at, size) {
            Some(Located::Index(range)) => return Ok(Some(range)),
            Some(Located::LookAt(next)) if next > at => at = next,
            _ => return Ok(None),
        }
    }
    Ok(None)
}

fn has_addresses(moov: &[u8]) -> bool {
    walk(moov).filter(|inner| &inner.kind == b"trak").any(|trak| {
        let path: [&[u8; 4]; 4] = [b"mdia", b"minf", b"dinf", b"dref"];
        let entries = descend(trak.body, &path).and_then(|dref| dref.get(8..)).unwrap_or_default();
        walk(entries).any(|entry| {
            let is_address = matches!(&entry.kind, b"url " | b"urn ");
            let is_elsewhere = u32_at(entry.body, 0).is_some_and(|flags| flags & SELF_CONTAINED == 0);
            // Some writers forget the flag and name nothing.
            is_address && is_elsewhere && entry.body.get(4).is_some_and(|first| *first != 0)
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use std::io::Write;

    use super::*;
    use crate::fmp4::examples::boxed;

    fn file(entry: &[u8]) -> File {
        around(&moov(entry))
    }

    fn moov(entry: &[u8]) -> Vec<u8> {
        let dref = boxed(b"dref", &[b"\0\0\0\0\0\0\0\x01", entry].concat());
        let nested = [b"dinf", b"minf", b"mdia", b"trak", b"moov"];
        nested.into_iter().fold(dref, |inner, kind| boxed(kind, &inner))
    }

    fn around(moov: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&boxed(b"ftyp", b"isomxxxx")).unwrap();
        // The index lies beyond the first look.
        file.write_all(&boxed(b"mdat", &[7; 10_000])).unwrap();
        file.write_all(moov).unwrap();
        file
    }

    #[test]
    fn an_address_is_found_wherever_the_index_lies() {
        assert!(names_other_files(&file(&boxed(b"url ", b"\0\0\0\0file:///etc/passwd\0"))).unwrap());
        assert!(names_other_files(&file(&boxed(b"urn ", b"\0\0\0\0urn:x\0"))).unwrap());
        let moov = moov(&boxed(b"url ", b"\0\0\0\0file:///etc/passwd\0"));
        let large = [b"\0\0\0\x01moov", &(moov.len() as u64 + 8).to_be_bytes()[..], &moov[8..]].concat();
        assert!(names_other_files(&around(&large)).unwrap(), "its length has 64 bits");
    }

    #[test]
    fn what_lies_in_the_file_itself_is_no_reference() {
        assert!(!names_other_files(&file(&boxed(b"url ", b"\0\0\0\x01"))).unwrap());
        assert!(!names_other_files(&file(&boxed(b"url ", b"\0\0\0\0"))).unwrap());
        assert!(!names_other_files(&file(&boxed(b"url ", b"\0\0\0\0\0"))).unwrap());
        assert!(!names_other_files(&file(b"\0\0\xff\xffurl ")).unwrap());
        assert!(!names_other_files(&tempfile::tempfile().unwrap()).unwrap());
        let crowd = boxed(b"free", b"").repeat(10 * HEAD_BYTES);
        assert!(!names_other_files(&around(&crowd)).unwrap(), "nobody reads a million boxes");
    }
}
