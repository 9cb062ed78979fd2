//! `kinora upload`: files to a site, with a token of one's own.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, anyhow};
use clap::{Args, CommandFactory, ValueEnum, error::ErrorKind};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Cli, print, serve::told_to_stop};
use crate::send::{Memory, Report, Sender, Site, Visibility, Wires, Wishes};

/// What a program that was stopped by Ctrl-C ends with, by the custom of shells.
const INTERRUPTED: u8 = 130;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum WhoSees {
    /// Everybody, and the feed shows it
    Public,
    /// Whoever has the link
    Unlisted,
    /// Only you
    Private,
}

impl From<WhoSees> for Visibility {
    fn from(who: WhoSees) -> Self {
        match who {
            WhoSees::Public => Self::Public,
            WhoSees::Unlisted => Self::Unlisted,
            WhoSees::Private => Self::Private,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct UploadArgs {
    /// The files, sent one after the other; one that fails does not stop the others
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Address of the site, for example https://video.example
    #[arg(long, env = "KINORA_SERVER", value_name = "URL", value_parser = site_address)]
    server: Url,
    /// A token that may upload, made in the site's settings
    #[arg(long, env = "KINORA_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = token)]
    token: String,
    /// What the video is called; without it the name of the file is used
    #[arg(long)]
    title: Option<String>,
    /// What it is about
    #[arg(long)]
    description: Option<String>,
    /// A tag; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Who sees it; without this, everybody
    #[arg(long, value_enum)]
    visibility: Option<WhoSees>,
    /// Send also what was sent before and has a video
    #[arg(long)]
    again: bool,
    /// Wait until the video can be watched, or has failed
    #[arg(long)]
    wait: bool,
    /// Write one JSON object for each file to standard output
    #[arg(long)]
    json: bool,
}

fn site_address(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err("it takes the address of a site such as https://video.example".to_owned()),
    }
}

fn token(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it is no token; the site's settings make one".to_owned());
    }
    Ok(text.to_owned())
}

/// Sends the files one after the other. The exit code says whether all of them arrived.
pub(super) async fn upload(arguments: UploadArgs) -> Result<ExitCode> {
    if arguments.title.is_some() && arguments.files.len() > 1 {
        let words = "--title names one video: send the files one by one, or leave it out";
        Cli::command().error(ErrorKind::ArgumentConflict, words).exit();
    }
    let UploadArgs { files, server, token, title, description, tags, visibility, again, wait, json } =
        arguments;
    let site = Site::new(&server, &token).map_err(|error| anyhow!(error.message))?;
    let memory = Memory::of_this_user();
    if let Some(memory) = &memory {
        memory.forget_old();
    } else {
        say("no home folder is known, so what is cut short cannot be resumed");
    }
    let visibility = visibility.map(Into::into);
    let wishes = Wishes { title, description, tags, visibility, again, wait };
    let sender = Sender { site, memory, wishes, wires: Wires::default() };

    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        if told_to_stop().await.is_ok() {
            stopped.cancel();
        }
    });
    let mut all_arrived = true;
    for file in &files {
        let report = sender.send(file, stop.cancelled()).await;
        all_arrived &= report.error.is_none();
        tell(&report, json)?;
        if stop.is_cancelled() {
            return Ok(ExitCode::from(INTERRUPTED));
        }
    }
    Ok(if all_arrived { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The result to standard output, everything else to standard error.
fn tell(report: &Report, json: bool) -> Result<()> {
    let file = report.file.display();
    for warning in &report.warnings {
        say(&format!("{file}: {warning}"));
    }
    if report.sent.before {
        say(&format!(
            "{file}: it was sent before and has a video, which stays as it is; --again sends it anew"
        ));
    }
    if json {
        print(&format!("{}\n", report.to_json()?));
    } else if let (None, Some(address)) = (&report.error, &report.address) {
        print(&format!("{file}: {address}\n"));
    }
    if let Some(error) = &report.error {
        let safe = report.what_is_safe().map(|text| format!(" {text}")).unwrap_or_default();
        say(&format!("{file}: {}{safe} ({})", error.message, error.code));
    }
    Ok(())
}

#[allow(clippy::print_stderr, reason = "what a command says beside its output")]
fn say(words: &str) {
    eprintln!("kinora: {words}");
}
