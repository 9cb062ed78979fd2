//! Videos for the tests, made by ffmpeg once and kept in the target folder.

mod boxes;
mod broken;
mod chunked;
mod damage;
mod odd;
mod rotation;
mod thieves;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

pub(crate) use boxes::boxed;
pub use broken::Broken;
pub use chunked::{
    CHUNKS, CHUNKS_DRIFTING, CHUNKS_HEAVY, CHUNKS_HELD, CHUNKS_IRREGULAR, CHUNKS_QUIET_END, CHUNKS_SHORT_VP9,
    CHUNKS_SMALL, CHUNKS_UNEVEN, CHUNKS_VP9,
};
pub use odd::{ATTACHED_AS, LARGE_PICTURE, Odd, PAGE};
pub use thieves::CANARY;

/// When the flash and the tone of a clip with [`Clip::in_step`] begin.
pub const FLASH_AT_MS: f64 = 1000.0;

/// A good video of one class of upload.
#[derive(Debug, Clone, Copy)]
pub struct Clip {
    pub name: &'static str,
    extension: &'static str,
    /// What people's browsers would call it.
    pub content_type: &'static str,
    /// ffmpeg's arguments before the output file, separated by blanks.
    recipe: &'static str,
    /// Written into the container after the encode, as a phone does.
    quarter_turn: bool,
    /// What a viewer sees: after rotation, with square pixels.
    pub shown_width: u32,
    pub shown_height: u32,
    pub duration_ms: f64,
    pub has_audio: bool,
    /// The picture turns from black to white and the sound from silence to a tone at [`FLASH_AT_MS`].
    pub in_step: bool,
}

const fn clip(name: &'static str, recipe: &'static str, size: (u32, u32), duration_ms: f64) -> Clip {
    Clip {
        name,
        extension: "mp4",
        content_type: "video/mp4",
        recipe,
        quarter_turn: false,
        shown_width: size.0,
        shown_height: size.1,
        duration_ms,
        has_audio: true,
        in_step: false,
    }
}

/// Ten seconds of 1080p that browsers play as it is; the one people drop in the browser tests.
pub const LONG_LANDSCAPE: Clip = clip(
    "landscape-1080p-10s",
    "-f lavfi -i testsrc2=s=1920x1080:r=30:d=10 -f lavfi -i sine=f=330:r=48000:d=10 \
     -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 60 -c:a aac",
    (1920, 1080),
    10_000.0,
);

pub const LANDSCAPE: Clip = Clip {
    in_step: true,
    ..clip(
        "landscape-720p",
        "-f lavfi -i testsrc2=s=1280x720:r=30:d=4,drawbox=c=black:t=fill:enable='lt(t,1)' \
         -f lavfi -i sine=f=440:r=48000:d=4,volume=volume=0:enable='lt(t,1)' \
         -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac",
        (1280, 720),
        4_000.0,
    )
};

pub const PORTRAIT_BY_ROTATION: Clip = Clip {
    quarter_turn: true,
    ..clip(
        "portrait-by-rotation",
        "-f lavfi -i testsrc2=s=1280x720:r=30:d=3 -f lavfi -i sine=d=3 \
         -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac",
        (720, 1280),
        3_000.0,
    )
};

pub const ODD_SIZE: Clip = Clip {
    extension: "webm",
    content_type: "video/webm",
    has_audio: false,
    ..clip(
        "odd-size",
        "-f lavfi -i testsrc2=s=161x121:r=25:d=2 -c:v libvpx-vp9 -deadline realtime -cpu-used 8",
        (161, 121),
        2_000.0,
    )
};

pub const SILENT: Clip = Clip {
    has_audio: false,
    ..clip(
        "no-audio",
        "-f lavfi -i testsrc2=s=854x480:r=25:d=3 -c:v libx264 -preset ultrafast -pix_fmt yuv420p",
        (854, 480),
        3_000.0,
    )
};

/// A full second at 30 frames a second, then 10, then 15: as screen recorders and phones do in the dark.
pub const VARIABLE_RATE: Clip = Clip {
    in_step: true,
    ..clip(
        "variable-rate",
        "-f lavfi -i color=white:s=640x360:r=30:d=4,drawbox=c=black:t=fill:enable='lt(t,1)' \
         -f lavfi -i sine=f=440:r=48000:d=4,volume=volume=0:enable='lt(t,1)' \
         -vf select='if(lte(t,1),1,if(lt(t,3),not(mod(n,3)),not(mod(n,2))))' -fps_mode vfr \
         -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac",
        (640, 360),
        4_000.0,
    )
};

pub const SURROUND: Clip = clip(
    "surround-5.1",
    "-f lavfi -i testsrc2=s=640x360:r=30:d=3 \
     -f lavfi -i aevalsrc=0.1*sin(440*2*PI*t)|0.1*sin(550*2*PI*t)|0|0|0|0:c=5.1:d=3:s=48000 \
     -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac",
    (640, 360),
    3_000.0,
);

pub const INTERLACED: Clip = Clip {
    extension: "ts",
    content_type: "video/mp2t",
    has_audio: false,
    ..clip(
        "interlaced",
        "-f lavfi -i testsrc2=s=768x576:r=50:d=3 -vf tinterlace=interleave_top,fieldorder=tff \
         -c:v mpeg2video -flags +ildct+ilme -top 1 -b:v 4M",
        (768, 576),
        3_000.0,
    )
};

/// 720x576 with pixels of 64:45, shown as 1024x576.
pub const ANAMORPHIC: Clip = Clip {
    has_audio: false,
    ..clip(
        "anamorphic",
        "-f lavfi -i testsrc2=s=720x576:r=25:d=2 -vf setsar=64/45 \
         -c:v libx264 -preset ultrafast -pix_fmt yuv420p",
        (1024, 576),
        2_000.0,
    )
};

pub const TEN_BIT_HDR: Clip = Clip {
    has_audio: false,
    ..clip(
        "ten-bit-hdr",
        "-f lavfi -i testsrc2=s=640x360:r=24:d=2 -c:v libx265 -preset ultrafast -x265-params log-level=error \
         -pix_fmt yuv420p10le -tag:v hvc1 -colorspace bt2020nc -color_primaries bt2020 -color_trc smpte2084",
        (640, 360),
        2_000.0,
    )
};

pub const VP9: Clip = Clip {
    extension: "webm",
    content_type: "video/webm",
    ..clip(
        "vp9-opus",
        "-f lavfi -i testsrc2=s=480x270:r=25:d=2 -f lavfi -i sine=r=48000:d=2 \
         -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus",
        (480, 270),
        2_000.0,
    )
};

pub const SHORT: Clip = clip(
    "short-of-a-second",
    "-f lavfi -i testsrc2=s=640x360:r=30:d=0.4 -f lavfi -i sine=r=48000:d=0.4 \
     -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac",
    (640, 360),
    400.0,
);

/// A tone at a tenth of full scale from both sides, that players take as it is.
pub const TONE: Clip = clip(
    "tone-aac",
    "-f lavfi -i testsrc2=s=320x180:r=25:d=8 \
     -f lavfi -i aevalsrc=0.1*sin(1000*2*PI*t)|0.1*sin(1000*2*PI*t):d=8:s=48000 \
     -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 50 -c:a aac -b:a 128k",
    (320, 180),
    8_000.0,
);

/// The same at half of full scale and of one channel, which has to be encoded.
pub const TONE_OPUS: Clip = Clip {
    extension: "webm",
    content_type: "video/webm",
    ..clip(
        "tone-opus",
        "-f lavfi -i testsrc2=s=320x180:r=25:d=8 -f lavfi -i aevalsrc=0.5*sin(1000*2*PI*t):d=8:s=48000 \
         -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus -b:a 128k",
        (320, 180),
        8_000.0,
    )
};

/// The same again, too short to be cut.
pub const TONE_SHORT: Clip = clip(
    "tone-short",
    "-f lavfi -i testsrc2=s=320x180:r=25:d=2 -f lavfi -i aevalsrc=0.1*sin(1000*2*PI*t):d=2:s=48000 \
     -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -b:a 128k",
    (320, 180),
    2_000.0,
);

/// A sound track without a sound.
pub const HUSH: Clip = clip(
    "hush",
    "-f lavfi -i testsrc2=s=320x180:r=25:d=4 -f lavfi -i anullsrc=d=4:r=48000 \
     -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac",
    (320, 180),
    4_000.0,
);

/// Two seconds of red, two of blue.
pub const COLOURS: Clip = Clip {
    has_audio: false,
    ..clip(
        "colours-4s",
        "-f lavfi -i color=red:s=640x360:r=25:d=2 -f lavfi -i color=blue:s=640x360:r=25:d=2 \
         -filter_complex [0:v][1:v]concat -c:v libx264 -preset ultrafast -pix_fmt yuv420p",
        (640, 360),
        4_000.0,
    )
};

/// Ten seconds each of red, lime, blue and white, upright.
pub const COLOURS_TALL: Clip = Clip {
    has_audio: false,
    ..clip(
        "colours-40s",
        "-f lavfi -i color=red:s=180x320:r=25:d=10 -f lavfi -i color=lime:s=180x320:r=25:d=10 \
         -f lavfi -i color=blue:s=180x320:r=25:d=10 -f lavfi -i color=white:s=180x320:r=25:d=10 \
         -filter_complex [0:v][1:v][2:v][3:v]concat=n=4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p",
        (180, 320),
        40_000.0,
    )
};

/// A minute and more, in more bytes than are fetched without asking which are needed: noise over red, then over blue.
pub const COLOURS_HEAVY: Clip = Clip {
    has_audio: false,
    ..clip(
        "colours-heavy",
        "-f lavfi -i color=red:s=426x240:r=25:d=40 -f lavfi -i color=blue:s=426x240:r=25:d=40 \
         -filter_complex [0:v][1:v]concat,noise=alls=40:allf=t -c:v libx264 -preset ultrafast -b:v 4M \
         -pix_fmt yuv420p -g 50 -sc_threshold 0 -movflags +faststart",
        (426, 240),
        80_000.0,
    )
};

/// Four seconds of nothing, then six of a picture.
pub const DARK_BEGINNING: Clip = Clip {
    has_audio: false,
    ..clip(
        "dark-beginning",
        "-f lavfi -i testsrc2=s=640x360:r=25:d=10,drawbox=c=black:t=fill:enable='lt(t,4)' \
         -c:v libx264 -preset ultrafast -pix_fmt yuv420p",
        (640, 360),
        10_000.0,
    )
};

impl Clip {
    /// The file, made on the first call.
    pub fn path(&self) -> PathBuf {
        made(self.name, self.extension, &format!("{}{}", self.recipe, self.quarter_turn), |path| {
            run_ffmpeg(self.recipe, path);
            if self.quarter_turn {
                rotation::turn_right(path);
            }
        })
    }

    /// The name under which somebody would upload it.
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.name, self.extension)
    }

    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }
}

/// The file of that name, made under another name first so that a killed run never leaves half a clip. The recipe is
/// part of the name: a changed recipe is a new file.
fn made(name: &str, extension: &str, recipe: &str, make: impl FnOnce(&Path)) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut hasher = DefaultHasher::new();
    recipe.hash(&mut hasher);
    let folder = crate::target_dir().join("clips");
    let path = folder.join(format!("{name}-{:08x}.{extension}", hasher.finish() as u32));
    if !path.exists() {
        std::fs::create_dir_all(&folder).unwrap();
        let unfinished = folder.join(format!("{name}-{}.unfinished.{extension}", std::process::id()));
        make(&unfinished);
        std::fs::rename(&unfinished, &path).unwrap();
    }
    path
}

fn run_ffmpeg(recipe: &str, output: &Path) {
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(recipe.split_whitespace())
        .arg(output)
        .output()
        .expect("the tests need ffmpeg: make test installs it");
    assert!(done.status.success(), "ffmpeg {recipe}: {}", String::from_utf8_lossy(&done.stderr));
}
