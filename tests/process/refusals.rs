//! Starts that cannot succeed: one clear sentence and exit 1, quickly.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use kinora_tests::served::{Served, command, free_port, program};

use crate::Place;

const SOON: Duration = Duration::from_secs(20);

async fn refused(served: Served, hints: &[&str]) {
    refused_with(1, served, hints).await;
}

async fn refused_with(code: i32, mut served: Served, hints: &[&str]) {
    let status = served.ended(SOON).await;
    let words = served.words();
    assert_eq!(status.code(), Some(code), "{words}");
    let last = words.lines().last().unwrap_or_default();
    for hint in hints {
        assert!(last.to_lowercase().contains(&hint.to_lowercase()), "“{hint}” is missing from: {words}");
    }
    assert!(!words.contains("panicked") && !words.to_lowercase().contains("backtrace"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_folder() {
    let place = Place::empty();
    let mut first = Served::spawn(&place.data(), &[]);
    first.ready().await;
    refused(Served::spawn(&place.data(), &[]), &["another Kinora", "KINORA_DATA_DIR"]).await;
    assert!(first.client().get("/readyz").await.status().is_success(), "the first one goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_port() {
    let place = Place::empty();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let served = Served::spawn_on(port, &place.data(), &[]);
    refused(served, &[&port.to_string(), "KINORA_LISTEN"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_ffmpeg() {
    let place = Place::empty();
    refused(Served::spawn(&place.data(), &[("PATH", "/nowhere")]), &["ffmpeg"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_postgres() {
    // The programs are found without the PATH, so their folder is hidden from this one process.
    let hidden = Path::new("/usr/lib/postgresql");
    let can_hide = Command::new("bwrap")
        .args(["--dev-bind", "/", "/", "--tmpfs", "/usr/lib/postgresql", "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !hidden.exists() || !can_hide {
        return;
    }
    let place = Place::empty();
    let mut hiding = Command::new("bwrap");
    hiding
        .args(["--dev-bind", "/", "/", "--tmpfs", "/usr/lib/postgresql", "--die-with-parent"])
        .arg(program())
        .arg("serve")
        .stdin(Stdio::null())
        .env("KINORA_DATA_DIR", place.data())
        .env("KINORA_LISTEN", format!("127.0.0.1:{}", free_port()));
    refused(Served::follow(&mut hiding, 0), &["PostgreSQL", "install", "DATABASE_URL"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written() {
    let place = Place::empty();
    let file = place.data();
    std::fs::write(&file, "a file stands where the folder should be").unwrap();
    let served = Served::spawn(&file.join("data"), &[]);
    refused(served, &["data"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_does_not_exist_or_makes_no_sense() {
    let place = Place::empty();
    refused(Served::spawn(&place.data(), &[("KINORA_PORT", "1")]), &["KINORA_PORT"]).await;
    refused(Served::spawn(&place.data(), &[("KINORA_SIGN_UP", "perhaps")]), &["KINORA_SIGN_UP", "open"])
        .await;
    refused(Served::spawn(&place.data(), &[("KINORA_SECRET", "short")]), &["KINORA_SECRET"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_answer() {
    let place = Place::empty();
    let nobody = format!("postgres://kinora@127.0.0.1:{}/kinora", free_port());
    refused(Served::spawn(&place.data(), &[("DATABASE_URL", &nobody)]), &["DATABASE_URL"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_not_let_in() {
    let place = Place::empty();
    let mut served = Served::spawn(&place.data(), &[]);
    served.ready().await;
    let mut runner = command(&["runner", "--server", served.url.as_str(), "--token", "wrong", "--once"]);
    // Whatever starts it again should not.
    refused_with(77, Served::follow(&mut runner, 0), &["token"]).await;
}
