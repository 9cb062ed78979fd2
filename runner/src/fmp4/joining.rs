//! One track out of several files that follow each other.

use std::{
    fs::OpenOptions,
    io::{Read, Seek, SeekFrom, Write, copy},
    path::Path,
};

use super::{boxes::FormatError, track::read_track};
use crate::files;

/// Adds the fragments of one file behind those of another, which begins with the same description of the track; the
/// first file brings that along.
///
/// # Errors
/// When one of the files cannot be read or written, or they do not fit together.
pub fn append(part: &Path, to: &Path) -> Result<(), FormatError> {
    let track = read_track(part)?;
    let mut from = files::open_made(part)?;
    let mut head = Vec::new();
    (&mut from).take(track.init_size).read_to_end(&mut head)?;
    let mut joined = OpenOptions::new().read(true).append(true).create(true).open(to)?;
    if joined.metadata()?.len() == 0 {
        joined.write_all(&head)?;
    } else {
        let mut before = Vec::new();
        (&mut joined).take(track.init_size).read_to_end(&mut before)?;
        if before != head {
            return Err(FormatError::Unexpected("parts of one track that are described differently"));
        }
    }
    for fragment in &track.fragments {
        from.seek(SeekFrom::Start(fragment.offset))?;
        copy(&mut (&mut from).take(fragment.size), &mut joined)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use super::*;
    use crate::fmp4::examples::{boxed, fragment, init};

    #[test]
    fn parts_become_one_track() {
        let folder = tempfile::tempdir().unwrap();
        let (part, joined) = (folder.path().join("part"), folder.path().join("joined"));
        for start in [900_000, 906_000] {
            let bytes = [init(), fragment(start, true, true), boxed(b"mfra", b"an index")].concat();
            std::fs::write(&part, bytes).unwrap();
            append(&part, &joined).unwrap();
        }
        let track = read_track(&joined).unwrap();
        let starts: Vec<u64> = track.fragments.iter().map(|fragment| fragment.start).collect();
        assert_eq!((starts, track.duration_ticks()), (vec![900_000, 906_000], 12_000));
        assert_eq!(track.init_size, init().len() as u64);

        let mut other = init();
        other.splice(4..8, *b"styp");
        std::fs::write(&part, [other, fragment(912_000, true, true)].concat()).unwrap();
        assert!(append(&part, &joined).is_err());
    }
}
