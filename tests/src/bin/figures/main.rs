//! Measures a release build and prints each figure beside its limit: `make bench`. An argument, `site`, `uploads`
//! (of which `interrupted` is a part) or `processing` (of which `ladder` and `runners` are), picks one.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that fails has nothing to say")]

mod interrupted;
mod ladder;
mod processing;
mod runners;
mod uploads;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kinora_tests::browser::pages::{UploadPage, WatchPage, sign_up};
use kinora_tests::browser::{Browser, Profile};
use kinora_tests::clips;
use kinora_tests::person::{Person, log_in};
use kinora_tests::served::Served;
use nix::sys::signal::Signal;

const PATIENCE: Duration = Duration::from_secs(180);
const SAMPLE: &str = "../shared/samples/landscape-1080p30-h264-mp2-bbb-10s.ts";

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if ["", "site"].contains(&wanted.as_str()) {
        of_the_site(folder.path()).await;
    }
    if ["", "uploads"].contains(&wanted.as_str()) {
        uploads::measure(folder.path()).await;
    }
    if ["", "uploads", "interrupted"].contains(&wanted.as_str()) {
        interrupted::measure(folder.path()).await;
    }
    if ["", "processing"].contains(&wanted.as_str()) {
        processing::measure(folder.path()).await;
    }
    if ["", "processing", "ladder"].contains(&wanted.as_str()) {
        ladder::measure(folder.path()).await;
    }
    if ["", "processing", "runners"].contains(&wanted.as_str()) {
        runners::measure(folder.path()).await;
    }
}

async fn of_the_site(folder: &Path) {
    let data = folder.join("data");
    start_times(&data).await;
    let mut served = Served::spawn(&data, &[]);
    served.ready().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    row("idle memory of the server", megabytes(&served), "MB", 80.0);
    names(&data).await;
    let sample = sample();
    first_load(&served).await;
    let processing_s = processing(&served, &sample).await;
    journey(&served, &sample, processing_s).await;
    served.signal(Signal::SIGTERM);
    served.ended(Duration::from_secs(15)).await;
}

fn row(what: &str, value: f64, unit: &str, limit: f64) {
    let verdict = if value <= limit { "within" } else { "ABOVE" };
    println!("{what}: {value:.2} {unit} ({verdict} {limit:.2} {unit})");
}

fn at_least(what: &str, value: f64, unit: &str, limit: f64) {
    let verdict = if value >= limit { "within" } else { "BELOW" };
    println!("{what}: {value:.2} {unit} ({verdict} {limit:.2} {unit})");
}

/// The sample where it is, else a clip of the same length and size.
fn sample() -> PathBuf {
    let sample = kinora_tests::repository().join(SAMPLE);
    // The browser reads no file by a path with `..` in it.
    sample.canonicalize().unwrap_or_else(|_| clips::LONG_LANDSCAPE.path())
}

async fn start_times(data: &Path) {
    let mut times = Vec::new();
    for _ in 0..6 {
        let mut served = Served::spawn(data, &[]);
        times.push(served.ready().await.as_secs_f64());
        served.signal(Signal::SIGTERM);
        served.ended(Duration::from_secs(15)).await;
    }
    row("start to /readyz, empty data", times.remove(0), "s", 4.0);
    times.sort_by(f64::total_cmp);
    row("start to /readyz, existing data (median of 5)", times[2], "s", 1.5);
}

/// Whether the time of a refusal tells which names exist: 200 known, 200 unknown, in turn.
async fn names(data: &Path) {
    let mut served = Served::spawn(
        &data.with_file_name("names"),
        &[("KINORA_RATE_LIMITS", "off"), ("KINORA_RUNNER", "off")],
    );
    served.ready().await;
    let guest = served.client();
    Person::sign_up(&guest, "known").await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for index in 0..200 {
        let mut pair = [("known".to_owned(), &mut known), (format!("nobody{index}"), &mut unknown)];
        // Neither is always the one that follows the other: memory that was just freed is the quicker had.
        pair.rotate_left(index % 2);
        for (name, times) in pair {
            let begun = Instant::now();
            assert!(log_in(&guest, &name, "not the password").await.failed());
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
    }
    known.sort_by(f64::total_cmp);
    unknown.sort_by(f64::total_cmp);
    row("median gap between known and unknown names", (known[100] - unknown[100]).abs(), "ms", 5.0);
    served.signal(Signal::SIGTERM);
    served.ended(Duration::from_secs(15)).await;
}

fn megabytes(served: &Served) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", served.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

/// Bytes on the wire of everything but media, for somebody who has never been here.
async fn first_load(served: &Served) {
    let browser = Browser::start(&served.url, &Profile::fresh()).await;
    browser.open("/").await;
    browser.element("main").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let script = "const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
        return all.filter(one => !/\\.(mp4|m3u8|jpg)/.test(one.name)).reduce((sum, one) => sum + one.transferSize, 0)";
    let bytes = browser.script(script, vec![]).await.as_f64().unwrap();
    row("first load of /, all but media", bytes / 1000.0, "KB", 450.0);
    browser.quit().await;
}

/// Seconds from the completed upload to READY, against one plain ffmpeg with the same ladder in the same minute.
async fn processing(served: &Served, sample: &Path) -> f64 {
    let ann = Person::sign_up(&served.client(), "ann").await;
    let bytes = std::fs::read(sample).unwrap();
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let upload = ann.begin_upload("sample.ts", "video/mp2t", bytes.len() as u64).await;
        ann.put_parts(&upload, &bytes).await;
        let begun = Instant::now();
        let video = ann.complete(&upload).await.data()["completeUpload"]["id"].as_str().unwrap().to_owned();
        ann.ready(&video, PATIENCE).await;
        ours.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        plain_ffmpeg(sample);
        plain.push(begun.elapsed().as_secs_f64());
    }
    ours.sort_by(f64::total_cmp);
    plain.sort_by(f64::total_cmp);
    println!(
        "upload complete to READY, 10 s of 1080p: {:.1} s; one plain ffmpeg: {:.1} s (medians of 3)",
        ours[1], plain[1]
    );
    row("the one against the other", ours[1] / plain[1], "×", 1.25);
    ours[1]
}

/// The same ladder by the shortest command that makes it.
fn plain_ffmpeg(sample: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let rungs = [
        ("1080", "5000k", "10000k"),
        ("720", "2800k", "5600k"),
        ("480", "1400k", "2800k"),
        ("360", "700k", "1400k"),
    ];
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y", "-i"]).arg(sample);
    command.arg("-filter_complex");
    command.arg(
        "[0:v]split=4[a][b][c][d];[a]scale=-2:1080[v0];[b]scale=-2:720[v1];[c]scale=-2:480[v2];[d]scale=-2:360[v3]",
    );
    for (index, (name, rate, buffer)) in rungs.into_iter().enumerate() {
        command.args([
            "-map",
            &format!("[v{index}]"),
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-crf",
            "22",
        ]);
        command.args(["-maxrate", rate, "-bufsize", buffer, "-g", "60", "-sc_threshold", "0"]);
        command.arg(folder.path().join(format!("{name}.mp4")));
    }
    command.args(["-map", "0:a:0?", "-c:a", "aac", "-b:a", "128k"]).arg(folder.path().join("audio.mp4"));
    assert!(command.stdout(Stdio::null()).status().unwrap().success());
}

/// From the sign-up page to the first playing frame of one's own video.
async fn journey(served: &Served, sample: &Path, processing_s: f64) {
    let browser = Browser::start(&served.url, &Profile::fresh()).await;
    let begun = Instant::now();
    sign_up(&browser, "bob").await;
    let page = UploadPage::open(&browser).await;
    page.drop_file(sample).await;
    let link = page.link(PATIENCE).await;
    let watch = WatchPage::open(&browser, &link).await;
    watch.play().await;
    let frames = "const video = document.querySelector('video'); return video && video.currentTime > 0 \
        && video.getVideoPlaybackQuality().totalVideoFrames > 0";
    browser.wait_for_script("the first frame", PATIENCE, frames).await;
    row(
        "sign-up page to the first frame of one's own video",
        begun.elapsed().as_secs_f64(),
        "s",
        1.5 * processing_s + 5.0,
    );
    browser.quit().await;
}
