//! Changing from one size to another while a video plays.

use std::time::Duration;

use kinora_server::ladder::{EncoderPreset, Rung};
use kinora_tests::app::TestApp;
use kinora_tests::browser::PATIENCE;
use kinora_tests::browser::pages::WatchPage;
use kinora_tests::clips;

use crate::visit;

const PROCESSING: Duration = Duration::from_secs(60);
/// The clip's clock drifts, so that what is passed on and what is encoded are not cut at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn another_size_goes_on_where_the_last_one_was() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        let rung = Rung { preset: EncoderPreset::Ultrafast, ..Rung::new(90, 200_000) };
        config.ladder = vec![rung];
    })
    .await;
    let ann = app.person("ann").await;
    let id = ann.upload_clip(&clips::CHUNKS_DRIFTING).await;
    ann.ready(&id, PROCESSING).await;
    let browser = visit(&app).await;
    let page = WatchPage::open(&browser, &format!("/watch/{id}")).await;
    page.play().await;
    for (height, name) in [(90, "90p"), (180, "180p")] {
        browser.press_control("m", "Quality, captions and speed").await;
        browser.click("[role=menuitemradio]", name).await;
        let shown = format!("return document.querySelector('video').videoHeight === {height} || null");
        browser.wait_for_script(&format!("{name} is shown"), PATIENCE, &shown).await;
        browser.press_control("m", "Quality, captions and speed").await;
    }
    // What lies on both sides of a join is one stretch, or a player would have to jump.
    let later = "const video = document.querySelector('video');
        window.from ??= video.currentTime;
        return video.currentTime > window.from + 3 || video.ended ? video.buffered.length : null";
    assert_eq!(browser.wait_for_script("three seconds more", PATIENCE, later).await, 1);
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    browser.quit().await;
}
