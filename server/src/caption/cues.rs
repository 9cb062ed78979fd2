//! Reading captions: WebVTT (W3C, section 4.1) and SubRip, which differ in little but the header and the comma.

use std::fmt::{self, Write};

use super::payload::sanitised;
use crate::error::{Error, Result};

/// A whole film's captions take some 150 KB.
pub const MOST_BYTES: usize = 512 << 10;
const MOST_CUES: usize = 20_000;
/// Beyond a hundred hours nothing is meant.
const LATEST_MS: u64 = 100 * 3_600_000;
/// What every rendition's timeline begins at, in ticks of 90 kHz; the runner's `BASE_S`.
const TIMELINE_BASE: u64 = 10 * 90_000;

/// What a cue's place may be told by (WebVTT, section 4.5), but for regions, which are not kept.
const SETTINGS: [&str; 5] = ["vertical", "line", "position", "size", "align"];

#[derive(Debug, PartialEq, Eq)]
struct Cue {
    start_ms: u64,
    end_ms: u64,
    settings: String,
    text: String,
}

/// The cues of a track, in their order, made safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cues(String);

impl Cues {
    /// Reads a WebVTT or SubRip file.
    ///
    /// # Errors
    /// BAD_USER_INPUT on `text`, with what is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MOST_BYTES {
            return Err(Error::bad_input("text", format!("A caption has at most {} KB.", MOST_BYTES >> 10)));
        }
        let text = text.trim_start_matches('\u{FEFF}').replace("\r\n", "\n").replace('\r', "\n");
        let lines: Vec<&str> = text.lines().collect();
        let mut cues: Vec<Cue> = lines.split(|line| line.trim().is_empty()).filter_map(read).collect();
        if cues.is_empty() {
            return Err(Error::bad_input(
                "text",
                "This holds no captions. Hand in a WebVTT (.vtt) or SubRip (.srt) file in UTF-8.",
            ));
        }
        if cues.len() > MOST_CUES {
            return Err(Error::bad_input("text", format!("A caption has at most {MOST_CUES} lines.")));
        }
        cues.sort_by_key(|cue| cue.start_ms);
        let mut blocks = String::with_capacity(text.len());
        for cue in &cues {
            // Writing to a String cannot fail.
            let _ = writeln!(blocks, "{cue}\n");
        }
        Ok(Self(blocks))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A whole WebVTT file. The header places it on the timeline of the renditions (RFC 8216, section 3.5), for
/// players that read captions by HLS; others pass over it.
pub fn webvtt(cues: &str) -> String {
    format!("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:{TIMELINE_BASE},LOCAL:00:00:00.000\n\n{cues}")
}

impl fmt::Display for Cue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} --> {}", clock(self.start_ms), clock(self.end_ms))?;
        if !self.settings.is_empty() {
            write!(f, " {}", self.settings)?;
        }
        write!(f, "\n{}", self.text)
    }
}

fn clock(ms: u64) -> String {
    let (s, m, h) = (ms / 1_000, ms / 60_000, ms / 3_600_000);
    format!("{h:02}:{:02}:{:02}.{:03}", m % 60, s % 60, ms % 1_000)
}

/// The cue of a block; a header, a note, a style or a region has no times and is none.
fn read(block: &[&str]) -> Option<Cue> {
    if block.first().is_some_and(|line| line.starts_with("NOTE")) {
        return None;
    }
    // A name or a number may stand above the times.
    let times = block.iter().take(2).position(|line| line.contains("-->"))?;
    let (start, rest) = block[times].split_once("-->")?;
    let mut words = rest.split_whitespace();
    let (start_ms, end_ms) = (milliseconds(start.trim())?, milliseconds(words.next()?)?);
    let text = sanitised(&block[times + 1..]);
    (start_ms < end_ms && end_ms <= LATEST_MS && !text.is_empty()).then(|| Cue {
        start_ms,
        end_ms,
        settings: words.filter(|word| is_setting(word)).collect::<Vec<_>>().join(" "),
        text,
    })
}

fn is_setting(word: &str) -> bool {
    word.split_once(':').is_some_and(|(name, value)| {
        SETTINGS.contains(&name)
            && (1..=30).contains(&value.len())
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"%.,-".contains(&b))
    })
}

/// `[hh:]mm:ss.mmm`, with a point or a comma.
fn milliseconds(text: &str) -> Option<u64> {
    let (clock, fraction) = text.split_once(['.', ','])?;
    let fraction = fraction.get(..3).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    let mut total_s = 0_u64;
    let parts: Vec<&str> = clock.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    for part in parts {
        if !(1..=4).contains(&part.len()) || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        total_s = total_s * 60 + part.parse::<u64>().ok()?;
    }
    Some(total_s * 1_000 + fraction.parse::<u64>().ok()?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn subrip_becomes_webvtt() {
        let srt = "\u{FEFF}1\r\n00:00:01,000 --> 00:00:02,500\r\nHello\r\nthere\r\n\r\n2\r\n01:00:00,000 --> 01:00:01,000 X1:40\r\n<i>End</i>\r\n";
        assert_eq!(
            Cues::parse(srt).unwrap().as_str(),
            "00:00:01.000 --> 00:00:02.500\nHello\nthere\n\n01:00:00.000 --> 01:00:01.000\n<i>End</i>\n\n"
        );
    }

    #[test]
    fn of_webvtt_only_cues_stay() {
        let vtt = "WEBVTT - a film\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\nSTYLE\n::cue { background: url(https://evil.example) }\n\n\
                   NOTE a --> b\n00:01.000 --> 00:02.000\nno\n\nREGION\nid:a\n\n\
                   later\n00:05.000 --> 00:06.000 align:start position:10% region:a line:url(x)\nLater\n\n\
                   00:01.000 --> 00:02.000\nFirst\n\n00:09.000 --> 00:08.000\nBackwards\n";
        assert_eq!(
            Cues::parse(vtt).unwrap().as_str(),
            "00:00:01.000 --> 00:00:02.000\nFirst\n\n00:00:05.000 --> 00:00:06.000 align:start position:10%\nLater\n\n"
        );
    }

    #[test]
    fn what_holds_no_captions_says_so() {
        for bad in ["", "WEBVTT\n\n", "hello", "1\n00:00:01 --> 00:00:02\nx", "{\"a\": 1}", "\0\0\0"] {
            assert_eq!(Cues::parse(bad).unwrap_err().code(), "BAD_USER_INPUT", "{bad:?}");
        }
        assert!(Cues::parse(&"x".repeat(MOST_BYTES + 1)).is_err());
        let many = "00:01.000 --> 00:02.000\nx\n\n".repeat(MOST_CUES + 1);
        // As many as that are already longer than a caption may be, or too many of them.
        assert!(Cues::parse(&many).is_err());
    }

    #[test]
    fn what_was_written_reads_the_same() {
        let once =
            Cues::parse("WEBVTT\n\n00:01.000 --> 00:02.000 size:50%\n<v Ann>a & b --> c < d\n").unwrap();
        assert_eq!(Cues::parse(&webvtt(once.as_str())).unwrap(), once);
    }
}
