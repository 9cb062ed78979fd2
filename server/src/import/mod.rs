//! Imports: a collection that exists already becomes videos of this site.
//!
//! A reader ([`instaloader`], [`ytdlp`], [`folder`]) turns a folder into a list of [`post::Post`]s and of
//! what was wrong with it, without changing anything. [`run`] takes the posts in one by one: the file goes
//! into the bucket ([`bucket`]), then video, job and origin appear in one transaction ([`service`]). What
//! was imported is known by its origin, so that an import can be cut off at any moment and repeated.

mod bucket;
mod content;
mod extras;
mod folder;
mod instaloader;
mod origin;
mod post;
mod run;
mod service;
mod sidecar;
mod slides;
mod walk;
mod ytdlp;

pub use origin::{Origin, OriginKey};
pub use post::{Post, Problem, Reading, printable};
pub use run::{Order, Progress, Stopped, Tally, account, run};

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

/// A collection on this machine's disk.
#[derive(Clone, Debug)]
pub enum Collection {
    /// What instaloader saved; with `saved`, only the posts that this export of Instagram lists.
    Instaloader { folder: PathBuf, saved: Option<PathBuf> },
    /// What yt-dlp saved with `--write-info-json`.
    Ytdlp { folder: PathBuf },
    /// Any folder of videos.
    Folder { folder: PathBuf },
}

impl Collection {
    /// Reads what there is to import. Waits for the disk.
    ///
    /// # Errors
    /// When there is nothing to read at all; what is wrong with single files is in the reading.
    pub fn read(&self) -> io::Result<Reading> {
        match self {
            Self::Instaloader { folder, saved } => {
                let saved = match saved {
                    Some(file) => Some(instaloader::read_saved(file)?),
                    None => None,
                };
                Ok(instaloader::read(walk::walk(folder)?, folder, saved))
            }
            Self::Ytdlp { folder } => Ok(ytdlp::read(walk::walk(folder)?)),
            Self::Folder { folder } => Ok(folder::read(walk::walk(folder)?)),
        }
    }

    fn source(&self) -> kinora_entity::video_origin::Source {
        use kinora_entity::video_origin::Source;
        match self {
            Self::Instaloader { .. } => Source::Instaloader,
            Self::Ytdlp { .. } => Source::Ytdlp,
            Self::Folder { .. } => Source::Folder,
        }
    }
}

/// Endings of the containers that runners take.
const VIDEO_EXTENSIONS: [&str; 20] = [
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "ts", "mts", "m2ts", "mpg", "mpeg", "wmv", "asf", "flv",
    "3gp", "3g2", "ogv", "ogm", "vob", "m2v",
];

fn is_video(name: &str) -> bool {
    extension(name).is_some_and(|extension| VIDEO_EXTENSIONS.contains(&extension.as_str()))
}

/// The end of a file's name, in lower case.
fn extension(name: &str) -> Option<String> {
    Path::new(name).extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase)
}

/// A name without its last ending.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Files by what comes before the last slash of their path.
fn by_folder(files: Vec<walk::FoundFile>) -> HashMap<String, Vec<walk::FoundFile>> {
    let mut folders: HashMap<String, Vec<walk::FoundFile>> = HashMap::new();
    for file in files {
        folders.entry(file.folder().to_owned()).or_default().push(file);
    }
    folders
}
