//! Videos of which a part was lost on a bad disk.

use super::{Clip, clip};

/// Two chunks of what players take as it is, with a keyframe every second, so that what is lost is lost for a second at
/// most.
pub(super) const H264: Clip = clip(
    "to-be-damaged",
    "-f lavfi -i testsrc2=s=320x180:r=25:d=12 -f lavfi -i sine=r=48000:d=12 \
     -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 -sc_threshold 0 -c:a aac",
    (320, 180),
    12_000.0,
);

/// The same of what has to be encoded.
pub(super) const VP9: Clip = Clip {
    extension: "webm",
    has_audio: false,
    ..clip(
        "to-be-damaged-vp9",
        "-f lavfi -i testsrc2=s=320x180:r=25:d=12 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 300k -g 25",
        (320, 180),
        12_000.0,
    )
};

/// The same file where so many bytes of a hundred are zero, all in one place behind its middle.
pub(super) fn damaged(mut bytes: Vec<u8>, percent: usize) -> Vec<u8> {
    let middle = bytes.len() / 2;
    let lost = bytes.len() * percent / 100;
    bytes[middle..middle + lost].fill(0);
    bytes
}
