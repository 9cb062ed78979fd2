//! The runner: turns uploads into adaptive HLS.
//!
//! It knows the server only by `schema.graphql` and by presigned URLs: [`api`] speaks GraphQL, [`claim`] takes
//! jobs and keeps their leases, [`transfer`] moves bytes, [`workdir`] holds them for as long as a job lasts,
//! [`job`] does the work with [`ffmpeg`] behind the walls of [`sandbox`], and [`fmp4`] cuts what comes out.

pub mod api;
mod args;
pub mod chunked;
mod claim;
pub mod ffmpeg;
pub mod fmp4;
pub mod job;
pub mod mp4;
pub mod sandbox;
pub mod slideshow;
pub mod source;
mod tools;
mod transfer;
pub mod workdir;

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;
use url::Url;

pub use args::{ArgsError, RunnerArgs};
pub use tools::{Tools, ToolsError};

/// What a runner needs to know.
#[derive(Debug, Clone)]
pub struct RunnerConfig {
    /// The site's address, for example `https://video.example`.
    pub server: Url,
    /// A runner token, as `kinora token create` makes them.
    pub token: String,
    /// So many jobs at once, at least 1.
    pub jobs: usize,
    /// Take one job, waiting for it if need be, and end.
    pub once: bool,
    /// Where jobs keep their files; made if missing.
    pub work_dir: PathBuf,
    pub ffmpeg: Tools,
}

/// Why a runner cannot go on. Network faults are none of these: they are waited out.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    #[error(
        "the server refuses this runner: {}. Make a runner token with `kinora token create` and pass it with \
         --token or KINORA_RUNNER_TOKEN",
        .0.trim_end_matches('.')
    )]
    TokenRefused(String),
    #[error("the work folder {} cannot be used: {source}", path.display())]
    WorkDir { path: PathBuf, source: std::io::Error },
    #[error("the HTTP client cannot be built: {0}")]
    Http(String),
}

/// Takes and does jobs until `shutdown` is cancelled. Jobs under way are then given back to the server.
pub async fn run(config: RunnerConfig, shutdown: CancellationToken) -> Result<(), RunnerError> {
    install_crypto();
    claim::run(config, shutdown).await
}

/// Makes ring the provider of TLS for the whole process, unless the program around us has chosen already.
pub fn install_crypto() {
    // An error only says that a provider is already installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
