//! The command line of a runner, shared by `kinora-runner` and `kinora runner`.

use std::{env, path::PathBuf};

use clap::Args;
use url::Url;

use crate::{RunnerConfig, Tools, ToolsError};

/// Options of a runner.
#[derive(Debug, Clone, Args)]
pub struct RunnerArgs {
    /// Address of the site, for example https://video.example
    #[arg(long, env = "KINORA_SERVER", value_name = "URL")]
    pub server: Url,
    /// Runner token, made with `kinora token create`
    #[arg(long, env = "KINORA_RUNNER_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: String,
    /// Jobs at once; one already uses all processors
    #[arg(long, env = "KINORA_RUNNER_JOBS", value_name = "N", default_value_t = 1)]
    pub jobs: usize,
    /// Take one job, waiting for it if need be, and end
    #[arg(long)]
    pub once: bool,
    /// Folder for files of jobs under way [default: kinora-runner in the system's temporary folder]
    #[arg(long, env = "KINORA_RUNNER_WORK_DIR", value_name = "DIR")]
    pub work_dir: Option<PathBuf>,
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
        if self.token.trim().is_empty() {
            return Err(ArgsError::Token);
        }
        Ok(RunnerConfig {
            server: self.server,
            token: self.token.trim().to_owned(),
            jobs: self.jobs,
            once: self.once,
            work_dir: self.work_dir.unwrap_or_else(|| env::temp_dir().join("kinora-runner")),
            ffmpeg: Tools::find()?,
        })
    }
}
