//! What comes with a video besides picture and sound: captions, chapters, the pictures of a post, where it is from.

use std::process::Command;
use std::time::Duration;

use kinora_tests::app::TestApp;
use kinora_tests::browser::pages::{WatchPage, sign_up};
use kinora_tests::browser::{Browser, PATIENCE, Theme};
use kinora_tests::clips;
use kinora_tests::person::Person;
use kinora_tests::served::command;
use serde_json::json;
use thirtyfour::Key;

use crate::visit;

const PROCESSING: Duration = Duration::from_secs(60);

/// Hands a caption file to the field that takes one, as choosing it does.
const CHOOSE: &str = "const input = document.querySelector('input[aria-label=\"Caption file\"]');
    const chosen = new DataTransfer();
    chosen.items.add(new File([arguments[1]], arguments[0], { type: 'text/vtt' }));
    input.files = chosen.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
    return true";
/// The words over the picture, as the browser's own renderer has them.
const CUE: &str = "const video = document.querySelector('video');
    const shown = [...video?.textTracks ?? []].filter((track) => track.mode === 'showing');
    return shown.flatMap((track) => [...track.activeCues ?? []].map((cue) => cue.text)).join(' and ') || null";

async fn position_s(browser: &Browser) -> f64 {
    let time = browser.script("return document.querySelector('video').currentTime", vec![]).await;
    time.as_f64().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn captions_and_chapters_are_added_in_the_studio_and_shown_to_everybody() {
    let app = TestApp::start_processing().await;
    let browser = visit(&app).await;
    sign_up(&browser, "ann").await;
    let ann = Person::log_in(&app.guest, "ann").await;
    let id = ann.upload_clip(&clips::LANDSCAPE).await;
    ann.ready(&id, PROCESSING).await;

    browser.open(&format!("/studio?edit={id}")).await;
    browser.named("button", "Choose a .vtt or .srt file").await;
    browser.script(CHOOSE, vec![json!("notes.txt"), json!("no captions")]).await;
    browser.wait_for_text("Say which language it is", PATIENCE).await;
    browser.script(CHOOSE, vec![json!("film.de.srt"), json!("no captions")]).await;
    browser.wait_for_text("This holds no captions", PATIENCE).await;
    let vtt = "WEBVTT\n\n00:00.000 --> 00:30.000\nGulls <i>cry</i>\n";
    browser.script(CHOOSE, vec![json!("film.en.vtt"), json!(vtt)]).await;
    browser.wait_for_text("English", PATIENCE).await;
    let srt = "1\n00:00:00,000 --> 00:00:30,000\nMöwen schreien\n";
    browser.script(CHOOSE, vec![json!("film.de.srt"), json!(srt)]).await;
    browser.wait_for_text("German", PATIENCE).await;
    browser.fill("Chapters", "Opening").await;
    browser.press("Save").await;
    browser.wait_for_text("as a time and a name", PATIENCE).await;
    browser.fill("Chapters", "0:00 Opening\n0:02 The shore").await;
    browser.picture_all("studio-edit").await;
    browser.press("Save").await;
    // The editor closes when the server has it; that captions are saved was said before.
    let closed = "return !document.querySelector('dialog textarea') || null";
    browser.wait_for_script("the editor is closed", PATIENCE, closed).await;
    browser.quit().await;

    // A guest, in a browser of their own.
    let browser = visit(&app).await;
    let page = WatchPage::open(&browser, &format!("/watch/{id}")).await;
    page.play().await;
    // The controls are there for whoever touches something.
    browser.press_control("m", "Captions").await;
    assert_eq!(browser.wait_for_script("a caption", PATIENCE, CUE).await, "Gulls <i>cry</i>");
    browser.press("The shore").await;
    let reached = "const video = document.querySelector('video'); return video?.currentTime >= 2 || null";
    browser.wait_for_script("the chapter", PATIENCE, reached).await;
    browser.picture_all("watch-captions").await;
    // Whoever touches nothing sees no controls.
    browser.press_control("m", "Quality, captions and speed").await;
    browser.press("German").await;
    assert_eq!(browser.wait_for_script("the other language", PATIENCE, CUE).await, "Möwen schreien");
    // What is chosen there can be reached on a small picture as well.
    browser.show_as((360, 740), Theme::Light).await;
    let inside = "const panel = document.querySelector('.player-panel')?.getBoundingClientRect();
        const player = document.querySelector('.player').getBoundingClientRect();
        if (!panel || player.width > 360) return null;
        return panel.top >= player.top && panel.left >= player.left && panel.right <= player.right && panel.bottom <= player.bottom";
    assert_eq!(browser.wait_for_script("the panel on a phone", PATIENCE, inside).await, true);
    browser.picture("watch-settings-phone").await;

    // The choice holds for the feed, and after a reload.
    browser.open("/").await;
    assert_eq!(browser.wait_for_script("a caption in the feed", PATIENCE, CUE).await, "Möwen schreien");
    assert!(browser.console_errors().await.is_empty());
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pictures_of_a_post_are_turned_and_its_origin_is_shown() {
    let app = TestApp::start_processing().await;
    app.person("ann").await;
    let folder = tempfile::tempdir().unwrap();
    let posts = folder.path().join("ann.films");
    std::fs::create_dir(&posts).unwrap();
    for number in 1..=3 {
        let done = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-f", "lavfi", "-i"])
            .arg(format!("testsrc2=s=540x676,hue=h={}", number * 90))
            .args(["-frames:v", "1"])
            .arg(posts.join(format!("2022-03-30_16-00-14_UTC_{number}.jpg")))
            .status()
            .unwrap();
        assert!(done.success());
    }
    std::fs::write(posts.join("2022-03-30_16-00-14_UTC.txt"), "Three things").unwrap();
    let mut import = command(&["import", "instaloader"]);
    import
        .arg(folder.path())
        .args(["--as", "ann"])
        .env("KINORA_DATA_DIR", &app.data_dir)
        .env("DATABASE_URL", app.database_url.as_str());
    let done = tokio::task::spawn_blocking(move || import.output().unwrap()).await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let raw = app.number("SELECT id FROM video").await;
    let id = kinora_entity::VideoId(raw).to_string();
    let ann = Person::log_in(&app.guest, "ann").await;
    ann.ready(&id, PROCESSING).await;

    let browser = visit(&app).await;
    let page = WatchPage::open(&browser, &format!("/watch/{id}")).await;
    page.play().await;
    browser.wait_for_text("From ann.films", PATIENCE).await;
    let playing = "const video = document.querySelector('video'); return video?.currentTime > 0 || null";
    browser.wait_for_script("playback", PATIENCE, playing).await;
    // Paused, only the arrows move it.
    browser.keys(" ").await;
    for expected_s in [4.0, 8.0, 0.0] {
        browser.keys(Key::Right).await;
        let at = position_s(&browser).await;
        assert!((at - expected_s).abs() < 0.2, "{at} s instead of {expected_s} s");
    }
    browser.keys(Key::Left).await;
    assert!((position_s(&browser).await - 8.0).abs() < 0.2, "the last picture comes before the first");

    // In the feed as well, by a swipe.
    browser.open("/").await;
    browser.wait_for_script("playback in the feed", PATIENCE, playing).await;
    browser.keys(Key::Right).await;
    let second = "const video = document.querySelector('video'); return video?.currentTime >= 4 || null";
    browser.wait_for_script("the second picture", Duration::from_secs(2), second).await;
    browser.quit().await;
}
