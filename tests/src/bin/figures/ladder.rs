//! The whole ladder beside the published transcoder: time, likeness to the source, bytes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use kinora_tests::person::Person;
use kinora_tests::published::{Published, fetch};
use kinora_tests::served::Served;
use nix::sys::signal::Signal;

use super::processing::{PATIENCE, make, short};
use super::{at_least, row};

const RIVAL: &str = "../shared/peers/published_transcoder.sh";
const RUNGS: [u32; 3] = [1080, 720, 480];
const LADDER: (&str, &str) = ("KINORA_LADDER", "1080p:5000k,720p:2800k,480p:1400k");
/// By how much the likeness may be below the rival's.
const SSIM_SLACK: f64 = 0.003;
const MOST_BYTES: f64 = 0.6;

/// A minute of 1080p: its name, how it is made, and how long we may take beside the rival.
const SOURCES: [(&str, &str, f64); 2] = [
    ("60 s H.264", "-t 60", 0.35),
    ("60 s HEVC", "-t 60 -c:v libx265 -preset ultrafast -x265-params log-level=error -tag:v hvc1", 0.8),
];

/// Nothing where the rival is not there.
pub async fn measure(folder: &Path) {
    let rival = kinora_tests::repository().join(RIVAL);
    if !rival.is_file() {
        return println!("the ladder is not measured: there is no {RIVAL}");
    }
    let short = short(folder);
    let mut served = Served::spawn(&folder.join("ladder"), &[("KINORA_RATE_LIMITS", "off"), LADDER]);
    served.ready().await;
    let person = Person::sign_up(&served.client(), "measures").await;
    for (name, arguments, limit) in SOURCES {
        let source = folder.join(format!("ladder-{}.mp4", name.replace(' ', "-")));
        make(&short, arguments, &source);
        let (ours, ours_s) = ours(&person, &source).await;
        let theirs = folder.join("theirs");
        let begun = Instant::now();
        let status = Command::new("bash").arg(&rival).arg(&source).arg(&theirs).status().unwrap();
        assert!(status.success(), "the rival failed");
        let theirs_s = begun.elapsed().as_secs_f64();
        println!("whole ladder, {name}: {ours_s:.1} s, the published transcoder {theirs_s:.1} s");
        row(&format!("the one beside the other, {name}"), ours_s / theirs_s, "×", limit);
        compare(&ours, &theirs, &source, name);
        std::fs::remove_dir_all(theirs).unwrap();
    }
    served.signal(Signal::SIGTERM);
    served.ended(std::time::Duration::from_secs(15)).await;
}

/// Processed by the site, and how long that took after the upload.
async fn ours(person: &Person, source: &Path) -> (Published, f64) {
    let bytes = std::fs::read(source).unwrap();
    let upload = person.begin_upload("ladder.mp4", "video/mp4", bytes.len() as u64).await;
    person.put_parts(&upload, &bytes).await;
    let begun = Instant::now();
    let video = person.complete(&upload).await.data()["completeUpload"]["id"].as_str().unwrap().to_owned();
    let ready = person.ready(&video, PATIENCE).await;
    let took_s = begun.elapsed().as_secs_f64();
    (fetch(&person.client, ready).await, took_s)
}

fn compare(ours: &Published, theirs: &Path, source: &Path, name: &str) {
    let mut ours_bytes: u64 = ours.sound.iter().map(|sound| size(&sound.file)).sum();
    let mut theirs_bytes = 0;
    for rung in RUNGS {
        let Some(track) = ours.pictures.iter().find(|track| track.variant.resolution().1 == rung) else {
            println!("{name}: there is no {rung}p");
            continue;
        };
        ours_bytes += size(&track.file);
        let folder = theirs.join(rung.to_string());
        let files = std::fs::read_dir(&folder).unwrap();
        let bytes: u64 = files.map(|file| size(&file.unwrap().path())).sum();
        theirs_bytes += bytes;
        let (one, other) = (likeness(&track.file, source), likeness(&folder.join("playlist.m3u8"), source));
        println!(
            "{name}, {rung}p: SSIM {one:.4}, {:.2} MB; theirs {other:.4}, {:.2} MB",
            size(&track.file) as f64 / 1e6,
            bytes as f64 / 1e6
        );
        // In thousandths, for all of them are close to one.
        at_least(
            &format!("SSIM beside it, {name}, {rung}p"),
            1e3 * (one - other),
            "/1000",
            -1e3 * SSIM_SLACK,
        );
    }
    row(&format!("bytes stored, {name}"), ours_bytes as f64 / theirs_bytes as f64, "×", MOST_BYTES);
}

fn size(file: &Path) -> u64 {
    file.metadata().unwrap().len()
}

/// SSIM of the luma over all frames, against the source in the size of the file: of a width that is not even, some round
/// up and others down.
fn likeness(file: &Path, source: &Path) -> f64 {
    const GRAPH: &str = "[1:v][0:v]scale2ref=flags=bicubic[source][file];[file]setpts=N/30/TB[a];\
                         [source]format=yuv420p,setpts=N/30/TB[b];[a][b]ssim=stats_file=-";
    let file: PathBuf = file.to_owned();
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(file)
        .arg("-i")
        .arg(source)
        .args(["-lavfi", GRAPH, "-f", "null", "/dev/null"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let values: Vec<f64> =
        text.lines().filter_map(|line| line.split_once("Y:")?.1.split(' ').next()?.parse().ok()).collect();
    assert!(!values.is_empty(), "nothing was compared");
    values.iter().sum::<f64>() / values.len() as f64
}
