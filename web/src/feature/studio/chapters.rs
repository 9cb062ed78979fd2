//! Chapters as a person types them: a time and a name on each line.

use crate::api::{Chapter, ChapterInput};
use crate::player::clock;

/// The lines of chapters.
pub fn written(chapters: &[Chapter]) -> String {
    let lines =
        chapters.iter().map(|chapter| format!("{} {}", clock(f64::from(chapter.start_ms)), chapter.title));
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads lines such as `1:02:03 The end`. `before` keeps the milliseconds of those that were not touched.
///
/// # Errors
/// A sentence about the first line that cannot be read.
pub fn parse(text: &str, before: &[Chapter]) -> Result<Vec<ChapterInput>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (time, title) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let title = title.trim().trim_start_matches(['-', '–']).trim();
            match milliseconds(time) {
                Some(start_ms) if !title.is_empty() => {
                    let same =
                        |old: &&Chapter| old.start_ms / 1_000 == start_ms / 1_000 && old.title == title;
                    let start_ms = before.iter().find(same).map_or(start_ms, |old| old.start_ms);
                    Ok(ChapterInput { start_ms, title: title.to_owned() })
                }
                _ => Err(format!("Write “{line}” as a time and a name, such as “1:30 The storm”.")),
            }
        })
        .collect()
}

fn milliseconds(time: &str) -> Option<i32> {
    let parts: Vec<&str> = time.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let mut total_s = 0_i32;
    for part in parts {
        let is_number = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let number = part.parse::<i32>().ok().filter(|_| is_number)?;
        total_s = total_s.checked_mul(60)?.checked_add(number)?;
    }
    total_s.checked_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_are_written() {
        let chapters = [
            Chapter { start_ms: 0, title: "Opening".into() },
            Chapter { start_ms: 3_723_400, title: "The end".into() },
        ];
        let text = written(&chapters);
        assert_eq!(text, "0:00 Opening\n1:02:03 The end");
        let read = parse(&text, &chapters).unwrap_or_default();
        assert_eq!(read.iter().map(|chapter| chapter.start_ms).collect::<Vec<_>>(), [0, 3_723_400]);
        assert_eq!(parse("\n 0:05 - Dash \n", &[]).map(|read| read[0].title.clone()), Ok("Dash".into()));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for bad in ["Opening", "0:00", "5 x", "a:b x", "1:2:3:4 x", "9999:00 x"] {
            assert!(parse(bad, &[]).is_err_and(|text| text.contains(bad)), "{bad}");
        }
    }
}
