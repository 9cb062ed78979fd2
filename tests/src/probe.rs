//! What ffprobe and ffmpeg find in a file.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// A frame's or sample's place in a file.
#[derive(Debug, Clone, Copy)]
pub struct Packet {
    pub pts_ms: f64,
    pub duration_ms: f64,
    pub key: bool,
}

/// Streams and format, as ffprobe's JSON.
pub fn streams(path: &Path) -> Value {
    ffprobe(path, &["-show_streams", "-show_format", "-count_packets"])
}

/// Every packet of the first stream of a kind (`v` or `a`), by presentation time.
pub fn packets(path: &Path, kind: &str) -> Vec<Packet> {
    let found = ffprobe(path, &["-select_streams", &format!("{kind}:0"), "-show_packets"]);
    let mut packets: Vec<Packet> = found["packets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|packet| Packet {
            pts_ms: milliseconds(&packet["pts_time"]),
            duration_ms: milliseconds(&packet["duration_time"]),
            key: packet["flags"].as_str().unwrap().contains('K'),
        })
        .collect();
    packets.sort_by(|one, other| one.pts_ms.total_cmp(&other.pts_ms));
    packets
}

fn milliseconds(value: &Value) -> f64 {
    value.as_str().and_then(|value| value.parse::<f64>().ok()).unwrap_or(f64::NAN) * 1000.0
}

/// When the picture stops being black, on the file's own time line.
pub fn picture_begins_ms(path: &Path) -> f64 {
    let words = analyse(path, &["-vf", "blackdetect=d=0.1:pix_th=0.2", "-an"]);
    number_after(&words, "black_end:") * 1000.0
}

/// When the sound stops being silent, on the file's own time line.
pub fn sound_begins_ms(path: &Path) -> f64 {
    let words = analyse(path, &["-af", "silencedetect=d=0.1:n=-40dB", "-vn"]);
    number_after(&words, "silence_end: ") * 1000.0
}

/// The mean colour of a part of a file's picture at a time: red, green and blue. `part` is ffmpeg's filter for it.
pub fn colour(path: &Path, at_s: f64, part: &str) -> [u8; 3] {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin"]);
    if at_s > 0.0 {
        // Not in a picture: there, a jump to its beginning ends behind it.
        command.args(["-ss", &at_s.to_string()]);
    }
    let done = run(command.arg("-i").arg(path).args([
        "-frames:v",
        "1",
        "-vf",
        part,
        "-pix_fmt",
        "rgb24",
        "-f",
        "rawvideo",
        "-",
    ]));
    assert!(done.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&done.stderr));
    let count = done.stdout.len() as u64 / 3;
    assert!(count > 0, "{} has no picture at {at_s} s", path.display());
    let mean = |part: usize| {
        done.stdout.iter().skip(part).step_by(3).map(|value| u64::from(*value)).sum::<u64>() / count
    };
    [0, 1, 2].map(|part| u8::try_from(mean(part)).unwrap())
}

/// True when every frame decodes without a complaint.
pub fn decodes(path: &Path) -> bool {
    let done = run(Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(path)
        .args(["-f", "null", "-"]));
    done.status.success() && done.stderr.is_empty()
}

fn analyse(path: &Path, filters: &[&str]) -> String {
    let mut command = Command::new("ffmpeg");
    // Without `-copyts` ffmpeg would move every file to begin at zero, and hide a file that begins late.
    command.args(["-hide_banner", "-nostats", "-nostdin", "-copyts", "-i"]).arg(path);
    command.args(filters).args(["-f", "null", "-"]);
    String::from_utf8_lossy(&run(&mut command).stderr).into_owned()
}

fn number_after(words: &str, label: &str) -> f64 {
    let (_, rest) = words.split_once(label).unwrap_or_else(|| panic!("no {label} in {words}"));
    rest.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap()
}

fn ffprobe(path: &Path, arguments: &[&str]) -> Value {
    let done = run(Command::new("ffprobe").args(["-v", "error", "-of", "json"]).args(arguments).arg(path));
    assert!(done.status.success(), "ffprobe {}: {}", path.display(), String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

fn run(command: &mut Command) -> Output {
    command.output().expect("the tests need ffmpeg: make test installs it")
}
