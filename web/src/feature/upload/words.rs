//! Titles from file names, refusals in words, and how long to wait before trying again.

use crate::ui::bytes;

/// Longest title made from a file name, in characters.
const TITLE_CHARS: usize = 100;

/// A title from a file name: "my_first-clip.final.mp4" is "my first clip final".
pub fn title_from(file_name: &str) -> String {
    let stem = match file_name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && (1..=5).contains(&extension.len()) => stem,
        _ => file_name,
    };
    let spaced: String =
        stem.chars().map(|c| if matches!(c, '_' | '-' | '.') || c.is_control() { ' ' } else { c }).collect();
    let title = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    let title: String = title.chars().take(TITLE_CHARS).collect();
    if title.is_empty() { file_name.chars().take(TITLE_CHARS).collect() } else { title }
}

/// Why a file cannot be uploaded, in a sentence; None when it may be tried.
pub fn refusal(name: &str, size_bytes: u64, mime: &str, max_bytes: Option<u64>) -> Option<String> {
    if size_bytes == 0 {
        return Some(format!("{name} is empty, so there is nothing to upload."));
    }
    if let Some(max) = max_bytes.filter(|&max| size_bytes > max) {
        return Some(format!("{name} is {}; this site takes at most {}.", bytes(size_bytes), bytes(max)));
    }
    // Only what cannot be meant: the server looks at the bytes. A transport stream's ending is a translator's file
    // to some systems, which is why a text may be a video.
    let stream = name.rsplit('.').next().is_some_and(|ending| ending.ends_with("ts"));
    let other = mime.starts_with("image/")
        || mime.starts_with("font/")
        || (mime.starts_with("text/") && !stream)
        || ["application/pdf", "application/zip", "application/json"].contains(&mime);
    other.then(|| format!("{name} is not a video."))
}

/// Endings of containers that some systems do not call videos.
pub const VIDEO_ENDINGS: [&str; 15] = [
    "mp4", "m4v", "mov", "mkv", "webm", "ts", "mts", "m2ts", "avi", "flv", "wmv", "mpg", "mpeg", "3gp", "ogv",
];

/// Whether a file that nobody pointed at looks like a video.
pub fn may_be_video(name: &str, mime: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    mime.starts_with("video/") || VIDEO_ENDINGS.contains(&ending.as_str())
}

/// Milliseconds before attempt `attempt` (from 1) is repeated; `random` in 0..1 spreads clients out.
pub fn backoff_ms(attempt: u32, random: f64) -> f64 {
    let base = 500.0 * f64::from(2_u32.saturating_pow(attempt.saturating_sub(1).min(5)));
    base * (0.8 + 0.4 * random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        assert_eq!(title_from("my_first-clip.final.mp4"), "my first clip final");
        assert_eq!(title_from("IMG_1234.MOV"), "IMG 1234");
        assert_eq!(title_from(".mp4"), "mp4");
        assert_eq!(title_from("___"), "___");
        assert_eq!(title_from("évènement"), "évènement");
        assert_eq!(title_from(&"a".repeat(300)).chars().count(), 100);
    }

    #[test]
    fn refusals_name_the_file() {
        assert_eq!(
            refusal("a.mp4", 0, "video/mp4", None).as_deref(),
            Some("a.mp4 is empty, so there is nothing to upload.")
        );
        assert_eq!(
            refusal("a.mp4", 3_000_000_000, "video/mp4", Some(2_000_000_000)).as_deref(),
            Some("a.mp4 is 3.0 GB; this site takes at most 2.0 GB.")
        );
        assert_eq!(refusal("a.png", 5, "image/png", None).as_deref(), Some("a.png is not a video."));
        assert_eq!(refusal("a.vtt", 5, "text/vtt", None).as_deref(), Some("a.vtt is not a video."));
        for mime in ["video/mp4", "", "text/vnd.trolltech.linguist", "application/octet-stream"] {
            assert_eq!(refusal("a.ts", 5, mime, Some(5)), None, "{mime}");
        }
    }

    #[test]
    fn in_a_folder_only_videos_are_taken() {
        assert!(may_be_video("a.MKV", "") && may_be_video("a", "video/mp4"));
        assert!(!may_be_video(".DS_Store", "") && !may_be_video("cover.jpg", "image/jpeg"));
    }

    #[test]
    fn waiting_doubles_and_spreads() {
        assert!((backoff_ms(1, 0.5) - 500.0).abs() < 1.0);
        assert!((backoff_ms(4, 0.5) - 4_000.0).abs() < 1.0);
        assert!(backoff_ms(2, 0.0) < backoff_ms(2, 1.0));
        assert!(backoff_ms(40, 1.0) < 20_000.0);
    }
}
