//! What can be told of fragmented MP4 from the beginnings of its parts alone: whoever takes it from somebody else wants
//! to know whether it is what it is said to be, without reading all of it.

use super::{
    boxes::{FormatError, walk},
    track::{Defaults, read_moof, read_moov},
};

/// An initialisation section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Init {
    /// As in the `CODECS` attribute of a playlist.
    pub codecs: String,
    /// Ticks a second.
    timescale: u32,
    defaults: Defaults,
}

impl Init {
    /// From all of its bytes: `ftyp`, `moov`, and nothing else (RFC 8216, 3.3).
    ///
    /// # Errors
    /// When it is something else, or describes more or less than one track of ours.
    pub fn read(bytes: &[u8]) -> Result<Self, FormatError> {
        let boxes: Vec<_> = walk(bytes).collect();
        let [ftyp, moov] = &boxes[..] else { return Err(FormatError::Unexpected("more than ftyp and moov")) };
        let is_all = moov.offset + moov.body.len() == bytes.len();
        if (&ftyp.kind, &moov.kind, is_all) != (b"ftyp", b"moov", true) {
            return Err(FormatError::Unexpected("other boxes than ftyp and moov"));
        }
        let (track, defaults) = read_moov(moov.body, bytes.len() as u64)?;
        Ok(Self { codecs: track.codecs, timescale: track.timescale, defaults })
    }
}

/// A segment must begin with a fragment. Gives how long that is, in milliseconds, where it is the only one and `init`
/// says what its numbers mean. `beginning` are the first bytes of the segment of `size` bytes.
///
/// # Errors
/// When it begins with something else, or its fragment does not fit into it.
pub fn segment_ms(beginning: &[u8], size: u64, init: Option<&Init>) -> Result<Option<f64>, FormatError> {
    let unexpected = FormatError::Unexpected;
    let moof = walk(beginning).next().filter(|first| &first.kind == b"moof");
    let moof = moof.ok_or(unexpected("a segment that does not begin with moof"))?;
    let defaults = init.map(|init| init.defaults).unwrap_or_default();
    let fragment = read_moof(moof.body, defaults)?;
    let at = moof.offset + moof.body.len();
    let header = beginning.get(at..at + 8).ok_or(unexpected("no media behind moof"))?;
    let media = u64::from(u32::from_be_bytes([header[0], header[1], header[2], header[3]]));
    let end = at as u64 + media;
    if &header[4..] != b"mdat" || media < 8 || end > size {
        return Err(unexpected("media that does not fit behind moof"));
    }
    let seconds = |init: &Init| fragment.duration as f64 / f64::from(init.timescale);
    Ok(init.filter(|_| end == size && fragment.duration > 0).map(|init| seconds(init) * 1_000.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use super::*;
    use crate::fmp4::examples::{fragment, init};

    #[test]
    fn the_beginnings_tell_codec_and_duration() {
        let (head, part) = (init(), fragment(900_000, true, true));
        let read = Init::read(&head).unwrap();
        assert_eq!(read.codecs, "avc1.640028");
        let size = part.len() as u64;
        let length_ms = segment_ms(&part, size, Some(&read)).unwrap().unwrap();
        assert!((length_ms - 6_000.0 / 90.0).abs() < 1e-9, "{length_ms}");
        assert_eq!(segment_ms(&part, size, None).unwrap(), None);
        assert_eq!(segment_ms(&part, size + 100, Some(&read)).unwrap(), None, "another one may follow");
    }

    #[test]
    fn what_is_something_else_is_told() {
        let (head, part) = (init(), fragment(900_000, true, true));
        for bad in [&b"any bytes"[..], &head[..head.len() - 1], &[head.clone(), part.clone()].concat(), &part]
        {
            assert!(Init::read(bad).is_err());
        }
        let size = part.len() as u64;
        for (bad, size) in
            [(&b"<script>"[..], 8), (&head[..], 900), (&part[..20], size), (&part[..], size - 1)]
        {
            assert!(segment_ms(bad, size, None).is_err());
        }
    }

    #[test]
    fn samples_that_take_no_bytes_are_not_counted_for_ever() {
        let mut part = fragment(900_000, true, true);
        let trun = part.windows(4).position(|bytes| bytes == b"trun").unwrap();
        part[trun + 4..trun + 12].copy_from_slice(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        assert!(segment_ms(&part, part.len() as u64, None).is_err());
    }
}
