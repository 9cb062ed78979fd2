//! The command line of a runner, shared by `kinora-runner` and `kinora runner`.

use std::{env, path::PathBuf, time::Duration};

use clap::Args;
use url::Url;

use crate::{PATIENCE, RunnerConfig, Tools, ToolsError};

/// With its libraries and a small video ffmpeg needs 400.
pub const LEAST_MEMORY_MIB: u64 = 512;

/// Options of a runner.
#[derive(Debug, Clone, Args)]
pub struct RunnerArgs {
    /// Address of the site, for example https://video.example
    #[arg(long, env = "KINORA_SERVER", value_name = "URL")]
    pub server: Url,
    /// Token made with `kinora token create --runner`; not needed again once this machine has registered
    #[arg(long, env = "KINORA_RUNNER_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// What the runner is called [default: what the token was made for]
    #[arg(long, env = "KINORA_RUNNER_NAME", value_name = "NAME")]
    pub name: Option<String>,
    /// Jobs at once; one already uses all processors
    #[arg(long, env = "KINORA_RUNNER_JOBS", value_name = "N", default_value_t = 1)]
    pub jobs: usize,
    /// Take one job, waiting for it if need be, and end
    #[arg(long)]
    pub once: bool,
    /// With --once: wait so long for a job, then end [default: for ever]
    #[arg(long, value_name = "SECONDS", requires = "once")]
    pub wait: Option<u64>,
    /// Folder for files of jobs under way [default: kinora-runner in the system's temporary folder]
    #[arg(long, env = "KINORA_RUNNER_WORK_DIR", value_name = "DIR")]
    pub work_dir: Option<PathBuf>,
    /// Folder for the credential, kept from one start to the next [default: kinora-runner in the user's folder for
    /// state]
    #[arg(long, env = "KINORA_RUNNER_STATE_DIR", value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Run ffmpeg even where neither bubblewrap nor Landlock keeps it from other files
    #[arg(long, env = "KINORA_RUNNER_UNCONFINED")]
    pub unconfined: bool,
    /// Megabytes of memory that one run of ffmpeg gets at most, its libraries included: at least 512 [default: 16384]
    #[arg(long, env = "KINORA_RUNNER_MEMORY", value_name = "MIB", value_parser = clap::value_parser!(u64).range(LEAST_MEMORY_MIB..))]
    pub memory: Option<u64>,
}

/// Options that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArgsError {
    #[error("{0} is not the address of a site: it must begin with http:// or https://")]
    Server(Url),
    #[error("--jobs must be at least 1")]
    Jobs,
    #[error("the token is empty")]
    Token,
    #[error(transparent)]
    Tools(#[from] ToolsError),
}

impl RunnerArgs {
    /// Checks the options and finds ffmpeg.
    pub fn into_config(self) -> Result<RunnerConfig, ArgsError> {
        if !matches!(self.server.scheme(), "http" | "https") || self.server.host_str().is_none() {
            return Err(ArgsError::Server(self.server));
        }
        if self.jobs == 0 {
            return Err(ArgsError::Jobs);
        }
        let token = self.token.map(|token| token.trim().to_owned());
        if token.as_ref().is_some_and(String::is_empty) {
            return Err(ArgsError::Token);
        }
        Ok(RunnerConfig {
            server: self.server,
            token,
            name: self.name,
            state_dir: self.state_dir.or_else(usual_state_dir),
            jobs: self.jobs,
            once: self.once,
            wait: self.wait.map(Duration::from_secs),
            work_dir: self.work_dir.unwrap_or_else(|| env::temp_dir().join("kinora-runner")),
            ffmpeg: Tools::find()?,
            unconfined: self.unconfined,
            memory_bytes: self.memory.map(|mebibytes| mebibytes.saturating_mul(1 << 20)),
            patience: PATIENCE,
        })
    }
}

/// What a service manager gives a service to keep, else the user's own folder for such things.
fn usual_state_dir() -> Option<PathBuf> {
    let folder = |variable: &str| {
        env::var_os(variable)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let users = || folder("XDG_STATE_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/state")));
    folder("STATE_DIRECTORY").or_else(|| users().map(|users| users.join("kinora-runner")))
}
