//! What people may do with their webhooks.

use std::time::{SystemTime, UNIX_EPOCH};

use kinora_entity::WebhookId;
use kinora_server::webhook::SecretKey;
use kinora_tests::receiver::{Answer, Receiver};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::{SOON, delivered, newest, site, update};

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shown_once_and_is_nowhere_in_the_database() {
    let app = site().await;
    let ann = app.person("ann").await;
    let (secret, webhook) =
        ann.webhook("https://example.org/hook#part", &["VIDEO_READY", "VIDEO_READY"]).await;
    assert!(secret.starts_with("whsec_"), "{secret}");
    assert_eq!(
        (&webhook["url"], &webhook["events"]),
        (&json!("https://example.org/hook"), &json!(["VIDEO_READY"]))
    );
    assert_eq!((&webhook["scope"], &webhook["enabled"]), (&json!("OWN"), &json!(true)));
    assert_eq!(ann.webhooks().await, [webhook]);
    let row = app
        .text("SELECT concat(row_to_json(webhook)::text, encode(secret_salt, 'base64')) FROM webhook")
        .await;
    assert!(!row.contains(&secret["whsec_".len()..]), "{row}");
    let seen = app.guest.query("{ user(username: \"ann\") { webhooks { url } } }").await.data();
    assert_eq!(seen["user"]["webhooks"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_and_the_one_before_both_sign_for_a_day() {
    let app = site().await;
    let ann = app.person("ann").await;
    let receiver = Receiver::start().await;
    let (first, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    let rotate = || async {
        let mutation =
            "mutation ($id: ID!) { rotateWebhookSecret(id: $id) { secret webhook { previousSecretUntil } } }";
        ann.run(mutation, json!({ "id": webhook["id"] })).await.data()["rotateWebhookSecret"].take()
    };
    let rotated = rotate().await;
    let second = rotated["secret"].as_str().unwrap();
    assert_ne!(first, second);
    assert!(rotated["webhook"]["previousSecretUntil"].is_string());
    ann.ping(&webhook).await;
    let both = receiver.wait_for(1, SOON).await.remove(0);
    assert!(both.is_genuine(&first) && both.is_genuine(second));
    delivered(&ann, &webhook).await;

    app.sql("UPDATE webhook SET previous_until = now() - interval '1 second'").await;
    ann.ping(&webhook).await;
    let one = receiver.wait_for(2, SOON).await.remove(1);
    assert!(!one.is_genuine(&first) && one.is_genuine(second));
    // Two new ones in a row end the first at once.
    rotate().await;
    let third = rotate().await["secret"].as_str().unwrap().to_owned();
    ann.ping(&webhook).await;
    let last = receiver.wait_for(3, SOON).await.remove(2);
    assert!(last.is_genuine(&third) && !last.is_genuine(second));
}

/// The verifier that Standard Webhooks documents refuses what is not ours, and what is ours but old.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_tampered_with_or_is_old_is_refused() {
    let app = site().await;
    let ann = app.person("ann").await;
    let receiver = Receiver::start().await;
    let (secret, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    ann.ping(&webhook).await;
    let message = receiver.wait_for(1, SOON).await.remove(0);
    assert!(message.is_genuine(&secret));
    let mut body = message.clone();
    body.body = [&message.body[..], b" "].concat().into();
    assert!(!body.is_genuine(&secret));
    for (header, value) in [
        ("webhook-id", "msg_11111111112"),
        ("webhook-timestamp", "1"),
        ("webhook-signature", "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ] {
        let mut forged = message.clone();
        forged.headers.insert(header, value.parse().unwrap());
        assert!(!forged.is_genuine(&secret), "{header}");
    }
    let (other, _) = ann.webhook("https://example.org/", &["VIDEO_READY"]).await;
    assert!(!message.is_genuine(&other));

    // Signed by us, and heard again after four and after six minutes.
    let ours = SecretKey::new([5; 32]).secret(WebhookId(1), b"salt");
    let verifier = Webhook::new(&ours.to_string()).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    for (age_s, accepted) in [(0, true), (240, true), (360, false)] {
        let sent_at =
            sea_orm::prelude::DateTimeUtc::from_timestamp((now.as_secs() - age_s) as i64, 0).unwrap();
        let mut heard = message.clone();
        let signature = ours.sign("msg_1", sent_at, std::str::from_utf8(&message.body).unwrap());
        for (name, value) in [
            ("webhook-id", "msg_1".to_owned()),
            ("webhook-timestamp", sent_at.timestamp().to_string()),
            ("webhook-signature", signature),
        ] {
            heard.headers.insert(name, value.parse().unwrap());
        }
        assert_eq!(verifier.verify(&heard.body, &heard.headers).is_ok(), accepted, "{age_s} s old");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_at_most_ten() {
    let app = site().await;
    let ann = app.person("ann").await;
    let input = json!({ "url": "https://example.org/", "events": ["VIDEO_READY"] });
    let asked = (0..14).map(|_| ann.create_webhook(input.clone()));
    let refused = futures::future::join_all(asked).await.into_iter().filter(|reply| reply.failed()).count();
    assert_eq!(refused, 4);
    assert_eq!(ann.create_webhook(input.clone()).await.code(), "CONFLICT");
    let first = ann.webhooks().await.remove(0);
    let delete = "mutation ($id: ID!) { deleteWebhook(id: $id) }";
    ann.run(delete, json!({ "id": first["id"] })).await.data();
    assert_eq!(ann.run(delete, json!({ "id": first["id"] })).await.code(), "NOT_FOUND");
    ann.create_webhook(input).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_webhook_is_refused_with_the_field() {
    let app = site().await;
    let ann = app.person("ann").await;
    for (url, events, field) in [
        ("", json!(["VIDEO_READY"]), "url"),
        ("example.org", json!(["VIDEO_READY"]), "url"),
        ("file:///etc/passwd", json!(["VIDEO_READY"]), "url"),
        ("https://ann:secret@example.org/", json!(["VIDEO_READY"]), "url"),
        ("https://example.org/", json!([]), "events"),
    ] {
        let reply = ann.create_webhook(json!({ "url": url, "events": events })).await;
        assert_eq!(reply.code(), "BAD_USER_INPUT", "{url}");
        assert_eq!(reply.error()["extensions"]["field"], field, "{url}");
    }
    let (_, webhook) = ann.webhook("https://example.org/", &["VIDEO_READY"]).await;
    assert_eq!(
        update(&ann, json!({ "id": webhook["id"], "url": "ftp://x/" })).await.code(),
        "BAD_USER_INPUT"
    );
    let changed = update(&ann, json!({ "id": webhook["id"], "events": ["VIDEO_FAILED"] })).await.data();
    let changed = &changed["updateWebhook"];
    assert_eq!(
        (&changed["events"], &changed["url"]),
        (&json!(["VIDEO_FAILED"]), &json!("https://example.org/"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_is_told_nothing_until_it_is_switched_on() {
    let app = site().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let receiver = Receiver::start().await;
    receiver.answers([Answer::status(500), Answer::status(200)]);
    let (_, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    ann.ping(&webhook).await;
    newest(&ann, &webhook, "tried", |newest| newest["attempts"] == 1).await;
    let off = update(&ann, json!({ "id": webhook["id"], "enabled": false })).await.data();
    assert_eq!(off["updateWebhook"]["offReason"], "OWNER");
    newest(&ann, &webhook, "given up", |newest| newest["state"] == "FAILED").await;
    let test = "mutation ($id: ID!) { testWebhook(id: $id) { id } }";
    assert_eq!(ann.run(test, json!({ "id": webhook["id"] })).await.code(), "CONFLICT");
    app.ready_video(&ann, &runner, "unheard").await;
    update(&ann, json!({ "id": webhook["id"], "enabled": true })).await.data();
    app.ready_video(&ann, &runner, "heard").await;
    let received = receiver.wait_for(2, SOON).await;
    assert_eq!(received[1].json()["data"]["title"], "heard");
    assert_eq!(ann.deliveries(&webhook).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_password_switches_webhooks_off_and_a_disabled_account_is_told_nothing() {
    let app = site().await;
    let (ann, bob, runner) = (app.person("ann").await, app.person("bob").await, app.fake_runner("one").await);
    let receiver = Receiver::start().await;
    ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    bob.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    bob.upload("b.mp4", "video/mp4", b"any bytes").await;
    app.reset_password("ann", "an entirely new password").await;
    app.disable("bob").await;
    assert_eq!(app.text("SELECT off_reason FROM webhook WHERE off_reason IS NOT NULL").await, "password");
    for _ in 0..2 {
        let job = runner.lease().await.unwrap();
        runner.finish(&job).await;
    }
    assert_eq!(app.number("SELECT count(*) FROM video WHERE state = 'ready'").await, 2);
    assert_eq!(app.number("SELECT count(*) FROM webhook_delivery").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_are_limited_and_the_log_is_paged_and_forgets() {
    let app = site().await;
    let ann = app.person("ann").await;
    let receiver = Receiver::start().await;
    let (_, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    for _ in 0..10 {
        ann.ping(&webhook).await;
    }
    let test = "mutation ($id: ID!) { testWebhook(id: $id) { id } }";
    assert_eq!(ann.run(test, json!({ "id": webhook["id"] })).await.code(), "RATE_LIMITED");

    receiver.wait_for(10, SOON).await;
    delivered(&ann, &webhook).await;
    let page = |after: Value| {
        let query =
            "query ($id: ID!, $after: String) { webhookDeliveries(webhookId: $id, first: 4, after: $after) {
            nodes { id } edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }";
        ann.run(query, json!({ "id": webhook["id"], "after": after }))
    };
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let found = page(after).await.data()["webhookDeliveries"].take();
        seen.extend(found["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()));
        if found["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = found["pageInfo"]["endCursor"].clone();
    }
    let log: Vec<Value> = ann.deliveries(&webhook).await.iter().map(|entry| entry["id"].clone()).collect();
    assert_eq!((seen.len(), &seen), (10, &log));
    assert_eq!(page(json!("bm9uc2Vuc2U")).await.code(), "BAD_USER_INPUT");

    app.sql("UPDATE webhook_delivery SET created_at = now() - interval '31 days' WHERE sequence % 2 = 0")
        .await;
    assert_eq!(app.prune_webhooks().await, 5);
    assert_eq!(ann.deliveries(&webhook).await.len(), 5);
    assert_eq!(app.prune_webhooks().await, 0);
}
