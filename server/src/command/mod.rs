//! The commands of `kinora`.

mod account;
mod import;
mod serve;
mod site;
mod storage;

use clap::{Parser, Subcommand};
use kinora_runner::RunnerArgs;

use crate::{config::Config, schema, telemetry};

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
    /// Bring in videos from a folder on this machine; running it again adds only what is new
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Run the S3 store alone, on a port of its own
    Storage(storage::StorageArgs),
    /// Bring the database up to date
    Migrate,
    /// Print the GraphQL schema
    Schema,
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// One sentence for the person at the terminal.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Serve => {
                telemetry::init();
                serve::serve(Config::load()?).await
            }
            Command::Runner(arguments) => {
                telemetry::init();
                serve::runner(arguments).await
            }
            Command::User(command) => command.run(Config::load()?).await,
            Command::Token(command) => command.run(Config::load()?).await,
            Command::Import(command) => command.run(Config::load()?).await,
            Command::Storage(arguments) => {
                telemetry::init();
                storage::serve(arguments).await
            }
            Command::Migrate => site::Site::open(Config::load()?).await?.close().await,
            Command::Schema => {
                print(&schema::sdl());
                Ok(())
            }
        }
    }
}

/// Writes what a command was asked for to standard output.
#[allow(clippy::print_stdout, reason = "the output of a command")]
fn print(text: &str) {
    print!("{text}");
}
