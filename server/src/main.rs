//! `kinora`: the one program.

use std::process::ExitCode;

use clap::Parser;
use kinora_server::command::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
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
