//! Nothing that was promised is lost, however the server ends.

use std::path::Path;
use std::time::Duration;

use kinora_tests::clips;
use kinora_tests::person::Person;
use kinora_tests::served::{Served, free_port};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::Place;

const PATIENCE: Duration = Duration::from_secs(90);
const SOON: Duration = Duration::from_secs(15);

/// The postmaster of a data folder, if one is alive.
pub fn postgres_of(data: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(data.join("postgres/cluster/postmaster.pid")).ok()?;
    let pid = Pid::from_raw(text.lines().next()?.trim().parse().ok()?);
    kill(pid, None).is_ok().then_some(pid)
}

/// Waits until the Postgres of a server that was killed has ended too.
pub async fn postgres_gone(data: &Path) {
    for _ in 0..150 {
        if postgres_of(data).is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("Postgres outlives its server");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_upload_survives_kill_9_at_any_moment() {
    let place = Place::new();
    let port = free_port();
    let mut served = Served::spawn_on(port, &place.data(), &[]);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    // One that is being processed when the server dies, and one that is half sent.
    let video = ann.upload_clip(&clips::LANDSCAPE).await;
    let open = ann.begin_upload("later.mp4", "video/mp4", 9).await;
    ann.put_parts(&open, b"any bytes").await;
    for wait_ms in [0, 400, 1_500] {
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        served.signal(Signal::SIGKILL);
        served.ended(SOON).await;
        postgres_gone(&place.data()).await;
        served = Served::spawn_on(port, &place.data(), &[]);
        served.ready().await;
    }
    // The session goes on as well.
    let seen = ann.ready(&video, PATIENCE + Duration::from_secs(60)).await;
    assert_eq!(seen["playable"], true);
    let late = ann.complete(&open).await.data();
    assert_eq!(late["completeUpload"]["state"], "PROCESSING");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_everything_in_order() {
    let place = Place::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut served = Served::spawn(&place.data(), &[]);
        served.ready().await;
        assert!(postgres_of(&place.data()).is_some());
        let ann = served.client().query("{ __typename }").await;
        assert!(!ann.failed());
        served.signal(signal);
        let status = served.ended(SOON).await;
        assert_eq!(status.code(), Some(0), "{signal}: {}", served.words());
        assert!(postgres_of(&place.data()).is_none(), "{signal}: Postgres outlives its server");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_in_the_middle_of_a_transcode_leaves_the_video_for_the_next_start() {
    let place = Place::new();
    let mut served = Served::spawn(&place.data(), &[]);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    let video = ann.upload_clip(&clips::LONG_LANDSCAPE).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    served.signal(Signal::SIGINT);
    assert_eq!(served.ended(SOON).await.code(), Some(0), "{}", served.words());
    let port = ann.client.base().port().unwrap();
    let mut again = Served::spawn_on(port, &place.data(), &[]);
    again.ready().await;
    ann.ready(&video, PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_site_comes_back_when_its_postgres_is_killed() {
    let place = Place::new();
    let mut served = Served::spawn(&place.data(), &[]);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    kill(postgres_of(&place.data()).unwrap(), Signal::SIGKILL).unwrap();
    let mut seen = json!(null);
    for _ in 0..150 {
        let reply = ann.client.query("{ me { username } }").await;
        if !reply.failed() {
            seen = reply.data()["me"]["username"].take();
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(seen, "ann", "{}", served.words());
}
