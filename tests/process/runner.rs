//! Parts in processes of their own: a runner, a database and a store that were there before.

use std::time::Duration;

use kinora_tests::clips;
use kinora_tests::person::Person;
use kinora_tests::served::{Served, command, free_port};

use crate::Place;

const PATIENCE: Duration = Duration::from_secs(60);

fn runner_token(place: &Place) -> String {
    let done = command(&["token", "create", "--name", "elsewhere"])
        .env("KINORA_DATA_DIR", place.data())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout)
        .unwrap()
        .split_whitespace()
        .find(|word| word.starts_with("kn_"))
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_elsewhere_processes_a_video_and_ends() {
    let place = Place::new();
    let mut served = Served::spawn(&place.data(), &[("KINORA_RUNNER", "off")]);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    let video = ann.upload_clip(&clips::SHORT).await;
    let token = runner_token(&place);
    let mut command = command(&["runner", "--server", served.url.as_str(), "--token", &token, "--once"]);
    let mut runner = Served::follow(&mut command, 0);
    let status = runner.ended(PATIENCE).await;
    assert_eq!(status.code(), Some(0), "{}", runner.words());
    assert_eq!(ann.video(&video).await["state"], "READY", "{}", runner.words());
    assert!(!runner.words().contains(&token), "the token is in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outside_database_and_store_serve_the_same_site() {
    // One server lends its Postgres, and a store runs alone; to the other server, both are just addresses.
    let (lender_place, store_place, place) = (Place::new(), Place::new(), Place::new());
    let mut lender = Served::spawn(&lender_place.data(), &[("KINORA_RUNNER", "off")]);
    lender.ready().await;
    let socket = lender_place.data().join("postgres/socket");
    let database = format!("postgres://kinora@localhost/kinora?host={}", socket.display());
    let keys =
        [("S3_ACCESS_KEY_ID", "an-access-key"), ("S3_SECRET_ACCESS_KEY", "a-secret-key-of-the-tests-only")];
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut alone = command(&["storage", "--listen", &listen]);
    alone.arg("--folder").arg(store_place.data()).envs(keys);
    let store = Served::follow(&mut alone, port);
    store.says("The store is ready").await;
    let endpoint = store.url.to_string();
    let settings =
        [("DATABASE_URL", database.as_str()), ("S3_ENDPOINT", endpoint.as_str()), keys[0], keys[1]];
    let mut served = Served::spawn(&place.data(), &settings);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    let video = ann.upload_clip(&clips::SHORT).await;
    ann.ready(&video, PATIENCE).await;
    assert!(!place.data().join("postgres").exists(), "no database of its own");
    assert!(!place.data().join("store").exists(), "no store of its own");
}
