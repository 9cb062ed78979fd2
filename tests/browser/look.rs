//! Pictures of every page, and that nothing is cut off or wider than its screen.

use std::time::Duration;

use kinora_tests::app::TestApp;
use kinora_tests::browser::pages::{Feed, log_out, sign_up};
use kinora_tests::browser::{Browser, SIZES, Theme};
use kinora_tests::clips;
use serde_json::json;

use crate::visit;

const PROCESSING: Duration = Duration::from_secs(60);

/// A page that is shown without sideways scrolling at every size, and its pictures.
async fn look_at(browser: &Browser, name: &str, path: &str) {
    browser.open(path).await;
    browser.element("main").await;
    // What the page loads.
    tokio::time::sleep(Duration::from_millis(800)).await;
    for size in SIZES {
        browser.show_as(size, Theme::Dark).await;
        let wide = browser.script("return document.documentElement.scrollWidth - innerWidth", vec![]).await;
        assert!(wide.as_i64().unwrap() <= 0, "{path} is {wide} px wider than {size:?}");
    }
    browser.picture_all(name).await;
    let mut errors = browser.console_errors().await;
    // A page that does not exist says so to the browser too.
    errors.retain(|error| !error.contains(&format!("{path} - Failed to load resource")));
    assert!(errors.is_empty(), "{path}: {errors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_every_screen_in_both_themes() {
    let app = TestApp::start_processing().await;
    let browser = visit(&app).await;
    look_at(&browser, "feed-empty", "/").await;
    look_at(&browser, "browse-empty", "/browse").await;
    look_at(&browser, "signup", "/signup").await;
    look_at(&browser, "login", "/login").await;
    sign_up(&browser, "ann").await;
    look_at(&browser, "studio-empty", "/studio").await;
    look_at(&browser, "upload", "/upload").await;

    let ann = kinora_tests::person::Person::log_in(&app.guest, "ann").await;
    let mut videos = Vec::new();
    for clip in [clips::LANDSCAPE, clips::PORTRAIT_BY_ROTATION, clips::ANAMORPHIC] {
        videos.push(ann.upload_clip(&clip).await);
    }
    for video in &videos {
        ann.ready(video, PROCESSING).await;
    }
    let words = json!({ "id": videos[0], "title": "A walk by the sea in the first days of spring",
        "description": "Wind, gulls and very long shadows.\nFilmed on a phone.", "tags": ["sea", "spring", "walks"] });
    ann.update_video(words).await.data();
    look_at(&browser, "studio", "/studio").await;
    look_at(&browser, "browse", "/browse").await;
    look_at(&browser, "search", "/search?q=sea").await;
    look_at(&browser, "tag", "/tag/sea").await;
    look_at(&browser, "profile", "/@ann").await;
    look_at(&browser, "watch", &format!("/watch/{}", videos[0])).await;
    look_at(&browser, "watch-portrait", &format!("/watch/{}", videos[1])).await;
    look_at(&browser, "settings", "/settings").await;
    look_at(&browser, "missing", "/nothing-here").await;
    let feed = Feed::open(&browser).await;
    feed.title().await;
    look_at(&browser, "feed", "/").await;
    log_out(&browser).await;
    browser.quit().await;
}
