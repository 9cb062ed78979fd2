//! What people send that is no video, and what attackers send that pretends to be one.

use std::path::{Path, PathBuf};

use super::{made, run_ffmpeg};

/// A file that must end in FAILED (or be refused at once) with a stable code. All are named `.mp4` or `.webm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    NoMoov,
    RandomBytes,
    Text,
    HlsPlaylist,
    DashManifest,
    FfConcat,
    Svg,
    NoVideo,
    HugePicture,
    OverLongTimestamps,
}

impl Broken {
    pub const ALL: [Broken; 10] = [
        Broken::NoMoov,
        Broken::RandomBytes,
        Broken::Text,
        Broken::HlsPlaylist,
        Broken::DashManifest,
        Broken::FfConcat,
        Broken::Svg,
        Broken::NoVideo,
        Broken::HugePicture,
        Broken::OverLongTimestamps,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Broken::NoMoov => "no-moov",
            Broken::RandomBytes => "random-bytes",
            Broken::Text => "text",
            Broken::HlsPlaylist => "hls-playlist",
            Broken::DashManifest => "dash-manifest",
            Broken::FfConcat => "ffconcat",
            Broken::Svg => "svg",
            Broken::NoVideo => "no-video",
            Broken::HugePicture => "16000x16000",
            Broken::OverLongTimestamps => "over-long-timestamps",
        }
    }

    pub fn expected_code(self) -> &'static str {
        match self {
            Broken::NoMoov => "MEDIA_TRUNCATED",
            Broken::NoVideo => "MEDIA_NO_VIDEO",
            Broken::HugePicture => "MEDIA_DIMENSIONS",
            Broken::OverLongTimestamps => "MEDIA_TOO_LONG",
            Broken::RandomBytes
            | Broken::Text
            | Broken::HlsPlaylist
            | Broken::DashManifest
            | Broken::FfConcat
            | Broken::Svg => "MEDIA_UNSUPPORTED_CONTAINER",
        }
    }

    /// The file. Those that name another file name `canary`: a good video, so that one which is read shows itself by
    /// becoming READY.
    pub fn path(self, canary: &Path) -> PathBuf {
        let extension = if self == Broken::HugePicture { "webm" } else { "mp4" };
        made(self.name(), extension, &canary.display().to_string(), |path| self.make(path, canary))
    }

    fn make(self, path: &Path, canary: &Path) {
        let good = canary;
        let canary = canary.display();
        match self {
            Broken::NoMoov => {
                // ffmpeg writes the index last: half of such a file is what an interrupted copy leaves.
                let whole = std::fs::read(good).unwrap();
                std::fs::write(path, &whole[..whole.len() / 2]).unwrap();
            }
            Broken::RandomBytes => std::fs::write(path, noise(300_000)).unwrap(),
            Broken::Text => std::fs::write(path, "Dear diary, today I uploaded a text.\n".repeat(2_000)).unwrap(),
            Broken::HlsPlaylist => std::fs::write(
                path,
                format!(
                    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile://{canary}\n#EXT-X-ENDLIST\n"
                ),
            )
            .unwrap(),
            Broken::DashManifest => std::fs::write(
                path,
                format!(
                    r#"<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1000"><BaseURL>{canary}</BaseURL></Representation></AdaptationSet></Period></MPD>"#
                ),
            )
            .unwrap(),
            Broken::FfConcat => {
                std::fs::write(path, format!("ffconcat version 1.0\nfile '{canary}'\nduration 4\n")).unwrap();
            }
            Broken::Svg => std::fs::write(
                path,
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><script>alert(1)</script></svg>"#,
            )
            .unwrap(),
            Broken::NoVideo => run_ffmpeg("-f lavfi -i sine=r=48000:d=2 -c:a aac", path),
            Broken::HugePicture => {
                run_ffmpeg(
                    "-f lavfi -i testsrc2=s=640x360:r=5:d=1 -c:v libvpx -deadline realtime -cpu-used 8",
                    path,
                );
                enlarge(path);
            }
            Broken::OverLongTimestamps => run_ffmpeg(
                "-f lavfi -i testsrc2=s=320x180:r=1:d=2 -vf settb=1/1000,setpts=N*100000*1000 \
                 -fps_mode passthrough -enc_time_base 1:1000 -c:v libx264 -bf 0 -preset ultrafast \
                 -pix_fmt yuv420p -video_track_timescale 1000",
                path,
            ),
        }
    }
}

/// Writes 16000x16000 over 640x360, in the container and in the VP8 key frame: such a picture need not be encoded to
/// be claimed.
fn enlarge(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    replace(&mut bytes, b"\xb0\x82\x02\x80\xba\x82\x01\x68", b"\xb0\x82\x3e\x80\xba\x82\x3e\x80");
    replace(&mut bytes, b"\x9d\x01\x2a\x80\x02\x68\x01", b"\x9d\x01\x2a\x80\x3e\x80\x3e");
    std::fs::write(path, bytes).unwrap();
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let at = bytes.windows(from.len()).position(|window| window == from).expect("ffmpeg writes this size so");
    bytes[at..at + to.len()].copy_from_slice(to);
}

/// The same noise every time (xorshift), so that a failure can be repeated.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    })
    .take(length)
    .collect()
}
