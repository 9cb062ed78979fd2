//! Files that name another one, in each way in which a player of media could be made to read it.

use std::path::Path;

use super::boxes::{boxed, place, replace};
use super::{Clip, clip};

/// What thieves want. It is read by nothing and nobody else.
pub const CANARY: Clip = clip(
    "canary",
    "-f lavfi -i testsrc2=s=320x180:r=25:d=2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p",
    (320, 180),
    2_000.0,
);

/// What names the canary by its address.
pub(super) fn playlist(canary: &Path, more: &str) -> String {
    let canary = canary.display();
    format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n{more}#EXTINF:4,\nfile://{canary}\n#EXT-X-ENDLIST\n"
    )
}

/// A playlist whose media would be opened with the canary's bytes, or the canary with these.
pub(super) fn playlist_with_key(canary: &Path) -> String {
    playlist(canary, &format!("#EXT-X-KEY:METHOD=AES-128,URI=\"file://{}\"\n", canary.display()))
}

pub(super) fn dash_manifest(canary: &Path) -> String {
    format!(
        r#"<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1000"><BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>"#,
        canary.display()
    )
}

pub(super) fn session_description(canary: &Path) -> String {
    format!(
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=file://{}\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        canary.display()
    )
}

/// An AVI whose only track holds subtitles in a chunk of their own kind, which are a playlist: a player of subtitles
/// that takes whatever it is given would read what that names.
pub(super) fn playlist_in_avi(canary: &Path) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], body: &[u8]| {
        let padding = if body.len() % 2 == 1 { &b"\0"[..] } else { b"" };
        [&kind[..], &(body.len() as u32).to_le_bytes(), body, padding].concat()
    };
    let numbers = |numbers: &[u32]| -> Vec<u8> { numbers.iter().flat_map(|n| n.to_le_bytes()).collect() };
    let playlist = playlist(canary, "");
    let subtitles = [
        &b"GAB2\0\x02\0\x02\0\0\0x\0\x04\0"[..],
        &(playlist.len() as u32).to_le_bytes(),
        playlist.as_bytes(),
    ]
    .concat();
    let whole = numbers(&[40_000, 100_000, 0, 0x10, 1, 0, 1, 100_000, 320, 180, 0, 0, 0, 0]);
    let track = [&b"txts"[..], &numbers(&[0, 0, 0, 0, 1, 25, 0, 1, 100_000, u32::MAX, 0, 0, 0])].concat();
    let tracks = [&b"strl"[..], &chunk(b"strh", &track), &chunk(b"strf", b"")].concat();
    let head = [&b"hdrl"[..], &chunk(b"avih", &whole), &chunk(b"LIST", &tracks)].concat();
    let media = [&b"movi"[..], &chunk(b"00tx", &subtitles)].concat();
    chunk(b"RIFF", &[&b"AVI "[..], &chunk(b"LIST", &head), &chunk(b"LIST", &media)].concat())
}

/// The canary's index without its media, which an entry says are in the canary.
fn index_alone(canary: &Path, entry: &[u8]) -> Vec<u8> {
    let path: [&[u8; 4]; 6] = [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"];
    let whole = std::fs::read(canary).unwrap();
    let mut bytes = [&whole[place(&whole, &[b"ftyp"])], &whole[place(&whole, &path[..1])]].concat();
    let old = place(&bytes, &[&path[..], &[b"url "]].concat());
    replace(&mut bytes, &path, old, entry);
    bytes
}

/// With its address, as the standard has it.
pub(super) fn address_elsewhere(canary: &Path) -> Vec<u8> {
    let address = format!("\0\0\0\0file://{}\0", canary.display());
    index_alone(canary, &boxed(b"url ", address.as_bytes()))
}

/// With an alias record, as QuickTime has it.
pub(super) fn alias_elsewhere(canary: &Path) -> Vec<u8> {
    let name = canary.file_name().unwrap().as_encoded_bytes();
    let path = canary.as_os_str().as_encoded_bytes();
    let mut record = vec![0; 4 + 150];
    record[4 + 10] = 1;
    record[4 + 11] = b'x';
    record[4 + 50] = name.len() as u8;
    record[4 + 51..4 + 51 + name.len()].copy_from_slice(name);
    // One level down from here, and then its absolute path.
    record[4 + 130..4 + 134].copy_from_slice(&[0, 1, 0, 1]);
    record.extend([0, 2]);
    record.extend((path.len() as u16).to_be_bytes());
    record.extend(path);
    record.extend(vec![0; path.len() % 2]);
    record.extend([0xff, 0xff, 0, 0]);
    index_alone(canary, &boxed(b"alis", &record))
}
