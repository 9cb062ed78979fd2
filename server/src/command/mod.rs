//! The commands of `kinora`.

mod account;
mod doctor;
mod import;
mod serve;
mod site;
mod storage;
mod upload;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kinora_runner::RunnerArgs;

use crate::{config::Config, error::Error, schema, site::ReadSiteFile, telemetry};

/// A self-hosted video site
#[derive(Debug, Parser)]
#[command(name = "kinora", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the site: API, web app, embedded runner, and whatever embedded service is not configured away
    Serve,
    /// Run a runner for a site
    Runner(RunnerArgs),
    /// Administer accounts
    #[command(subcommand)]
    User(account::UserCommand),
    /// Make tokens for programs
    #[command(subcommand)]
    Token(account::TokenCommand),
    /// Send files to a site; what was cut short goes on where it ended
    Upload(upload::UploadArgs),
    /// Bring in videos from a folder on this machine; running it again adds only what is new
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Run the S3 store alone, on a port of its own
    Storage(storage::StorageArgs),
    /// Look whether everything is there and works: ffmpeg, its walls, the database, and the bucket as a browser
    /// would use it
    Doctor(doctor::DoctorArgs),
    /// Bring the database up to date
    Migrate,
    /// Print the GraphQL schema
    Schema,
}

impl Cli {
    /// Does what was asked, and says how the process is to end. `site` is what `serve` serves.
    ///
    /// # Errors
    /// One sentence for the person at the terminal.
    pub async fn run(self, site: ReadSiteFile) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Upload(arguments) => return upload::upload(arguments).await,
            Command::Serve => {
                telemetry::init();
                serve::serve(Config::load()?, site).await
            }
            Command::Runner(arguments) => {
                telemetry::init();
                return serve::runner(arguments).await;
            }
            Command::User(command) => command.run(Config::load()?).await,
            Command::Token(command) => command.run(Config::load()?).await,
            Command::Import(command) => command.run(Config::load()?).await,
            Command::Storage(arguments) => {
                telemetry::init();
                storage::serve(arguments).await
            }
            Command::Doctor(arguments) => doctor::run(arguments, Config::load()?).await,
            Command::Migrate => site::Site::open(Config::load()?).await?.close().await,
            Command::Schema => {
                print(&schema::sdl());
                Ok(())
            }
        }
        .map(|()| ExitCode::SUCCESS)
    }
}

/// Writes what a command was asked for to standard output.
#[allow(clippy::print_stdout, reason = "the output of a command")]
fn print(text: &str) {
    print!("{text}");
}

/// The sentence of an error, for a terminal.
fn said(error: Error) -> anyhow::Error {
    anyhow::anyhow!(async_graphql::Error::from(error).message)
}
