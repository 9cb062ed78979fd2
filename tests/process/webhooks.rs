//! A message that was under way when its server was killed is sent again.

use std::time::Duration;

use kinora_tests::person::Person;
use kinora_tests::receiver::{Answer, Receiver};
use kinora_tests::served::{Served, free_port};
use nix::sys::signal::{Signal, kill};
use serde_json::json;

use crate::Place;
use crate::survival::{postgres_gone, postgres_of};

const SETTINGS: [(&str, &str); 2] = [("KINORA_WEBHOOK_PRIVATE", "on"), ("KINORA_RUNNER", "off")];

#[tokio::test(flavor = "multi_thread")]
async fn a_message_under_way_at_kill_9_arrives_after_the_restart_with_the_same_id() {
    let place = Place::new();
    let port = free_port();
    let mut served = Served::spawn_on(port, &place.data(), &SETTINGS);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    let receiver = Receiver::start().await;
    receiver.answers([Answer { after: Duration::from_secs(10), ..Answer::status(200) }, Answer::status(200)]);
    let (secret, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    let sent = ann.ping(&webhook).await;
    receiver.wait_for(1, Duration::from_secs(10)).await;
    served.signal(Signal::SIGKILL);
    served.ended(Duration::from_secs(15)).await;
    postgres_gone(&place.data()).await;

    let mut served = Served::spawn_on(port, &place.data(), &SETTINGS);
    served.ready().await;
    let received = receiver.wait_for(2, Duration::from_secs(45)).await;
    assert_eq!(received[0].id(), sent["messageId"]);
    assert_eq!(received[1].id(), sent["messageId"]);
    // The secret is made from what the data folder keeps, so it is still the same.
    assert!(received.iter().all(|message| message.is_genuine(&secret)));
    let mut log = ann.deliveries(&webhook).await;
    for _ in 0..50 {
        if log[0]["state"] == "DELIVERED" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        log = ann.deliveries(&webhook).await;
    }
    assert_eq!((log.len(), log[0]["attempts"].as_i64()), (1, Some(2)), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_out_again_after_postgres_was_away() {
    let place = Place::new();
    let mut served = Served::spawn(&place.data(), &SETTINGS);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    let receiver = Receiver::start().await;
    let (_, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    // The database dies while an answer is waited for. It is back within a second or so.
    receiver.answers([Answer { after: Duration::from_secs(1), ..Answer::status(200) }, Answer::status(200)]);
    let first = ann.ping(&webhook).await;
    receiver.wait_for(1, Duration::from_secs(10)).await;
    kill(postgres_of(&place.data()).unwrap(), Signal::SIGKILL).unwrap();
    let test = "mutation ($id: ID!) { testWebhook(id: $id) { messageId } }";
    let mut second = ann.run(test, json!({ "id": webhook["id"] })).await;
    for _ in 0..100 {
        if !second.failed() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        second = ann.run(test, json!({ "id": webhook["id"] })).await;
    }
    let second = second.data()["testWebhook"]["messageId"].take();
    // Had the outcome of the first been lost, it would come once more before the second.
    for _ in 0..450 {
        if receiver.received().iter().any(|message| second == message.id()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut ids: Vec<String> = receiver.received().iter().map(|message| message.id().to_owned()).collect();
    ids.dedup();
    assert_eq!(json!(ids), json!([first["messageId"], second]), "{}", served.words());
}
