//! Tokens that were forged, outdated or ended.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use kinora_tests::app::TestApp;
use kinora_tests::graphql::Client;
use kinora_tests::person::Person;
use kinora_tests::socket::{Ended, Socket};
use serde_json::{Value, json};

const SECRET: &str = "a secret of this test, long enough to be taken";

async fn app() -> TestApp {
    TestApp::start_with(|config| config.secret = Some(SECRET.into())).await
}

fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn signed(header: &Header, claims: &Value, secret: &[u8]) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

/// A token with a signature of the caller's choice, which may be none.
fn unsigned(header: Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(&header), part(claims))
}

/// The claims with one of them changed, or left out when the value is null.
fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    let map = claims.as_object_mut().unwrap();
    if value.is_null() {
        map.remove(name);
    } else {
        map.insert(name.to_owned(), value);
    }
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn no_forged_token_is_taken() {
    let app = app().await;
    let ann = app.person("ann").await;
    let good = claims_of(&ann.token);
    let key = SECRET.as_bytes();
    let header = Header::new(Algorithm::HS256);
    let now = good["iat"].as_i64().unwrap();

    // The forgeries below differ from this one in one thing each, so it must be taken.
    let control = app.guest.bearing(&signed(&header, &good, key));
    assert_eq!(control.query("{ me { username } }").await.data()["me"]["username"], "ann");

    let mut with_key_address = header.clone();
    with_key_address.jku = Some("https://evil.example/keys".into());
    let mut with_key_id = header.clone();
    with_key_id.kid = Some("../../../../dev/null".into());
    let mut other_type = header.clone();
    other_type.typ = Some("at+jwt".into());
    let with_own_key = json!({ "alg": "HS256", "typ": "JWT", "jwk": { "kty": "oct", "k": "AAAA" } });
    let good_signature = ann.token.rsplit('.').next().unwrap();
    let forgeries = [
        ("no algorithm", unsigned(json!({ "alg": "none", "typ": "JWT" }), &good, "")),
        (
            "no algorithm, old signature",
            unsigned(json!({ "alg": "None", "typ": "JWT" }), &good, good_signature),
        ),
        ("another algorithm of the family", signed(&Header::new(Algorithm::HS512), &good, key)),
        ("an asymmetric algorithm", unsigned(json!({ "alg": "RS256", "typ": "JWT" }), &good, good_signature)),
        ("another secret", signed(&header, &good, b"another secret of the same length, or nearly so")),
        ("an empty secret", signed(&header, &good, b"")),
        ("a key from elsewhere", signed(&with_key_address, &good, key)),
        ("its own key", unsigned(with_own_key, &good, good_signature)),
        ("a key by path", signed(&with_key_id, &good, b"")),
        ("another type", signed(&other_type, &good, key)),
        ("another audience", signed(&header, &with(&good, "aud", json!("other")), key)),
        ("another issuer", signed(&header, &with(&good, "iss", json!("https://evil.example")), key)),
        ("an end in words", signed(&header, &with(&good, "exp", json!("9999999999")), key)),
        ("no end", signed(&header, &with(&good, "exp", Value::Null), key)),
        ("ended 61 s ago", signed(&header, &with(&good, "exp", json!(now - 61)), key)),
        ("not begun", signed(&header, &with(&good, "nbf", json!(now + 3600)), key)),
        (
            "another user",
            unsigned(
                json!({ "alg": "HS256", "typ": "JWT" }),
                &with(&good, "sub", json!("1")),
                good_signature,
            ),
        ),
        ("no session", signed(&header, &with(&good, "sid", Value::Null), key)),
        ("a session that never was", signed(&header, &with(&good, "sid", good["sub"].clone()), key)),
        ("no token at all", "not.a.token".to_owned()),
    ];
    for (name, token) in &forgeries {
        let reply = app.guest.bearing(token).query("{ me { username } }").await;
        assert_eq!(reply.code(), "UNAUTHENTICATED", "{name}");
        let browser = app.guest.with_cookie(&format!("kinora_session={token}"));
        let seen = browser.query("{ me { username } }").await.body["data"]["me"].take();
        assert_eq!(seen, Value::Null, "{name}");
    }
}

/// A private video, and the ways to it that a session opens.
async fn private_video(app: &TestApp, owner: &Person) -> (String, String) {
    let runner = app.fake_runner("one").await;
    let video = app.ready_video(owner, &runner, "mine").await;
    owner.set_visibility(&video, "PRIVATE").await;
    let playlist = format!("/v/{video}/master.m3u8");
    assert_eq!(owner.client.get(&playlist).await.status(), 200);
    (video, playlist)
}

async fn assert_shut_out(app: &TestApp, ended: &Client, playlist: &str, socket: &mut Socket) {
    assert_eq!(ended.query("{ me { id } }").await.code(), "UNAUTHENTICATED");
    assert!(ended.get(playlist).await.status().is_client_error());
    assert_ne!(socket.ended_within(Duration::from_secs(5)).await, Ended::StillOpen, "{}", app.url);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_logging_out_a_token_opens_nothing_and_its_sockets_close() {
    let app = app().await;
    let ann = app.person("ann").await;
    let (video, playlist) = private_video(&app, &ann).await;
    let mut socket = watching(&ann, &video).await;
    ann.client.query("mutation { logOut }").await.data();
    assert_shut_out(&app, &ann.client, &playlist, &mut socket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_every_session() {
    let app = app().await;
    let ann = app.person("ann").await;
    let (video, playlist) = private_video(&app, &ann).await;
    let mut socket = watching(&ann, &video).await;
    app.reset_password("ann", "an entirely new password").await;
    assert_shut_out(&app, &ann.client, &playlist, &mut socket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_is_out_at_once_and_cannot_log_in() {
    let app = app().await;
    let ann = app.person("ann").await;
    let (video, playlist) = private_video(&app, &ann).await;
    let mut socket = watching(&ann, &video).await;
    app.disable("ann").await;
    assert_shut_out(&app, &ann.client, &playlist, &mut socket).await;
    let reply = kinora_tests::person::log_in(&app.guest, "ann", kinora_tests::person::PASSWORD).await;
    assert!(["UNAUTHENTICATED", "FORBIDDEN"].contains(&reply.code()), "{}", reply.body);
}

async fn watching(person: &Person, video: &str) -> Socket {
    let mut socket = Socket::open(&person.client).await.unwrap();
    socket
        .subscribe(
            "subscription ($id: ID!) { videoProgress(videoId: $id) { state } }",
            json!({ "id": video }),
        )
        .await;
    assert_eq!(socket.value().await["videoProgress"]["state"], "READY");
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_request_of_somebody_whose_session_ended_is_told_so() {
    let app = app().await;
    let ann = app.person("ann").await;
    const QUERY: &str = "query ($search: String) { videos(search: $search) { nodes { id } } }";
    let long = json!({ "search": "x".repeat(100_000) });
    assert_eq!(app.guest.run(QUERY, long.clone()).await.code(), "QUERY_TOO_LARGE");
    ann.client.query("mutation { logOut }").await.data();
    // As a completion of thousands of parts is: the page must ask for a log-in and not give up.
    assert_eq!(ann.client.run(QUERY, long).await.code(), "UNAUTHENTICATED");
}
