//! Commands that run until they are told to stop.

use std::process::ExitCode;

use anyhow::{Context, Result};
use kinora_runner::RunnerArgs;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::print;
use crate::{config::Config, serve, site::ReadSiteFile};

/// Comes back at the first Ctrl-C or SIGTERM; a second one ends the process at once.
pub(super) async fn told_to_stop() -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            Some(()) = interrupt.recv() => {}
            Some(()) = terminate.recv() => {}
            // No signal, but the end of the runtime.
            else => return,
        }
        std::process::exit(130);
    });
    Ok(())
}

/// Runs the site.
pub(super) async fn serve(config: Config, site: ReadSiteFile) -> Result<()> {
    // Waits already while the site starts, so that Ctrl-C then is heard as well.
    let stop = tokio::spawn(told_to_stop());
    let running = serve::start(config, site).await?;
    print(&format!("Kinora is ready at {}\n", running.app().config.origin()));
    stop.await.context("signals cannot be waited for")??;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

/// Runs a runner, and says how the process is to end.
pub(super) async fn runner(arguments: RunnerArgs) -> Result<ExitCode> {
    let config = arguments.into_config()?;
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        if told_to_stop().await.is_ok() {
            stop.cancel();
        }
    });
    Ok(match kinora_runner::run(config, shutdown).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::from(error.exit_code())
        }
    })
}
