//! `kinora import`: how an import looks in a terminal.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use anyhow::{Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use kinora_entity::video;
use tokio_util::sync::CancellationToken;

use super::{print, serve::told_to_stop, site::Site};
use crate::{
    config::Config,
    import::{self, Collection, Order, Problem, Progress, Stopped, Tally},
};

/// What a shell says of a command that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

#[derive(Debug, Subcommand)]
pub(super) enum ImportCommand {
    /// What instaloader saved: videos, pictures and carousels with their captions
    Instaloader {
        #[command(flatten)]
        common: Common,
        /// Only the posts that this file of an export from Instagram lists (saved_posts.json)
        #[arg(long, value_name = "FILE", value_parser = existing_file)]
        saved: Option<PathBuf>,
    },
    /// What yt-dlp saved with --write-info-json
    Ytdlp {
        #[command(flatten)]
        common: Common,
    },
    /// Every video file in a folder and the folders in it
    Folder {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Args)]
pub(super) struct Common {
    /// The folder to import from; nothing in it is changed
    #[arg(value_name = "DIR", value_parser = existing_folder)]
    folder: PathBuf,
    /// The account that the videos will belong to
    #[arg(long = "as", value_name = "USER")]
    user: String,
    /// Who may find new videos
    #[arg(long, value_enum, default_value_t = Visibility::Public)]
    visibility: Visibility,
    /// Also bring back what was imported before and deleted on the site
    #[arg(long)]
    deleted: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Visibility {
    Public,
    Unlisted,
    Private,
}

impl From<Visibility> for video::Visibility {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Public => Self::Public,
            Visibility::Unlisted => Self::Unlisted,
            Visibility::Private => Self::Private,
        }
    }
}

fn existing_folder(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_dir() { Ok(path) } else { Err("there is no such folder".to_owned()) }
}

fn existing_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_file() { Ok(path) } else { Err("there is no such file".to_owned()) }
}

impl ImportCommand {
    fn into_parts(self) -> (String, Order) {
        let (common, saved, kind) = match self {
            Self::Instaloader { common, saved } => (common, saved, Kind::Instaloader),
            Self::Ytdlp { common } => (common, None, Kind::Ytdlp),
            Self::Folder { common } => (common, None, Kind::Folder),
        };
        let folder = common.folder;
        let collection = match kind {
            Kind::Instaloader => Collection::Instaloader { folder, saved },
            Kind::Ytdlp => Collection::Ytdlp { folder },
            Kind::Folder => Collection::Folder { folder },
        };
        let order = Order { collection, visibility: common.visibility.into(), bring_back: common.deleted };
        (common.user, order)
    }

    /// Imports and sums up. Fails when anything could not be imported.
    pub async fn run(self, config: Config) -> Result<()> {
        let (user, order) = self.into_parts();
        let stop = CancellationToken::new();
        let terminal = Terminal::new();
        let heard = stop.clone();
        let bar = terminal.bar.clone();
        tokio::spawn(async move {
            if told_to_stop().await.is_ok() {
                heard.cancel();
                say(&bar, "Stopping after this file; Ctrl-C once more ends at once.");
            }
        });
        let site = Site::open_with_bucket(config).await?;
        let outcome = match import::account(&site.app, &user).await {
            Ok(account) => import::run(&site.app, account, &order, &terminal, &stop).await,
            Err(error) => Err(error),
        };
        terminal.bar.finish_and_clear();
        let closed = site.close().await;
        let tally = outcome?;
        print(&summary(&tally));
        closed?;
        if tally.stopped == Some(Stopped::Told) {
            std::process::exit(INTERRUPTED);
        }
        if let Some(Stopped::SiteAway(what)) = &tally.stopped {
            bail!("The site is away: {what}. Run the import again later; it goes on where it stopped");
        }
        match tally.failed {
            0 => Ok(()),
            1 => bail!("1 file could not be imported; it is named above"),
            failed => bail!("{failed} files could not be imported; they are named above"),
        }
    }
}

enum Kind {
    Instaloader,
    Ytdlp,
    Folder,
}

fn summary(tally: &Tally) -> String {
    let mut text = format!("Imported {}", new_videos(tally.added));
    let counts = [
        (tally.changed, "brought up to date"),
        (tally.unchanged, "already here"),
        (tally.moved, "here already under another file name"),
        (tally.kept_as_edited, "kept as edited here"),
        (tally.deleted_here, "deleted here before (--deleted brings them back)"),
        (tally.failed, "failed"),
        (tally.left, "not come to"),
    ];
    for (count, what) in counts {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    text.push_str(".\n");
    for note in &tally.notes {
        text.push_str(note);
        text.push('\n');
    }
    if tally.stopped == Some(Stopped::Told) {
        text.push_str("Stopped. Run the same command again to go on.\n");
    }
    text
}

fn new_videos(count: u64) -> String {
    format!("{count} new {}", if count == 1 { "video" } else { "videos" })
}

/// A bar on standard error where that is a terminal, and a line for each problem.
struct Terminal {
    bar: ProgressBar,
    /// Of the post that is under way, how many bytes the bar has moved.
    moved: AtomicU64,
    posts: AtomicU64,
    done: AtomicU64,
}

impl Terminal {
    fn new() -> Self {
        let bar = ProgressBar::new_spinner().with_message("Reading the folder");
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, moved: AtomicU64::new(0), posts: AtomicU64::new(0), done: AtomicU64::new(0) }
    }

    fn place(&self) {
        let (done, posts) = (self.done.load(Ordering::Relaxed), self.posts.load(Ordering::Relaxed));
        self.bar.set_prefix(format!("{done}/{posts}"));
    }
}

impl Progress for Terminal {
    fn read(&self, posts: u64, bytes: u64) {
        self.posts.store(posts, Ordering::Relaxed);
        self.bar.set_length(bytes);
        if let Ok(style) = ProgressStyle::with_template(
            "{prefix} {bar:24} {percent}% {bytes}/{total_bytes} {eta} {wide_msg}",
        ) {
            self.bar.set_style(style);
        }
        self.place();
    }

    fn begin(&self, name: &str) {
        self.moved.store(0, Ordering::Relaxed);
        self.bar.set_message(import::printable(name));
    }

    fn bytes(&self, bytes: u64) {
        self.moved.fetch_add(bytes, Ordering::Relaxed);
        self.bar.inc(bytes);
    }

    fn end(&self, bytes: u64) {
        // A video made of pictures has another size than they; what is known already moves at once.
        let moved = self.moved.load(Ordering::Relaxed);
        self.bar.set_position((self.bar.position() + bytes).saturating_sub(moved));
        self.done.fetch_add(1, Ordering::Relaxed);
        self.place();
    }

    fn problem(&self, problem: &Problem) {
        say(&self.bar, &problem.to_string());
    }
}

/// A line on standard error, above the bar where there is one.
#[allow(clippy::print_stderr, reason = "the output of a command")]
fn say(bar: &ProgressBar, line: &str) {
    bar.suspend(|| eprintln!("{line}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_what_happened_and_nothing_else() {
        let tally = Tally { added: 1, ..Tally::default() };
        assert_eq!(summary(&tally), "Imported 1 new video.\n");
        let tally = Tally {
            unchanged: 2,
            failed: 3,
            left: 4,
            stopped: Some(Stopped::Told),
            notes: vec!["A note.".into()],
            ..Tally::default()
        };
        assert_eq!(
            summary(&tally),
            "Imported 0 new videos, 2 already here, 3 failed, 4 not come to.\nA note.\n\
             Stopped. Run the same command again to go on.\n"
        );
    }
}
