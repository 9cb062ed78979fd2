//! Recognising a file that was moved or renamed, without reading all of it.

use std::{fs::File, io, os::unix::fs::FileExt};

use sha2::{Digest, Sha256};

/// Two videos that agree in size and in three stretches of this length are the same.
const SLICE_BYTES: u64 = 64 << 10;

/// The imprint of a file of `size_bytes`: its size, its beginning, its middle and its end. Waits for the disk.
///
/// # Errors
/// Whatever the system says.
pub fn imprint(file: &File, size_bytes: u64) -> io::Result<Vec<u8>> {
    let mut hash = Sha256::new();
    hash.update(size_bytes.to_be_bytes());
    let last = size_bytes.saturating_sub(SLICE_BYTES);
    let mut slice = vec![0; usize::try_from(SLICE_BYTES.min(size_bytes)).unwrap_or(0)];
    for offset in [0, last / 2, last] {
        file.read_exact_at(&mut slice, offset)?;
        hash.update(&slice);
    }
    Ok(hash.finalize().to_vec())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::Write;

    use super::*;

    fn of(bytes: &[u8]) -> Vec<u8> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        imprint(&file, bytes.len() as u64).unwrap()
    }

    #[test]
    fn size_beginning_middle_and_end_count() {
        let mut bytes = vec![7; 1 << 20];
        let first = of(&bytes);
        for place in [0, 1 << 19, (1 << 20) - 1] {
            bytes[place] = 8;
            assert_ne!(of(&bytes), first, "{place}");
            bytes[place] = 7;
        }
        assert_eq!(of(&bytes), first);
        assert_ne!(of(&bytes[1..]), first);
        assert_ne!(of(b"a"), of(b"b"));
    }
}
