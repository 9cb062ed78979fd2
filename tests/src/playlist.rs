//! Reads HLS playlists as strictly as a player would, and strictly enough to compare renditions.

use std::collections::HashMap;

use url::Url;

/// One `EXT-X-STREAM-INF` and where it points.
#[derive(Debug, Clone)]
pub struct Variant {
    pub url: Url,
    pub attributes: HashMap<String, String>,
}

impl Variant {
    pub fn number(&self, name: &str) -> f64 {
        self.attribute(name).parse().unwrap_or_else(|_| panic!("{name} in {:?}", self.attributes))
    }

    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.attributes))
    }

    /// Width and height.
    pub fn resolution(&self) -> (u32, u32) {
        let (width, height) = self.attribute("RESOLUTION").split_once('x').expect("WIDTHxHEIGHT");
        (width.parse().unwrap(), height.parse().unwrap())
    }
}

/// The master playlist.
#[derive(Debug, Clone)]
pub struct Master {
    /// With pictures.
    pub variants: Vec<Variant>,
    /// Without pictures.
    pub sound_alone: Vec<Variant>,
    /// `EXT-X-MEDIA` of type AUDIO.
    pub audio: Vec<Variant>,
    /// `EXT-X-MEDIA` of type SUBTITLES.
    pub subtitles: Vec<Variant>,
    pub independent_segments: bool,
}

impl Master {
    pub fn parse(text: &str, at: &Url) -> Self {
        let mut lines = lines(text);
        let mut master = Self {
            variants: Vec::new(),
            sound_alone: Vec::new(),
            audio: Vec::new(),
            subtitles: Vec::new(),
            independent_segments: false,
        };
        while let Some(line) = lines.next() {
            if let Some(list) = line.strip_prefix("#EXT-X-STREAM-INF:") {
                let url = at.join(lines.next().expect("an address after EXT-X-STREAM-INF")).unwrap();
                let attributes = attributes(list);
                let has_pictures = attributes.contains_key("RESOLUTION");
                let of_kind = if has_pictures { &mut master.variants } else { &mut master.sound_alone };
                of_kind.push(Variant { url, attributes });
            } else if let Some(list) = line.strip_prefix("#EXT-X-MEDIA:") {
                let attributes = attributes(list);
                let of_kind = match &*attributes["TYPE"] {
                    "AUDIO" => &mut master.audio,
                    "SUBTITLES" => &mut master.subtitles,
                    other => panic!("EXT-X-MEDIA of type {other}"),
                };
                of_kind.push(Variant { url: at.join(&attributes["URI"]).unwrap(), attributes });
            } else if line == "#EXT-X-INDEPENDENT-SEGMENTS" {
                master.independent_segments = true;
            }
        }
        master
    }
}

/// A range of bytes of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub url: Url,
    pub offset: u64,
    pub length: u64,
}

/// How a segment is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub url: Url,
    pub iv: [u8; 16],
}

#[derive(Debug, Clone)]
pub struct Segment {
    pub piece: Piece,
    pub duration_s: f64,
    /// None in the clear.
    pub key: Option<Key>,
}

/// The playlist of one rendition.
#[derive(Debug, Clone)]
pub struct Media {
    pub init: Piece,
    pub segments: Vec<Segment>,
    pub ended: bool,
    pub kind: Option<String>,
    pub target_duration_s: f64,
}

impl Media {
    pub fn parse(text: &str, at: &Url) -> Self {
        let (mut init, mut segments) = (None, Vec::new());
        let (mut duration_s, mut range) = (None, None);
        let (mut ended, mut kind, mut target_duration_s) = (false, None, None);
        let mut key = None;
        let mut ends: HashMap<Url, u64> = HashMap::new();
        for line in lines(text) {
            if let Some(list) = line.strip_prefix("#EXT-X-MAP:") {
                let attributes = attributes(list);
                let (length, offset) = byte_range(&attributes["BYTERANGE"]);
                let url = at.join(&attributes["URI"]).unwrap();
                assert!(key.is_none(), "a key before the initialisation section says that this is encrypted");
                init = Some(Piece { url, offset: offset.unwrap_or(0), length });
            } else if let Some(list) = line.strip_prefix("#EXT-X-KEY:") {
                let attributes = attributes(list);
                assert_eq!(attributes["METHOD"], "AES-128");
                let mut iv = [0; 16];
                hex::decode_to_slice(attributes["IV"].strip_prefix("0x").unwrap(), &mut iv).unwrap();
                key = Some(Key { url: at.join(&attributes["URI"]).unwrap(), iv });
            } else if let Some(value) = line.strip_prefix("#EXTINF:") {
                duration_s = Some(value.trim_end_matches(',').parse::<f64>().unwrap());
            } else if let Some(value) = line.strip_prefix("#EXT-X-BYTERANGE:") {
                range = Some(byte_range(value));
            } else if let Some(value) = line.strip_prefix("#EXT-X-TARGETDURATION:") {
                target_duration_s = Some(value.parse::<f64>().unwrap());
            } else if let Some(value) = line.strip_prefix("#EXT-X-PLAYLIST-TYPE:") {
                kind = Some(value.to_owned());
            } else if line == "#EXT-X-ENDLIST" {
                ended = true;
            } else if !line.starts_with('#') {
                let url = at.join(line).unwrap();
                let (length, offset) = range.take().expect("a byte range before every segment");
                // Without an offset a range follows the one before it.
                let offset = offset.unwrap_or_else(|| ends.get(&url).copied().unwrap_or(0));
                ends.insert(url.clone(), offset + length);
                let duration_s = duration_s.take().expect("EXTINF before every segment");
                segments.push(Segment { piece: Piece { url, offset, length }, duration_s, key: key.clone() });
            }
        }
        Self {
            init: init.expect("EXT-X-MAP"),
            segments,
            ended,
            kind,
            target_duration_s: target_duration_s.expect("EXT-X-TARGETDURATION"),
        }
    }

    pub fn duration_s(&self) -> f64 {
        self.segments.iter().map(|segment| segment.duration_s).sum()
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    assert!(text.starts_with("#EXTM3U"), "not a playlist: {text}");
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// `LENGTH[@OFFSET]`.
fn byte_range(value: &str) -> (u64, Option<u64>) {
    match value.split_once('@') {
        Some((length, offset)) => (length.parse().unwrap(), Some(offset.parse().unwrap())),
        None => (value.parse().unwrap(), None),
    }
}

/// `NAME=value,NAME="a, quoted value"`.
fn attributes(list: &str) -> HashMap<String, String> {
    let mut attributes = HashMap::new();
    let mut rest = list;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"').expect("a closing quote");
                (value, after.strip_prefix(',').unwrap_or(after))
            }
            None => after.split_once(',').unwrap_or((after, "")),
        };
        attributes.insert(name.to_owned(), value.to_owned());
        rest = after;
    }
    attributes
}
