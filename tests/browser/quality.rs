//! Changing from one size to another while a video plays, and getting those that come later.

use std::time::Duration;

use kinora_server::ladder::{EncoderPreset, Rung};
use kinora_tests::app::TestApp;
use kinora_tests::browser::pages::WatchPage;
use kinora_tests::browser::{Browser, PATIENCE};
use kinora_tests::clips;
use serde_json::json;

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

/// What makes more of a video than can be watched at first waits until it is asked for.
const BEST_LATER: &str = "CREATE FUNCTION best_later() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN NEW.run_after = now() + interval '1 year'; RETURN NEW; END $$;
    CREATE TRIGGER best_later BEFORE INSERT ON job FOR EACH ROW
    WHEN (NEW.kind IN ('encode_chunk', 'encode_audio')) EXECUTE FUNCTION best_later()";
/// Remembers whether the viewer was ever told of trouble.
const LISTEN: &str = "new MutationObserver(() => {
        const trouble = document.querySelector('.player .trouble');
        if (trouble) window.troubled = trouble.textContent;
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
    return true";

/// The sizes that the player offers.
async fn sizes(browser: &Browser) -> serde_json::Value {
    browser.press_control("m", "Quality, captions and speed").await;
    let listed = "return [...document.querySelectorAll('[aria-label=Quality] button')].slice(1)
        .map((button) => button.textContent.trim())";
    let sizes = browser.script(listed, vec![]).await;
    browser.press_control("m", "Quality, captions and speed").await;
    sizes
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_watched_while_it_is_made_plays_on_and_gets_all_sizes() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        let rung = |short_side| Rung { preset: EncoderPreset::Ultrafast, ..Rung::new(short_side, 200_000) };
        config.ladder = vec![rung(180), rung(90)];
    })
    .await;
    app.sql(BEST_LATER).await;
    let ann = app.person("ann").await;
    // Of one a draft is watched first, of the other what is passed on.
    for (clip, first, all) in [
        (&clips::CHUNKS_VP9, json!([]), json!(["180p", "90p"])),
        (&clips::CHUNKS_DRIFTING, json!([]), json!(["180p", "90p"])),
    ] {
        let id = ann.upload_clip(clip).await;
        ann.playable(&id, PROCESSING).await;
        let browser = visit(&app).await;
        let page = WatchPage::open(&browser, &format!("/watch/{id}")).await;
        browser.script(LISTEN, vec![]).await;
        page.play().await;
        let begun = "return document.querySelector('video').currentTime > 1 || null";
        browser.wait_for_script("the beginning", PATIENCE, begun).await;
        assert_eq!(sizes(&browser).await, first, "{}", clip.file_name());

        app.sql("UPDATE job SET run_after = now() WHERE kind IN ('encode_chunk', 'encode_audio')").await;
        ann.ready(&id, PROCESSING).await;
        // It stops at the end of what was there, or where the viewer stops it.
        let later = "const video = document.querySelector('video');
            if (!video.paused && video.currentTime > 12) { window.stopped = true; video.pause(); }
            return window.stopped && video.duration > 19 ? video.currentTime : null";
        let at = browser.wait_for_script("more than the first chunk", PROCESSING, later).await;
        let began = std::time::Instant::now();
        while sizes(&browser).await != all {
            assert!(began.elapsed() < PATIENCE, "the other sizes of {} do not come", clip.file_name());
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        let still = "const video = document.querySelector('video');
            return video.readyState > 1 && video.paused ? video.currentTime : null";
        let now = browser.wait_for_script("a picture", PATIENCE, still).await;
        let moved_s = now.as_f64().unwrap() - at.as_f64().unwrap();
        assert!(moved_s.abs() < 1.0, "{at} became {now}");
        browser.press_control("m", "Play").await;
        let on = format!("return document.querySelector('video').currentTime > {now} + 1 || null");
        browser.wait_for_script("that it goes on", PATIENCE, &on).await;
        assert_eq!(browser.script("return window.troubled ?? null", vec![]).await, serde_json::Value::Null);
        assert_eq!(browser.console_errors().await, Vec::<String>::new());
        browser.quit().await;
    }
}
