//! From nothing to a video that a friend watches.

use std::time::{Duration, Instant};

use kinora_tests::app::TestApp;
use kinora_tests::browser::pages::{Feed, UploadPage, WatchPage, log_out, sign_up};
use kinora_tests::browser::{Browser, Profile};
use kinora_tests::clips;
use kinora_tests::person::{Person, VIDEO};
use serde_json::json;

const PROCESSING: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn somebody_uploads_a_video_and_a_friend_watches_it_without_an_account() {
    let app = TestApp::start_processing().await;
    let (own, friends) = (Profile::fresh(), Profile::fresh());

    let browser = Browser::start(&app.url, &own).await;
    let begun = Instant::now();
    sign_up(&browser, "ann").await;
    let page = UploadPage::open(&browser).await;
    page.record_words().await;
    page.drop_file(&clips::LONG_LANDSCAPE.path()).await;
    let link = page.link(PROCESSING).await;
    let watch = WatchPage::open(&browser, &link).await;
    watch.play().await;
    watch.plays_past_two_seconds().await;
    report(begun.elapsed());
    assert_eq!(browser.console_errors().await, Vec::<String>::new());

    // The friend: another profile, no account, first by the link and then in the feed.
    let friend = Browser::start(&app.url, &friends).await;
    let page = WatchPage::open(&friend, &link).await;
    page.play().await;
    page.plays_past_two_seconds().await;
    let feed = Feed::open(&friend).await;
    feed.plays_past_two_seconds().await;
    assert_eq!(friend.console_errors().await, Vec::<String>::new());
    friend.quit().await;

    // The owner rates it, restarts the browser, and is still somebody.
    let watch = WatchPage::open(&browser, &link).await;
    watch.rate(4).await;
    let id = link.trim_start_matches("/watch/").to_owned();
    let ann = Person::log_in(&app.guest, "ann").await;
    stars_become(&ann, &id, 4).await;
    // Steps come faster than the server answers; where they end is what counts.
    watch.step_up(3).await;
    stars_become(&ann, &id, 7).await;
    browser.quit().await;
    let again = Browser::start(&app.url, &own).await;
    let watch = WatchPage::open(&again, &link).await;
    assert_eq!(watch.shown_stars().await, 7);
    again.open("/login").await;
    again.wait_for_path("the page of somebody who is logged in", |path| path != "/login").await;

    log_out(&again).await;
    again.open("/studio").await;
    again.wait_for_path("the log-in", |path| path == "/login").await;
    again.quit().await;
}

/// Waits until the server has so many stars of somebody.
async fn stars_become(person: &Person, video: &str, wanted: u32) {
    let mut stars = json!(null);
    for _ in 0..50 {
        stars = person.run(VIDEO, json!({ "id": video })).await.data()["video"]["viewerStars"].take();
        if stars == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{stars} stars, not {wanted}");
}

#[allow(clippy::print_stdout, reason = "a figure that is asked for")]
fn report(elapsed: Duration) {
    println!("sign-up page to two seconds of one's own video: {:.1} s", elapsed.as_secs_f64());
}
