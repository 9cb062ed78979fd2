//! The real thing: Postgres from nothing, again, after a crash, and on folders that make trouble.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sea_orm::sqlx::{self, Connection, PgConnection};

use super::postmaster::PidFile;
use super::*;

/// A folder that the unprivileged user can reach, unlike a temporary folder of root's.
fn reachable_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Runs statements one after the other and returns the last one's only value.
fn query(url: &str, statements: &[&'static str]) -> Result<i64, sqlx::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = PgConnection::connect(url).await?;
        let (last, first) = statements.split_last().unwrap();
        for statement in first {
            sqlx::query(*statement).execute(&mut connection).await?;
        }
        sqlx::query_scalar(*last).fetch_one(&mut connection).await
    })
}

fn pid_of(data_dir: &Path) -> Pid {
    Pid::from_raw(PidFile::read(&folders::cluster_of(data_dir)).unwrap().pid)
}

const FILL: [&str; 3] =
    ["create table kept (n bigint)", "insert into kept values (41)", "select n + 1 from kept"];

#[test]
fn starts_from_nothing_stops_and_finds_its_data_again() {
    let folder = reachable_folder();
    let begin = Instant::now();
    let postgres = Postgres::start(folder.path()).unwrap();
    let from_nothing = begin.elapsed();
    assert_eq!(query(&postgres.url(), &FILL).unwrap(), 42);
    assert_eq!(url_of_running(folder.path()), Some(postgres.url()));
    assert!(matches!(Postgres::start(folder.path()), Err(PostgresError::InUse { .. })));
    let begin = Instant::now();
    postgres.stop();
    postgres.stop();
    let stop = begin.elapsed();
    assert_eq!(url_of_running(folder.path()), None);
    assert!(query(&postgres.url(), &["select 1::bigint"]).is_err());

    let begin = Instant::now();
    let postgres = Postgres::start(folder.path()).unwrap();
    let again = begin.elapsed();
    assert_eq!(query(&postgres.url(), &["select n from kept"]).unwrap(), 41);
    let utf8 = "select count(*) from pg_settings where (name, setting) in
        (('server_encoding', 'UTF8'), ('TimeZone', 'UTC'), ('fsync', 'on'), ('synchronous_commit', 'on'))";
    assert_eq!(query(&postgres.url(), &[utf8]).unwrap(), 4);
    drop(postgres);
    assert_eq!(url_of_running(folder.path()), None);
    tracing::info!(?from_nothing, ?again, ?stop, "start times");
    assert!(stop < Duration::from_secs(5), "took {stop:?} to stop");
}

#[tokio::test]
async fn starts_inside_a_runtime_and_comes_back_after_kill_9() {
    let folder = reachable_folder();
    let postgres = Postgres::start(folder.path()).unwrap();
    let url = postgres.url();
    let fill = url.clone();
    tokio::task::spawn_blocking(move || query(&fill, &FILL)).await.unwrap().unwrap();
    let first = pid_of(folder.path());
    kill(first, Signal::SIGKILL).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let value = loop {
        let url = url.clone();
        let value = tokio::task::spawn_blocking(move || query(&url, &["select n from kept"])).await.unwrap();
        match value {
            Ok(value) => break value,
            Err(error) => assert!(Instant::now() < deadline, "still down: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(value, 41);
    assert_ne!(pid_of(folder.path()), first);
}

#[test]
fn a_stale_pid_file_with_the_number_of_another_process_does_not_matter() {
    let folder = reachable_folder();
    let postgres = Postgres::start(folder.path()).unwrap();
    let pid_file = folders::cluster_of(folder.path()).join("postmaster.pid");
    let written = fs::read_to_string(&pid_file).unwrap();
    postgres.stop();
    // The number of a process that lives and has nothing to do with it.
    let (_, rest) = written.split_once('\n').unwrap();
    let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", other.id())).unwrap();
    assert_eq!(url_of_running(folder.path()), None);
    let started = Postgres::start(folder.path());
    let lives = matches!(other.try_wait(), Ok(None));
    other.kill().and_then(|()| other.wait()).unwrap();
    assert!(lives, "the other process was harmed");
    started.unwrap();
}

#[test]
fn an_initdb_that_was_interrupted_is_begun_again() {
    let folder = reachable_folder();
    let unfinished = folder.path().join("postgres/cluster.unfinished");
    fs::create_dir_all(unfinished.join("base")).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();
    let postgres = Postgres::start(folder.path()).unwrap();
    assert_eq!(query(&postgres.url(), &["select 1::bigint"]).unwrap(), 1);
    assert!(!unfinished.exists());
}

#[test]
fn a_long_path_and_a_closed_parent_are_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    let closed = folder.path().join("closed, with a space");
    let data_dir = closed.join("x".repeat(120));
    fs::create_dir_all(&data_dir).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    for _ in 0..2 {
        let postgres = Postgres::start(&data_dir).unwrap();
        assert_eq!(query(&postgres.url(), &["select 1::bigint"]).unwrap(), 1);
        assert_eq!(url_of_running(&data_dir), Some(postgres.url()));
    }
}

#[test]
fn a_file_where_the_folder_should_be_is_said_plainly() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("postgres"), "").unwrap();
    let error = Postgres::start(folder.path()).err().unwrap();
    assert!(error.to_string().contains("creating"), "{error}");
}
