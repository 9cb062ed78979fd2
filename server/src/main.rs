//! `kinora`: the one program.

use std::{borrow::Cow, process::ExitCode};

use clap::Parser;
use kinora_server::command::Cli;
use rust_embed::Embed;

/// In release builds the bytes are part of the program; in debug builds they are read from the folder.
#[derive(Embed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Dist;

fn site_file(path: &str) -> Option<Cow<'static, [u8]>> {
    Dist::get(path).map(|file| file.data)
}

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run(site_file).await {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// One sentence with its causes.
#[allow(clippy::print_stderr, reason = "the output of a command that failed")]
fn complain(error: &anyhow::Error) {
    let text = format!("{error:#}");
    eprintln!("kinora: {}.", text.trim_end_matches('.'));
}
