//! The embedded store alone, as an S3 of its own.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Args;
use tokio::net::TcpListener;

use super::{print, serve::told_to_stop};
use crate::embedded::store::{self, LEFTOVERS_AFTER, Store};

const SHORTEST_KEY: usize = 16;
/// Whose uploads they are is not known here; no site waits for longer (`KINORA_UPLOAD_EXPIRY`).
const LONGEST_SILENCE: Duration = Duration::from_secs(2_000_000);

#[derive(Debug, Args)]
pub(super) struct StorageArgs {
    /// Address and port
    #[arg(long, default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// The folder that holds the objects
    #[arg(long, value_name = "DIR", default_value = "./data/store")]
    folder: PathBuf,
    /// The bucket, made if missing
    #[arg(long, env = "S3_BUCKET", default_value = "kinora")]
    bucket: String,
    /// Who may use it
    #[arg(long, env = "S3_ACCESS_KEY_ID", value_name = "ID")]
    access_key_id: String,
    /// With which secret; at least 16 characters
    #[arg(long, env = "S3_SECRET_ACCESS_KEY", value_name = "KEY", hide_env_values = true)]
    secret_access_key: String,
}

/// Serves the store until it is told to stop.
pub(super) async fn serve(arguments: StorageArgs) -> Result<()> {
    if arguments.secret_access_key.len() < SHORTEST_KEY {
        bail!(
            "S3_SECRET_ACCESS_KEY takes at least {SHORTEST_KEY} characters; `openssl rand -hex 32` makes one."
        );
    }
    let listener = TcpListener::bind(arguments.listen).await.with_context(|| {
        format!(
            "{} cannot be listened on. Stop what uses it, or choose another address with --listen",
            arguments.listen
        )
    })?;
    let store = Store::open(&arguments.folder)?;
    let router = store::router_alone(
        store.clone(),
        &arguments.bucket,
        &arguments.access_key_id,
        &arguments.secret_access_key,
    );
    print(&format!(
        "The store is ready: S3_ENDPOINT=http://{} S3_BUCKET={}\n",
        listener.local_addr()?,
        arguments.bucket
    ));
    let stop = async {
        if let Err(error) = told_to_stop().await {
            tracing::error!(%error, "signals cannot be waited for");
        }
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop);
    tokio::select! {
        ended = serving => ended.context("the store stopped serving"),
        () = store.keep_swept(LEFTOVERS_AFTER + LONGEST_SILENCE) => Ok(()),
    }
}
