//! Chapters: where the parts of a video begin.

use async_graphql::{InputObject, SimpleObject};
use kinora_entity::video;

use super::text::Label;
use crate::error::{Error, Result};

const MOST_CHAPTERS: usize = 300;

/// Where a part of a video begins.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct Chapter {
    start_ms: i64,
    title: String,
}

impl From<video::Chapter> for Chapter {
    fn from(chapter: video::Chapter) -> Self {
        Self { start_ms: chapter.start_ms, title: chapter.title }
    }
}

/// A chapter as its owner writes it.
#[derive(Clone, Debug, InputObject)]
pub struct ChapterInput {
    start_ms: i64,
    title: String,
}

impl From<ChapterInput> for (f64, String) {
    fn from(input: ChapterInput) -> Self {
        (input.start_ms as f64 / 1_000.0, input.title)
    }
}

/// Chapters as an owner wrote them, in their order.
///
/// # Errors
/// BAD_USER_INPUT on `chapters`.
pub fn parse(inputs: Vec<ChapterInput>) -> Result<video::Chapters> {
    if inputs.len() > MOST_CHAPTERS {
        return Err(Error::bad_input("chapters", format!("A video has at most {MOST_CHAPTERS} chapters.")));
    }
    let mut chapters = Vec::with_capacity(inputs.len());
    for input in inputs {
        let title = Label::parse(&input.title).map_err(|_| {
            Error::bad_input("chapters", "A chapter is called something, in 1 to 60 characters.")
        })?;
        if input.start_ms < 0 {
            return Err(Error::bad_input("chapters", "A chapter cannot begin before its video."));
        }
        chapters.push(video::Chapter { start_ms: input.start_ms, title: title.into_string() });
    }
    chapters.sort_by_key(|chapter| chapter.start_ms);
    if chapters.windows(2).any(|pair| pair[0].start_ms == pair[1].start_ms) {
        return Err(Error::bad_input("chapters", "Two chapters begin at the same time."));
    }
    Ok(video::Chapters(chapters))
}

/// Those that can be chapters, in their order. For what comes from elsewhere and cannot be sent back to be
/// mended. One chapter alone divides nothing.
pub fn usable(found: impl IntoIterator<Item = (f64, String)>) -> Option<video::Chapters> {
    let mut chapters: Vec<video::Chapter> = found
        .into_iter()
        .filter(|(start_s, _)| (0.0..360_000.0).contains(start_s))
        .filter_map(|(start_s, title)| {
            let title = Label::from_text(&title)?.into_string();
            Some(video::Chapter { start_ms: (start_s * 1_000.0).round() as i64, title })
        })
        .collect();
    chapters.sort_by_key(|chapter| chapter.start_ms);
    chapters.dedup_by_key(|chapter| chapter.start_ms);
    chapters.truncate(MOST_CHAPTERS);
    (chapters.len() > 1).then_some(video::Chapters(chapters))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn input(start_ms: i64, title: &str) -> ChapterInput {
        ChapterInput { start_ms, title: title.to_owned() }
    }

    #[test]
    fn chapters_are_in_order_and_apart() {
        let chapters = parse(vec![input(5_000, "Two"), input(0, " One ")]).unwrap().0;
        assert_eq!(chapters[0], video::Chapter { start_ms: 0, title: "One".into() });
        for bad in [
            vec![input(-1, "x")],
            vec![input(0, " ")],
            vec![input(0, "a"), input(0, "b")],
            (0..301).map(|ms| input(ms, "x")).collect(),
        ] {
            assert_eq!(parse(bad).unwrap_err().code(), "BAD_USER_INPUT");
        }
    }

    #[test]
    fn of_what_comes_from_elsewhere_the_good_is_kept() {
        let found =
            [(f64::NAN, "x"), (9.5, "b\n"), (-1.0, "x"), (0.0, "a"), (1e9, "x"), (9.5, "c"), (3.0, "\u{7}")];
        let chapters = usable(found.map(|(at, title)| (at, title.to_owned()))).unwrap().0;
        let seen: Vec<_> =
            chapters.iter().map(|chapter| (chapter.start_ms, chapter.title.as_str())).collect();
        assert_eq!(seen, [(0, "a"), (9_500, "b")]);
        assert_eq!(usable([(0.0, "alone".to_owned())]), None);
    }
}
