//! Files that are strange, and videos all the same.

use std::path::{Path, PathBuf};

use super::boxes::{place, replace, table, u32_at};
use super::damage::{self, damaged};
use super::{Clip, clip, made, run_ffmpeg};

/// A page, hidden in a video.
pub const PAGE: &str = "<html><script>alert(document.domain)</script></html>";
/// A name that would lead out of any folder.
pub const ATTACHED_AS: &str = "../../attached-by-a-thief";

/// A few pictures of 200 MB each, in a small file.
pub const LARGE_PICTURE: Clip = Clip {
    has_audio: false,
    ..clip(
        "large-picture",
        "-f lavfi -i color=gray:s=8192x4320:r=10:d=0.4 -c:v libx264 -preset ultrafast -pix_fmt yuv444p10le",
        (8192, 4320),
        400.0,
    )
};

/// A file that must become READY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// The picture's size changes where a chunk may begin.
    Resized,
    /// It changes elsewhere, in the way of television.
    ResizedTs,
    /// The second half has a description of its own.
    TwoDescriptions,
    /// Called a page, and with one inside.
    Page,
    /// With a file that is attached under a name which leads elsewhere.
    Attachment,
    /// A little of it is lost.
    Scratched,
    ScratchedVp9,
}

impl Odd {
    pub const ALL: [Odd; 7] = [
        Odd::Resized,
        Odd::ResizedTs,
        Odd::TwoDescriptions,
        Odd::Page,
        Odd::Attachment,
        Odd::Scratched,
        Odd::ScratchedVp9,
    ];

    /// What it is uploaded as: a name, and a type.
    pub fn announced(self) -> (&'static str, &'static str) {
        match self {
            Odd::Resized => ("resized.mp4", "video/mp4"),
            Odd::ResizedTs => ("resized.ts", "video/mp2t"),
            Odd::TwoDescriptions => ("two-descriptions.mp4", "video/mp4"),
            Odd::Page => ("page.html", "text/html"),
            Odd::Attachment => ("attachment.mkv", "video/x-matroska"),
            Odd::Scratched => ("scratched.mp4", "video/mp4"),
            Odd::ScratchedVp9 => ("scratched.webm", "video/webm"),
        }
    }

    /// How long it is.
    pub fn duration_ms(self) -> f64 {
        match self {
            Odd::Resized | Odd::Scratched | Odd::ScratchedVp9 => 12_000.0,
            Odd::ResizedTs | Odd::TwoDescriptions => 6_000.0,
            Odd::Page | Odd::Attachment => 2_000.0,
        }
    }

    pub fn path(self) -> PathBuf {
        let name = self.announced().0;
        let (stem, extension) = name.split_once('.').unwrap();
        let whole = match self {
            Odd::Scratched => damage::H264.bytes(),
            Odd::ScratchedVp9 => damage::VP9.bytes(),
            _ => Vec::new(),
        };
        made(stem, extension, "", |path| self.make(path, whole))
    }

    fn make(self, path: &Path, whole: Vec<u8>) {
        let small = format!("-f lavfi -i testsrc2=s=320x180:r=25:d=2 {ENCODED}");
        match self {
            Odd::Resized => joined(6, path),
            Odd::ResizedTs => joined(3, path),
            Odd::TwoDescriptions => {
                joined(3, path);
                let second = path.with_extension("second.mp4");
                run_ffmpeg(&format!("-f lavfi -i testsrc2=s=160x120:r=25:d=1 {ENCODED}"), &second);
                let described =
                    describe_twice(std::fs::read(path).unwrap(), &std::fs::read(&second).unwrap());
                std::fs::write(path, described).unwrap();
                std::fs::remove_file(second).unwrap();
            }
            Odd::Page => {
                // It is asked to leave room for its index, of which most then stays free.
                run_ffmpeg(&format!("{small} -moov_size 20000 -f mp4"), path);
                let mut bytes = std::fs::read(path).unwrap();
                let room = place(&bytes, &[b"free"]);
                bytes[room.start + 8..][..PAGE.len()].copy_from_slice(PAGE.as_bytes());
                std::fs::write(path, bytes).unwrap();
            }
            Odd::Attachment => {
                let attached = path.with_extension("txt");
                std::fs::write(&attached, "what a thief leaves behind").unwrap();
                let how = format!("-attach {} -metadata:s:t mimetype=text/plain", attached.display());
                run_ffmpeg(&format!("{small} {how} -metadata:s:t filename={ATTACHED_AS}"), path);
                std::fs::remove_file(attached).unwrap();
            }
            Odd::Scratched | Odd::ScratchedVp9 => std::fs::write(path, damaged(whole, 3)).unwrap(),
        }
    }
}

const ENCODED: &str =
    "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 0 -g 25 -sc_threshold 0 -map_metadata -1";

/// So many seconds in one size, then as many in another. Each frame's own data say how large it is; the container
/// knows the first size only.
fn joined(seconds: u32, path: &Path) {
    let raw = path.with_extension("h264");
    let mut both = Vec::new();
    for size in ["320x180", "160x120"] {
        run_ffmpeg(&format!("-f lavfi -i testsrc2=s={size}:r=25:d={seconds} {ENCODED}"), &raw);
        both.extend(std::fs::read(&raw).unwrap());
    }
    std::fs::write(&raw, both).unwrap();
    run_ffmpeg(&format!("-r 25 -i {} -c copy", raw.display()), path);
    std::fs::remove_file(raw).unwrap();
}

/// Describes the second half of a clip's frames by what another one says of its own.
fn describe_twice(mut bytes: Vec<u8>, other: &[u8]) -> Vec<u8> {
    let stbl: [&[u8; 4]; 5] = [b"moov", b"trak", b"mdia", b"minf", b"stbl"];
    let inside = |kind| [&stbl[..], &[kind]].concat();
    let sizes = place(&bytes, &inside(b"stsz")).start + 12;
    let count = u32_at(&bytes, sizes + 4);
    let half = count / 2;
    let first_half: u32 = (0..half as usize).map(|frame| u32_at(&bytes, sizes + 8 + frame * 4)).sum();
    let places = place(&bytes, &inside(b"stco"));
    let begin = u32_at(&bytes, places.start + 16);
    replace(&mut bytes, &stbl, places, &table(b"stco", &[2, begin, begin + first_half]));
    let runs = place(&bytes, &inside(b"stsc"));
    replace(&mut bytes, &stbl, runs, &table(b"stsc", &[2, 1, half, 1, 2, count - half, 2]));
    let described = inside(b"stsd");
    let entry = &other[place(other, &[&described[..], &[b"avc1"]].concat())];
    let stsd = place(&bytes, &described);
    replace(&mut bytes, &described, stsd.end..stsd.end, entry);
    bytes[stsd.start + 12..stsd.start + 16].copy_from_slice(&2_u32.to_be_bytes());
    bytes
}
