//! What was published of a video, fetched through its playlists into files.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use crate::clips::Clip;
use crate::graphql::Client;
use crate::person::Person;
use crate::playlist::{Key, Master, Media, Variant};
use crate::probe::{self, Packet};

/// How long any clip may take.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// One rendition as one file.
pub struct Track {
    pub variant: Variant,
    pub playlist: Media,
    pub file: PathBuf,
    looked_at: OnceLock<(Value, Vec<Packet>)>,
}

/// A READY video and all its renditions.
pub struct Published {
    pub video: Value,
    pub master: Master,
    pub pictures: Vec<Track>,
    pub sound: Option<Track>,
    _folder: TempDir,
}

/// Uploads a clip and waits for its renditions.
pub async fn publish(person: &Person, clip: &Clip) -> Published {
    let id = person.upload_clip(clip).await;
    let video = person.ready(&id, PATIENCE).await;
    fetch(&person.client, video).await
}

/// What the playlists of a video name, as far as they have grown.
pub async fn fetch(client: &Client, video: Value) -> Published {
    let folder = tempfile::tempdir().unwrap();
    let at = client.base().join(video["hlsUrl"].as_str().unwrap()).unwrap();
    let master = Master::parse(&client.get_text(at.as_str()).await, &at);
    let mut pictures = Vec::new();
    for (index, variant) in master.variants.iter().enumerate() {
        pictures.push(track(client, variant, folder.path().join(format!("picture-{index}.mp4"))).await);
    }
    let sound = match master.audio.first() {
        Some(variant) => Some(track(client, variant, folder.path().join("sound.mp4")).await),
        None => None,
    };
    Published { video, master, pictures, sound, _folder: folder }
}

async fn track(client: &Client, variant: &Variant, file: PathBuf) -> Track {
    let playlist = Media::parse(&client.get_text(variant.url.as_str()).await, &variant.url);
    let mut bytes = range(client, &playlist.init.url, playlist.init.offset, playlist.init.length).await;
    for segment in &playlist.segments {
        let stored = range(client, &segment.piece.url, segment.piece.offset, segment.piece.length).await;
        bytes.extend(match &segment.key {
            Some(key) => opened(client, key, &stored).await,
            None => stored,
        });
    }
    std::fs::write(&file, bytes).unwrap();
    Track { variant: variant.clone(), playlist, file, looked_at: OnceLock::new() }
}

/// What a player makes of an encrypted segment.
async fn opened(client: &Client, key: &Key, stored: &[u8]) -> Vec<u8> {
    let response = client.get(key.url.as_str()).await;
    assert_eq!(response.status(), 200, "{}", key.url);
    let secret: [u8; 16] = response.bytes().await.unwrap().as_ref().try_into().unwrap();
    let cipher = cbc::Decryptor::<aes::Aes128>::new(&secret.into(), &key.iv.into());
    cipher.decrypt_padded_vec::<Pkcs7>(stored).unwrap()
}

pub async fn range(client: &Client, url: &Url, offset: u64, length: u64) -> Vec<u8> {
    let wanted = format!("bytes={offset}-{}", offset + length - 1);
    let response = client.request(Method::GET, url.as_str()).header("range", wanted).send().await.unwrap();
    assert_eq!(response.status(), 206, "{url}");
    let bytes = response.bytes().await.unwrap();
    assert_eq!(bytes.len() as u64, length, "{url}");
    bytes.to_vec()
}

impl Track {
    /// The only stream's description.
    pub fn stream(&self) -> &Value {
        &self.looked_at.get_or_init(|| probe::only_stream(&self.file)).0
    }

    /// Its packets, which are of pictures (`v`) or of sound (`a`), as its only stream is.
    pub fn packets(&self, kind: &str) -> &[Packet] {
        let (stream, packets) = self.looked_at.get_or_init(|| probe::only_stream(&self.file));
        assert!(stream["codec_type"].as_str().unwrap().starts_with(kind), "{stream}");
        packets
    }

    /// From the first packet's begin to the last one's end.
    pub fn duration_ms(&self, kind: &str) -> f64 {
        let packets = self.packets(kind);
        let last = packets.last().unwrap();
        last.pts_ms + if last.duration_ms.is_nan() { 0.0 } else { last.duration_ms } - packets[0].pts_ms
    }
}
