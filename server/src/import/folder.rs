//! Any folder of videos: each file one video, called by its name.

use super::{
    is_video,
    post::{self, Media, Post, Reading, Wording},
    walk::Walk,
};
use crate::video::{Description, Title, display_file_name};

/// Turns what was found into posts.
pub fn read(walk: Walk) -> Reading {
    let mut reading = Reading { problems: walk.problems, ..Reading::default() };
    let (videos, others): (Vec<_>, Vec<_>) = walk.files.into_iter().partition(|file| is_video(file.name()));
    reading.posts = videos
        .into_iter()
        .map(|file| Post {
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
    match others.len() {
        0 => {}
        1 => reading.notes.push("1 file is no video by its name and was left out.".to_owned()),
        count => reading.notes.push(format!("{count} files are no videos by their names and were left out.")),
    }
    reading
}
