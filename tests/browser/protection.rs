//! Protected videos in a real browser: hls.js fetches the key and opens every segment.

use std::time::Duration;

use kinora_tests::app::TestApp;
use kinora_tests::browser::PATIENCE;
use kinora_tests::browser::pages::{Feed, WatchPage, sign_up};
use kinora_tests::clips;
use kinora_tests::person::Person;
use serde_json::json;

use crate::visit;

const PROCESSING: Duration = Duration::from_secs(120);
/// How often the key was asked for.
const KEYS: &str = "return performance.getEntriesByType('resource').filter((entry) => entry.name.includes('/key?attempt=')).length";
const SWITCH: &str = "return document.querySelector('input[name=protected]')?.checked ?? null";

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_private_video_plays_for_its_owner_and_in_the_feed_when_it_is_public() {
    let app = TestApp::start_processing().await;
    let browser = visit(&app).await;
    sign_up(&browser, "ann").await;
    let ann = Person::log_in(&app.guest, "ann").await;
    let clip = &clips::LONG_LANDSCAPE;
    let id = ann.upload_private(&clip.file_name(), clip.content_type, &clip.bytes()).await;
    let video = ann.ready(&id, PROCESSING).await;
    assert_eq!(video["encrypted"], true);

    let page = WatchPage::open(&browser, &format!("/watch/{id}")).await;
    page.play().await;
    page.plays_past_two_seconds().await;
    assert_eq!(browser.script(KEYS, vec![]).await, json!(1), "one key for all segments of all renditions");
    // Far ahead, so that what was buffered before does not help.
    let seek = "const video = document.querySelector('video');
        video.currentTime = video.duration - 3; return video.currentTime";
    let aim = browser.script(seek, vec![]).await.as_f64().unwrap();
    let reached = "const video = document.querySelector('video');
        return !video.seeking && video.readyState > 2 && video.currentTime > video.duration - 2.8 || null";
    browser.wait_for_script(&format!("playback from {aim} s"), PATIENCE, reached).await;
    // The page of a private video is answered as to a guest, whoever asks: its title is nobody's business.
    let page = format!("/watch/{id} - ");
    let errors = browser.console_errors().await;
    assert!(errors.iter().all(|error| error.contains(&page)), "{errors:?}");

    browser.open(&format!("/studio?edit={id}")).await;
    browser.wait_for_text("Protected", PATIENCE).await;
    assert_eq!(browser.script(SWITCH, vec![]).await, json!(true));
    browser.picture_all("studio-protected").await;
    browser.quit().await;

    ann.set_visibility(&id, "PUBLIC").await;
    let friend = visit(&app).await;
    let feed = Feed::open(&friend).await;
    feed.plays_past_two_seconds().await;
    assert_ne!(friend.script(KEYS, vec![]).await, json!(0));
    assert_eq!(friend.console_errors().await, Vec::<String>::new());
    friend.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn protection_is_switched_on_in_the_studio() {
    let app = TestApp::start_processing().await;
    let browser = visit(&app).await;
    sign_up(&browser, "ann").await;
    let ann = Person::log_in(&app.guest, "ann").await;
    let id = ann.upload_clip(&clips::LANDSCAPE).await;
    ann.ready(&id, PROCESSING).await;
    browser.open(&format!("/studio?edit={id}")).await;
    browser.wait_for_text("Protected", PATIENCE).await;
    assert_eq!(browser.script(SWITCH, vec![]).await, json!(false));
    browser.script("document.querySelector('input[name=protected]').click(); return true", vec![]).await;
    browser.press("Save").await;
    browser.wait_for_text("Saved", PATIENCE).await;
    ann.once(&id, PROCESSING, |standing| standing["encrypted"] == true).await;
    let page = WatchPage::open(&browser, &format!("/watch/{id}")).await;
    page.play().await;
    page.plays_past_two_seconds().await;
    browser.quit().await;
}
