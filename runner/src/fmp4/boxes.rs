//! The boxes that MP4 is made of: a length, four letters, and contents.

/// A file of ours that is not as it should be: ffmpeg was stopped, or the disk is broken.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("not the fragmented MP4 that was expected: {0}")]
    Unexpected(&'static str),
}

/// A box inside a slice of memory.
#[derive(Debug, Clone, Copy)]
pub struct Inner<'a> {
    pub kind: [u8; 4],
    /// Where the contents begin, counted from the beginning of the slice that was walked.
    pub offset: usize,
    pub body: &'a [u8],
}

/// Walks the boxes that lie side by side in `bytes`; stops at the first that does not fit.
pub fn walk(bytes: &[u8]) -> impl Iterator<Item = Inner<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let header = bytes.get(at..at + 8)?;
        let size = u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let body = bytes.get(at + 8..at.checked_add(size)?)?;
        let found = Inner { kind: [header[4], header[5], header[6], header[7]], offset: at + 8, body };
        at += size;
        Some(found)
    })
}

/// The first box of a kind among those that lie side by side in `bytes`.
pub fn find<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<Inner<'a>> {
    walk(bytes).find(|inner| &inner.kind == kind)
}

/// The contents at the end of a path of nested boxes.
pub fn descend<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |bytes, kind| find(bytes, kind).map(|inner| inner.body))
}

/// A number of 32 bits at an offset.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// A number of 64 bits at an offset.
pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_walked_until_one_does_not_fit() {
        let bytes = b"\0\0\0\x0cmoovABCD\0\0\0\x08free\0\0\xff\xffmdat";
        let kinds: Vec<[u8; 4]> = walk(bytes).map(|inner| inner.kind).collect();
        assert_eq!(kinds, [*b"moov", *b"free"]);
        assert_eq!(descend(bytes, &[b"moov"]), Some(&b"ABCD"[..]));
        // A length below that of its own header must not loop for ever.
        assert_eq!(walk(b"\0\0\0\0free\0\0\0\x04free").count(), 0);
    }
}
