//! The runner inside the server's own process. It is the same code as any other one and speaks the
//! same API, over the loopback.

use std::path::Path;

use anyhow::{Context, Result};
use kinora_runner::{RunnerConfig, Tools, files};
use tokio_util::sync::CancellationToken;

use crate::{
    account::{self, Credentials, Requester},
    app::SharedApp,
    job as queue,
};

/// Runs until `stop`, then gives its jobs back.
///
/// # Errors
/// When its token or its folder cannot be made.
pub async fn start(
    app: &SharedApp,
    ffmpeg: Tools,
    stop: CancellationToken,
) -> Result<tokio::task::JoinHandle<()>> {
    let token = token(app).await?;
    let config = RunnerConfig {
        server: format!("http://{}", app.local_authority).parse()?,
        token: Some(token),
        name: None,
        state_dir: None,
        jobs: 1,
        once: false,
        wait: None,
        work_dir: app.config.data_dir.join("runner"),
        ffmpeg,
        unconfined: app.config.runner_unconfined,
        memory_bytes: app.config.runner_memory_bytes,
        patience: kinora_runner::PATIENCE,
    };
    Ok(tokio::spawn(async move {
        if let Err(error) = kinora_runner::run(config, stop).await {
            tracing::error!(%error, "the embedded runner has ended");
        }
    }))
}

/// The token kept in the data folder, while the database knows it; else a new one.
async fn token(app: &SharedApp) -> Result<String> {
    let path = app.config.data_dir.join("runner-token");
    if let Some(token) = files::read_secret(&path)?
        && let Ok(Requester::Runner(runner)) =
            account::authenticate(app, &Credentials::Bearer(token.clone())).await
    {
        // Whoever had these jobs was part of a process that is no more: nobody need wait for their leases to run out.
        if let Err(error) = queue::take_over(app, runner.id).await {
            tracing::warn!(?error, "jobs of the last run wait until their leases run out");
        }
        return Ok(token);
    }
    let token = account::create_runner_token(app, "embedded", account::Lifetime::UNLIMITED)
        .await
        .map_err(|error| anyhow::anyhow!("{error:?}"))
        .context("The token of the embedded runner could not be made")?;
    write(&path, &token)?;
    Ok(token)
}

fn write(path: &Path, token: &str) -> Result<()> {
    files::write_secret(path, token).with_context(|| format!("{} cannot be written", path.display()))
}
