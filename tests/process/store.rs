//! The embedded store, killed at any moment: what it has confirmed is whole, what it has not leaves nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kinora_server::clock::Clock;
use kinora_server::embedded::store::Store;
use kinora_server::storage::{Storage, StorageError};
use kinora_tests::other_store::OtherStore;
use kinora_tests::skipped;
use rand::Rng;

use crate::Place;

const MEBIBYTE: usize = 1 << 20;
/// Two of five, the least that S3 takes, and a rest.
const PARTS: [usize; 3] = [5 * MEBIBYTE, 5 * MEBIBYTE, MEBIBYTE];
/// About as long as one object takes from the first part to the last word.
const LATEST_KILL_MS: u64 = 250;

/// How often the store is killed: `STORE_KILLS`, or enough to find a fault soon.
fn kills() -> u32 {
    std::env::var("STORE_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12)
}

/// Other bytes for each object and part.
fn body(object: u32, part: usize, size: usize) -> Vec<u8> {
    (0..size).map(|index| (index as u32 ^ object.wrapping_mul(31) ^ part as u32) as u8).collect()
}

/// Sends one object; the error is where the kill met it.
pub async fn send(storage: &Storage, object: u32) -> Result<(), Box<dyn std::error::Error>> {
    let key = format!("videos/{object}");
    let http = reqwest::Client::new();
    let upload = storage.begin_multipart(&key).await?;
    for (index, size) in PARTS.into_iter().enumerate() {
        let url = storage.presign_part(&key, &upload, index as i32 + 1, size as i64).await?.url;
        http.put(url).body(body(object, index, size)).send().await?.error_for_status()?;
    }
    let parts = storage.list_parts(&key, &upload).await?;
    storage.complete_multipart(&key, &upload, &parts).await?;
    Ok(())
}

/// Whether the object is there, and then every byte of it.
pub async fn is_whole(storage: &Storage, object: u32) -> bool {
    let key = format!("videos/{object}");
    match storage.size_bytes(&key).await {
        Err(StorageError::NotFound) => return false,
        Err(error) => panic!("{error}"),
        Ok(_) => {}
    }
    let url = storage.media_url(&key, true).await.unwrap();
    let stored = reqwest::get(url).await.unwrap().bytes().await.unwrap();
    let sent: Vec<u8> =
        PARTS.into_iter().enumerate().flat_map(|(index, size)| body(object, index, size)).collect();
    assert!(stored == sent, "object {object} is damaged");
    true
}

fn files_in(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_in(&path) } else { 1 }).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_loses_nothing_that_was_confirmed() {
    let place = Place::new();
    let folder = place.data();
    let mut confirmed = BTreeMap::new();
    for object in 0..kills() {
        let store = OtherStore::start(&folder).await;
        let storage = store.storage();
        let sending = tokio::spawn(async move { send(&storage, object).await.is_ok() });
        let moment = rand::rng().random_range(0..LATEST_KILL_MS);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        store.kill().await;
        confirmed.insert(object, sending.await.unwrap());
    }
    let store = OtherStore::start(&folder).await;
    let storage = store.storage();
    let mut whole = 0;
    for (object, confirmed) in &confirmed {
        let there = is_whole(&storage, *object).await;
        assert!(there || !confirmed, "object {object} was confirmed and is gone");
        whole += usize::from(there);
    }
    for open in storage.list_multiparts("").await.unwrap() {
        storage.abort_multipart(&open.key, &open.upload_id).await.unwrap();
    }
    for object in confirmed.keys() {
        storage.delete(&format!("videos/{object}")).await.unwrap();
    }
    store.kill().await;
    Store::open(&folder).unwrap().sweep(Duration::ZERO).await.unwrap();
    let left: usize = ["tmp", "multipart", "objects"].iter().map(|kind| files_in(&folder.join(kind))).sum();
    assert_eq!(left, 0, "files are left over; {whole} of {} objects were whole", confirmed.len());
}

/// A disk of a few MiB, gone when dropped; nothing where this user may not mount one.
pub struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    pub fn mount(at: &'a Path, mebibytes: usize) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(at))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // A disk that stays mounted is in nobody's way.
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let place = Place::new();
    let folder = place.data();
    let Some(_disk) = SmallDisk::mount(&folder, 24) else {
        return skipped("this user may not mount a small disk to fill");
    };
    let store = OtherStore::start(&folder).await;
    let storage = store.storage();
    let http = reqwest::Client::new();
    let upload = storage.begin_multipart("videos/large").await.unwrap();
    let mut taken = 0;
    let refused = loop {
        let size = 5 * MEBIBYTE;
        let url = storage.presign_part("videos/large", &upload, taken + 1, size as i64).await.unwrap().url;
        let response = http.put(url).body(body(1, taken as usize, size)).send().await.unwrap();
        if !response.status().is_success() {
            break response;
        }
        taken += 1;
    };
    assert_eq!(refused.status().as_u16(), 507);
    assert!(refused.text().await.unwrap().contains("disk is full"));
    assert!(taken >= 3, "only {taken} parts of 5 MiB fit into 24 MiB");
    let parts = storage.list_parts("videos/large", &upload).await.unwrap();
    assert_eq!(parts.len() as i32, taken, "what was told to be there, and nothing half-written");
    // With room again everything goes on, in the same process.
    storage.abort_multipart("videos/large", &upload).await.unwrap();
    send(&storage, 7).await.unwrap();
    assert!(is_whole(&storage, 7).await);
    assert_eq!(files_in(&folder.join("tmp")), 0);
    store.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_run_out() {
    let place = Place::new();
    let store = OtherStore::start(&place.data()).await;
    let now = store.storage();
    send(&now, 1).await.unwrap();
    let ago = |minutes: u64| {
        let behind = Duration::from_secs(60 * minutes);
        store.storage_at(Clock::from_fn(move || Clock::system().now() - behind))
    };
    let http = reqwest::Client::new();
    let upload = now.begin_multipart("videos/2").await.unwrap();
    for (minutes, good) in [(55, true), (65, false)] {
        let part = ago(minutes).presign_part("videos/2", &upload, 1, 4).await.unwrap();
        let status = http.put(part.url).body("part").send().await.unwrap().status();
        assert_eq!(status.is_success(), good, "an address for a part, {minutes} minutes old: {status}");
        assert!(good || status == 403, "{status}");
    }
    for (hours, good) in [(22, true), (25, false)] {
        let url = ago(hours * 60).media_url("videos/1", false).await.unwrap();
        let status = http.get(url).send().await.unwrap().status();
        assert_eq!(status.is_success(), good, "an address of media, {hours} hours old: {status}");
    }
    store.kill().await;
}
