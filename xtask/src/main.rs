//! Tasks of this repository that cargo alone cannot do. `cargo run -p xtask -- web` builds the site.

mod site;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};

#[derive(Parser)]
#[command(name = "xtask", about = "Tasks of this repository that cargo alone cannot do")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the site into web/dist; does nothing when nothing changed
    Web {
        /// `web` is what ships; `dev` compiles faster and compresses less
        #[arg(long, value_enum, default_value_t = Profile::Web)]
        profile: Profile,
    },
}

/// How much time a build may take for a smaller site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Profile {
    Web,
    Dev,
}

impl Profile {
    /// The name of the cargo profile.
    fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Dev => "dev",
        }
    }

    /// The folder that cargo gives the profile's output.
    fn folder(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Dev => "debug",
        }
    }

    fn ships(self) -> bool {
        self == Self::Web
    }
}

fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Web { profile } => site::build(&workspace_root()?, profile),
    }
}

/// The repository: where cargo says that this package is, or where it was when it was compiled.
fn workspace_root() -> Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().map(Path::to_owned).context("xtask has no parent folder")
}
