//! Limits on how often: on by default, off in the other tests.

use std::fmt::Write;

use kinora_tests::app::TestApp;
use kinora_tests::person::{PASSWORD, log_in};
use serde_json::json;

async fn limited() -> TestApp {
    TestApp::start_with(|config| config.rate_limits = true).await
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_one_password_ends_after_ten_tries() {
    let app = limited().await;
    app.person("ann").await;
    let mut codes = Vec::new();
    for _ in 0..12 {
        codes.push(log_in(&app.guest, "ann", "not the password").await.code().to_owned());
    }
    assert_eq!(codes.iter().filter(|code| *code == "UNAUTHENTICATED").count(), 10, "{codes:?}");
    let refused = log_in(&app.guest, "ann", PASSWORD).await;
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert!(refused.error()["extensions"]["retryAfterMs"].as_u64().unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_in_one_document_count_each() {
    let app = limited().await;
    app.person("ann").await;
    let mut document = String::from("mutation ($i: LogInInput!) { ");
    for index in 0..150 {
        write!(document, "a{index}: logIn(input: $i) {{ expiresAt }} ").unwrap();
    }
    document.push('}');
    let input = json!({ "i": { "username": "ann", "password": "not the password" } });
    let reply = app.guest.run(&document, input).await;
    let tried = reply.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|error| error["extensions"]["code"] == "UNAUTHENTICATED")
        .count();
    assert!(tried <= 10, "{tried} passwords were tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_has_one_address_however_many_it_uses() {
    let app = limited().await;
    app.person("ann").await;
    let mut limited = false;
    for index in 0..12 {
        // The server believes a proxy on this machine.
        let client = app.guest.with_header("x-forwarded-for", &format!("2001:db8:1:2::{index:x}"));
        limited |= log_in(&client, "ann", "not the password").await.code() == "RATE_LIMITED";
    }
    assert!(limited, "twelve addresses of one /64 are one subscriber");
    let elsewhere = app.guest.with_header("x-forwarded-for", "2001:db8:1:3::1");
    log_in(&elsewhere, "ann", PASSWORD).await.data();
}
