//! Uploads that break off in the browser: nothing that has arrived is sent again, nothing that was typed is lost.

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kinora_tests::app::TestApp;
use kinora_tests::browser::pages::{UploadPage, log_in_again, sign_up};
use kinora_tests::browser::{Browser, PATIENCE, Profile};
use kinora_tests::clips;
use kinora_tests::person::Person;
use kinora_tests::served::{Served, free_port};
use nix::sys::signal::Signal;
use serde_json::json;

const PROCESSING: Duration = Duration::from_secs(60);
const MEBIBYTE: usize = 1 << 20;

/// A video of that many MiB: a short one, and a box behind it that players skip.
fn large_video(folder: &Path, mebibytes: usize) -> PathBuf {
    let path = folder.join("the sea.mp4");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&std::fs::read(clips::SHORT.path()).unwrap()).unwrap();
    let padding = mebibytes * MEBIBYTE;
    file.write_all(&u32::try_from(padding).unwrap().to_be_bytes()).unwrap();
    file.write_all(b"free").unwrap();
    // As long as a prime number, so that no two parts are the same.
    let noise: Vec<u8> = (0..999_983).map(|index: usize| (index * 31 / 7 % 251) as u8).collect();
    let mut left = padding - 8;
    while left > 0 {
        let piece = &noise[..noise.len().min(left)];
        file.write_all(piece).unwrap();
        left -= piece.len();
    }
    path
}

async fn received(ann: &Person) -> BTreeSet<u64> {
    let query = "{ unfinishedUploads { receivedParts { number } } }";
    let list = ann.run(query, json!({})).await.data()["unfinishedUploads"].take();
    let parts = list[0]["receivedParts"].as_array().cloned().unwrap_or_default();
    parts.iter().filter_map(|part| part["number"].as_u64()).collect()
}

/// Waits until so many parts are safe.
async fn received_at_least(ann: &Person, count: usize) -> BTreeSet<u64> {
    for _ in 0..300 {
        let parts = received(ann).await;
        if parts.len() >= count {
            return parts;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{count} parts never arrived");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_browser_was_killed_only_the_rest_is_sent() {
    let app = TestApp::start_processing().await;
    let folder = tempfile::tempdir().unwrap();
    let file = large_video(folder.path(), 96);
    let profile = Profile::fresh();
    let browser = Browser::start(&app.url, &profile).await;
    sign_up(&browser, "ann").await;
    let ann = Person::log_in(&app.guest, "ann").await;
    let page = UploadPage::open(&browser).await;
    browser.limit_uploads(Some(12 << 20)).await;
    page.drop_file(&file).await;
    browser.wait_for_text("the sea", PATIENCE).await;
    browser.fill("Title", "The sea at night").await;
    received_at_least(&ann, 4).await;
    browser.kill().await;
    let safe = received(&ann).await;

    let browser = Browser::start(&app.url, &profile).await;
    // A browser that is killed may not have written its newest cookies.
    log_in_again(&browser, "ann").await;
    let page = UploadPage::open(&browser).await;
    browser.wait_for_text("Unfinished", PATIENCE).await;
    browser.wait_for_text("% is safe", PATIENCE).await;
    browser.picture_all("upload-unfinished").await;
    // This browser has nobody to ask whether the page may read the file again.
    browser.press("Go on").await;
    browser.wait_for_text("cannot be read from where it was. Choose it again.", PATIENCE).await;
    page.drop_file(&file).await;
    page.link(PROCESSING).await;
    let again: Vec<_> = page.sent_parts().await.intersection(&safe).copied().collect();
    assert_eq!(again, Vec::<u64>::new(), "parts that were safe were sent again");
    assert!(page.sent_parts().await.len() + safe.len() >= 12, "something was sent");
    let titles = "{ me { videos { nodes { title } } } }";
    let titles = ann.run(titles, json!({})).await.data()["me"]["videos"]["nodes"].take();
    assert_eq!(titles, json!([{ "title": "The sea at night" }]));
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_keeps_what_has_arrived_and_the_same_file_is_recognised() {
    let app = TestApp::start_processing().await;
    let folder = tempfile::tempdir().unwrap();
    let file = large_video(folder.path(), 64);
    let browser = Browser::start(&app.url, &Profile::fresh()).await;
    sign_up(&browser, "ann").await;
    let ann = Person::log_in(&app.guest, "ann").await;
    let page = UploadPage::open(&browser).await;
    browser.limit_uploads(Some(12 << 20)).await;
    page.drop_file(&file).await;
    received_at_least(&ann, 3).await;
    browser.press("Pause").await;
    browser.wait_for_text("Paused", PATIENCE).await;
    browser.picture_all("upload-paused").await;
    let safe = received(&ann).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(received(&ann).await, safe, "nothing moves while it is paused");
    browser.limit_uploads(None).await;
    browser.script("performance.clearResourceTimings()", vec![]).await;
    browser.press("Go on").await;
    page.link(PROCESSING).await;
    assert!(page.sent_parts().await.is_disjoint(&safe), "parts that were safe were sent again");

    page.drop_file(&file).await;
    browser.wait_for_text("You uploaded this file already", PATIENCE).await;
    browser.picture_all("upload-same").await;
    assert_eq!(app.number("SELECT count(*) FROM upload").await, 1);
    browser.press("Upload again").await;
    for _ in 0..100 {
        if app.number("SELECT count(*) FROM video").await == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(app.number("SELECT count(*) FROM video").await, 2);
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_elsewhere_does_not_lose_an_upload() {
    let app = TestApp::start_processing().await;
    let folder = tempfile::tempdir().unwrap();
    let file = large_video(folder.path(), 64);
    let browser = Browser::start(&app.url, &Profile::fresh()).await;
    sign_up(&browser, "ann").await;
    let ann = Person::log_in(&app.guest, "ann").await;
    let page = UploadPage::open(&browser).await;
    browser.limit_uploads(Some(12 << 20)).await;
    page.drop_file(&file).await;
    received_at_least(&ann, 3).await;
    app.sql("UPDATE session SET ended_at = now()").await;
    browser.limit_uploads(None).await;
    browser.wait_for_text("Waits until you log in", PATIENCE).await;
    assert_eq!(app.number("SELECT count(*) FROM upload WHERE state = 'uploading'").await, 1);
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_it_waits_and_goes_on_by_itself() {
    let app = TestApp::start_processing().await;
    let folder = tempfile::tempdir().unwrap();
    let file = large_video(folder.path(), 128);
    let browser = Browser::start(&app.url, &Profile::fresh()).await;
    sign_up(&browser, "ann").await;
    let ann = Person::log_in(&app.guest, "ann").await;
    let page = UploadPage::open(&browser).await;
    assert!(!page.asks_before_closing().await, "there is nothing to lose yet");
    browser.limit_uploads(Some(4 << 20)).await;
    page.drop_file(&file).await;
    received_at_least(&ann, 3).await;
    assert!(page.asks_before_closing().await, "an upload would be cut");

    browser.set_offline(true).await;
    browser.wait_for_text("No connection, goes on by itself", PATIENCE).await;
    browser.picture_all("upload-offline").await;
    let safe = received(&ann).await;
    // Longer than any try waits for the next: whoever gives up does so now.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(received(&ann).await.len() < 16, "there is nothing left to send");
    // More than half of the session has passed when it comes back.
    app.sql("UPDATE session SET expires_at = now() + interval '2 days' WHERE ended_at IS NULL").await;
    browser.script("performance.clearResourceTimings()", vec![]).await;
    browser.set_offline(false).await;
    page.link(PROCESSING).await;
    assert!(page.sent_parts().await.is_disjoint(&safe), "parts that were safe were sent again");
    assert_eq!(app.number("SELECT count(*) FROM upload").await, 1);
    let renewed = "SELECT count(*) FROM session WHERE expires_at > now() + interval '6 days'";
    assert!(app.number(renewed).await >= 1, "whoever uploads for days stays logged in");
    browser.wait_for_text("Ready", PROCESSING).await;
    assert!(!page.asks_before_closing().await, "everything is there");
    browser.quit().await;
}

/// Kills the server in the middle of an upload for so long, and sees the upload to its end.
async fn outlasts(outage: Duration, is_chosen_again: bool) {
    let folder = tempfile::Builder::new().prefix("kinora-resume-").tempdir().unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let (data, port) = (folder.path().join("data"), free_port());
    let mut served = Served::spawn_on(port, &data, &[]);
    served.ready().await;
    let file = large_video(folder.path(), 96);
    let browser = Browser::start(&served.url, &Profile::fresh()).await;
    sign_up(&browser, "ann").await;
    let ann = Person::log_in(&served.client(), "ann").await;
    let page = UploadPage::open(&browser).await;
    browser.limit_uploads(Some(12 << 20)).await;
    page.drop_file(&file).await;
    let safe = received_at_least(&ann, 4).await;
    browser.script("performance.clearResourceTimings()", vec![]).await;
    served.signal(Signal::SIGKILL);
    served.ended(Duration::from_secs(5)).await;
    tokio::time::sleep(outage).await;
    if is_chosen_again {
        let broke_off = "return document.querySelector('main [aria-label=\"Try again\"]') && true";
        browser.wait_for_script("a row that broke off", PROCESSING, broke_off).await;
    }
    let mut served = Served::spawn_on(port, &data, &[]);
    served.ready().await;
    browser.limit_uploads(None).await;
    if is_chosen_again {
        page.drop_file(&file).await;
    }
    page.link(PROCESSING).await;
    assert!(page.sent_parts().await.is_disjoint(&safe), "parts that were safe were sent again");
    let open = ann.run("{ unfinishedUploads { id } }", json!({})).await.data();
    assert_eq!(open["unfinishedUploads"], json!([]), "it was begun a second time");
    browser.quit().await;
    served.signal(Signal::SIGTERM);
    served.ended(Duration::from_secs(15)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_killed_and_the_upload_goes_on_by_itself() {
    outlasts(Duration::from_secs(2), false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_chosen_again_goes_on_from_where_it_broke_off() {
    outlasts(Duration::from_secs(12), true).await;
}
