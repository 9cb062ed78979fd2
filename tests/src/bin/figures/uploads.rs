//! How fast bytes reach the embedded store, beside tools that do nothing else.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use kinora_tests::browser::pages::{UploadPage, sign_up};
use kinora_tests::browser::{Browser, Profile};
use kinora_tests::other_store::OtherStore;
use kinora_tests::person::Person;
use kinora_tests::served::{Served, command};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::{at_least, row};

pub const MEBIBYTE: usize = 1 << 20;
/// As many parts at a time as the page begins with.
const PARALLEL: usize = 4;
const PATIENCE: Duration = Duration::from_secs(180);

/// All figures of uploads; `folder` has room for 8 GB.
pub async fn measure(folder: &Path) {
    store(folder).await;
    let data = folder.join("uploads");
    let mut served = Served::spawn(&data, &[("KINORA_RUNNER", "off"), ("KINORA_RATE_LIMITS", "off")]);
    served.ready().await;
    let file = noise(folder, "two gigabytes.mp4", 2_000 * MEBIBYTE);
    let bytes = std::fs::metadata(&file).unwrap().len();
    let ann = Person::sign_up(&served.client(), "ann").await;
    // Once to warm the disk's cache, as the file was written a moment ago anyway.
    let by_curl = curl(&ann, &file, folder).await;
    let by_browser = browser(&served, &file).await;
    let again = curl(&ann, &file, folder).await;
    let by_curl = by_curl.min(again);
    println!(
        "2 GB to the embedded store: browser {by_browser:.1} s, curl {by_curl:.1} s ({:.0} MB/s)",
        bytes as f64 / 1e6 / by_curl
    );
    at_least("browser beside curl", by_curl / by_browser, "×", 0.85);
    let by_command = terminal(&served, &ann, &file).await;
    at_least("kinora upload beside curl", by_curl / by_command, "×", 0.95);
    served.signal(Signal::SIGTERM);
    served.ended(Duration::from_secs(15)).await;
}

/// 1 GiB in 64 parts, with everything that makes it last, beside `dd`.
async fn store(folder: &Path) {
    let by_dd = dd(&folder.join("dd"));
    let store = OtherStore::start(&folder.join("store")).await;
    let storage = store.storage();
    let body = bytes::Bytes::from(pattern(16 * MEBIBYTE));
    let http = reqwest::Client::new();
    let begun = Instant::now();
    let upload = storage.begin_multipart("videos/one").await.unwrap();
    stream::iter(1..=64)
        .map(|number| {
            let (storage, upload, http, body) = (&storage, &upload, &http, body.clone());
            async move {
                let part =
                    storage.presign_part("videos/one", upload, number, body.len() as i64).await.unwrap();
                http.put(part.url).body(body).send().await?.error_for_status()
            }
        })
        .buffer_unordered(PARALLEL)
        .try_collect::<Vec<_>>()
        .await
        .unwrap();
    let parts = storage.list_parts("videos/one", &upload).await.unwrap();
    let completing = Instant::now();
    storage.complete_multipart("videos/one", &upload, &parts).await.unwrap();
    let completion = completing.elapsed().as_secs_f64();
    let ours = begun.elapsed().as_secs_f64();
    assert_eq!(storage.size_bytes("videos/one").await.unwrap(), 64 * 16 * MEBIBYTE as i64);
    let again = dd(&folder.join("dd"));
    let by_dd = by_dd.min(again);
    println!("1 GiB in 64 parts into the embedded store: {ours:.2} s; dd with fsync: {by_dd:.2} s");
    at_least("the embedded store beside dd", by_dd / ours, "×", 0.6);
    row("completion of that upload", completion, "s", 0.5);
    store.kill().await;
}

fn dd(to: &Path) -> f64 {
    let begun = Instant::now();
    let mut command = Command::new("dd");
    command.arg("if=/dev/zero").arg(format!("of={}", to.display()));
    command.args(["bs=16M", "count=64", "conv=fsync"]).stderr(Stdio::null());
    assert!(command.status().unwrap().success());
    let elapsed = begun.elapsed().as_secs_f64();
    std::fs::remove_file(to).unwrap();
    elapsed
}

/// Nothing that a disk or a network could make smaller.
fn pattern(length: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// A file of that many bytes that nothing can make smaller.
pub fn noise(folder: &Path, name: &str, size: usize) -> PathBuf {
    let path = folder.join(name);
    let mut file = std::fs::File::create(&path).unwrap();
    let block = pattern(16 * MEBIBYTE);
    let mut left = size;
    while left > 0 {
        let some = left.min(block.len());
        file.write_all(&block[..some]).unwrap();
        left -= some;
    }
    file.sync_all().unwrap();
    path
}

/// Seconds that `curl` takes for the same parts, as many at a time.
async fn curl(ann: &Person, file: &Path, folder: &Path) -> f64 {
    let size = std::fs::metadata(file).unwrap().len();
    let upload = ann.begin_upload("by curl.mp4", "video/mp4", size).await;
    let part_size = upload["partSize"].as_u64().unwrap();
    let numbers: Vec<i64> = (1..=upload["partCount"].as_i64().unwrap()).collect();
    let signed = ann.sign_parts(&upload, &numbers).await.data()["signUploadParts"].take();
    let pieces = folder.join("pieces");
    std::fs::create_dir_all(&pieces).unwrap();
    let mut split = Command::new("split");
    split
        .args(["-a", "4", "--numeric-suffixes=1", "-b", &part_size.to_string()])
        .arg(file)
        .arg(pieces.join("p"));
    assert!(split.status().unwrap().success());
    let mut config = String::new();
    for part in signed.as_array().unwrap() {
        let piece = pieces.join(format!("p{:04}", part["number"].as_u64().unwrap()));
        config += &format!(
            "url = \"{}\"\nupload-file = \"{}\"\noutput = \"/dev/null\"\n",
            part["url"].as_str().unwrap(),
            piece.display()
        );
    }
    let list = folder.join("curl.txt");
    std::fs::write(&list, config).unwrap();
    let begun = Instant::now();
    let mut curl = Command::new("curl");
    curl.args([
        "--silent",
        "--show-error",
        "--fail",
        "--parallel",
        "--parallel-immediate",
        "--parallel-max",
        &PARALLEL.to_string(),
    ]);
    curl.arg("--config").arg(&list).stdout(Stdio::null());
    assert!(curl.status().unwrap().success());
    let elapsed = begun.elapsed().as_secs_f64();
    std::fs::remove_dir_all(&pieces).unwrap();
    ann.run("mutation ($id: ID!) { abortUpload(uploadId: $id) }", json!({ "id": upload["id"] })).await.data();
    elapsed
}

/// Seconds from the first part's first byte to the last part's answer, and what it costs the browser and the API.
async fn browser(served: &Served, file: &Path) -> f64 {
    let browser = Browser::start(&served.url, &Profile::fresh()).await;
    sign_up(&browser, "bob").await;
    let page = UploadPage::open(&browser).await;
    browser
        .script("performance.setResourceTimingBufferSize(5000); performance.clearResourceTimings()", vec![])
        .await;
    let before = browser.renderer_megabytes();
    page.drop_file(file).await;
    let mut most = before;
    let begun = Instant::now();
    loop {
        most = most.max(browser.renderer_megabytes());
        if browser.text().await.contains("Waiting to be processed") {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "two gigabytes are still on their way");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    row("growth of the browser's memory", most - before, "MB", 60.0);
    let script = "const all = performance.getEntriesByType('resource');
        const parts = all.filter(one => /[?&]partNumber=/.test(one.name));
        const calls = all.filter(one => new URL(one.name).pathname === '/graphql');
        return { from: Math.min(...parts.map(one => one.startTime)), to: Math.max(...parts.map(one => one.responseEnd)),
            parts: parts.map(one => new URL(one.name).searchParams.get('partNumber')),
            calls: calls.length, bytes: calls.reduce((sum, one) => sum + one.transferSize, 0) }";
    let seen = browser.script(script, vec![]).await;
    let gigabytes = std::fs::metadata(file).unwrap().len() as f64 / 1e9;
    let parts: BTreeSet<&str> = seen["parts"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(parts.len(), seen["parts"].as_array().unwrap().len(), "no part is sent twice");
    println!(
        "the API's share of an upload: {:.0} requests and {:.0} kB of answers a GB",
        seen["calls"].as_f64().unwrap() / gigabytes,
        seen["bytes"].as_f64().unwrap() / 1000.0 / gigabytes
    );
    browser.quit().await;
    (seen["to"].as_f64().unwrap() - seen["from"].as_f64().unwrap()) / 1000.0
}

/// Seconds that `kinora upload` takes, from its start to its end.
async fn terminal(served: &Served, ann: &Person, file: &Path) -> f64 {
    let make = "mutation { createApiToken(input: { name: \"figures\", scope: UPLOAD }) { token } }";
    let token = ann.run(make, json!({})).await.data()["createApiToken"]["token"].as_str().unwrap().to_owned();
    let state = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let done = command(&["upload", "--server", served.url.as_str(), "--token", &token, "--json"])
        .arg(file)
        .env("XDG_STATE_HOME", state.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    begun.elapsed().as_secs_f64()
}
