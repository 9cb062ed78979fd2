//! Videos that are long enough to be made in chunks.

use super::{Clip, clip};

/// Long enough for several chunks, small enough to be quick: what players take as it is, with reordered frames and a
/// keyframe every two seconds.
pub const CHUNKS: Clip = Clip {
    in_step: true,
    ..clip(
        "chunks-h264-aac",
        "-f lavfi -i testsrc2=s=640x360:r=30:d=40,drawbox=c=black:t=fill:enable='lt(t,1)' \
         -f lavfi -i sine=f=440:r=44100:d=40,volume=volume=0:enable='lt(t,1)' \
         -c:v libx264 -preset veryfast -pix_fmt yuv420p -g 60 -sc_threshold 0 -c:a aac -movflags +faststart",
        (640, 360),
        40_000.0,
    )
};

/// The least that is made in chunks: pictures that are passed on and sound that is not.
pub const CHUNKS_SMALL: Clip = clip(
    "chunks-small",
    "-f lavfi -i testsrc2=s=192x144:r=25:d=5 -f lavfi -i sine=r=48000:d=5 \
     -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 50 -sc_threshold 0 -c:a ac3 -movflags +faststart",
    (192, 144),
    5_000.0,
);

/// Two chunks whose frames come at whole milliseconds, some of them not at all, two of these beside the border of the chunks: what
/// dropped frames look like.
pub const CHUNKS_UNEVEN: Clip = Clip {
    in_step: true,
    ..clip(
        "chunks-uneven",
        "-f lavfi -i testsrc2=s=320x180:r=30:d=12,drawbox=c=black:t=fill:enable='lt(t,1)' \
     -f lavfi -i sine=f=440:r=48000:d=12,volume=volume=0:enable='lt(t,1)' \
     -vf select='not(eq(n,70)+eq(n,95)+eq(n,179)+eq(n,181))',settb=1/1000 -fps_mode passthrough -enc_time_base 1/1000 \
     -video_track_timescale 1000 -c:v libx264 -preset veryfast -pix_fmt yuv420p \
     -force_key_frames expr:gte(t,n_forced*2) -sc_threshold 0 -c:a aac -movflags +faststart",
        (320, 180),
        12_000.0,
    )
};

/// Chunks whose frames come when a phone's clock says so: each up to 12 ms too soon or too late, and all of them later
/// and later, so that they leave the places of any usual rate.
pub const CHUNKS_DRIFTING: Clip = clip(
    "chunks-drifting",
    "-f lavfi -i testsrc2=s=320x180:r=30:d=20 -f lavfi -i sine=f=440:r=48000:d=20 \
     -vf settb=1/1000,setpts=(N/30+0.0003*N+0.012*sin(N/7))/TB -fps_mode passthrough -enc_time_base 1/1000 \
     -video_track_timescale 1000 -c:v libx264 -preset veryfast -pix_fmt yuv420p \
     -force_key_frames expr:gte(t,n_forced*2) -sc_threshold 0 -c:a aac -movflags +faststart",
    (320, 180),
    20_000.0,
);

/// Two chunks, whose keyframes are as far apart as a camera with a mind of its own sets them.
pub const CHUNKS_IRREGULAR: Clip = Clip {
    in_step: true,
    ..clip(
        "chunks-irregular",
        "-f lavfi -i testsrc2=s=426x240:r=25:d=10.4,drawbox=c=black:t=fill:enable='lt(t,1)' \
         -f lavfi -i sine=f=440:r=48000:d=10.4,volume=volume=0:enable='lt(t,1)' \
         -c:v libx264 -preset veryfast -pix_fmt yuv420p -g 1000 -sc_threshold 0 -force_key_frames 0,2.4,6.2,8.6 \
         -c:a aac -movflags +faststart",
        (426, 240),
        10_400.0,
    )
};

/// Two chunks in more bytes than a runner fetches without asking which of them it needs.
pub const CHUNKS_HEAVY: Clip = clip(
    "chunks-heavy",
    "-f lavfi -i testsrc2=s=640x480:r=30:d=12,noise=alls=30:allf=t -f lavfi -i sine=f=440:r=48000:d=12 \
     -c:v libx264 -preset ultrafast -b:v 24M -pix_fmt yuv420p -g 60 -sc_threshold 0 -c:a aac -movflags +faststart",
    (640, 480),
    12_000.0,
);

/// Sound that could be passed on and ends long before the pictures.
pub const CHUNKS_QUIET_END: Clip = clip(
    "chunks-quiet-end",
    "-f lavfi -i testsrc2=s=192x144:r=25:d=20 -f lavfi -i sine=r=48000:d=6 \
     -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 50 -sc_threshold 0 -c:a aac -movflags +faststart",
    (192, 144),
    20_000.0,
);

/// Pictures that stand still over the borders of chunks, as a recorded screen does, in a container that has no table
/// of how long each is shown.
pub const CHUNKS_HELD: Clip = Clip {
    extension: "webm",
    content_type: "video/webm",
    ..clip(
        "chunks-held",
        "-f lavfi -i testsrc2=s=320x180:r=25:d=40 -f lavfi -i sine=r=48000:d=40 \
         -vf select='lt(t,3)+gt(t,9)*lt(t,33)+gt(t,38)' -fps_mode passthrough \
         -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 800k -g 90 -c:a libopus",
        (320, 180),
        40_000.0,
    )
};

/// The same length of what has to be encoded.
pub const CHUNKS_VP9: Clip = Clip {
    extension: "webm",
    content_type: "video/webm",
    ..clip(
        "chunks-vp9-opus",
        "-f lavfi -i testsrc2=s=426x240:r=25:d=40 -f lavfi -i sine=r=48000:d=40 \
         -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 800k -g 90 -c:a libopus",
        (426, 240),
        40_000.0,
    )
};

/// One chunk of what has to be encoded.
pub const CHUNKS_SHORT_VP9: Clip = Clip {
    extension: "webm",
    content_type: "video/webm",
    ..clip(
        "chunks-short-vp9-opus",
        "-f lavfi -i testsrc2=s=426x240:r=25:d=5 -f lavfi -i sine=r=48000:d=5 \
         -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 800k -g 90 -c:a libopus",
        (426, 240),
        5_000.0,
    )
};
