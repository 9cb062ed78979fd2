//! What yt-dlp saves with `--write-info-json`: `NAME.info.json` beside `NAME.mp4`, with thumbnails and
//! captions of the same name.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use chrono::{DateTime, NaiveDate, Utc};
use kinora_runner::slideshow::is_picture;
use serde::Deserialize;
use url::Url;

use super::{
    by_folder,
    extras::{CaptionName, Extras, caption_name},
    is_video,
    post::{self, Media, Post, Problem, Reading, Wording, hashtags},
    sidecar, stem,
    walk::{FoundFile, Walk},
};
use crate::video::{Description, TagName, Title, chapter};

const INFO: &str = ".info.json";

#[derive(Default, Deserialize)]
struct Info {
    id: Option<String>,
    #[serde(rename = "_type")]
    kind: Option<String>,
    extractor: Option<String>,
    extractor_key: Option<String>,
    webpage_url: Option<String>,
    original_url: Option<String>,
    title: Option<String>,
    fulltitle: Option<String>,
    description: Option<String>,
    #[serde(default)]
    tags: Option<Vec<String>>,
    uploader: Option<String>,
    channel: Option<String>,
    creator: Option<String>,
    uploader_id: Option<String>,
    timestamp: Option<f64>,
    release_timestamp: Option<f64>,
    upload_date: Option<String>,
    #[serde(default)]
    chapters: Option<Vec<FoundChapter>>,
}

/// Sites leave out what they do not know.
#[derive(Deserialize)]
struct FoundChapter {
    start_time: Option<f64>,
    title: Option<String>,
}

/// Turns what was found into posts.
pub fn read(walk: Walk) -> Reading {
    let mut reading = Reading { problems: walk.problems, ..Reading::default() };
    let mut seen = Seen::default();
    let mut folders: Vec<_> = by_folder(walk.files).into_iter().collect();
    folders.sort_by(|a, b| a.0.cmp(&b.0));
    for (_, files) in folders {
        read_folder(files, &mut reading, &mut seen);
    }
    reading.notes.extend(seen.notes());
    reading
}

/// What is counted for the summary.
#[derive(Default)]
struct Seen {
    other_captions: u64,
    without_info: u64,
    without_video: u64,
}

impl Seen {
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.other_captions > 0 {
            notes.push(format!(
                "{} of a kind that is not read; download captions with `--convert-subs vtt`.",
                counted(self.other_captions, "caption file", "caption files")
            ));
        }
        if self.without_info > 0 {
            notes.push(format!(
                "{} without {INFO} beside it; `kinora import folder` takes such files.",
                counted(self.without_info, "video", "videos")
            ));
        }
        if self.without_video > 0 {
            notes.push(format!("{} without a video beside it.", counted(self.without_video, INFO, INFO)));
        }
        notes
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn read_folder(files: Vec<FoundFile>, reading: &mut Reading, seen: &mut Seen) {
    let mut videos: HashMap<String, FoundFile> = HashMap::new();
    let (mut infos, mut others) = (Vec::new(), Vec::new());
    for file in files {
        let name = file.name();
        if name.ends_with(INFO) {
            infos.push(file);
        } else if is_video(name) {
            // What is beside another of the same name is a second download of the same video.
            videos.entry(stem(name).to_owned()).or_insert(file);
        } else {
            others.push(file);
        }
    }
    let mut extras: HashMap<String, Extras> = HashMap::new();
    for file in others {
        match caption_name(file.name(), |name| videos.contains_key(name)) {
            CaptionName::Of { video, language } => {
                extras.entry(video).or_default().add(language, file, &mut reading.problems);
            }
            CaptionName::Unknown => seen.other_captions += 1,
            CaptionName::None if is_picture(Path::new(file.name())) => {
                if let Some(video) = Some(stem(file.name())).filter(|name| videos.contains_key(*name)) {
                    extras.entry(video.to_owned()).or_default().thumbnail.get_or_insert(file);
                }
            }
            CaptionName::None => {}
        }
    }
    let mut described = HashSet::new();
    for file in infos {
        let base = file.name().strip_suffix(INFO).unwrap_or_default().to_owned();
        let video = videos.get(&base).cloned();
        let extras = extras.remove(&base).unwrap_or_default();
        described.insert(base);
        match read_one(&file, video, extras) {
            Ok(Some(post)) => reading.posts.push(post),
            Ok(None) => seen.without_video += 1,
            Err(what) => reading.problems.push(Problem::new(&file.relative, what)),
        }
    }
    // Before they are joined, sound and picture lie in `NAME.f137.mp4`.
    let left = videos.keys().filter(|name| !described.contains(*name) && !is_unfinished(name));
    seen.without_info += left.count() as u64;
}

fn is_unfinished(stem: &str) -> bool {
    let last = stem.rsplit('.').next().unwrap_or_default();
    last == "temp"
        || last
            .strip_prefix('f')
            .is_some_and(|format| format.bytes().next().is_some_and(|b| b.is_ascii_digit()))
}

/// The post of one file; nothing where there is no video.
fn read_one(file: &FoundFile, video: Option<FoundFile>, mut extras: Extras) -> Result<Option<Post>, String> {
    let info: Info = sidecar::read_json(file)?;
    if info.kind.as_deref().is_some_and(|kind| kind != "video") {
        // A playlist or a channel.
        return Ok(None);
    }
    let Some(video) = video else { return Ok(None) };
    let id = info
        .id
        .as_deref()
        .filter(|id| !id.trim().is_empty())
        .ok_or("it names no video: the id is missing")?;
    let url = post::web_address(info.webpage_url.as_deref())
        .or_else(|| post::web_address(info.original_url.as_deref()));
    let host = url.as_ref().and_then(|url| Url::parse(url).ok()?.host_str().map(str::to_owned));
    let site = info.extractor_key.or(info.extractor).or(host).unwrap_or_else(|| "unknown".to_owned());
    let chapters = info.chapters.unwrap_or_default().into_iter();
    extras.chapters = chapter::usable(chapters.filter_map(|found| Some((found.start_time?, found.title?))));
    let title = [&info.title, &info.fulltitle].into_iter().flatten().find_map(|text| Title::from_text(text));
    let description = info.description.unwrap_or_default();
    let tags = match info.tags.as_deref() {
        Some(tags) if !tags.is_empty() => TagName::usable(tags.iter().map(String::as_str)),
        // Some sites know tags only as part of the text.
        _ => {
            TagName::usable(hashtags(title.as_ref().map_or("", Title::as_str)).chain(hashtags(&description)))
        }
    };
    let by = [info.uploader, info.channel, info.creator, info.uploader_id];
    let post = Post {
        name: video.relative.clone(),
        external_id: post::external_id(&format!("{}:{id}", site.to_lowercase())),
        wording: Wording {
            title: title.unwrap_or_else(|| Title::from_file_name(video.name())),
            description: Description::from_text(&description),
            tags,
        },
        author: by.iter().find_map(|name| post::author(name.as_deref())),
        url,
        posted_at: posted_at(info.timestamp.or(info.release_timestamp), info.upload_date.as_deref()),
        media: Media::Video(video),
        extras,
    };
    Ok(Some(post))
}

/// To the second where that is known, else midnight of the day.
fn posted_at(timestamp: Option<f64>, day: Option<&str>) -> Option<DateTime<Utc>> {
    let exact = timestamp.filter(|seconds| (0.0..4_102_444_800.0).contains(seconds));
    exact.and_then(|seconds| DateTime::from_timestamp(seconds as i64, 0)).or_else(|| {
        let day = NaiveDate::parse_from_str(day?, "%Y%m%d").ok()?;
        Some(day.and_hms_opt(0, 0, 0)?.and_utc())
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::import::walk::walk;

    #[test]
    fn only_the_video_becomes_a_post() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
        write(
            "A v1.5 [abc].info.json",
            r#"{"id": "abc", "extractor": "youtube", "title": "A v1.5", "uploader": "Ann", "tags": ["Sea Birds", "x"],
                "webpage_url": "https://www.youtube.com/watch?v=abc", "upload_date": "20150105",
                "chapters": [{"start_time": 0.0, "end_time": 5, "title": "One"}, {"start_time": 5.5, "title": "Two"}, {}], "description": null}"#,
        );
        for name in ["mp4", "webp", "fr.vtt", "es.ass", "f137.mp4", "mp4.part"] {
            write(&format!("A v1.5 [abc].{name}"), "x");
        }
        for name in ["en.srt", "en.vtt", "pt-BR.srt"] {
            write(&format!("A v1.5 [abc].{name}"), "1\n00:00:01,000 --> 00:00:02,000\nHello\n");
        }
        write("list.info.json", r#"{"_type": "playlist", "id": "PL1"}"#);
        write("alone.mkv", "x");
        write("bad.info.json", "{");
        write("bad.mp4", "x");
        write("empty.info.json", "{}");
        write("empty.mp4", "x");
        let reading = read(walk(place.path()).unwrap());
        assert_eq!(reading.posts.len(), 1);
        let post = &reading.posts[0];
        assert_eq!(post.external_id, "youtube:abc");
        assert_eq!((post.author.as_deref(), post.name.as_str()), (Some("Ann"), "A v1.5 [abc].mp4"));
        assert_eq!(post.posted_at.unwrap().to_rfc3339(), "2015-01-05T00:00:00+00:00");
        assert_eq!(post.wording.tags.iter().map(TagName::as_str).collect::<Vec<_>>(), ["sea-birds", "x"]);
        let captions: Vec<_> =
            post.extras.captions.iter().map(|(language, file)| (language.as_str(), file.name())).collect();
        assert_eq!(captions, [("en", "A v1.5 [abc].en.vtt"), ("pt-BR", "A v1.5 [abc].pt-BR.srt")]);
        let chapters = &post.extras.chapters.as_ref().unwrap().0;
        assert_eq!((chapters.len(), chapters[1].start_ms, chapters[1].title.as_str()), (2, 5_500, "Two"));
        assert_eq!(reading.problems.len(), 3, "{:?}", reading.problems);
        let notes = reading.notes.join(" ");
        assert!(notes.contains("1 caption file of a kind"), "{notes}");
        assert!(notes.contains("1 video without .info.json"), "{notes}");
    }
}
