//! Any folder of videos: each file one video, called by its name.

use std::collections::{HashMap, HashSet};

use super::{
    extras::{CaptionName, Extras, caption_name},
    is_video,
    post::{self, Media, Post, Problem, Reading, Wording},
    stem,
    walk::{FoundFile, Walk},
};
use crate::video::{Description, Title, display_file_name};

/// Turns what was found into posts.
pub fn read(walk: Walk) -> Reading {
    let mut reading = Reading { problems: walk.problems, ..Reading::default() };
    let (videos, others): (Vec<_>, Vec<_>) = walk.files.into_iter().partition(|file| is_video(file.name()));
    let (mut extras, others) = captions_of(&videos, others, &mut reading.problems);
    reading.posts = videos
        .into_iter()
        .map(|file| Post {
            extras: extras.remove(stem(&file.relative)).unwrap_or_default(),
            name: file.relative.clone(),
            external_id: post::external_id(&format!("{} {}", file.size_bytes, file.relative)),
            wording: Wording {
                title: Title::from_file_name(&display_file_name(file.name())),
                description: Description::from_text(""),
                tags: Vec::new(),
            },
            author: None,
            url: None,
            posted_at: None,
            media: Media::Video(file),
        })
        .collect();
    match others {
        0 => {}
        1 => reading.notes.push("1 file is no video by its name and was left out.".to_owned()),
        count => reading.notes.push(format!("{count} files are no videos by their names and were left out.")),
    }
    reading
}

/// The captions beside videos, by the path of the video without its ending, and how many files are none.
fn captions_of(
    videos: &[FoundFile],
    others: Vec<FoundFile>,
    problems: &mut Vec<Problem>,
) -> (HashMap<String, Extras>, usize) {
    let stems: HashSet<&str> = videos.iter().map(|file| stem(&file.relative)).collect();
    let mut extras: HashMap<String, Extras> = HashMap::new();
    let mut left = 0;
    for file in others {
        match caption_name(&file.relative, |name| stems.contains(name)) {
            CaptionName::Of { video, language } => {
                extras.entry(video).or_default().add(language, file, problems);
            }
            CaptionName::Unknown | CaptionName::None => left += 1,
        }
    }
    (extras, left)
}
