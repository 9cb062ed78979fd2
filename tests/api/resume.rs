//! Uploads that broke off: listed for their owner alone, gone on with, recognised, cleared away.

use kinora_tests::app::TestApp;
use kinora_tests::person::{Person, put};
use serde_json::{Value, json};

const SAMPLE: &str = "0123456789abcdef0123456789abcdef";
const UNFINISHED: &str = "{ unfinishedUploads { id fileName size title tags sampleHash modifiedAt receivedParts { number size etag } } }";

async fn unfinished(person: &Person) -> Vec<Value> {
    person.run(UNFINISHED, json!({})).await.data()["unfinishedUploads"].as_array().unwrap().clone()
}

async fn begin(person: &Person, name: &str, size: u64) -> Value {
    let input = json!({
        "fileName": name, "size": size, "sampleHash": SAMPLE, "modifiedAt": "2026-01-02T03:04:05.678Z",
    });
    person.create_upload_of(input).await.data()["createUpload"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unfinished_is_listed_with_what_has_arrived() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let upload = begin(&ann, "a.mp4", 9).await;
    let part = ann.sign_parts(&upload, &[1]).await.data()["signUploadParts"][0].take();
    let etag = put(&ann.client, &part, b"any bytes".to_vec()).await.headers()["etag"].clone();
    let list = unfinished(&ann).await;
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["id"], upload["id"]);
    assert_eq!(list[0]["sampleHash"], SAMPLE);
    let modified = list[0]["modifiedAt"].as_str().unwrap();
    assert!(modified.starts_with("2026-01-02T03:04:05.678"), "{modified}");
    let etag = etag.to_str().unwrap().trim_matches('"');
    assert_eq!(list[0]["receivedParts"], json!([{ "number": 1, "size": 9, "etag": etag }]));
    assert_eq!(unfinished(&bob).await, Vec::<Value>::new());
    assert_eq!(app.guest.query(UNFINISHED).await.code(), "UNAUTHENTICATED");
    ann.complete(&upload).await.data();
    assert_eq!(unfinished(&ann).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_meanwhile_is_kept() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let upload = begin(&ann, "a.mp4", 9).await;
    let update = "mutation ($input: UpdateUploadInput!) { updateUpload(input: $input) { title description tags visibility } }";
    let input = json!({ "id": upload["id"], "title": "The sea", "tags": ["Sea"], "visibility": "UNLISTED" });
    let updated = ann.run(update, json!({ "input": input })).await.data()["updateUpload"].take();
    assert_eq!(
        updated,
        json!({ "title": "The sea", "description": "", "tags": ["sea"], "visibility": "UNLISTED" })
    );
    assert_eq!(bob.run(update, json!({ "input": input })).await.code(), "NOT_FOUND");
    let empty = json!({ "id": upload["id"], "title": " " });
    assert_eq!(ann.run(update, json!({ "input": empty })).await.code(), "BAD_USER_INPUT");
    ann.put_parts(&upload, b"any bytes").await;
    let video = ann.complete(&upload).await.data()["completeUpload"]["id"].clone();
    let fields = "query ($id: ID!) { video(id: $id) { title visibility } }";
    let video = ann.run(fields, json!({ "id": video })).await.data()["video"].take();
    assert_eq!((&video["title"], &video["visibility"]), (&json!("The sea"), &json!("UNLISTED")));
    assert_eq!(ann.run(update, json!({ "input": input })).await.code(), "UPLOAD_CLOSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_is_recognised_for_its_owner() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let same = "query ($hash: String!, $size: Bytes!) { videoOfFile(sampleHash: $hash, size: $size) { id } }";
    let asked = json!({ "hash": SAMPLE.to_uppercase(), "size": 9 });
    assert_eq!(ann.run(same, asked.clone()).await.data()["videoOfFile"], Value::Null);
    let upload = begin(&ann, "a.mp4", 9).await;
    assert_eq!(ann.run(same, asked.clone()).await.data()["videoOfFile"], Value::Null, "not a video yet");
    ann.put_parts(&upload, b"any bytes").await;
    let video = ann.complete(&upload).await.data()["completeUpload"]["id"].clone();
    assert_eq!(ann.run(same, asked.clone()).await.data()["videoOfFile"]["id"], video);
    assert_eq!(bob.run(same, asked.clone()).await.data()["videoOfFile"], Value::Null);
    let other_size = json!({ "hash": SAMPLE, "size": 10 });
    assert_eq!(ann.run(same, other_size).await.data()["videoOfFile"], Value::Null);
    let nonsense = json!({ "hash": "zz", "size": 9 });
    assert_eq!(ann.run(same, nonsense).await.code(), "BAD_USER_INPUT");
    ann.run("mutation ($id: ID!) { deleteVideo(id: $id) }", json!({ "id": video })).await.data();
    assert_eq!(ann.run(same, asked).await.data()["videoOfFile"], Value::Null, "deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_open_uploads_is_bounded() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let upload = begin(&ann, "a.mp4", 9).await;
    app.sql(
        "INSERT INTO upload SELECT 900000 + n, user_id, NULL, file_name, size_bytes, part_size_bytes, part_count, \
         'uploads/x' || n || '/source', storage_upload_id, state, title, description, tags, visibility, \
         created_at, expires_at FROM upload, generate_series(1, 499) n",
    )
    .await;
    assert_eq!(ann.create_upload("b.mp4", "video/mp4", 9).await.code(), "CONFLICT");
    let abort = "mutation ($id: ID!) { abortUpload(uploadId: $id) }";
    ann.run(abort, json!({ "id": upload["id"] })).await.data();
    ann.create_upload("b.mp4", "video/mp4", 9).await.data();
    assert_eq!(unfinished(&ann).await.len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_alone_ends_and_leaves_nothing() {
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    let upload = begin(&ann, "a.mp4", 9).await;
    ann.put_parts(&upload, b"any bytes").await;
    app.sql("UPDATE upload SET expires_at = now() - interval '1 second'").await;
    app.clear_uploads().await;
    assert_eq!(app.number("SELECT count(*) FROM upload WHERE state = 'expired' AND cleared").await, 1);
    assert_eq!(ann.complete(&upload).await.code(), "UPLOAD_CLOSED");
    assert_eq!(app.stored_files().await, 0, "nothing is left in the store");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_forgot_is_over_and_holds_nothing() {
    let app = TestApp::start_with(|config| config.quota_bytes = Some(9)).await;
    let ann = app.person("ann").await;
    let upload = begin(&ann, "a.mp4", 9).await;
    ann.put_parts(&upload, b"any bytes").await;
    app.lose_open_uploads().await;
    assert_eq!(ann.create_upload("b.mp4", "video/mp4", 9).await.code(), "QUOTA_EXCEEDED");
    assert_eq!(ann.complete(&upload).await.code(), "UPLOAD_CLOSED");
    assert_eq!(unfinished(&ann).await, Vec::<Value>::new(), "nobody can go on with it");
    ann.upload("b.mp4", "video/mp4", b"any bytes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_as_long_as_the_site_says() {
    let app = TestApp::start_with(|config| config.upload_expiry = std::time::Duration::from_secs(7200)).await;
    let ann = app.person("ann").await;
    begin(&ann, "a.mp4", 9).await;
    const MINUTES: &str = "SELECT (extract(epoch FROM expires_at - created_at) / 60)::bigint FROM upload";
    assert_eq!(app.number(MINUTES).await, 120);
}
