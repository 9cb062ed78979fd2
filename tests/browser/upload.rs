//! Uploads in the browser that go wrong: the page says what and which.

use std::time::{Duration, Instant};

use kinora_tests::app::TestApp;
use kinora_tests::browser::PATIENCE;
use kinora_tests::browser::pages::{UploadPage, sign_up};
use kinora_tests::clips::{self, Broken};

use crate::visit;

const PROCESSING: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_is_named_and_explained() {
    let app = TestApp::start_processing().await;
    let browser = visit(&app).await;
    sign_up(&browser, "ann").await;
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &str, from: &std::path::Path| {
        let file = folder.path().join(name);
        std::fs::copy(from, &file).unwrap();
        file
    };
    let canary = clips::LANDSCAPE.path();
    let page = UploadPage::open(&browser).await;
    page.drop_file(&named("interrupted copy.mp4", &Broken::NoMoov.path(&canary))).await;
    browser.wait_for_text("interrupted copy", PATIENCE).await;
    browser.wait_for_text("incomplete", PROCESSING).await;
    page.drop_file(&named("only sound.mp4", &Broken::NoVideo.path(&canary))).await;
    browser.wait_for_text("only sound", PATIENCE).await;
    browser.wait_for_text("no video in this file", PROCESSING).await;
    let empty = folder.path().join("empty.mp4");
    std::fs::write(&empty, "").unwrap();
    page.drop_file(&empty).await;
    browser.wait_for_text("is empty", PATIENCE).await;
    browser.picture_all("upload-failures").await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_dropped_on_any_page_is_taken() {
    let app = TestApp::start_processing().await;
    let browser = visit(&app).await;
    sign_up(&browser, "ann").await;
    browser.open("/browse").await;
    browser.element("main h1").await;
    browser.drop_file(&clips::SHORT.path()).await;
    browser.wait_for_path("the upload page", |path| path == "/upload").await;
    let page = UploadPage::open_here(&browser);
    page.link(PROCESSING).await;
    browser.fill("Title", "Typed at the last moment").await;
    browser.open("/browse").await;
    let saved = "SELECT count(*) FROM video WHERE title = 'Typed at the last moment'";
    let begun = Instant::now();
    while app.number(saved).await == 0 {
        assert!(begun.elapsed() < PATIENCE, "what was typed before the page was left is lost");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    browser.quit().await;
}
