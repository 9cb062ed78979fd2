//! Saving a video: as it was uploaded, in another size, or its sound alone.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kinora_tests::app::TestApp;
use kinora_tests::browser::pages::WatchPage;
use kinora_tests::browser::{Browser, PATIENCE};
use kinora_tests::clips;
use kinora_tests::probe;

use crate::visit;

const PROCESSING: Duration = Duration::from_secs(60);

/// Waits for a file with that name to be whole.
async fn saved(browser: &Browser, folder: &Path, name: &str) -> PathBuf {
    let (path, began) = (folder.join(name), Instant::now());
    while !path.exists() {
        let there: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(began.elapsed() < PROCESSING, "no {name} in {there:?}\n{}", browser.text().await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_saves_the_original_another_size_and_the_sound() {
    let app = TestApp::start_processing().await;
    let ann = app.person("ann").await;
    let id = ann.upload_clip(&clips::LANDSCAPE).await;
    ann.update_video(serde_json::json!({ "id": id, "title": "Gulls" })).await.data();
    ann.ready(&id, PROCESSING).await;

    let browser = visit(&app).await;
    let folder = tempfile::tempdir().unwrap();
    browser.save_to(folder.path()).await;
    let page = WatchPage::open(&browser, &format!("/watch/{id}")).await;
    page.play().await;
    browser.press("Download").await;
    browser.wait_for_text("Sound only", PATIENCE).await;
    browser.wait_for_text("720p", PATIENCE).await;
    browser.picture_all("watch-download").await;

    browser.press("480p").await;
    browser.wait_for_text("Preparing…", PATIENCE).await;
    let file = saved(&browser, folder.path(), "Gulls 480p.mp4").await;
    assert_eq!(probe::streams(&file)["streams"][0]["height"], 480);
    assert_eq!(probe::streams(&file)["streams"].as_array().unwrap().len(), 2);

    browser.press("Download").await;
    browser.press_link("Original").await;
    let file = saved(&browser, folder.path(), "Gulls.mp4").await;
    assert_eq!(std::fs::read(file).unwrap(), clips::LANDSCAPE.bytes());

    // In the feed as well; what is made is there at once, and the video goes on behind the menu.
    browser.open("/").await;
    let playing = "const video = document.querySelector('video'); return video?.currentTime > 0 || null";
    browser.wait_for_script("playback in the feed", PATIENCE, playing).await;
    browser.press("Download").await;
    browser.press("Sound only").await;
    let file = saved(&browser, folder.path(), "Gulls.m4a").await;
    assert_eq!(probe::streams(&file)["streams"].as_array().unwrap().len(), 1);
    assert_eq!(browser.path().await, "/");
    assert!(browser.console_errors().await.is_empty());
    browser.quit().await;
}
