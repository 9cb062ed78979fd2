//! Machines whose clocks are off by ten minutes, and one whose clock is set while it works.

use std::time::{Duration, Instant};

use kinora_tests::clips;
use kinora_tests::other_store::OtherStore;
use kinora_tests::person::{Person, put};
use kinora_tests::published::fetch;
use kinora_tests::served::{Served, command};
use kinora_tests::skipped;
use kinora_tests::wrong_clock::WrongClock;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::Place;
use crate::chunks::PATIENCE;
use crate::desk::{Desk, LARGE_BYTES, sum};
use crate::runner::runner_token;
use crate::store::{is_whole, send};

const OFF_S: i64 = 600;
const NO_LIBRARY: &str = "there is no libfaketime to make clocks wrong with";

/// A runner whose clock is off, on a site.
fn runner(place: &Place, served: &Served, clock: &WrongClock, name: &str) -> Served {
    let mut command =
        command(&["runner", "--server", served.url.as_str(), "--token", &runner_token(place, &[])]);
    command.arg("--work-dir").arg(place.data().join(name)).envs(clock.settings());
    Served::follow(&mut command, 0)
}

/// The site's own time, as what it signs says it.
async fn is_ahead_by(ann: &Person, seconds: i64) -> bool {
    let reply = ann.create_upload("a.mp4", "video/mp4", 9).await;
    if reply.failed() && reply.code() == "UNAVAILABLE" {
        // The clock was set between what the site asked of its store and the store's look at the time.
        return false;
    }
    let created = reply.data()["createUpload"].take();
    let expires_at = created["expiresAt"].as_str().unwrap().to_owned();
    ann.run("mutation ($id: ID!) { abortUpload(uploadId: $id) }", json!({ "id": created["id"] }))
        .await
        .data();
    let expires_at = chrono_seconds(&expires_at);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    // It lasts for a day.
    (expires_at - now as i64 - 24 * 3600 - seconds).abs() < 60
}

fn chrono_seconds(text: &str) -> i64 {
    sea_orm::prelude::DateTimeWithTimeZone::parse_from_rfc3339(text).unwrap().timestamp()
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_whose_clocks_are_off_do_their_work() {
    let (Some(ahead), Some(behind)) = (WrongClock::ahead_by(OFF_S), WrongClock::ahead_by(-OFF_S)) else {
        return skipped(NO_LIBRARY);
    };
    for (clock, seconds) in [(&ahead, OFF_S), (&behind, -OFF_S)] {
        let place = Place::new();
        let mut settings = vec![
            ("KINORA_RUNNER", "off"),
            ("KINORA_LADDER", "144p:200k:ultrafast"),
            ("KINORA_RATE_LIMITS", "off"),
        ];
        settings.extend(clock.settings());
        let mut served = Served::spawn(&place.data(), &settings);
        served.ready().await;
        let ann = Person::sign_up(&served.client(), "ann").await;
        assert!(is_ahead_by(&ann, seconds).await, "the site's clock is right");
        for (name, of_runner) in [("ahead", &ahead), ("behind", &behind)] {
            let runner = runner(&place, &served, of_runner, name);
            let video = ann.upload_clip(&clips::CHUNKS_SMALL).await;
            let found = ann.ready(&video, PATIENCE).await;
            let published = fetch(&ann.client, found).await;
            assert!(!published.pictures.is_empty(), "{}", runner.words());
        }
        // Set right, it lets everybody in who was let in before.
        clock.set(0);
        let begun = Instant::now();
        while !is_ahead_by(&ann, 0).await {
            assert!(begun.elapsed() < PATIENCE, "its clock cannot be set");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(ann.client.query("{ me { username } }").await.data()["me"]["username"], "ann");
        clock.set(seconds);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_and_its_site_may_be_ten_minutes_apart() {
    for seconds in [OFF_S, -OFF_S] {
        let Some(clock) = WrongClock::ahead_by(seconds) else { return skipped(NO_LIBRARY) };
        let folder = tempfile::tempdir().unwrap();
        let store = OtherStore::start_with(folder.path(), &clock.settings()).await;
        let storage = store.storage();
        send(&storage, 1).await.unwrap_or_else(|error| panic!("{seconds} s ahead: {error}"));
        assert!(is_whole(&storage, 1).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_runs_out_in_mid_upload_is_signed_anew() {
    const LATER_S: i64 = 2 * 3600;
    let Some(clock) = WrongClock::ahead_by(0) else { return skipped(NO_LIBRARY) };
    let mut settings = vec![("KINORA_RUNNER", "off")];
    settings.extend(clock.settings());
    let desk = Desk::with(&settings).await;
    let other = desk.ann.begin_upload("other.mp4", "video/mp4", 9).await;
    let signed = desk.ann.sign_parts(&other, &[1]).await.data()["signUploadParts"][0].take();
    let file = desk.large_file("large.mp4", LARGE_BYTES);
    let mut command = desk.upload();
    command.arg(&file);
    let mut sending = Served::follow(&mut command, 0);
    let id = desk.begun().await;
    desk.in_the_middle(&id).await;
    // It sleeps for two hours with its addresses in hand.
    sending.signal(Signal::SIGSTOP);
    clock.set(LATER_S);
    let begun = Instant::now();
    while !is_ahead_by(&desk.ann, LATER_S).await {
        assert!(begun.elapsed() < PATIENCE, "the site's clock cannot be set");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let late = put(&desk.ann.client, &signed, b"any bytes".to_vec()).await;
    assert_eq!(late.status(), 403, "an address of two hours ago");
    let before = desk.upload_of(&id).await;
    assert!(sum(&before["receivedParts"]) < LARGE_BYTES, "{before}");
    sending.signal(Signal::SIGCONT);
    assert_eq!(sending.ended(PATIENCE).await.code(), Some(0), "{}", sending.words());
    assert_eq!(desk.upload_of(&id).await["state"], Value::from("COMPLETED"));
    desk.arrived_as(&file).await;
}
