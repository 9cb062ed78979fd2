//! What does not arrive is sent again, with the same id, until it is given up. Tests move the time of the next try
//! and wait for nothing else.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kinora_tests::app::TestApp;
use kinora_tests::receiver::{Answer, Receiver};
use kinora_tests::served::free_port;
use serde_json::{Value, json};

use super::{SOON, delivered, hurry, newest, send_again, site, tried};

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_was_down_gets_the_same_message_later() {
    let app = site().await;
    let ann = app.person("ann").await;
    let port = free_port();
    let (secret, webhook) = ann.webhook(&format!("http://127.0.0.1:{port}/"), &["VIDEO_READY"]).await;
    let sent = ann.ping(&webhook).await;
    let failed = tried(&ann, &webhook, 1).await;
    assert_eq!((&failed["state"], &failed["statusCode"]), (&json!("PENDING"), &Value::Null));
    assert!(failed["error"].as_str().unwrap().starts_with("No connection"), "{failed}");
    assert!(failed["nextAttemptAt"].is_string());
    let seen = &ann.webhooks().await[0];
    assert!(
        seen["failingSince"].is_string() && seen["lastError"].is_string() && seen["enabled"] == true,
        "{seen}"
    );

    let receiver = Receiver::start_on(port).await;
    hurry(&app).await;
    let received = receiver.wait_for(1, SOON).await;
    assert_eq!(received[0].id(), sent["messageId"]);
    assert!(received[0].is_genuine(&secret));
    let arrived = delivered(&ann, &webhook).await;
    assert_eq!((&arrived["attempts"], &arrived["error"]), (&json!(2), &Value::Null));
    let seen = &ann.webhooks().await[0];
    assert_eq!((&seen["failingSince"], &seen["lastError"]), (&Value::Null, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_was_down_for_an_hour_misses_nothing() {
    let app = site().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let port = free_port();
    let (secret, webhook) = ann.webhook(&format!("http://127.0.0.1:{port}/"), &["VIDEO_READY"]).await;
    for title in ["first", "second", "third"] {
        app.ready_video(&ann, &runner, title).await;
    }
    let all_tried = async |tries: i64| {
        let begun = Instant::now();
        loop {
            let log = ann.deliveries(&webhook).await;
            if log.iter().all(|entry| entry["attempts"] == tries && !entry["error"].is_null()) {
                return log;
            }
            assert!(begun.elapsed() < 2 * SOON, "not tried: {log:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert_eq!(all_tried(1).await.len(), 3);
    // As often as it is tried in an hour, without the hour.
    app.sql("UPDATE webhook_delivery SET attempts = 5").await;
    hurry(&app).await;
    let log = all_tried(6).await;
    assert!(log.iter().all(|entry| entry["state"] == "PENDING"), "{log:?}");

    let receiver = Receiver::start_on(port).await;
    hurry(&app).await;
    let received = receiver.wait_for(3, 2 * SOON).await;
    let mut ids: Vec<&str> = received.iter().map(|message| message.id()).collect();
    let mut sent: Vec<&str> = log.iter().map(|entry| entry["messageId"].as_str().unwrap()).collect();
    ids.sort_unstable();
    sent.sort_unstable();
    assert_eq!(ids, sent, "each once, by the id that it has had from the first try on");
    assert!(received.iter().all(|message| message.is_genuine(&secret)));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_500_it_is_sent_again_by_itself_and_after_200_no_more() {
    let app = site().await;
    let ann = app.person("ann").await;
    let receiver = Receiver::start().await;
    let long = "no room\u{7} ".repeat(1_000_000);
    receiver.answers([Answer { body: long, ..Answer::status(500) }, Answer::status(200)]);
    let (secret, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    ann.ping(&webhook).await;
    let failed = tried(&ann, &webhook, 1).await;
    assert_eq!((&failed["statusCode"], &failed["error"]), (&json!(500), &json!("It answered 500.")));
    let kept = failed["response"].as_str().unwrap();
    assert!(kept.starts_with("no room  no room") && kept.len() <= 500, "{kept}");
    // The first wait is five seconds, and nothing moves it here.
    let received = receiver.wait_for(2, Duration::from_secs(12)).await;
    let waited = received[1].at - received[0].at;
    assert!((Duration::from_secs(4)..Duration::from_secs(10)).contains(&waited), "{waited:?}");
    assert_eq!(received[0].id(), received[1].id());
    assert_eq!(received[0].body, received[1].body);
    assert_ne!(received[0].header("webhook-timestamp"), received[1].header("webhook-timestamp"));
    assert!(received.iter().all(|message| message.is_genuine(&secret)));
    assert_eq!(delivered(&ann, &webhook).await["attempts"], 2);
    hurry(&app).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(receiver.received().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_sent_again_by_hand_keeps_its_id() {
    let app = site().await;
    let ann = app.person("ann").await;
    let receiver = Receiver::start().await;
    let (_, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    let sent = ann.ping(&webhook).await;
    delivered(&ann, &webhook).await;
    let again = send_again(&ann, &sent).await.data()["resendWebhookDelivery"].take();
    assert_eq!((&again["state"], &again["messageId"]), (&json!("PENDING"), &sent["messageId"]));
    let received = receiver.wait_for(2, SOON).await;
    assert_eq!(received[0].id(), received[1].id());
    assert_eq!(delivered(&ann, &webhook).await["attempts"], 2);
    assert_eq!(ann.deliveries(&webhook).await.len(), 1, "it is the same message");
    assert_eq!(send_again(&ann, &json!({ "id": "11111111112" })).await.code(), "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_a_message_is_given_up_and_after_days_the_webhook() {
    let app = site().await;
    let ann = app.person("ann").await;
    let receiver = Receiver::start().await;
    receiver.answers([Answer::status(503)]);
    let (_, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    let sent = ann.ping(&webhook).await;
    tried(&ann, &webhook, 1).await;
    app.sql("UPDATE webhook_delivery SET attempts = 10, run_after = now()").await;
    let before_last = tried(&ann, &webhook, 11).await;
    assert_eq!(before_last["state"], "PENDING");
    hurry(&app).await;
    let given_up = tried(&ann, &webhook, 12).await;
    assert_eq!((&given_up["state"], &given_up["nextAttemptAt"]), (&json!("FAILED"), &Value::Null));
    assert_eq!(ann.webhooks().await[0]["enabled"], true, "one message is not days");

    // By hand it begins anew: its first failure is not its last.
    send_again(&ann, &sent).await.data();
    assert_eq!(tried(&ann, &webhook, 13).await["state"], "PENDING");
    app.sql("UPDATE webhook SET failing_since = now() - interval '73 hours'").await;
    app.sql("UPDATE webhook_delivery SET attempts = 23, run_after = now()").await;
    newest(&ann, &webhook, "given up", |newest| newest["state"] == "FAILED").await;
    let off = &ann.webhooks().await[0];
    assert_eq!((&off["enabled"], &off["offReason"]), (&json!(false), &json!("FAILING")));
    assert_eq!(off["lastError"], "It answered 503.");
    assert_eq!(send_again(&ann, &sent).await.code(), "CONFLICT");
    let on = super::update(&ann, json!({ "id": webhook["id"], "enabled": true })).await.data();
    assert_eq!(
        (&on["updateWebhook"]["enabled"], &on["updateWebhook"]["failingSince"]),
        (&json!(true), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_gone_is_told_nothing_any_more() {
    let app = site().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let receiver = Receiver::start().await;
    receiver.answers([Answer { after: Duration::from_secs(1), ..Answer::status(410) }]);
    let (_, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    ann.ping(&webhook).await;
    // One more, which waits behind it.
    ann.ping(&webhook).await;
    newest(&ann, &webhook, "given up", |newest| newest["state"] == "FAILED").await;
    let log = ann.deliveries(&webhook).await;
    assert_eq!((&log[0]["attempts"], &log[0]["error"]), (&json!(0), &json!("The webhook was switched off.")));
    assert_eq!((&log[1]["attempts"], &log[1]["statusCode"]), (&json!(1), &json!(410)));
    assert_eq!(ann.webhooks().await[0]["offReason"], "GONE");
    app.ready_video(&ann, &runner, "later").await;
    assert_eq!(ann.deliveries(&webhook).await.len(), 2);
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_asks_for_patience_gets_it() {
    let app = site().await;
    let ann = app.person("ann").await;
    let receiver = Receiver::start().await;
    let (_, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    let wait = "SELECT round(extract(epoch FROM run_after - now()))::bigint FROM webhook_delivery ORDER BY sequence DESC LIMIT 1";
    for (status, asked, expected) in
        [(429, "600", 590..=600), (503, "999999", 3590..=3600), (500, "600", 1..=6)]
    {
        receiver.answers([Answer { header: Some(("retry-after", asked.into())), ..Answer::status(status) }]);
        ann.ping(&webhook).await;
        tried(&ann, &webhook, 1).await;
        let waited = app.number(wait).await;
        assert!(expected.contains(&waited), "{status} {asked}: {waited} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_lead_nowhere() {
    let app = site().await;
    let ann = app.person("ann").await;
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    for status in [301, 302, 303, 307, 308] {
        receiver.answers([Answer { header: Some(("location", other.url())), ..Answer::status(status) }]);
        let (_, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
        ann.ping(&webhook).await;
        let failed = tried(&ann, &webhook, 1).await;
        assert!(failed["error"].as_str().unwrap().contains("redirect"), "{failed}");
    }
    assert_eq!(other.received().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_receiver_holds_up_nobody_but_itself() {
    let app = site().await;
    let ann = app.person("ann").await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    slow.answers([Answer { after: Duration::from_secs(30), ..Answer::status(200) }]);
    let (_, of_slow) = ann.webhook(&slow.url(), &["VIDEO_READY"]).await;
    let (_, of_quick) = ann.webhook(&quick.url(), &["VIDEO_READY"]).await;
    for _ in 0..3 {
        ann.ping(&of_slow).await;
    }
    slow.wait_for(1, SOON).await;
    let begun = Instant::now();
    for count in 1..=3 {
        ann.ping(&of_quick).await;
        quick.wait_for(count, SOON).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!((slow.received().len(), slow.most_at_once()), (1, 1));
    // It is not waited for without an end.
    let failed = newest_error(&ann, &of_slow).await;
    assert_eq!(failed["error"], "There was no answer within 15 s.");
}

async fn newest_error(ann: &kinora_tests::person::Person, webhook: &Value) -> Value {
    let begun = Instant::now();
    loop {
        let log = ann.deliveries(webhook).await;
        if let Some(failed) = log.into_iter().find(|entry| entry["error"].is_string()) {
            return failed;
        }
        assert!(begun.elapsed() < Duration::from_secs(25), "the receiver is waited for");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_servers_send_each_message_once() {
    const SECRET: &str = "one secret for all servers of this site";
    let first = TestApp::start_with(|config| {
        config.webhook_private = true;
        config.secret = Some(SECRET.into());
    })
    .await;
    let database_url = first.database_url.to_string();
    let second = TestApp::start_with(|config| {
        config.webhook_private = true;
        config.secret = Some(SECRET.into());
        config.database_url = Some(database_url);
    })
    .await;
    let ann = first.person("ann").await;
    let mut receivers = Vec::new();
    for _ in 0..5 {
        let receiver = Receiver::start().await;
        let (secret, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
        receivers.push((receiver, secret, webhook));
    }
    for _ in 0..8 {
        futures::future::join_all(receivers.iter().map(|(_, _, webhook)| ann.ping(webhook))).await;
    }
    for (receiver, secret, _) in &receivers {
        receiver.wait_for(8, Duration::from_secs(20)).await;
        assert!(receiver.received().iter().all(|message| message.is_genuine(secret)));
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for (receiver, _, _) in &receivers {
        for message in receiver.received() {
            *times.entry(message.id().to_owned()).or_default() += 1;
        }
        assert_eq!(receiver.most_at_once(), 1);
    }
    assert_eq!((times.len(), times.values().max()), (40, Some(&1)));
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_died_in_the_middle_is_not_waited_for_long() {
    let app = site().await;
    let ann = app.person("ann").await;
    let receiver = Receiver::start().await;
    let (_, webhook) = ann.webhook(&receiver.url(), &["VIDEO_READY"]).await;
    // As a server leaves it that claimed a message and was never heard of again.
    app.sql("UPDATE webhook SET busy_until = now() + interval '4 seconds'").await;
    let sent = ann.ping(&webhook).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(receiver.received().len(), 0, "somebody else may be sending it");
    let received = receiver.wait_for(1, SOON).await;
    assert_eq!(received[0].id(), sent["messageId"]);
}
