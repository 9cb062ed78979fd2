//! Many files at once: folders, what waits for its turn, what is pasted, and what the browser cannot show.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kinora_tests::app::TestApp;
use kinora_tests::browser::pages::{UploadPage, sign_up};
use kinora_tests::browser::{Browser, PATIENCE};
use kinora_tests::clips;
use serde_json::json;

use crate::visit;

const SENDING: Duration = Duration::from_secs(60);

/// A folder of five videos of 24 MiB, with a text beside them and a folder inside.
fn holiday(inside: &Path) -> PathBuf {
    let folder = inside.join("holiday");
    std::fs::create_dir_all(folder.join("day 2")).unwrap();
    std::fs::write(folder.join("notes.txt"), "sun, rain, sun").unwrap();
    let short = clips::SHORT.bytes();
    for name in ["1.mp4", "2.mp4", "10.mp4", "day 2/11.mp4", "day 2/12.mp4"] {
        // Boxes that players skip make it long; a hole on the disk costs nothing.
        let mut bytes = short.clone();
        bytes.extend_from_slice(&(24_u32 << 20).to_be_bytes());
        bytes.extend_from_slice(b"free");
        std::fs::write(folder.join(name), &bytes).unwrap();
        let mut file = std::fs::OpenOptions::new().append(true).open(folder.join(name)).unwrap();
        file.set_len(short.len() as u64 + (24 << 20) - name.len() as u64).unwrap();
        // No two are the same video.
        file.write_all(name.as_bytes()).unwrap();
    }
    folder
}

async fn count(browser: &Browser, words: &str) -> u64 {
    let script = "return [...document.querySelectorAll('main .upload-status')]
        .filter(status => status.innerText.includes(arguments[0])).length";
    browser.script(script, vec![json!(words)]).await.as_u64().unwrap()
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < SENDING, "{what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_its_turn_is_there_after_a_reload() {
    let app = TestApp::start().await;
    let place = tempfile::tempdir().unwrap();
    let folder = holiday(place.path());
    let browser = visit(&app).await;
    sign_up(&browser, "ann").await;
    let page = UploadPage::open(&browser).await;
    browser.limit_uploads(Some(1 << 20)).await;
    page.drop_file(&folder).await;
    browser.wait_for_text("One file in the folder is no video", PATIENCE).await;
    let order =
        "const names = [...document.querySelectorAll('main .upload-file')].map(name => name.innerText);
        return names.length === 5 && names";
    let names = browser.wait_for_script("five rows", PATIENCE, order).await;
    assert_eq!(names, json!(["1.mp4", "2.mp4", "10.mp4", "11.mp4", "12.mp4"]));
    eventually("three are sent", async || count(&browser, " % · ").await == 3).await;
    assert_eq!(count(&browser, "Waits for its turn").await, 2);
    let title = browser.named(".upload-row.waits input", "Title").await;
    title.clear().await.unwrap();
    title.send_keys("Typed while it waited").await.unwrap();
    let kept = "return window.kinoraUpload.all()
        .then(all => all.some(one => one.details.includes('Typed while it waited')))";
    browser.wait_for_script("the title in the browser's memory", PATIENCE, kept).await;

    let page = UploadPage::open(&browser).await;
    browser.wait_for_text("Not begun", PATIENCE).await;
    eventually("all five are listed", async || {
        count(&browser, "% is safe").await == 3 && count(&browser, "Not begun").await == 2
    })
    .await;
    browser.picture_all("upload-queue").await;
    browser.limit_uploads(None).await;
    page.drop_file(&folder).await;
    eventually("five videos", async || app.number("SELECT count(*) FROM video").await == 5).await;
    assert_eq!(app.number("SELECT count(*) FROM upload").await, 5, "one was begun twice");
    let typed = "SELECT count(*) FROM video WHERE title = 'Typed while it waited'";
    eventually("what was typed is kept", async || app.number(typed).await == 1).await;
    let remembered = "return window.kinoraUpload.all().then(all => all.length === 0)";
    browser.wait_for_script("an empty memory", PATIENCE, remembered).await;
    browser.quit().await;
}

/// Pastes a file of these bytes into the page.
async fn paste(browser: &Browser, name: &str, bytes: &[u8]) {
    let script = "const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(arguments[1])], arguments[0]));
        document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))";
    browser.script(script, vec![json!(name), json!(bytes)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pasted_is_taken_and_what_cannot_be_shown_says_so() {
    let app = TestApp::start().await;
    let browser = visit(&app).await;
    sign_up(&browser, "ann").await;
    browser.open("/browse").await;
    browser.element("main h1").await;
    paste(&browser, "from elsewhere.mp4", &clips::SHORT.bytes()).await;
    browser.wait_for_path("the upload page", |path| path == "/upload").await;
    browser.wait_for_text("from elsewhere", PATIENCE).await;
    browser.wait_for_text("×", PATIENCE).await;
    paste(&browser, "old camera.avi", b"RIFF of a kind that no browser plays").await;
    browser.wait_for_text("This browser cannot show it; the site may.", PATIENCE).await;
    browser.picture_all("upload-pasted").await;
    eventually("both are sent", async || app.number("SELECT count(*) FROM video").await == 2).await;
    browser.quit().await;
}
