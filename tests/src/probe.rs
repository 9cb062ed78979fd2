//! What ffprobe and ffmpeg find in a file.

use std::collections::BTreeSet;
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
    ffprobe(path, &["-show_streams", "-show_format"])
}

/// Widths and heights of all pictures.
pub fn picture_sizes(path: &Path) -> BTreeSet<(u64, u64)> {
    let found = ffprobe(path, &["-select_streams", "v:0", "-show_entries", "frame=width,height"]);
    let size = |frame: &Value| (frame["width"].as_u64().unwrap(), frame["height"].as_u64().unwrap());
    found["frames"].as_array().unwrap().iter().map(size).collect()
}

/// Every packet of the first stream of a kind (`v` or `a`), by presentation time.
pub fn packets(path: &Path, kind: &str) -> Vec<Packet> {
    sorted(&ffprobe(path, &["-select_streams", &format!("{kind}:0"), "-show_packets"]))
}

/// Description and packets of a file's only stream.
pub fn only_stream(path: &Path) -> (Value, Vec<Packet>) {
    let mut found = ffprobe(path, &["-show_streams", "-show_packets"]);
    assert_eq!(found["streams"].as_array().unwrap().len(), 1, "{}", path.display());
    let packets = sorted(&found);
    (found["streams"][0].take(), packets)
}

fn sorted(found: &Value) -> Vec<Packet> {
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

/// Red, green and blue.
pub type Colour = [u8; 3];

/// The first picture of a file.
pub struct Picture {
    width: usize,
    pixels: Vec<u8>,
}

impl Picture {
    pub fn of(path: &Path) -> Self {
        let ppm = decoded(path, "null", &["-frames:v", "1", "-c:v", "ppm", "-f", "image2pipe"]);
        // "P6", width and height, the highest value: a line each.
        let head: Vec<&[u8]> = ppm.splitn(4, |byte| *byte == b'\n').collect();
        let size = std::str::from_utf8(head[1]).unwrap();
        let width = size.split(' ').next().unwrap().parse().unwrap();
        Self { width, pixels: head[3].to_vec() }
    }

    /// The mean colour of a part: its left edge, its upper one, width and height.
    pub fn colour(&self, [x, y, width, height]: [usize; 4]) -> Colour {
        let mean = |part: usize| {
            let values = (y..y + height)
                .flat_map(|row| (x..x + width).map(move |column| (row * self.width + column) * 3 + part));
            let sum: u64 = values.map(|at| u64::from(self.pixels[at])).sum();
            u8::try_from(sum / (width * height) as u64).unwrap()
        };
        [mean(0), mean(1), mean(2)]
    }
}

/// The mean colours of all frames, as many a second.
pub fn colours(path: &Path, per_second: u32) -> Vec<Colour> {
    let filter = format!("fps={per_second},scale=1:1:flags=area");
    let bytes = decoded(path, &filter, &["-pix_fmt", "rgb24", "-f", "rawvideo"]);
    bytes.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
}

fn decoded(path: &Path, filter: &str, as_what: &[&str]) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(path).args(["-vf", filter]).args(as_what).arg("-");
    let done = run(&mut command);
    assert!(done.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&done.stderr));
    done.stdout
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
