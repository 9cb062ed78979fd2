//! What people send that is no video, and what attackers send that pretends to be one.

use std::path::{Path, PathBuf};

use super::boxes::{place, replace as replace_within};
use super::damage::{self, damaged};
use super::{Clip, LANDSCAPE, made, run_ffmpeg, thieves};

/// A file that must end in FAILED (or be refused at once) with a stable code. All are named `.mp4` or `.webm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    NoMoov,
    RandomBytes,
    Text,
    HlsPlaylist,
    HlsWithKey,
    HlsInAvi,
    DashManifest,
    FfConcat,
    ConcatAddress,
    DataAddress,
    SessionDescription,
    Svg,
    AddressElsewhere,
    AliasElsewhere,
    UnsupportedCodec,
    NoVideo,
    ManyTracks,
    HugePicture,
    OverLongTimestamps,
    OverLongHeader,
    Ruined,
    RuinedVp9,
}

impl Broken {
    pub const ALL: [Broken; 22] = [
        Broken::NoMoov,
        Broken::RandomBytes,
        Broken::Text,
        Broken::HlsPlaylist,
        Broken::HlsWithKey,
        Broken::HlsInAvi,
        Broken::DashManifest,
        Broken::FfConcat,
        Broken::ConcatAddress,
        Broken::DataAddress,
        Broken::SessionDescription,
        Broken::Svg,
        Broken::AddressElsewhere,
        Broken::AliasElsewhere,
        Broken::UnsupportedCodec,
        Broken::NoVideo,
        Broken::ManyTracks,
        Broken::HugePicture,
        Broken::OverLongTimestamps,
        Broken::OverLongHeader,
        Broken::Ruined,
        Broken::RuinedVp9,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Broken::NoMoov => "no-moov",
            Broken::RandomBytes => "random-bytes",
            Broken::Text => "text",
            Broken::HlsPlaylist => "hls-playlist",
            Broken::HlsWithKey => "hls-with-key",
            Broken::HlsInAvi => "hls-in-avi",
            Broken::DashManifest => "dash-manifest",
            Broken::FfConcat => "ffconcat",
            Broken::ConcatAddress => "concat-address",
            Broken::DataAddress => "data-address",
            Broken::SessionDescription => "session-description",
            Broken::Svg => "svg",
            Broken::AddressElsewhere => "address-elsewhere",
            Broken::AliasElsewhere => "alias-elsewhere",
            Broken::UnsupportedCodec => "unsupported-codec",
            Broken::NoVideo => "no-video",
            Broken::ManyTracks => "10000-tracks",
            Broken::HugePicture => "16000x16000",
            Broken::OverLongTimestamps => "over-long-timestamps",
            Broken::OverLongHeader => "over-long-header",
            Broken::Ruined => "ruined",
            Broken::RuinedVp9 => "ruined-vp9",
        }
    }

    pub fn expected_code(self) -> &'static str {
        match self {
            Broken::NoMoov => "MEDIA_TRUNCATED",
            Broken::NoVideo => "MEDIA_NO_VIDEO",
            Broken::AddressElsewhere | Broken::AliasElsewhere => "MEDIA_EXTERNAL_REFERENCE",
            Broken::UnsupportedCodec => "MEDIA_UNSUPPORTED_CODEC",
            Broken::ManyTracks => "MEDIA_TOO_MANY_STREAMS",
            Broken::HugePicture => "MEDIA_DIMENSIONS",
            Broken::OverLongTimestamps | Broken::OverLongHeader => "MEDIA_TOO_LONG",
            Broken::Ruined | Broken::RuinedVp9 => "MEDIA_CORRUPT",
            Broken::RandomBytes
            | Broken::Text
            | Broken::HlsPlaylist
            | Broken::HlsWithKey
            // A track of subtitles, and nothing that could be watched or heard.
            | Broken::HlsInAvi
            | Broken::DashManifest
            | Broken::FfConcat
            | Broken::ConcatAddress
            | Broken::DataAddress
            | Broken::SessionDescription
            | Broken::Svg => "MEDIA_UNSUPPORTED_CONTAINER",
        }
    }

    /// The file. Those that name another file name `canary`: a good video, so that one which is read shows itself by
    /// becoming READY.
    pub fn path(self, canary: &Path) -> PathBuf {
        let extension = if self == Broken::HugePicture { "webm" } else { "mp4" };
        let good = self.made_of().map(|clip| clip.bytes()).unwrap_or_default();
        made(self.name(), extension, &canary.display().to_string(), |path| self.make(path, canary, good))
    }

    /// The good video that it once was.
    fn made_of(self) -> Option<Clip> {
        match self {
            Broken::NoMoov => Some(LANDSCAPE),
            Broken::Ruined => Some(damage::H264),
            Broken::RuinedVp9 => Some(damage::VP9),
            _ => None,
        }
    }

    fn make(self, path: &Path, canary: &Path, good: Vec<u8>) {
        let bytes = match self {
            // ffmpeg writes the index last: half of such a file is what an interrupted copy leaves.
            Broken::NoMoov => good[..good.len() / 2].to_vec(),
            Broken::RandomBytes => noise(300_000),
            Broken::Text => "Dear diary, today I uploaded a text.\n".repeat(2_000).into(),
            Broken::HlsPlaylist => thieves::playlist(canary, "").into(),
            Broken::HlsWithKey => thieves::playlist_with_key(canary).into(),
            Broken::HlsInAvi => thieves::playlist_in_avi(canary),
            Broken::DashManifest => thieves::dash_manifest(canary).into(),
            Broken::FfConcat => {
                format!("ffconcat version 1.0\nfile '{}'\nduration 4\n", canary.display()).into()
            }
            Broken::ConcatAddress => format!("concat:{0}|{0}", canary.display()).into(),
            Broken::DataAddress => b"data:video/mp4;base64,AAAAIGZ0eXBpc29tAAACAGlzb20=".into(),
            Broken::SessionDescription => thieves::session_description(canary).into(),
            Broken::Svg => format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="64"><script>alert(1)</script><image xlink:href="file://{}" width="64" height="64"/></svg>"#,
                canary.display()
            )
            .into(),
            Broken::AddressElsewhere => thieves::address_elsewhere(canary),
            Broken::AliasElsewhere => thieves::alias_elsewhere(canary),
            Broken::ManyTracks => {
                run_ffmpeg("-f lavfi -i testsrc2=s=64x64:r=5:d=1 -c:v libx264 -preset ultrafast", path);
                many_tracks(std::fs::read(path).unwrap())
            }
            Broken::HugePicture => {
                run_ffmpeg(
                    "-f lavfi -i testsrc2=s=640x360:r=5:d=1 -c:v libvpx -deadline realtime -cpu-used 8",
                    path,
                );
                enlarged(std::fs::read(path).unwrap())
            }
            Broken::OverLongHeader => {
                run_ffmpeg("-f lavfi -i testsrc2=s=320x180:r=5:d=2 -c:v libx264 -preset ultrafast -f matroska", path);
                prolonged(std::fs::read(path).unwrap())
            }
            Broken::Ruined | Broken::RuinedVp9 => damaged(good, 33),
            Broken::NoVideo => return run_ffmpeg("-f lavfi -i sine=r=48000:d=2 -c:a aac", path),
            Broken::UnsupportedCodec => {
                return run_ffmpeg("-f lavfi -i testsrc2=s=64x64:r=5:d=1 -c:v magicyuv -f matroska", path);
            }
            Broken::OverLongTimestamps => {
                return run_ffmpeg(
                    "-f lavfi -i testsrc2=s=320x180:r=1:d=2 -vf settb=1/1000,setpts=N*100000*1000 \
                     -fps_mode passthrough -enc_time_base 1:1000 -c:v libx264 -bf 0 -preset ultrafast \
                     -pix_fmt yuv420p -video_track_timescale 1000",
                    path,
                );
            }
        };
        std::fs::write(path, bytes).unwrap();
    }
}

/// The only track ten thousand times.
fn many_tracks(mut bytes: Vec<u8>) -> Vec<u8> {
    let track = bytes[place(&bytes, &[b"moov", b"trak"])].to_vec();
    let end = place(&bytes, &[b"moov"]).end;
    replace_within(&mut bytes, &[b"moov"], end..end, &track.repeat(9_999));
    bytes
}

/// Writes 16000x16000 over 640x360, in the container and in the VP8 key frame: such a picture need not be encoded to
/// be claimed.
fn enlarged(mut bytes: Vec<u8>) -> Vec<u8> {
    replace(&mut bytes, b"\xb0\x82\x02\x80\xba\x82\x01\x68", b"\xb0\x82\x3e\x80\xba\x82\x3e\x80");
    replace(&mut bytes, b"\x9d\x01\x2a\x80\x02\x68\x01", b"\x9d\x01\x2a\x80\x3e\x80\x3e");
    bytes
}

/// Says that it lasts for a hundred hours instead of two seconds.
fn prolonged(mut bytes: Vec<u8>) -> Vec<u8> {
    let duration = |ms: f64| [&b"\x44\x89\x88"[..], &ms.to_be_bytes()].concat();
    replace(&mut bytes, &duration(2_000.0), &duration(360_000_000.0));
    bytes
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let at = bytes.windows(from.len()).position(|window| window == from).expect("ffmpeg writes this so");
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
