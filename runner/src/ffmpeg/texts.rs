//! Captions and chapters in a source: what it has, and its text tracks as WebVTT.
//!
//! Nothing here decides over a video: what cannot be read is left out.

use std::{borrow::Cow, path::Path, time::Duration};

use tokio::io::AsyncReadExt;

use super::{
    args,
    log::Log,
    probe::ask,
    report::{Report, Stream, seconds},
    run::Workbench,
};
use crate::{files, job::MediaError, sandbox::Limits, workdir::JobFolder};

/// More tracks than a film is sold with.
const MOST_TRACKS: usize = 16;
/// What the server takes of one track. One that is longer is left out: half of one would say that it is all.
const LONGEST_TRACK_BYTES: u64 = 512 << 10;
/// A track that does not end is ended with the program that writes it.
const LARGEST_FILE_BYTES: u64 = 1 << 20;
const MOST_CHAPTERS: usize = 300;
const LONGEST_NAME_CHARS: usize = 200;
/// Reading takes as long as the disk needs for the whole file.
const DEADLINE_BASE: Duration = Duration::from_secs(60);
const BYTES_PER_SECOND: u64 = 20 << 20;

/// What a source says besides pictures and sound.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Texts {
    /// The best of each language first.
    pub tracks: Vec<TextTrack>,
    pub chapters: Vec<Chapter>,
}

/// One track of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextTrack {
    /// As the file says it, mostly three letters of ISO 639-2.
    pub language: Option<String>,
    pub title: Option<String>,
    /// WebVTT.
    pub text: String,
}

/// Where a part begins, from the beginning of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Chapter {
    pub start_ms: f64,
    pub title: String,
}

/// Reads everything that the source in `folder` says in text; `limit` bounds how much of its time is looked at, and its
/// pictures begin `lead` after the source does.
///
/// # Errors
/// [`MediaError`] where not even its list of tracks can be had.
pub async fn read(
    bench: &Workbench,
    folder: &JobFolder,
    limit: Duration,
    lead: Duration,
) -> Result<Texts, MediaError> {
    let (answer, _) = ask(bench, folder, args::probe_texts()).await?;
    let report = Report::parse(&answer).unwrap_or_default();
    let streams = in_order(&report);
    let texts = extract(bench, folder, &streams, limit).await?;
    let tracks = streams.into_iter().zip(texts).filter_map(|(stream, text)| {
        Some(TextTrack {
            language: stream.tags.language.as_deref().map(name),
            title: stream.tags.title.as_deref().map(name),
            text: earlier(text?, lead),
        })
    });
    Ok(Texts { tracks: tracks.collect(), chapters: chapters(&report, lead) })
}

/// The text tracks, those for everybody before those for some.
fn in_order(report: &Report) -> Vec<&Stream> {
    let mut streams: Vec<&Stream> = report.streams.iter().filter(|stream| stream.is_text()).collect();
    streams.sort_by_key(|stream| {
        let is = &stream.disposition;
        (is.forced, is.comment, is.hearing_impaired, 1 - is.default.min(1), stream.index)
    });
    streams.truncate(MOST_TRACKS);
    streams
}

fn chapters(report: &Report, lead: Duration) -> Vec<Chapter> {
    let origin_s = seconds(report.format.start_time.as_deref()).unwrap_or(0.0) + lead.as_secs_f64();
    let chapter = |found: &super::report::Chapter| {
        let start_s = seconds(found.start_time.as_deref())? - origin_s;
        // The first one begins with the file, whatever rounding says.
        let start_ms = (start_s * 1_000.0).round().max(0.0);
        Some(Chapter { start_ms, title: name(found.tags.title.as_deref()?) })
    };
    report.chapters.iter().take(MOST_CHAPTERS).filter_map(chapter).collect()
}

fn name(text: &str) -> String {
    text.chars().take(LONGEST_NAME_CHARS).collect()
}

/// The tracks as WebVTT, in their order; nothing for those that cannot be had.
async fn extract(
    bench: &Workbench,
    folder: &JobFolder,
    streams: &[&Stream],
    limit: Duration,
) -> Result<Vec<Option<String>>, MediaError> {
    if streams.is_empty() {
        return Ok(Vec::new());
    }
    let indices: Vec<u32> = streams.iter().map(|stream| stream.index).collect();
    let size = tokio::fs::metadata(folder.source()).await?.len();
    let deadline = DEADLINE_BASE + Duration::from_secs(size / BYTES_PER_SECOND);
    let mut texts = Vec::with_capacity(indices.len());
    if write(bench, folder, &indices, limit, deadline).await? {
        for number in 0..indices.len() {
            texts.push(text_of(folder, number).await);
        }
        return Ok(texts);
    }
    // One of them is trouble: each by itself, within the same time for all.
    let give_up_at = tokio::time::Instant::now() + deadline;
    for index in indices {
        let left = give_up_at.saturating_duration_since(tokio::time::Instant::now());
        let is_whole = !left.is_zero() && write(bench, folder, &[index], limit, left).await?;
        texts.push(if is_whole { text_of(folder, 0).await } else { None });
    }
    Ok(texts)
}

/// Has ffmpeg write tracks; answers whether it ended well.
async fn write(
    bench: &Workbench,
    folder: &JobFolder,
    indices: &[u32],
    limit: Duration,
    deadline: Duration,
) -> Result<bool, MediaError> {
    let args = args::texts(indices, limit);
    let mut log = Log::new(0);
    let run = bench.ffmpeg(folder, &args, Limits::encode(deadline * 2, LARGEST_FILE_BYTES)).await?;
    let outcome = run.lines(deadline, |_| {}, |line| log.line(line)).await;
    let is_good = outcome.as_ref().is_ok_and(|status| status.success());
    if !is_good {
        tracing::debug!(?outcome, ?indices, log = log.tail(), "text tracks cannot be read together");
    }
    Ok(is_good)
}

/// A written track, if there is anything in it and not too much.
async fn text_of(folder: &JobFolder, number: usize) -> Option<String> {
    let text = read_file(&folder.path().join(args::text_output(number))).await?;
    let plain: String = text
        .chars()
        .filter(|character| !character.is_control() || matches!(character, '\n' | '\t'))
        .collect();
    plain.contains("-->").then_some(plain)
}

/// WebVTT as ffmpeg writes it, with all of its times so much earlier.
fn earlier(text: String, by: Duration) -> String {
    if by.is_zero() {
        return text;
    }
    let lines = text.lines().map(|line| match line.split_once(" --> ") {
        Some((start, end)) => match (earlier_time(start, by), earlier_time(end, by)) {
            (Some(start), Some(end)) => Cow::Owned(format!("{start} --> {end}")),
            _ => Cow::Borrowed(line),
        },
        None => Cow::Borrowed(line),
    });
    lines.flat_map(|line| [line, Cow::Borrowed("\n")]).collect()
}

/// `[hours:]minutes:seconds.milliseconds`, at the earliest zero.
fn earlier_time(time: &str, by: Duration) -> Option<String> {
    let (whole, milliseconds) = time.split_once('.')?;
    let seconds = whole
        .split(':')
        .try_fold(0, |sum: u64, part| sum.checked_mul(60)?.checked_add(part.parse().ok()?))?;
    let at = Duration::from_secs(seconds).checked_add(Duration::from_millis(milliseconds.parse().ok()?))?;
    let at = at.saturating_sub(by);
    let (minutes, seconds) = (at.as_secs() / 60, at.as_secs() % 60);
    // No longer than before: a text may be as long as it may be already.
    let hours = if minutes < 60 { String::new() } else { format!("{:02}:", minutes / 60) };
    Some(format!("{hours}{:02}:{seconds:02}.{:03}", minutes % 60, at.subsec_millis()))
}

async fn read_file(path: &Path) -> Option<String> {
    let file = tokio::fs::File::from_std(files::open_made(path).ok()?);
    let mut bytes = Vec::new();
    file.take(LONGEST_TRACK_BYTES + 1).read_to_end(&mut bytes).await.ok()?;
    if bytes.len() as u64 > LONGEST_TRACK_BYTES {
        tracing::debug!(path = %path.display(), "a text track is too long");
        return None;
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use super::*;

    #[test]
    fn tracks_for_everybody_come_first_and_pictures_are_none() {
        let report = Report::parse(
            r#"{"streams": [
                {"index": 0, "codec_type": "video", "codec_name": "h264"},
                {"index": 2, "codec_type": "subtitle", "codec_name": "subrip", "disposition": {"forced": 1}},
                {"index": 3, "codec_type": "subtitle", "codec_name": "hdmv_pgs_subtitle"},
                {"index": 4, "codec_type": "subtitle", "codec_name": "mov_text"},
                {"index": 5, "codec_type": "subtitle", "codec_name": "ass", "disposition": {"default": 1}},
                {"index": 6, "codec_type": "subtitle", "codec_name": "webvtt", "disposition": {"comment": 1}}]}"#,
        )
        .unwrap();
        let order: Vec<u32> = in_order(&report).iter().map(|stream| stream.index).collect();
        assert_eq!(order, [5, 4, 6, 2]);
    }

    #[test]
    fn times_are_moved_and_words_are_not() {
        let moved = |text: &str, by_ms| earlier(text.to_owned(), Duration::from_millis(by_ms));
        let text =
            "WEBVTT\n\n00:01.000 --> 00:02.500\nfrom 00:01 --> to\n\n01:00:00.100 --> 01:00:03.000\nlate\n";
        let expected =
            "WEBVTT\n\n00:00.750 --> 00:02.250\nfrom 00:01 --> to\n\n59:59.850 --> 01:00:02.750\nlate\n";
        assert_eq!(moved(text, 250), expected);
        assert_eq!(moved(text, 0), text);
        assert_eq!(moved("00:00.100 --> 00:09.000\n", 1_000), "00:00.000 --> 00:08.000\n");
        let no_times = "99999999999999999999:00.1 --> x\n";
        assert_eq!(moved(no_times, 1), no_times);
    }

    #[test]
    fn chapters_count_from_the_beginning_of_the_file() {
        let report = Report::parse(
            r#"{"format": {"start_time": "1.400000"}, "chapters": [
                {"id": 0, "start_time": "1.400000", "tags": {"title": "One"}},
                {"id": 1, "start_time": "3.650000", "tags": {"title": "Two"}},
                {"id": 2, "start_time": "5.000000"}]}"#,
        )
        .unwrap();
        let found = |lead_ms| -> Vec<(f64, String)> {
            let chapters = chapters(&report, Duration::from_millis(lead_ms));
            chapters.into_iter().map(|at| (at.start_ms, at.title)).collect()
        };
        assert_eq!(found(0), [(0.0, "One".to_owned()), (2_250.0, "Two".to_owned())]);
        assert_eq!(found(50), [(0.0, "One".to_owned()), (2_200.0, "Two".to_owned())]);
    }
}
