//! What shows a video before it is played: tiles over the line, loops in the grid.

use std::time::Duration;

use kinora_tests::app::TestApp;
use kinora_tests::browser::{Browser, PATIENCE};
use kinora_tests::clips;
use kinora_tests::person::Person;
use serde_json::{Value, json};

use crate::visit;

const PROCESSING: Duration = Duration::from_secs(60);

/// The tile over the line, once it is seen.
const TILE: &str = "const tile = document.querySelector('.seek-tile');
    if (!tile || getComputedStyle(tile.parentElement).opacity < 1) return null;
    const box = tile.getBoundingClientRect(), frame = document.querySelector('.player').getBoundingClientRect();
    return { time: tile.parentElement.textContent, image: tile.style.backgroundImage,
        place: tile.style.backgroundPosition, width: box.width, height: box.height,
        inside: box.left >= frame.left && box.right <= frame.right && box.top >= frame.top }";

/// A video with storyboard and loop.
async fn previewed(ann: &Person) -> String {
    let id = ann.upload_clip(&clips::COLOURS).await;
    ann.ready(&id, PROCESSING).await;
    ann.once(&id, PROCESSING, |standing| standing["loopUrl"].is_string()).await;
    id
}

/// Where a part of the visible element is: `[x, y]`, `part` of its width from its left.
async fn point(browser: &Browser, selector: &str, part: f64) -> (i64, i64) {
    browser.element(selector).await;
    let body = "const box = document.querySelector(arguments[0]).getBoundingClientRect();
        return [box.left + box.width * arguments[1], box.top + box.height / 2]";
    let at = browser.script(body, vec![json!(selector), json!(part)]).await;
    (at[0].as_f64().unwrap() as i64, at[1].as_f64().unwrap() as i64)
}

/// Whether the page has asked for an address that holds these words.
async fn has_asked(browser: &Browser, words: &str) -> Value {
    let body =
        "return performance.getEntriesByType('resource').some((entry) => entry.name.includes(arguments[0]))";
    browser.script(body, vec![json!(words)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pointing_at_the_line_shows_the_picture_there() {
    let app = TestApp::start_processing().await.with_previews().await;
    let ann = app.person("ann").await;
    let id = previewed(&ann).await;
    let browser = visit(&app).await;
    browser.open(&format!("/watch/{id}")).await;
    let playing = "return document.querySelector('video')?.duration > 0 || null";
    browser.wait_for_script("a duration", PATIENCE, playing).await;
    assert_eq!(has_asked(&browser, "storyboard").await, false, "before anybody points at the line");

    for (part, time, place) in
        [(0.02, "0:00", "0px 0px"), (0.62, "0:02", "-960px 0px"), (0.99, "0:03", "-1440px 0px")]
    {
        let (x, y) = point(&browser, ".seek", part).await;
        // The first move brings the controls back, and only the second finds the line.
        browser.move_to((x, y - 1)).await;
        browser.move_to((x, y)).await;
        let shown = browser.wait_for_script("a tile", PATIENCE, TILE).await;
        assert_eq!((&shown["time"], &shown["place"]), (&json!(time), &json!(place)), "{shown}");
        assert_eq!(
            (&shown["width"], &shown["height"], &shown["inside"]),
            (&json!(160), &json!(90), &json!(true))
        );
        assert!(shown["image"].as_str().unwrap().contains("storyboard-0.jpg"), "{shown}");
    }
    browser.picture("storyboard").await;
    browser.move_to(point(&browser, ".player", 0.5).await).await;
    let gone = "return !document.querySelector('.seek-tile')";
    browser.wait_for_script("the line without a tile", PATIENCE, gone).await;
    assert!(browser.console_errors().await.is_empty());
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_somebody_watches_is_there_without_a_reload() {
    let app = TestApp::start_processing().await;
    let ann = app.person("ann").await;
    let id = ann.upload_clip(&clips::COLOURS).await;
    ann.ready(&id, PROCESSING).await;
    let browser = visit(&app).await;
    browser.open(&format!("/watch/{id}")).await;
    let begun = "window.before = document.querySelector('video');
        return window.before?.currentTime > 0 || null";
    browser.wait_for_script("a video that plays", PATIENCE, begun).await;
    assert_eq!(browser.script("return document.querySelector('.chapters')", vec![]).await, Value::Null);

    let set = "mutation ($i: SetCaptionInput!) { setCaption(input: $i) { language } }";
    let text = "WEBVTT\n\n00:00.000 --> 00:30.000\nGulls cry\n";
    ann.run(set, json!({ "i": { "videoId": id, "language": "en", "text": text } })).await.data();
    let chapters =
        [json!({ "startMs": 0, "title": "Opening" }), json!({ "startMs": 2000, "title": "The shore" })];
    let update = "mutation ($i: UpdateVideoInput!) { updateVideo(input: $i) { id } }";
    ann.run(update, json!({ "i": { "id": id, "chapters": chapters } })).await.data();
    app.sql("UPDATE job SET run_after = now() WHERE kind = 'make_previews'").await;
    ann.once(&id, PROCESSING, |standing| standing["loopUrl"].is_string()).await;

    browser.wait_for_text("The shore", PATIENCE).await;
    let (x, y) = point(&browser, ".seek", 0.62).await;
    let mut tile = Value::Null;
    let asked = std::time::Instant::now();
    while tile.is_null() {
        assert!(asked.elapsed() < PROCESSING, "no picture comes to the line");
        browser.move_to((x, y - 1)).await;
        browser.move_to((x, y)).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        tile = browser.script(TILE, vec![]).await;
    }
    browser.press_control("m", "Captions").await;
    let read =
        "const shown = [...document.querySelector('video').textTracks].find((t) => t.mode === 'showing');
        return shown?.cues?.[0]?.text || null";
    assert_eq!(browser.wait_for_script("a caption", PATIENCE, read).await, "Gulls cry");

    // What was playing has not begun anew.
    assert_eq!(
        browser.script("return window.before === document.querySelector('video')", vec![]).await,
        true
    );
    let masters = "return performance.getEntriesByType('resource')
        .filter((entry) => entry.name.includes('master.m3u8')).length";
    assert_eq!(browser.script(masters, vec![]).await, 1);
    assert!(browser.console_errors().await.is_empty());
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_moves_while_somebody_points_at_it() {
    let app = TestApp::start_processing().await.with_previews().await;
    let ann = app.person("ann").await;
    previewed(&ann).await;
    let browser = visit(&app).await;
    browser.open("/browse").await;
    let corner = point(&browser, ".card-picture", 0.5).await;
    assert_eq!(has_asked(&browser, "loop.mp4").await, false);
    browser.move_to(corner).await;
    let moves = "const loop = document.querySelector('.card-loop.plays');
        return loop?.currentTime > 0.2 && loop.muted ? loop.videoWidth : null";
    let width = browser.wait_for_script("a loop that plays", PATIENCE, moves).await;
    assert_eq!(width, 480);
    let playing = "return [...document.querySelectorAll('.card-loop')].length";
    assert_eq!(browser.script(playing, vec![]).await, 1);
    browser.move_to((2, 2)).await;
    browser
        .wait_for_script("a card that rests", PATIENCE, "return !document.querySelector('.card-loop')")
        .await;

    // Who wants no motion gets none.
    browser.prefer_reduced_motion().await;
    browser.move_to(corner).await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(browser.script(playing, vec![]).await, 0);
    browser.quit().await;
}
