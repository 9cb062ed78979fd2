//! Making the cluster, and the database in it, when they are not there yet.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use nix::sys::signal::Signal;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, Connection};

use super::NAME;
use super::error::{FileContext, PostgresError};
use super::folders::Folders;
use super::owner::Owner;
use super::postmaster::{self, Way};
use super::programs::Programs;

/// Makes the cluster if it is missing. A crash on the way leaves an unfinished folder beside it, which the
/// next start throws away; the cluster itself appears whole, by a rename.
pub(super) fn ensure(folders: &Folders, programs: &Programs, owner: &Owner) -> Result<(), PostgresError> {
    if folders.cluster.join("PG_VERSION").exists() {
        return owner.take_over(&folders.cluster);
    }
    let unfinished = &folders.unfinished;
    match fs::remove_dir_all(unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).on("removing", unfinished);
        }
        _ => {}
    }
    owner.own_private_folder(unfinished)?;
    let way = Way::to(unfinished, owner)?;
    let locale = if cfg!(target_os = "linux") { "C.UTF-8" } else { "C" };
    let output = postmaster::command(&programs.initdb, owner, &way, Signal::SIGKILL)
        .arg("-D")
        .arg(way.path())
        .args(["--username", NAME, "--encoding", "UTF8", "--locale", locale])
        .args(["--auth-local", "trust", "--auth-host", "reject", "--no-instructions"])
        .output()
        .map_err(|source| PostgresError::Spawn { program: programs.initdb.clone(), source })?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let lines = || text.lines().filter(|line| !line.trim().is_empty());
        let reason =
            lines().find(|line| line.contains("error:") || line.contains("FATAL")).or(lines().next_back());
        return Err(PostgresError::Initdb { reason: reason.unwrap_or("it ended without a word").into() });
    }
    fs::rename(unfinished, &folders.cluster).on("renaming", unfinished)?;
    let root = folders.cluster.parent().unwrap_or(Path::new("/"));
    File::open(root).and_then(|root| root.sync_all()).on("syncing", root)
}

/// Creates the database if it is missing. Runs its own small runtime, so not to be called inside of one.
pub(super) fn ensure_database(folders: &Folders) -> Result<(), PostgresError> {
    let failed = |reason: String| PostgresError::Database { reason, log: folders.log.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| failed(error.to_string()))?;
    runtime.block_on(create_database(&folders.socket)).map_err(|error| failed(error.to_string()))
}

async fn create_database(socket_folder: &Path) -> Result<(), sqlx::Error> {
    let options = PgConnectOptions::new_without_pgpass()
        .socket(socket_folder)
        .port(5432)
        .username(NAME)
        .database("postgres");
    let mut connection = PgConnection::connect_with(&options).await?;
    let found: Option<i32> = sqlx::query_scalar("select 1 from pg_database where datname = 'kinora'")
        .fetch_optional(&mut connection)
        .await?;
    if found.is_none() {
        sqlx::query("create database kinora").execute(&mut connection).await?;
    }
    connection.close().await
}
