//! Documents that would bring down or hold up a server without a guard. Each gets a quick answer with a code, and
//! the site goes on.

use std::fmt::Write;
use std::time::{Duration, Instant};

use kinora_tests::app::TestApp;
use kinora_tests::graphql::Reply;
use kinora_tests::socket::Socket;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// Generous for a debug build on a busy machine; without a guard each of these takes seconds or kills the process.
const QUICK: Duration = Duration::from_millis(500);

struct Abuse {
    name: &'static str,
    document: String,
    codes: &'static [&'static str],
}

fn abuses() -> Vec<Abuse> {
    let deep_list = format!("{{ tags(prefix: {}1{}) {{ name }} }}", "[".repeat(2_000), "]".repeat(2_000));
    let deep_object = format!("{{ tags(prefix: {}1{}) {{ name }} }}", "{a:".repeat(2_000), "}".repeat(2_000));
    let deep_selection = format!(
        "{{ {} __typename {} }}",
        "me { videos { nodes { uploader { ".repeat(50),
        "} } } }".repeat(50)
    );
    let mut bomb = String::from("{ ...f0 } ");
    for level in 0..26 {
        let next = level + 1;
        write!(bomb, "fragment f{level} on Query {{ ...f{next} ...f{next} }} ").unwrap();
    }
    bomb.push_str("fragment f26 on Query { __typename }");
    let mut aliases = String::from("{ ");
    for index in 0..10_000 {
        write!(aliases, "a{index}: __typename ").unwrap();
    }
    aliases.push('}');
    let directives = format!("{{ __typename {} }}", "@include(if: true) ".repeat(5_000));
    let short_directives = format!("{{ __typename {} }}", "@a".repeat(5_000));
    let circle = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned();
    let expensive = "{ videos(first: 100) { nodes { uploader { videos(first: 100) { nodes { uploader {
        videos(first: 100) { nodes { id } } } } } } } } }"
        .to_owned();
    let unclosed = "{".repeat(10_000);
    let too_large: &[&str] = &["QUERY_TOO_LARGE"];
    let any: &[&str] = &["QUERY_TOO_DEEP", "QUERY_TOO_COMPLEX", "QUERY_TOO_LARGE", "BAD_USER_INPUT"];
    let abuse = |name, document, codes| Abuse { name, document, codes };
    vec![
        abuse("a list 2,000 deep", deep_list, &["QUERY_TOO_DEEP"]),
        abuse("an object 2,000 deep", deep_object, &["QUERY_TOO_DEEP"]),
        abuse("a selection 200 deep", deep_selection, &["QUERY_TOO_DEEP"]),
        abuse("2^26 fragments", bomb, &["QUERY_TOO_COMPLEX"]),
        abuse("circular fragments", circle, any),
        abuse("10,000 aliases", aliases, too_large),
        abuse("5,000 directives", directives, too_large),
        abuse("5,000 short directives", short_directives, any),
        abuse("a million rows", expensive, &["QUERY_TOO_COMPLEX"]),
        abuse("brackets that never close", unclosed, any),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn abusive_documents_are_refused_at_once_and_the_site_lives_on() {
    let app = TestApp::start().await;
    for Abuse { name, document, codes } in abuses() {
        let begun = Instant::now();
        let reply = app.guest.query(&document).await;
        assert!(begun.elapsed() < QUICK, "{name} took {:?}", begun.elapsed());
        assert!(codes.contains(&reply.code()), "{name}: {}", reply.body);
        app.guest.query("{ __typename }").await.data();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guard_stands_before_sockets_too() {
    let app = TestApp::start().await;
    for Abuse { name, document, codes } in abuses() {
        if document.len() > 60_000 {
            continue; // Larger than a socket's message may be; the next test sends those.
        }
        let mut socket = Socket::open(&app.guest).await.unwrap();
        socket.subscribe(&document, json!({})).await;
        let code = socket.refusal().await;
        assert!(codes.contains(&code.as_str()), "{name}: {code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_takes_no_message_over_64_kib() {
    let app = TestApp::start().await;
    let mut socket = Socket::open(&app.guest).await.unwrap();
    socket.subscribe(&format!("{{ __typename }} #{}", "x".repeat(70_000)), json!({})).await;
    let ended = socket.ended_within(Duration::from_secs(5)).await;
    assert_ne!(ended, kinora_tests::socket::Ended::StillOpen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_refused() {
    let app = TestApp::start().await;
    let one = json!({ "query": "{ __typename }" });
    let reply = app.guest.post_json(Value::from(vec![one; 1_000]).to_string()).await;
    assert!(reply.status.is_client_error(), "{}", reply.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_megabytes_of_variables_are_too_large() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    for client in [&app.guest, &ann.client] {
        let variables = json!({ "prefix": "x".repeat(8 << 20) });
        let reply = client.run("query ($prefix: String) { tags(prefix: $prefix) { name } }", variables).await;
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_may_list_ten_thousand_parts() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let upload = ann.begin_upload("a.mp4", "video/mp4", 9).await;
    let parts: Vec<Value> = (1..=10_000)
        .map(|number| json!({ "number": number, "etag": "0123456789abcdef0123456789abcdef" }))
        .collect();
    let reply = ann.complete_with(&upload, json!(parts)).await;
    assert_ne!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(reply.failed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_at_most_a_hundred_items() {
    let app = TestApp::start().await;
    for first in ["99999999", "101", "-1", "2147483648", "0"] {
        for field in ["videos", "feed"] {
            let reply = app.guest.query(&format!("{{ {field}(first: {first}) {{ nodes {{ id }} }} }}")).await;
            assert_eq!(reply.code(), "BAD_USER_INPUT", "{field}(first: {first})");
        }
    }
    app.guest.query("{ videos(first: 100) { nodes { id } } }").await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_no_text_is_refused_and_nothing_breaks() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let nul = json!({ "fileName": "a.mp4", "size": 9, "title": "a\u{0}b" });
    assert_eq!(ann.create_upload_of(nul).await.code(), "BAD_USER_INPUT");
    let long = json!({ "fileName": "a.mp4", "size": 9, "title": "x".repeat(10_000) });
    assert_eq!(ann.create_upload_of(long).await.code(), "BAD_USER_INPUT");
    let search = ann
        .run("query ($s: String) { videos(search: $s) { nodes { id } } }", json!({ "s": "a\u{0}b" }))
        .await;
    assert_ne!(search.body["errors"][0]["extensions"]["code"], "INTERNAL");

    // A lone surrogate is no JSON string in Rust's eyes: refused before GraphQL.
    let body = r#"{ "query": "query ($s: String) { videos(search: $s) { nodes { id } } }", "variables": { "s": "\ud800" } }"#;
    assert!(app.guest.post_json(body.to_owned()).await.failed());

    // Characters that turn the rest of a line around end with the title that holds them, or are left out of it.
    let turned = json!({ "fileName": "a.mp4", "size": 9, "title": "holiday\u{202e}4pm.exe" });
    let reply = ann.create_upload_of(turned).await;
    assert!(reply.body["errors"].is_null() || reply.code() == "BAD_USER_INPUT", "{}", reply.body);
    app.guest.query("{ __typename }").await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn metacharacters_of_sql_are_ordinary_text() {
    let app = TestApp::start().await;
    let words = ["'; DROP TABLE video; --", "%", "_", "\\", "a & | ! <-> b:*", "'", "\"", "(((", "*"];
    for word in words {
        let variables = json!({ "s": word });
        let searched = app
            .guest
            .run("query ($s: String) { videos(search: $s) { nodes { id } } }", variables.clone())
            .await;
        searched.data();
        let tagged = app
            .guest
            .run("query ($s: String!) { videos(tags: [$s]) { nodes { id } } }", variables.clone())
            .await;
        assert_not_internal(&tagged, word);
        let prefixed =
            app.guest.run("query ($s: String) { tags(prefix: $s) { name } }", variables.clone()).await;
        assert_not_internal(&prefixed, word);
        for field in ["videos", "feed"] {
            let document = format!("query ($s: String) {{ {field}(after: $s) {{ nodes {{ id }} }} }}");
            assert_eq!(app.guest.run(&document, variables.clone()).await.code(), "BAD_USER_INPUT", "{word}");
        }
    }
    let order = app.guest.query("{ videos(order: \"id; DROP TABLE video\") { nodes { id } } }").await;
    assert!(order.failed());
    assert_eq!(app.number("SELECT count(*) FROM video").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_field_or_order_is_refused() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let runner = app.fake_runner("one").await;
    app.ready_video(&ann, &runner, "first").await;
    app.ready_video(&ann, &runner, "second").await;
    let cursor =
        |reply: Reply, field: &str| reply.data()[field]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    let videos = cursor(app.guest.query("{ videos(first: 1) { pageInfo { endCursor } } }").await, "videos");
    let feed =
        cursor(app.guest.query("{ feed(first: 1, seed: 3) { pageInfo { endCursor } } }").await, "feed");
    let misused = [
        format!("{{ feed(first: 1, after: \"{videos}\") {{ nodes {{ id }} }} }}"),
        format!("{{ videos(first: 1, after: \"{feed}\") {{ nodes {{ id }} }} }}"),
        format!("{{ videos(first: 1, order: TOP_RATED, after: \"{videos}\") {{ nodes {{ id }} }} }}"),
    ];
    for document in misused {
        assert_eq!(app.guest.query(&document).await.code(), "BAD_USER_INPUT", "{document}");
    }
}

#[track_caller]
fn assert_not_internal(reply: &Reply, word: &str) {
    assert_ne!(reply.body["errors"][0]["extensions"]["code"], "INTERNAL", "{word}: {}", reply.body);
}
