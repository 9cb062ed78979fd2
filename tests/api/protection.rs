//! Encrypted media: who gets the key, how it is kept, and what becomes of a video whose protection is changed.

use std::time::Duration;

use kinora_tests::app::TestApp;
use kinora_tests::fake_runner::{FakeRunner, IV, chunk_of, planned_chunk};
use kinora_tests::graphql::Client;
use kinora_tests::person::Person;
use kinora_tests::playlist::Media;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// A private video that is ready, and the key that its runner was given.
async fn private_video(ann: &Person, runner: &FakeRunner) -> (String, Vec<u8>) {
    let video = ann.upload_private("a.mp4", "video/mp4", b"any bytes").await;
    let key = process(ann, runner, &video).await;
    (video, key.expect("a private video is protected"))
}

/// Does the job that waits for a video, and gives the key that came with it.
async fn process(ann: &Person, runner: &FakeRunner, video: &str) -> Option<Vec<u8>> {
    let job = runner.lease().await.expect("a job waits");
    assert_eq!(job["videoId"], json!(video));
    runner.finish(&job).await;
    ann.ready(video, Duration::from_secs(5)).await;
    job["contentKey"].as_str().map(|key| hex::decode(key).unwrap())
}

/// The same for the job that writes the only chunk of a published video anew.
async fn rekey(ann: &Person, runner: &FakeRunner, video: &str) -> Option<Vec<u8>> {
    let job = runner.lease_rekeying().await.expect("a chunk is to be written anew");
    assert_eq!(job["videoId"], json!(video));
    runner.finish_rekeying(&job).await;
    assert_eq!(ann.video(video).await["state"], "READY");
    job["contentKey"].as_str().map(|key| hex::decode(key).unwrap())
}

async fn pictures(app: &TestApp, client: &Client, video: &str) -> Media {
    let at = app.url.join(&format!("/v/{video}/360p.m3u8")).unwrap();
    Media::parse(&client.get_text(at.as_str()).await, &at)
}

/// The way to the key, as the playlist names it.
async fn key_path(app: &TestApp, client: &Client, video: &str) -> String {
    let media = pictures(app, client, video).await;
    media.segments[0].key.clone().expect("an encrypted segment").url.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_for_who_may_watch_and_kept_by_nobody() {
    let app = TestApp::start().await;
    let (ann, bob, runner) = (app.person("ann").await, app.person("bob").await, app.fake_runner("one").await);
    let (video, key) = private_video(&ann, &runner).await;
    let path = key_path(&app, &ann.client, &video).await;
    assert!(path.ends_with(&format!("/v/{video}/key?attempt=1")), "{path}");
    for path in [&path, &format!("/v/{video}/key")] {
        let response = ann.client.get(path).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.bytes().await.unwrap().to_vec(), key);
    }
    assert_eq!(key.len(), 16);
    for (who, client) in [("a guest", &app.guest), ("another", &bob.client), ("a runner", &runner.client)] {
        assert_eq!(client.get(&path).await.status(), StatusCode::NOT_FOUND, "{who}");
    }
    for wrong in ["attempt=0", "attempt=2", "attempt=-1", "attempt=x", "attempt="] {
        let path = format!("/v/{video}/key?{wrong}");
        assert_eq!(ann.client.get(&path).await.status(), StatusCode::NOT_FOUND, "{wrong}");
    }

    // Who may watch a public video gets its key, but not the file that it was made from.
    ann.set_visibility(&video, "PUBLIC").await;
    let response = app.guest.get(&path).await;
    assert_eq!(
        (response.status(), response.headers()["cache-control"].to_str().unwrap()),
        (StatusCode::OK, "no-store")
    );
    let download = format!("/v/{video}/download");
    assert_eq!(app.guest.get(&download).await.status(), StatusCode::NOT_FOUND);
    let owners = ann.client.get(&download).await;
    assert!(owners.status().is_redirection());
    assert_eq!(owners.headers()["cache-control"], "no-store", "a cache would hand it on to guests");
    assert_eq!(bob.video(&video).await["downloadUrl"], Value::Null);
    assert!(ann.video(&video).await["downloadUrl"].is_string());
    assert_eq!(runner.lease().await, None, "nothing has to be made anew");

    ann.set_visibility(&video, "PRIVATE").await;
    let again = Person::log_in(&app.guest, "ann").await;
    ann.client.query("mutation { logOut }").await.data();
    assert!(ann.client.get(&path).await.status().is_client_error(), "after logging out");
    assert_eq!(again.client.get(&path).await.status(), StatusCode::OK);
    app.disable("ann").await;
    assert!(again.client.get(&path).await.status().is_client_error(), "a disabled account");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_does_not_hold_a_key_that_opens_anything() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let (video, key) = private_video(&ann, &runner).await;
    let (other, other_key) = private_video(&ann, &runner).await;
    assert_ne!(key, other_key);
    let sealed = app.text("SELECT string_agg(encode(sealed, 'hex'), ' ') FROM content_key").await;
    assert!(!sealed.contains(&hex::encode(&key)) && !sealed.contains(&hex::encode(&other_key)), "{sealed}");
    // Exchanged, each is bound to the video that it was made for.
    app.sql(
        "UPDATE content_key mine SET sealed = other.sealed FROM content_key other WHERE other.video_id <> mine.video_id",
    )
    .await;
    for video in [&other, &video] {
        let response = ann.client.get(&format!("/v/{video}/key")).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
    // Nobody can open what is published, so it is made from its source.
    ann.update_video(json!({ "id": video, "protected": false })).await.data();
    assert_eq!(runner.lease_rekeying().await, None);
    assert_eq!(process(&ann, &runner, &video).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_does_not_encrypt_publishes_nothing_of_a_protected_video() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let encrypted = |rendition| {
        let mut chunk = chunk_of(rendition);
        chunk["iv"] = json!(IV);
        chunk
    };
    ann.upload_private("a.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    let lease = &job["lease"]["id"];
    runner.send_outputs(lease).await;
    assert_eq!(runner.publish_chunk(lease, chunk_of("360p")).await.code(), "RESULT_REJECTED");
    let mut broken = encrypted("360p");
    broken["segments"][1]["size"] = json!(4_495);
    assert_eq!(runner.publish_chunk(lease, broken).await.code(), "RESULT_REJECTED", "not in whole blocks");
    let mut short = encrypted("360p");
    short["iv"] = json!("00");
    assert!(runner.publish_chunk(lease, short).await.failed());
    runner.publish_chunk(lease, encrypted("360p")).await.data();
    assert_eq!(app.number("SELECT count(*) FROM chunk").await, 1);

    ann.upload("b.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    assert_eq!(job["contentKey"], Value::Null, "a public video is not protected unless that is asked for");
    let lease = &job["lease"]["id"];
    runner.send_outputs(lease).await;
    assert_eq!(runner.publish_chunk(lease, encrypted("360p")).await.code(), "RESULT_REJECTED");
    runner.publish_chunk(lease, chunk_of("360p")).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_private_is_written_anew_with_a_key_and_what_was_clear_goes() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = app.ready_video(&ann, &runner, "a").await;
    let seen = |video: Value| (video["protected"] == true, video["encrypted"] == true);
    assert_eq!(seen(ann.video(&video).await), (false, false));
    assert_eq!(app.guest.get(&format!("/v/{video}/key")).await.status(), StatusCode::NOT_FOUND);
    let clear = app.chunk_key(&video).await;

    ann.set_visibility(&video, "PRIVATE").await;
    ann.set_visibility(&video, "PRIVATE").await;
    assert_eq!(
        seen(ann.video(&video).await),
        (true, false),
        "it plays in the clear until it is written anew"
    );
    assert!(pictures(&app, &ann.client, &video).await.segments[0].key.is_none());
    let key = rekey(&ann, &runner, &video).await.expect("a key");
    assert_eq!(seen(ann.video(&video).await), (true, true));
    let media = pictures(&app, &ann.client, &video).await;
    let of = media.segments[0].key.clone().unwrap();
    assert_eq!((hex::encode(of.iv), of.url.query()), (IV.to_owned(), Some("attempt=2")));
    assert_eq!(ann.client.get(of.url.as_str()).await.bytes().await.unwrap().to_vec(), key);
    assert_eq!(runner.lease_rekeying().await, None, "asked for twice, it is done once");
    assert_eq!(runner.lease().await, None, "nothing has to be encoded");
    assert_ne!(app.chunk_key(&video).await, clear);
    objects_become(&app, 3).await;

    // Off again.
    ann.update_video(json!({ "id": video, "visibility": "PUBLIC" })).await.data();
    assert_eq!(seen(ann.video(&video).await), (true, true), "protection stays when it becomes public");
    ann.update_video(json!({ "id": video, "protected": false })).await.data();
    assert_eq!(rekey(&ann, &runner, &video).await, None);
    assert_eq!(seen(ann.video(&video).await), (false, false));
    assert_eq!(
        app.guest.get(of.url.as_str()).await.status(),
        StatusCode::NOT_FOUND,
        "the key of an old attempt"
    );
    assert_eq!(app.number("SELECT count(*) FROM content_key").await, 0);
    assert!(app.guest.get(&format!("/v/{video}/download")).await.status().is_redirection());

    // Who says so in the same breath keeps a private video as it is.
    ann.update_video(json!({ "id": video, "visibility": "PRIVATE", "protected": false })).await.data();
    assert_eq!((runner.lease().await, runner.lease_rekeying().await), (None, None));
    assert_eq!(seen(ann.video(&video).await), (false, false));
}

/// The source and a chunk of each of the two renditions are all that there is.
async fn objects_become(app: &TestApp, wanted: usize) {
    let mut found = app.compare_storage().await;
    for _ in 0..50 {
        if found.objects == wanted {
            assert!(found.is_clean(), "{found:?}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        found = app.compare_storage().await;
    }
    panic!("{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_comes_while_a_video_is_made_is_met_after_it() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    assert_eq!(job["contentKey"], Value::Null);
    ann.update_video(json!({ "id": video, "protected": true })).await.data();
    runner.finish(&job).await;
    assert_eq!(ann.ready(&video, Duration::from_secs(5)).await["encrypted"], false);
    assert!(rekey(&ann, &runner, &video).await.is_some());
    assert_eq!(ann.video(&video).await["encrypted"], true);

    // One that comes while it is written anew is met after that.
    ann.update_video(json!({ "id": video, "protected": false })).await.data();
    let job = runner.lease_rekeying().await.unwrap();
    ann.update_video(json!({ "id": video, "protected": true })).await.data();
    runner.finish_rekeying(&job).await;
    assert_eq!(ann.video(&video).await["encrypted"], false);
    assert!(rekey(&ann, &runner, &video).await.is_some());
    assert_eq!(ann.video(&video).await["encrypted"], true);

    // A try that came to nothing leaves no key to one that is in the clear.
    let video = ann.upload_private("b.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    assert!(job["contentKey"].is_string());
    runner.fail(&job["lease"]["id"], "RUNNER_STOPPED", "Stopped.", true).await.data();
    ann.update_video(json!({ "id": video, "visibility": "PUBLIC", "protected": false })).await.data();
    assert_eq!(process(&ann, &runner, &video).await, None);
    assert_eq!(ann.video(&video).await["encrypted"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn ciphertext_of_private_videos_may_lie_on_the_public_base() {
    let app = TestApp::start_with(|config| {
        config.media_url = Some("https://cdn.example/media".parse().unwrap());
    })
    .await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let (video, _) = private_video(&ann, &runner).await;
    let media = pictures(&app, &ann.client, &video).await;
    let url = &media.segments[0].piece.url;
    assert!(url.as_str().starts_with("https://cdn.example/media/videos/") && url.query().is_none(), "{url}");
    // In the clear it is signed for its owner.
    ann.update_video(json!({ "id": video, "protected": false })).await.data();
    rekey(&ann, &runner, &video).await;
    let url = pictures(&app, &ann.client, &video).await.segments[0].piece.url.clone();
    assert!(url.query().is_some_and(|query| query.contains("Signature")), "{url}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protection_that_failed_is_made_from_the_source_and_tried_again() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = app.ready_video(&ann, &runner, "a").await;
    ann.set_visibility(&video, "PRIVATE").await;
    let job = runner.lease_rekeying().await.expect("it is to be protected");
    runner.fail(&job["lease"]["id"], "INTERNAL", "It cannot be read.", false).await.data();
    let job = runner.lease().await.expect("it is to be made anew");
    runner.fail(&job["lease"]["id"], "MEDIA_CORRUPT", "It is damaged.", false).await.data();
    assert_eq!(ann.video(&video).await["state"], "READY", "what is there plays on");
    app.settle_protection().await;
    assert_eq!(runner.lease_rekeying().await, None, "not again at once");
    app.sql("UPDATE job SET created_at = created_at - interval '6 hours'").await;
    app.settle_protection().await;
    rekey(&ann, &runner, &video).await.expect("a key");
    assert_eq!(ann.video(&video).await["encrypted"], true);
    objects_become(&app, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_at_a_chunk_of_a_protection_that_was_given_up_changes_nothing() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    for ends_well in [true, false] {
        let video = app.ready_video(&ann, &runner, "a").await;
        ann.set_visibility(&video, "PRIVATE").await;
        let job = runner.lease_rekeying().await.expect("it is to be protected");
        // Of a longer video, another job of the same kind is just reported on and so outlasts the end of the first.
        app.sql(
            "DROP TABLE IF EXISTS beside; CREATE TABLE beside AS SELECT * FROM job WHERE kind = 'rekey_chunk' AND state = 'leased';
             UPDATE beside SET id = 1, lease_id = 2, chunk = 1",
        )
        .await;
        runner.fail(&job["lease"]["id"], "INTERNAL", "It cannot be read.", false).await.data();
        app.sql("INSERT INTO job SELECT * FROM beside").await;
        let late = json!(kinora_entity::LeaseId(2).to_string());
        match ends_well {
            true => runner.complete_part(&late).await.data(),
            false => runner.fail(&late, "INTERNAL", "It cannot be read.", false).await.data(),
        };
        let seen = ann.video(&video).await;
        assert_eq!(
            (&seen["state"], &seen["encrypted"], &seen["playable"]),
            (&json!("READY"), &json!(false), &json!(true))
        );
        const WAITING: &str = "SELECT count(*) FROM job WHERE kind = 'process_video' AND state = 'queued'";
        assert_eq!(app.number(WAITING).await, 1, "it is made anew once");
        const NUMBERS: &str =
            "SELECT count(*) FROM job new JOIN beside ON new.attempt_base < beside.attempt_base
            WHERE new.kind = 'process_video' AND new.state = 'queued'";
        assert_eq!(app.number(NUMBERS).await, 0, "under a number that nobody has used");
        assert!(process(&ann, &runner, &video).await.is_some());
        assert_eq!(ann.video(&video).await["encrypted"], true);
        app.sql("DELETE FROM job").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_the_server_cannot_describe_is_held_against_nobody() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = app.ready_video(&ann, &runner, "a").await;
    ann.set_visibility(&video, "PRIVATE").await;
    app.sql("ALTER TABLE content_key RENAME TO away").await;
    let refused = runner.client.query("mutation { leaseJob(kinds: [REKEY_CHUNK]) { id } }").await;
    assert!(refused.failed(), "{}", refused.body);
    app.sql("ALTER TABLE away RENAME TO content_key").await;
    const WAITS: &str =
        "SELECT count(*) FROM job WHERE kind = 'rekey_chunk' AND state = 'queued' AND crashes = 0";
    assert_eq!(app.number(WAITS).await, 1);
    app.sql("UPDATE job SET run_after = now()").await;
    rekey(&ann, &runner, &video).await.expect("a key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_lies_about_what_it_writes_anew_publishes_nothing() {
    let app = TestApp::start().await;
    let (ann, runner) = (app.person("ann").await, app.fake_runner("one").await);
    let video = app.ready_video(&ann, &runner, "a").await;
    ann.update_video(json!({ "id": video, "protected": true })).await.data();
    let job = runner.lease_rekeying().await.unwrap();
    let lease = &job["lease"]["id"];
    let encrypted = |spoil: fn(&mut Value)| {
        let mut chunk = planned_chunk("360p", 0);
        chunk["iv"] = json!(IV);
        spoil(&mut chunk);
        chunk
    };
    let lies: [fn(&mut Value); 4] = [
        |chunk| chunk["iv"] = Value::Null,
        |chunk| chunk["segments"][1]["durationMs"] = json!(1000.0),
        |chunk| chunk["startMs"] = json!(4000.0),
        |chunk| _ = chunk["segments"].as_array_mut().unwrap().pop(),
    ];
    for (case, lie) in lies.into_iter().enumerate() {
        assert_eq!(runner.send_chunk(lease, encrypted(lie)).await.code(), "RESULT_REJECTED", "case {case}");
    }
    runner.send_chunk(lease, encrypted(|_| {})).await.data();
    assert_eq!(runner.complete_part(lease).await.code(), "RESULT_REJECTED", "the sound is missing");
    assert_eq!(ann.video(&video).await["encrypted"], false);
    runner.finish_rekeying(&job).await;
    assert_eq!(ann.video(&video).await["encrypted"], true);
}
