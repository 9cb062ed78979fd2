//! A server that is killed just before the end of a transaction, and just after it: what was under way is done once.

use std::time::Duration;

use kinora_tests::app::TestApp;
use kinora_tests::database;
use kinora_tests::other_store::OtherStore;
use kinora_tests::person::Person;
use kinora_tests::receiver::Receiver;
use kinora_tests::served::{Served, command, free_port};
use kinora_tests::tripwire::{Far, Moment, Sign, Tripwire};
use kinora_tests::{clips, skipped};
use nix::sys::signal::Signal;
use url::Url;

use crate::Place;
use crate::chunks::PATIENCE;
use crate::faults::assert_nothing_is_lost;
use crate::runner::runner_token;

const SOON: Duration = Duration::from_secs(15);

/// What is written in the transactions that begin a video, publish its first chunk, and make it READY.
const TRANSACTIONS: [&str; 3] = ["make_poster", "INSERT INTO \"chunk\"", "make_previews"];

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_in_mid_publish_publishes_each_video_once() {
    if std::env::var("TEST_STORE").is_ok() {
        return skipped("it brings a store of its own");
    }
    let (place, folder) = (Place::empty(), tempfile::tempdir().unwrap());
    let store = OtherStore::start(folder.path()).await;
    let database = database::create().await;
    let wire = Tripwire::to(Far::Socket(database::socket(&database))).await;
    let mut by_wire = Url::parse("postgres://kinora@127.0.0.1/?sslmode=disable").unwrap();
    by_wire.set_port(Some(wire.port)).unwrap();
    by_wire.set_path(database.path());
    let s3 = store.settings();
    let settings = [
        ("DATABASE_URL", by_wire.as_str()),
        ("S3_ENDPOINT", s3.endpoint.as_str()),
        ("S3_ACCESS_KEY_ID", &s3.access_key_id),
        ("S3_SECRET_ACCESS_KEY", &s3.secret_access_key),
        ("KINORA_RUNNER", "off"),
        ("KINORA_RATE_LIMITS", "off"),
        ("KINORA_LADDER", "144p:200k:ultrafast"),
        ("KINORA_WEBHOOK_PRIVATE", "on"),
    ];
    let port = free_port();
    let mut served = Served::spawn_on(port, &place.data(), &settings);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    let receiver = Receiver::start().await;
    ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    let token = runner_token(&place, &settings);
    let mut runner = command(&["runner", "--server", served.url.as_str(), "--token", &token]);
    let work = place.data().join("elsewhere");
    let runner = Served::follow(runner.arg("--work-dir").arg(work), 0);

    let mut videos = Vec::new();
    for words in TRANSACTIONS {
        for moment in [Moment::Before, Moment::After] {
            // Nobody's request but the runner's own is to meet the end.
            runner.signal(Signal::SIGSTOP);
            videos.push(ann.upload_clip(&clips::CHUNKS_SMALL).await);
            wire.arm(Sign::Commit(words), moment, served.pid());
            runner.signal(Signal::SIGCONT);
            wire.sprung(PATIENCE).await;
            served.ended(SOON).await;
            served = Served::spawn_on(port, &place.data(), &settings);
            served.ready().await;
        }
    }
    for video in &videos {
        ann.ready(video, PATIENCE).await;
    }
    let messages = receiver.wait_for(videos.len(), Duration::from_secs(60)).await;
    let ids: std::collections::BTreeSet<&str> = messages.iter().map(|message| message.id()).collect();
    assert_eq!(ids.len(), videos.len(), "each is told of as one event, however often that is sent");

    let site = TestApp::start_with(|config| {
        config.database_url = Some(database.to_string());
        config.s3 = Some(s3.clone());
    })
    .await;
    const UNFINISHED: &str = "SELECT count(*) FROM job WHERE state <> 'done'";
    let begun = std::time::Instant::now();
    while site.number(UNFINISHED).await > 0 {
        assert!(begun.elapsed() < PATIENCE, "previews are never made");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(site.number("SELECT count(*) FROM video WHERE state = 'ready'").await, videos.len() as i64);
    const PREVIEWS: &str = "SELECT count(*) FROM job WHERE kind = 'make_previews'";
    assert_eq!(site.number(PREVIEWS).await, videos.len() as i64, "a video became READY twice");
    assert_eq!(site.number("SELECT count(*) FROM webhook_delivery").await, videos.len() as i64);
    assert_nothing_is_lost(&site).await;
    let found = site.compare_storage().await;
    site.mend_storage(&found).await;
    let left = site.compare_storage().await;
    assert!(left.is_clean(), "{left:?}");
}
