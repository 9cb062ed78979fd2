//! How soon a video can be watched once its last byte is there, and when it is ready.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use kinora_tests::person::Person;
use kinora_tests::served::Served;
use nix::sys::signal::Signal;

use super::row;

pub const PATIENCE: Duration = Duration::from_secs(1_800);

/// A source, how it is made of ten seconds of 1080p, and how soon it must be playable.
struct Case {
    name: &'static str,
    arguments: &'static str,
    extension: &'static str,
    limit_s: f64,
    waits_until_ready: bool,
}

const H264: &str = "-c:v libx264 -preset veryfast -b:v 1100k -pix_fmt yuv420p -g 60 -c:a aac -b:a 128k -ac 2";

const CASES: [Case; 7] = [
    Case { name: "10 s H.264", arguments: "-t 10", extension: "mp4", limit_s: 1.0, waits_until_ready: true },
    Case { name: "60 s H.264", arguments: "-t 60", extension: "mp4", limit_s: 1.5, waits_until_ready: true },
    // Its frames are a few milliseconds off wherever the ten seconds begin again, as phones and screen recorders write.
    Case {
        name: "60 s uneven H.264",
        arguments: "-t 60 -c:v copy -c:a copy",
        extension: "mp4",
        limit_s: 1.5,
        waits_until_ready: true,
    },
    Case {
        name: "10 min H.264",
        arguments: "-t 600",
        extension: "mp4",
        limit_s: 2.0,
        waits_until_ready: false,
    },
    Case {
        name: "2 h H.264",
        arguments: "-t 7200",
        extension: "mp4",
        limit_s: 4.0,
        waits_until_ready: false,
    },
    Case {
        name: "10 s HEVC 1080p",
        arguments: "-t 10 -c:v libx265 -preset ultrafast -x265-params log-level=error -tag:v hvc1",
        extension: "mp4",
        limit_s: 4.0,
        waits_until_ready: true,
    },
    Case {
        name: "10 s VP9 720p",
        arguments: "-t 10 -vf scale=1280:720 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus",
        extension: "webm",
        limit_s: 4.0,
        waits_until_ready: true,
    },
];

pub async fn measure(folder: &Path) {
    let short = short(folder);
    let mut served = Served::spawn(&folder.join("processing"), &[("KINORA_RATE_LIMITS", "off")]);
    served.ready().await;
    let person = Person::sign_up(&served.client(), "measures").await;
    for case in &CASES {
        let file = folder.join(format!("{}.{}", case.name.replace(' ', "-"), case.extension));
        make(&short, case.arguments, &file);
        let (playable_s, ready_s) = watched_after(&person, &file, case.waits_until_ready).await;
        row(&format!("upload complete to playable, {}", case.name), playable_s, "s", case.limit_s);
        if let Some(ready_s) = ready_s {
            println!("upload complete to ready, {}: {ready_s:.2} s", case.name);
        }
    }
    served.signal(Signal::SIGTERM);
    served.ended(Duration::from_secs(15)).await;
}

/// Ten seconds that browsers take as they are; everything else is made of it.
pub fn short(folder: &Path) -> PathBuf {
    let file = folder.join("ten-seconds.mp4");
    ffmpeg(&[], Some(&super::sample()), H264, &file);
    file
}

/// The short one over and over, with these arguments of ffmpeg. Where they name no encoder its pictures are copied, as
/// far apart as they are in it: its sound is a little longer, and would leave a gap in them wherever it begins again.
pub fn make(short: &Path, arguments: &str, file: &Path) {
    const AGAIN: [&str; 2] = ["-stream_loop", "-1"];
    if arguments.contains("-c:v") {
        return ffmpeg(&AGAIN, Some(short), arguments, file);
    }
    let pictures = short.with_extension("pictures.mp4");
    ffmpeg(&[], Some(short), "-an -c copy", &pictures);
    let mut before = AGAIN.to_vec();
    before.extend(["-i", pictures.to_str().unwrap()]);
    before.extend(AGAIN);
    let arguments = format!("-map 0:v -map 1:a -c:v copy -c:a aac -b:a 128k {arguments}");
    ffmpeg(&before, Some(short), &arguments, file);
}

/// Makes a file of an input, or of those that `before` names.
pub fn ffmpeg(before: &[&str], input: Option<&Path>, arguments: &str, output: &Path) {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]).args(before);
    if let Some(input) = input {
        command.arg("-i").arg(input);
    }
    if output.extension().is_some_and(|extension| extension == "mp4") {
        command.args(["-movflags", "+faststart"]);
    }
    let status = command.args(arguments.split_whitespace()).arg(output).status().unwrap();
    assert!(status.success(), "{arguments}");
}

/// Seconds from the completed upload until the video can be watched, and until it is ready.
async fn watched_after(person: &Person, file: &Path, waits_until_ready: bool) -> (f64, Option<f64>) {
    let bytes = std::fs::read(file).unwrap();
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let upload = person.begin_upload(&name, "video/mp4", bytes.len() as u64).await;
    person.put_parts(&upload, &bytes).await;
    let begun = Instant::now();
    let video = person.complete(&upload).await.data()["completeUpload"]["id"].as_str().unwrap().to_owned();
    let (mut playable_s, mut ready_s) = (None, None);
    loop {
        let seen = person.standing(&video).await;
        let after_s = begun.elapsed().as_secs_f64();
        assert!(seen["failure"].is_null() && begun.elapsed() < PATIENCE, "{name}: {seen}");
        if seen["playable"] == true {
            let playable_s = *playable_s.get_or_insert(after_s);
            if !waits_until_ready {
                // The next one is measured alone.
                person
                    .run("mutation ($id: ID!) { deleteVideo(id: $id) }", serde_json::json!({ "id": video }))
                    .await;
                tokio::time::sleep(Duration::from_secs(3)).await;
                return (playable_s, None);
            }
            if seen["state"] == "READY" {
                let ready_s = *ready_s.get_or_insert(after_s);
                // The next one is measured alone, which it is not while previews of this one are made.
                if !seen["loopUrl"].is_null() {
                    return (playable_s, Some(ready_s));
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
