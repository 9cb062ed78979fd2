//! The runner: turns uploads into adaptive HLS.
//!
//! It knows the server only by `schema.graphql` and by presigned URLs: [`api`] speaks GraphQL, [`claim`] takes
//! jobs and keeps their leases, [`transfer`] moves bytes, [`workdir`] holds them for as long as a job lasts,
//! [`job`] does the work with [`ffmpeg`] behind the walls of [`sandbox`], and [`fmp4`] cuts what comes out.

pub mod api;
mod args;
pub mod capabilities;
pub mod chunked;
mod claim;
pub mod ffmpeg;
pub mod files;
pub mod fmp4;
pub mod hardware;
mod identity;
pub mod job;
pub mod mp4;
mod protect;
pub mod sandbox;
pub mod slideshow;
pub mod source;
mod tools;
mod transfer;
pub mod workdir;

use std::{path::PathBuf, time::Duration};

use tokio_util::sync::CancellationToken;
use url::Url;

pub use args::{ArgsError, LEAST_MEMORY_MIB, RunnerArgs};
pub use tools::{Tools, ToolsError};

/// What a runner needs to know.
#[derive(Debug, Clone)]
pub struct RunnerConfig {
    /// The site's address, for example `https://video.example`.
    pub server: Url,
    /// A registration token, or the credential of a runner, as `kinora token create` makes both; none for a machine
    /// that has registered before.
    pub token: Option<String>,
    /// What it is called from its registration on; without it what the administrator called it.
    pub name: Option<String>,
    /// Where the credential is kept that it got for a registration token; made if missing.
    pub state_dir: Option<PathBuf>,
    /// So many jobs at once, at least 1.
    pub jobs: usize,
    /// Take one job, waiting for it if need be, and end.
    pub once: bool,
    /// With `once`: so long is a job waited for; without it, for ever.
    pub wait: Option<Duration>,
    /// Where jobs keep their files; made if missing.
    pub work_dir: PathBuf,
    pub ffmpeg: Tools,
    /// Work even where nothing keeps ffmpeg from other files.
    pub unconfined: bool,
    /// The most memory that one run of ffmpeg gets, counted in addresses; without it as much as honest files may need.
    pub memory_bytes: Option<u64>,
    /// So long a result is offered to a store that is away.
    pub patience: Duration,
}

/// Longer than a server or a store takes to start again: what was encoded is worth the wait.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Why a runner cannot go on. Network faults are none of these: they are waited out.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    #[error(
        "the server refuses this runner: {}. Make a token with `kinora token create --runner` and pass it with \
         --token or KINORA_RUNNER_TOKEN",
        .0.trim_end_matches('.')
    )]
    TokenRefused(String),
    #[error(
        "the server does not let this machine register: {}. Make a token with `kinora token create --runner` and \
         pass it with --token or KINORA_RUNNER_TOKEN",
        .0.trim_end_matches('.')
    )]
    RegistrationRefused(String),
    #[error(
        "this machine is not a runner of {0} yet: make a token with `kinora token create --runner` and pass it with \
         --token or KINORA_RUNNER_TOKEN"
    )]
    NotRegistered(Url),
    #[error("there is no folder to keep this runner's credential in: name one with --state-dir")]
    NoStateDir,
    #[error("the credential cannot be kept in {}: {source}", path.display())]
    StateDir { path: PathBuf, source: std::io::Error },
    #[error("the work folder {} cannot be used: {source}", path.display())]
    WorkDir { path: PathBuf, source: std::io::Error },
    #[error(
        "nothing on this machine keeps ffmpeg, which reads what strangers send, from this user's other files: install \
         bubblewrap, or run a Linux kernel with Landlock. To run without, as on a machine that does nothing else, pass \
         --unconfined or set KINORA_RUNNER_UNCONFINED=on"
    )]
    Unconfined,
    #[error("the HTTP client cannot be built: {0}")]
    Http(String),
    /// With `once`, where the job goes back to the queue.
    #[error("the job was not done; it goes to another runner")]
    JobNotDone,
    /// With `once` and a time to wait.
    #[error("the server could not be reached: {0}")]
    Unreachable(String),
}

impl RunnerError {
    /// What the process ends with: 77 (`EX_NOPERM`) where starting it again cannot help, so that a service manager
    /// can be told not to; else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::TokenRefused(_)
            | Self::RegistrationRefused(_)
            | Self::NotRegistered(_)
            | Self::Unconfined => 77,
            _ => 1,
        }
    }
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
