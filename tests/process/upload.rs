//! `kinora upload` as people run it: to the end, killed and resumed, and told what went wrong.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use kinora_tests::clips;
use kinora_tests::person::Person;
use kinora_tests::served::{Served, command, free_port};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::Place;
use crate::desk::{Desk, LARGE_BYTES, PATIENCE, sum};

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_goes_out_with_its_words_and_is_waited_for() {
    let desk = Desk::with(&[]).await;
    let clip = desk.path("clip.mp4");
    std::fs::write(&clip, clips::SHORT.bytes()).unwrap();
    let mut command = desk.upload();
    command.args(["--title", "By the sea", "--description", "Wind.", "--tag", "sea", "--tag", "wind"]);
    command.args(["--visibility", "unlisted", "--wait"]).arg(&clip);
    let (code, lines, words) = desk.run(command).await;
    assert_eq!(code, 0, "{words}");
    let line = &lines[0];
    assert_eq!((&line["state"], &line["resumed"]), (&json!("READY"), &json!(false)), "{line}");
    let id = line["videoId"].as_str().unwrap();
    assert_eq!(line["url"], format!("{}watch/{id}", desk.served.url));
    let video = desk.ann.video(id).await;
    assert_eq!(video["title"], "By the sea");
    assert_eq!(video["description"], "Wind.");
    assert_eq!(video["visibility"], "UNLISTED");
    assert_eq!(video["tags"].as_array().unwrap().len(), 2);
    assert!(words.is_empty(), "without a terminal there is no progress: {words}");
    assert!(desk.remembered().is_empty());

    // One that cannot be a video is a failure of the command too, when it is waited for.
    let text = desk.path("text.mp4");
    std::fs::write(&text, "not a video at all").unwrap();
    let mut command = desk.upload();
    command.arg("--wait").arg(&text);
    let (code, lines, _) = desk.run(command).await;
    assert_eq!((code, &lines[0]["state"]), (1, &json!("FAILED")), "{lines:?}");
    assert!(lines[0]["error"]["code"].as_str().unwrap().starts_with("MEDIA_"), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_kill_9_only_what_is_missing_is_sent() {
    let desk = Desk::new().await;
    let file = desk.large_file("large.mp4", LARGE_BYTES);
    let changed = UNIX_EPOCH + Duration::from_millis(1_767_323_045_678);
    File::options().write(true).open(&file).unwrap().set_modified(changed).unwrap();
    let mut command = desk.upload();
    command.arg(&file);
    let mut first = Served::follow(&mut command, 0);
    let id = desk.begun().await;
    desk.in_the_middle(&id).await;
    first.signal(Signal::SIGKILL);
    first.ended(PATIENCE).await;
    // What was on its way may still arrive.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = desk.upload_of(&id).await;
    let (there, all) =
        (before["receivedParts"].as_array().unwrap().len() as u64, before["partCount"].as_u64().unwrap());
    assert!((3..all).contains(&there), "{before}");
    // By this the page recognises it as well.
    assert!(before["modifiedAt"].as_str().unwrap().starts_with("2026-01-02T03:04:05.678"), "{before}");

    let line = desk.send(&file).await;
    assert_eq!(line["resumed"], true, "{line}");
    assert_eq!(line["sentParts"], all - there, "{line}");
    assert_eq!(line["sentBytes"], LARGE_BYTES - sum(&before["receivedParts"]), "{line}");
    let after = desk.upload_of(&id).await;
    assert_eq!((&after["state"], &after["video"]["id"]), (&json!("COMPLETED"), &line["videoId"]));
    assert!(desk.remembered().is_empty());
    desk.arrived_as(&file).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_says_how_to_go_on_and_the_next_run_does() {
    let desk = Desk::new().await;
    let file = desk.large_file("large.mp4", LARGE_BYTES);
    let mut command = desk.upload();
    command.arg(&file);
    let mut first = Served::follow(&mut command, 0);
    let id = desk.begun().await;
    desk.in_the_middle(&id).await;
    first.signal(Signal::SIGINT);
    assert_eq!(first.ended(PATIENCE).await.code(), Some(130), "{}", first.words());
    let words = first.words();
    assert!(
        words.contains("INTERRUPTED") && words.contains("same command") && words.contains("safe"),
        "{words}"
    );
    assert_eq!(desk.remembered().len(), 1);
    // What it is told the second time counts.
    let mut command = desk.upload();
    command.args(["--title", "Said later", "--visibility", "private"]).arg(&file);
    let (code, lines, words) = desk.run(command).await;
    assert_eq!((code, &lines[0]["resumed"]), (0, &json!(true)), "{lines:?} {words}");
    assert!(lines[0]["sentBytes"].as_u64().unwrap() < LARGE_BYTES, "{lines:?}");
    let video = desk.ann.video(lines[0]["videoId"].as_str().unwrap()).await;
    assert_eq!((&video["title"], &video["visibility"]), (&json!("Said later"), &json!("PRIVATE")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_in_the_middle_is_waited_for() {
    let place = Place::new();
    let port = free_port();
    let mut served = Served::spawn_on(port, &place.data(), &[("KINORA_RUNNER", "off")]);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    let token = ann.api_token("UPLOAD").await;
    let mut desk = Desk { place, served, ann, token };
    let file = desk.large_file("large.mp4", LARGE_BYTES);
    let mut command = desk.upload();
    command.arg(&file);
    let mut sending = Served::follow(&mut command, 0);
    let id = desk.begun().await;
    desk.in_the_middle(&id).await;
    desk.served.signal(Signal::SIGKILL);
    desk.served.ended(PATIENCE).await;
    desk.postgres_gone().await;
    desk.served = Served::spawn_on(port, &desk.place.data(), &[("KINORA_RUNNER", "off")]);
    desk.served.ready().await;
    assert_eq!(sending.ended(PATIENCE).await.code(), Some(0), "{}", sending.words());
    desk.arrived_as(&file).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_whose_answer_was_lost_is_found_again() {
    let desk = Desk::new().await;
    let file = desk.large_file("large.mp4", LARGE_BYTES);
    let mut command = desk.upload();
    command.arg(&file);
    let mut first = Served::follow(&mut command, 0);
    let id = desk.begun().await;
    let record = desk.remembered().remove(0);
    let kept = std::fs::read(&record).unwrap();
    assert_eq!(first.ended(PATIENCE).await.code(), Some(0), "{}", first.words());
    let video = desk.upload_of(&id).await["video"]["id"].clone();
    // As if the process had died between the server's word and its own note.
    std::fs::create_dir_all(record.parent().unwrap()).unwrap();
    File::create(&record).unwrap().write_all(&kept).unwrap();
    let line = desk.send(&file).await;
    assert_eq!((&line["videoId"], &line["sentBytes"]), (&video, &json!(0)), "{line}");
    assert!(desk.remembered().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_sent_before_is_sent_again_only_when_asked() {
    let desk = Desk::new().await;
    let file = desk.large_file("a.mp4", 300_000);
    let first = desk.send(&file).await;
    assert_eq!(first["sentBefore"], false, "{first}");

    // Under another name as well, and whatever else is said of it.
    let copy = desk.path("b.mp4");
    std::fs::copy(&file, &copy).unwrap();
    for file in [&file, &copy] {
        let mut command = desk.upload();
        command.args(["--title", "Another"]).arg(file);
        let (code, lines, words) = desk.run(command).await;
        assert_eq!((code, &lines[0]["sentBefore"]), (0, &json!(true)), "{lines:?}");
        assert_eq!((&lines[0]["videoId"], &lines[0]["sentBytes"]), (&first["videoId"], &json!(0)));
        assert_eq!((&lines[0]["url"], &lines[0]["error"]), (&first["url"], &Value::Null));
        assert!(words.contains("sent before") && words.contains("--again"), "{words}");
    }
    assert!(desk.remembered().is_empty());
    assert_eq!(desk.ann.video(first["videoId"].as_str().unwrap()).await["title"], "a");

    let mut command = desk.upload();
    command.arg("--again").arg(&file);
    let (code, lines, _) = desk.run(command).await;
    assert_eq!((code, &lines[0]["sentBefore"]), (0, &json!(false)), "{lines:?}");
    assert_ne!(lines[0]["videoId"], first["videoId"]);

    // Other bytes of the same length are another file.
    File::options().write(true).open(&file).unwrap().write_all(b"other").unwrap();
    assert_eq!(desk.send(&file).await["sentBefore"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_was_given_up_begins_anew() {
    let desk = Desk::new().await;
    let file = desk.large_file("large.mp4", LARGE_BYTES);
    let mut command = desk.upload();
    command.arg(&file);
    let mut first = Served::follow(&mut command, 0);
    let id = desk.begun().await;
    desk.in_the_middle(&id).await;
    first.signal(Signal::SIGKILL);
    first.ended(PATIENCE).await;
    desk.ann.run("mutation ($id: ID!) { abortUpload(uploadId: $id) }", json!({ "id": id })).await.data();
    let line = desk.send(&file).await;
    assert_eq!((&line["resumed"], &line["sentBytes"]), (&json!(false), &json!(LARGE_BYTES)), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_while_it_is_sent_becomes_no_video() {
    let desk = Desk::new().await;
    let file = desk.large_file("large.mp4", LARGE_BYTES);
    let mut command = desk.upload();
    command.arg(&file);
    let mut sending = Served::follow(&mut command, 0);
    let id = desk.begun().await;
    desk.in_the_middle(&id).await;
    File::options().append(true).open(&file).unwrap().write_all(b"more").unwrap();
    assert_eq!(sending.ended(PATIENCE).await.code(), Some(1), "{}", sending.words());
    assert!(sending.words().contains("FILE_CHANGED"), "{}", sending.words());
    let upload = desk.upload_of(&id).await;
    assert_eq!((&upload["state"], &upload["video"]), (&json!("ABORTED"), &Value::Null));
    assert!(desk.remembered().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_stops_nothing_else() {
    let desk = Desk::new().await;
    let (good, empty, missing) =
        (desk.large_file("good.mp4", 100), desk.path("empty.mp4"), desk.path("no.mp4"));
    File::create(&empty).unwrap();
    let mut command = desk.upload();
    command.arg(&empty).arg(desk.place.folder.path()).arg(&missing).arg(&good);
    let (code, lines, words) = desk.run(command).await;
    assert_eq!(code, 1, "{words}");
    let codes: Vec<&str> =
        lines.iter().map(|line| line["error"]["code"].as_str().unwrap_or("fine")).collect();
    assert_eq!(codes, ["UPLOAD_EMPTY", "FILE_IS_FOLDER", "FILE_MISSING", "fine"]);
    assert_eq!(words.lines().count(), 3, "{words}");
    assert_eq!(lines[3]["file"], good.to_str().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_may_not_upload_are_told_so() {
    let desk = Desk::new().await;
    let file = desk.large_file("a.mp4", 100);
    let reader = desk.ann.api_token("READ").await;
    for (token, expected) in [("kn_wrong", "UNAUTHENTICATED"), (&reader, "FORBIDDEN")] {
        let mut command = desk.upload();
        command.env("KINORA_TOKEN", token).arg(&file);
        let (code, lines, words) = desk.run(command).await;
        assert_eq!((code, &lines[0]["error"]["code"]), (1, &json!(expected)), "{words}");
        assert!(!words.contains(token), "the token is in the words");
    }
    assert!(desk.remembered().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_on_the_same_file_leaves_the_first_alone() {
    let desk = Desk::new().await;
    let file = desk.large_file("large.mp4", LARGE_BYTES);
    let mut command = desk.upload();
    command.arg(&file);
    let mut first = Served::follow(&mut command, 0);
    desk.begun().await;
    let mut command = desk.upload();
    command.arg(&file);
    let (code, lines, _) = desk.run(command).await;
    assert_eq!((code, &lines[0]["error"]["code"]), (1, &json!("FILE_BUSY")), "{lines:?}");
    assert_eq!(first.ended(PATIENCE).await.code(), Some(0), "{}", first.words());
}

#[test]
fn bad_usage_is_2() {
    let server = ["--server", "http://127.0.0.1:1", "--token", "kn_x"];
    let two = [&["upload", "a", "b", "--title", "x"][..], &server].concat();
    for arguments in [
        &["upload"][..],
        &["upload", "a.mp4"],
        &["upload", "a.mp4", "--server", "video.example", "--token", "kn_x"],
        &["upload", "a.mp4", "--server", "http://127.0.0.1:1", "--token", ""],
        &["upload", "a.mp4", "--visibility", "nobody"],
        &two,
    ] {
        assert_eq!(command(arguments).output().unwrap().status.code(), Some(2), "{arguments:?}");
    }
}
