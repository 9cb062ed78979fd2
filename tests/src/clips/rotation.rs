//! Turns a picture the way a phone does: by the matrix in the track's header, with the pixels as they are. ffmpeg's
//! own option for it differs from version to version.

use std::path::Path;

/// From the box's type to the matrix, in a header of version 0.
const MATRIX_OFFSET: usize = 44;
const ONE: i32 = 0x0001_0000;

/// Marks the first track as shown a quarter turn clockwise.
pub(super) fn turn_right(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let header = bytes.windows(4).position(|four| four == b"tkhd").expect("an mp4 with a track");
    let height_at = header + MATRIX_OFFSET + 9 * 4 + 4;
    let height = i32::from_be_bytes(bytes[height_at..height_at + 4].try_into().unwrap());
    let matrix = [0, ONE, 0, -ONE, 0, 0, height, 0, 0x4000_0000];
    for (index, value) in matrix.iter().enumerate() {
        let at = header + MATRIX_OFFSET + index * 4;
        bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }
    std::fs::write(path, bytes).unwrap();
}
