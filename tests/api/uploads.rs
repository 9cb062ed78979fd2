//! Uploads: from the reservation to the video, and everything that may go wrong between.

use kinora_tests::app::TestApp;
use kinora_tests::person::{Person, put};
use serde_json::{Value, json};

const MEBIBYTE: usize = 1 << 20;

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index / 7 % 251) as u8).collect()
}

async fn sign_one(person: &Person, upload: &Value, number: i64) -> Value {
    person.sign_parts(upload, &[number]).await.data()["signUploadParts"][0].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_becomes_a_video_in_one_part() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let upload = ann.begin_upload("My holiday.mp4", "video/mp4", 9).await;
    assert_eq!((&upload["partCount"], &upload["state"]), (&json!(1), &json!("UPLOADING")));
    ann.put_parts(&upload, b"any bytes").await;
    let video = ann.complete(&upload).await.data()["completeUpload"].take();
    assert_eq!(video["state"], "PROCESSING");
    assert_eq!(video["title"], "My holiday");
    let state = "query ($id: ID!) { upload(id: $id) { state video { id } } }";
    let after = ann.run(state, json!({ "id": upload["id"] })).await.data()["upload"].take();
    assert_eq!(after, json!({ "state": "COMPLETED", "video": { "id": video["id"] } }));
    assert_eq!(app.number("SELECT count(*) FROM job").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_larger_file_goes_in_equal_parts_that_are_listed_as_they_arrive() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let bytes = pattern(20 * MEBIBYTE + 5);
    let upload = ann.begin_upload("a.mp4", "video/mp4", bytes.len() as u64).await;
    let part_size = upload["partSize"].as_u64().unwrap() as usize;
    assert!(part_size >= 5 * MEBIBYTE, "R2 takes no smaller parts: {part_size}");
    assert_eq!(upload["partCount"].as_u64().unwrap() as usize, bytes.len().div_ceil(part_size));

    let first = sign_one(&ann, &upload, 1).await;
    assert!(
        put(&ann.client, &first, bytes[..part_size.min(bytes.len())].to_vec()).await.status().is_success()
    );
    let received = "query ($id: ID!) { upload(id: $id) { receivedParts { number size } } }";
    let listed =
        ann.run(received, json!({ "id": upload["id"] })).await.data()["upload"]["receivedParts"].take();
    assert_eq!(listed, json!([{ "number": 1, "size": part_size.min(bytes.len()) }]));

    ann.put_parts(&upload, &bytes).await;
    ann.complete(&upload).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_of_the_largest_size_fits_into_ten_thousand_parts() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let upload = ann.begin_upload("a.mp4", "video/mp4", 5_000_000_000_000).await;
    let (size, count) = (upload["partSize"].as_u64().unwrap(), upload["partCount"].as_u64().unwrap());
    assert!(count <= 10_000 && size * count >= 5_000_000_000_000 && size <= 5 << 30, "{upload}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_that_cannot_be_are_refused_at_once() {
    let app = TestApp::start_with(|config| config.max_upload_bytes = 1_000).await;
    let ann = app.person("ann").await;
    assert_eq!(ann.create_upload("a.mp4", "video/mp4", 0).await.code(), "UPLOAD_EMPTY");
    assert_eq!(ann.create_upload("a.mp4", "video/mp4", 1_001).await.code(), "TOO_LARGE");
    ann.create_upload("a.mp4", "video/mp4", 1_000).await.data();
    for size in [json!(-1), json!(1.5), json!("many"), json!(1e300), json!(null)] {
        let reply = ann.create_upload_of(json!({ "fileName": "a.mp4", "size": size })).await;
        assert!(reply.failed(), "{size}");
        assert_ne!(reply.code(), "INTERNAL", "{size}");
    }
    // Sizes may come as text, for clients whose numbers end at 2^31.
    ann.create_upload_of(json!({ "fileName": "a.mp4", "size": "999" })).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_parts_that_exist_are_signed() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let upload = ann.begin_upload("a.mp4", "video/mp4", 9).await;
    for number in [0, 2, 10_001, -1, i64::from(i32::MAX), i64::from(i32::MIN)] {
        assert_eq!(ann.sign_parts(&upload, &[number]).await.code(), "BAD_USER_INPUT", "{number}");
        assert_eq!(ann.sign_parts(&upload, &[1, number]).await.code(), "BAD_USER_INPUT", "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_taken_at_its_signed_length_only() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let upload = ann.begin_upload("a.mp4", "video/mp4", 9).await;
    let part = sign_one(&ann, &upload, 1).await;
    assert!(!part["url"].as_str().unwrap().to_lowercase().contains("checksum"), "{part}");
    for body in [&b"ten bytes!"[..], b"8 bytes!", b""] {
        let response = put(&ann.client, &part, body.to_vec()).await;
        let status = response.status().as_u16();
        // Some call a part of nothing a bad request before they look at its signature.
        assert!(status == 403 || status == 400 && body.is_empty() && !app.has_own_store(), "{status}");
    }
    assert!(put(&ann.client, &part, b"any bytes".to_vec()).await.status().is_success());
    // A changed address is nobody's.
    let mut other = part.clone();
    other["url"] = json!(part["url"].as_str().unwrap().replace("partNumber=1", "partNumber=2"));
    assert_eq!(put(&ann.client, &other, b"any bytes".to_vec()).await.status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn completing_takes_every_part() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let bytes = pattern(20 * MEBIBYTE);
    let upload = ann.begin_upload("a.mp4", "video/mp4", bytes.len() as u64).await;
    assert!(ann.complete(&upload).await.code().starts_with("UPLOAD_"), "nothing was sent");
    let part_size = upload["partSize"].as_u64().unwrap() as usize;
    if part_size < bytes.len() {
        let first = sign_one(&ann, &upload, 1).await;
        put(&ann.client, &first, bytes[..part_size].to_vec()).await;
        assert!(ann.complete(&upload).await.code().starts_with("UPLOAD_"), "a part is missing");
    }
    assert_eq!(app.number("SELECT count(*) FROM video").await, 0);
    // Nothing is lost by asking too early.
    ann.put_parts(&upload, &bytes).await;
    ann.complete(&upload).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_etag_is_refused_and_the_right_one_taken() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let upload = ann.begin_upload("a.mp4", "video/mp4", 9).await;
    let part = sign_one(&ann, &upload, 1).await;
    let response = put(&ann.client, &part, b"any bytes".to_vec()).await;
    let etag = response.headers()["etag"].to_str().unwrap().to_owned();
    let wrong = json!([{ "number": 1, "etag": "00000000000000000000000000000000" }]);
    assert!(ann.complete_with(&upload, wrong).await.code().starts_with("UPLOAD_"));
    let absent = json!([{ "number": 2, "etag": etag }]);
    assert!(ann.complete_with(&upload, absent).await.failed());
    assert_eq!(app.number("SELECT count(*) FROM video").await, 0);
    ann.complete_with(&upload, json!([{ "number": 1, "etag": etag }])).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn completing_again_gives_the_same_video() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let upload = ann.begin_upload("a.mp4", "video/mp4", 9).await;
    ann.put_parts(&upload, b"any bytes").await;
    let (one, other) = tokio::join!(ann.complete(&upload), ann.complete(&upload));
    let again = ann.complete(&upload).await.data();
    assert_eq!(one.data(), again);
    assert_eq!(other.data(), again);
    assert_eq!(app.number("SELECT count(*) FROM video").await, 1);
    assert_eq!(app.number("SELECT count(*) FROM job").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_completion_nothing_can_be_written_again() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let upload = ann.begin_upload("a.mp4", "video/mp4", 9).await;
    let part = sign_one(&ann, &upload, 1).await;
    put(&ann.client, &part, b"any bytes".to_vec()).await;
    ann.complete(&upload).await.data();
    let late = put(&ann.client, &part, b"evil data".to_vec()).await;
    assert!(late.status().is_client_error(), "{}", late.status());
    assert!(ann.sign_parts(&upload, &[1]).await.failed());
    let job = app.fake_runner("one").await.lease().await.unwrap();
    let source = app.guest.get_text(job["source"]["url"].as_str().unwrap()).await;
    assert_eq!(source, "any bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_upload_takes_nothing_more() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let upload = ann.begin_upload("a.mp4", "video/mp4", 9).await;
    let part = sign_one(&ann, &upload, 1).await;
    let abort = "mutation ($id: ID!) { abortUpload(uploadId: $id) }";
    assert_eq!(ann.run(abort, json!({ "id": upload["id"] })).await.data()["abortUpload"], true);
    assert!(put(&ann.client, &part, b"any bytes".to_vec()).await.status().is_client_error());
    assert!(ann.sign_parts(&upload, &[1]).await.failed());
    assert!(ann.complete(&upload).await.failed());
    let state =
        ann.run("query ($id: ID!) { upload(id: $id) { state } }", json!({ "id": upload["id"] })).await;
    assert_eq!(state.data()["upload"]["state"], "ABORTED");
    // A video cannot be aborted away.
    let done = ann.begin_upload("b.mp4", "video/mp4", 9).await;
    ann.put_parts(&done, b"any bytes").await;
    ann.complete(&done).await.data();
    ann.run(abort, json!({ "id": done["id"] })).await;
    assert_eq!(app.number("SELECT count(*) FROM video").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_listed_before_completion() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let upload = ann.begin_upload("a.mp4", "video/mp4", 9).await;
    ann.put_parts(&upload, b"any bytes").await;
    let lists =
        "{ videos { nodes { id } } mine: videos(uploader: \"ann\") { nodes { id } } feed { nodes { id } }
        user(username: \"ann\") { videoCount videos { nodes { id } } } }";
    let before = ann.client.query(lists).await.data();
    assert_eq!(before["mine"]["nodes"], json!([]), "{before}");
    assert_eq!(before["user"]["videos"]["nodes"], json!([]), "{before}");
    ann.complete(&upload).await.data();
    let during = app.guest.query(lists).await.data();
    for list in ["videos", "mine", "feed"] {
        assert_eq!(during[list]["nodes"], json!([]), "nothing to watch yet: {during}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_file_names_do_no_harm() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let long = format!("{}.mp4", "n".repeat(296));
    let names = [
        "-y.mp4",
        "a%03d.mp4",
        "concat:x",
        "../../etc/passwd",
        "CON",
        "a\r\nb.mp4",
        &long,
        ".mp4",
        "",
        "🦭.mp4",
    ];
    for name in names {
        let reply = ann.create_upload(name, "video/mp4", 9).await;
        if reply.failed() {
            assert_eq!(reply.code(), "BAD_USER_INPUT", "{name:?}");
            continue;
        }
        let upload = reply.data()["createUpload"].take();
        ann.put_parts(&upload, b"any bytes").await;
        let title =
            ann.complete(&upload).await.data()["completeUpload"]["title"].as_str().unwrap().to_owned();
        assert!(!title.is_empty() && !title.contains(['\r', '\n']), "{name:?} became {title:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_calls_itself_a_page_is_never_served_as_one() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    for (name, content_type) in [("x.html", "text/html"), ("x.svg", "image/svg+xml")] {
        let page = b"<script>alert(1)</script>";
        let upload = ann.begin_upload(name, content_type, page.len() as u64).await;
        ann.put_parts(&upload, page).await;
        ann.complete(&upload).await.data();
    }
    let runner = app.fake_runner("one").await;
    while let Some(job) = runner.lease().await {
        let response = app.guest.get(job["source"]["url"].as_str().unwrap()).await;
        let stored = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(!stored.contains("html") && !stored.contains("svg"), "{stored}");
        if app.has_own_store() {
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        }
    }
}
