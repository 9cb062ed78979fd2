//! What is told, and to whom.

use std::collections::BTreeSet;
use std::time::Duration;

use kinora_tests::app::Role;
use kinora_tests::fake_runner::{plan, planned_chunk};
use kinora_tests::receiver::{Received, Receiver};
use serde_json::{Value, json};

use super::{ALL, SOON, delivered, site};

fn events(received: &[Received]) -> Vec<String> {
    received.iter().map(Received::event).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_is_told_once_signed_and_in_order() {
    let app = site().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let receiver = Receiver::start().await;
    let (secret, webhook) = ann.webhook(&receiver.url(), &ALL).await;

    let video = app.ready_video(&ann, &runner, "Søndag & “quotes”").await;
    let broken = ann.upload("b.mp4", "video/mp4", b"any bytes").await;
    let lease = runner.lease().await.unwrap()["lease"]["id"].clone();
    runner.fail(&lease, "MEDIA_CORRUPT", "This file is damaged.", false).await.data();
    ann.run("mutation ($id: ID!) { deleteVideo(id: $id) }", json!({ "id": video })).await.data();

    let received = receiver.wait_for(4, SOON).await;
    assert_eq!(events(&received), ["video.playable", "video.ready", "video.failed", "video.deleted"]);
    let ids: BTreeSet<&str> = received.iter().map(Received::id).collect();
    assert_eq!(ids.len(), 4);
    for message in &received {
        assert!(message.is_genuine(&secret), "{message:?}");
        assert!(message.id().starts_with("msg_"));
        assert_eq!(message.header("content-type"), "application/json");
        assert!(message.header("user-agent").starts_with("Kinora/"));
    }
    let ready = received[1].json();
    assert!(ready["timestamp"].as_str().unwrap().ends_with('Z'));
    let data = &ready["data"];
    assert_eq!(
        (&data["id"], &data["state"], &data["playable"]),
        (&json!(video), &json!("READY"), &json!(true))
    );
    assert_eq!(data["title"], ann_title(), "{data}");
    assert_eq!((&data["uploader"]["username"], &data["durationMs"]), (&json!("ann"), &json!(4000)));
    let origin = app.url.as_str().trim_end_matches('/');
    assert_eq!(data["url"], format!("{origin}/watch/{video}"));
    assert_eq!(data["hlsUrl"], format!("{origin}/v/{video}/master.m3u8"));
    let failed = received[2].json()["data"].take();
    assert_eq!((&failed["id"], &failed["url"].is_string()), (&json!(broken), &true));
    assert_eq!(failed["failure"], json!({ "code": "MEDIA_CORRUPT", "message": "This file is damaged." }));
    let deleted = received[3].json()["data"].take();
    assert_eq!(
        (&deleted["id"], &deleted["url"], &deleted["hlsUrl"]),
        (&json!(video), &Value::Null, &Value::Null)
    );

    delivered(&ann, &webhook).await;
    let log = ann.deliveries(&webhook).await;
    assert_eq!(log.len(), 4, "each once: {log:?}");
    for (entry, message) in log.iter().rev().zip(&received) {
        assert_eq!(entry["messageId"], message.id());
        assert_eq!(entry["event"], message.event());
        assert_eq!(entry["payload"].as_str().unwrap().as_bytes(), message.body);
        assert_eq!(
            (&entry["state"], &entry["attempts"], &entry["statusCode"]),
            (&json!("DELIVERED"), &json!(1), &json!(200))
        );
        assert_eq!(entry["nextAttemptAt"], Value::Null);
    }
    assert_eq!(receiver.most_at_once(), 1, "a receiver gets one message after the other");
}

fn ann_title() -> Value {
    // As the upload made it of the file's name.
    json!("Søndag & “quotes”")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_growing_video_is_playable_before_it_is_ready() {
    let app = site().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let receiver = Receiver::start().await;
    ann.webhook(&receiver.url(), &ALL).await;
    ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let lease = runner.lease().await.unwrap()["lease"]["id"].clone();
    runner.plan(&lease, plan()).await.data();
    runner.send_chunk(&lease, planned_chunk("360p", 0)).await.data();
    runner.send_chunk(&lease, planned_chunk("audio", 0)).await.data();
    let received = receiver.wait_for(1, SOON).await;
    assert_eq!(events(&received), ["video.playable"]);
    let data = received[0].json()["data"].take();
    assert_eq!((&data["state"], &data["playable"]), (&json!("PROCESSING"), &json!(true)));
    // The next chunk tells nothing new.
    runner.complete_part(&lease).await.data();
    let sound = runner.lease_part().await.unwrap();
    runner.send_chunk(&sound["lease"]["id"], planned_chunk("audio", 1)).await.data();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_told_what_it_chose_of_its_owners_videos() {
    let app = site().await;
    let (ann, bob, runner) = (app.person("ann").await, app.person("bob").await, app.fake_runner("one").await);
    let (of_ann, of_bob) = (Receiver::start().await, Receiver::start().await);
    ann.webhook(&of_ann.url(), &["VIDEO_READY"]).await;
    ann.webhook(&of_ann.url(), &["VIDEO_DELETED"]).await;
    bob.webhook(&of_bob.url(), &ALL).await;
    app.ready_video(&ann, &runner, "mine").await;
    of_ann.wait_for(1, SOON).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(events(&of_ann.received()), ["video.ready"]);
    assert_eq!(of_bob.received().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_is_told_of_the_whole_site_but_not_what_is_private() {
    let app = site().await;
    let (ann, ada, runner) = (app.person("ann").await, app.person("ada").await, app.fake_runner("one").await);
    let receiver = Receiver::start().await;
    let input = json!({ "url": receiver.url(), "events": ["VIDEO_READY", "VIDEO_DELETED"], "scope": "SITE" });
    assert_eq!(ada.create_webhook(input.clone()).await.code(), "FORBIDDEN");
    app.promote("ada", Role::Moderator).await;
    assert_eq!(ada.create_webhook(input.clone()).await.code(), "FORBIDDEN");
    app.promote("ada", Role::Admin).await;
    ada.create_webhook(input).await.data();

    let video = app.ready_video(&ann, &runner, "open to all").await;
    let ready = receiver.wait_for(1, SOON).await[0].json()["data"].take();
    assert_eq!((&ready["title"], &ready["uploader"]["username"]), (&json!("open to all"), &json!("ann")));
    ann.set_visibility(&video, "PRIVATE").await;
    ann.run("mutation ($id: ID!) { deleteVideo(id: $id) }", json!({ "id": video })).await.data();
    let deleted = receiver.wait_for(2, SOON).await[1].json();
    assert_eq!((&deleted["type"], &deleted["data"]["id"]), (&json!("video.deleted"), &json!(video)));
    assert!(!deleted.to_string().contains("open to all"), "{deleted}");

    // Who is no administrator any more is told nothing any more.
    app.promote("ada", Role::Member).await;
    app.ready_video(&ann, &runner, "later").await;
    assert_eq!(app.number("SELECT count(*) FROM webhook_delivery").await, 2);
}
