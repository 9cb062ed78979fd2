//! Webhooks: what is told to whom, how often it is tried, and where it never goes.

mod events;
mod example;
mod private;
mod retries;
mod rules;

use std::time::{Duration, Instant};

use kinora_tests::app::TestApp;
use kinora_tests::graphql::Reply;
use kinora_tests::person::{DELIVERY, Person, WEBHOOK};
use serde_json::{Value, json};

/// Longer than the loop that sends takes to look again.
pub const SOON: Duration = Duration::from_secs(10);
pub const ALL: [&str; 4] = ["VIDEO_PLAYABLE", "VIDEO_READY", "VIDEO_FAILED", "VIDEO_DELETED"];

/// A site whose webhooks may lead to this machine.
pub async fn site() -> TestApp {
    TestApp::start_with(|config| config.webhook_private = true).await
}

pub async fn update(person: &Person, input: Value) -> Reply {
    let update =
        format!("mutation ($input: UpdateWebhookInput!) {{ updateWebhook(input: $input) {{ {WEBHOOK} }} }}");
    person.run(&update, json!({ "input": input })).await
}

pub async fn send_again(person: &Person, delivery: &Value) -> Reply {
    let send = format!("mutation ($id: ID!) {{ resendWebhookDelivery(id: $id) {{ {DELIVERY} }} }}");
    person.run(&send, json!({ "id": delivery["id"] })).await
}

/// Everything that waits is due.
pub async fn hurry(app: &TestApp) {
    app.sql("UPDATE webhook_delivery SET run_after = now() WHERE state = 'pending'").await;
}

/// Waits until the newest message of a webhook is as wanted.
pub async fn newest(
    person: &Person,
    webhook: &Value,
    what: &str,
    is_wanted: impl Fn(&Value) -> bool,
) -> Value {
    let begun = Instant::now();
    loop {
        let newest = person.deliveries(webhook).await.into_iter().next().unwrap_or(Value::Null);
        if is_wanted(&newest) {
            return newest;
        }
        assert!(begun.elapsed() < SOON, "not {what}: {newest}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub async fn delivered(person: &Person, webhook: &Value) -> Value {
    newest(person, webhook, "delivered", |newest| newest["state"] == "DELIVERED").await
}

/// Waits for the outcome of the try with this number.
pub async fn tried(person: &Person, webhook: &Value, attempts: i64) -> Value {
    newest(person, webhook, "tried", |newest| newest["attempts"] == attempts && !newest["error"].is_null())
        .await
}
