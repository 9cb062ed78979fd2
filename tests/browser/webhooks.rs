//! Webhooks in the browser: made, tried, looked at, sent again.

use kinora_tests::app::{Role, TestApp};
use kinora_tests::browser::pages::sign_up;
use kinora_tests::browser::{Browser, PATIENCE, SIZES, Theme};
use kinora_tests::person::Person;
use kinora_tests::receiver::{Answer, Receiver};
use serde_json::json;

use crate::visit;

/// Nothing on the page is wider than its screen.
async fn fits(browser: &Browser) {
    for size in SIZES {
        browser.show_as(size, Theme::Dark).await;
        let wide = browser.script("return document.documentElement.scrollWidth - innerWidth", vec![]).await;
        assert!(wide.as_i64().unwrap() <= 0, "{wide} px wider than {size:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_made_told_and_told_again() {
    let app = TestApp::start_with(|config| config.webhook_private = true).await;
    let runner = app.fake_runner("one").await;
    let receiver = Receiver::start().await;
    let browser = visit(&app).await;
    browser.open("/studio/webhooks").await;
    browser.wait_for_path("the log-in", |path| path == "/login").await;
    sign_up(&browser, "ann").await;
    let ann = Person::log_in(&app.guest, "ann").await;
    browser.open("/settings").await;
    browser.press_link("Your webhooks").await;
    browser.wait_for_text("You have no webhooks yet", PATIENCE).await;
    browser.picture_all("webhooks-empty").await;

    // Mistakes are told beside the field.
    browser.press("New webhook").await;
    browser.press("Make webhook").await;
    browser.wait_for_text("Write an address", PATIENCE).await;
    browser.fill("Address", "ftp://example.org").await;
    browser.press("Make webhook").await;
    browser.wait_for_text("such as https://example.org/hook", PATIENCE).await;
    browser.fill("Address", &receiver.url()).await;
    browser.picture_all("webhooks-form").await;
    browser.press("Make webhook").await;
    browser.wait_for_text("shown this once", PATIENCE).await;
    let secret = browser.script("return document.querySelector('.secret input').value", vec![]).await;
    let secret = secret.as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"), "{secret}");
    fits(&browser).await;
    browser.picture_all("webhooks-secret").await;
    browser.press("Done").await;

    // A test, seen in the log without a reload; the log is opened by the keyboard.
    browser.press("Send test").await;
    browser.wait_for_text("Delivered", PATIENCE).await;
    let received = receiver.wait_for(1, PATIENCE).await;
    assert!(received[0].is_genuine(&secret));
    browser.script("document.querySelector('.delivery summary').focus()", vec![]).await;
    browser.keys(" ").await;
    browser.wait_for_text(received[0].id(), PATIENCE).await;

    // Sent again, with the same id.
    browser.press("Send again").await;
    browser.wait_for_text("2 tries", PATIENCE).await;
    let received = receiver.wait_for(2, PATIENCE).await;
    assert_eq!(received[0].id(), received[1].id());

    // One that fails says why, and the page of videos does once it is switched off.
    receiver.answers([Answer { body: "<h1>Down for maintenance</h1>".into(), ..Answer::status(500) }]);
    app.ready_video(&ann, &runner, "A walk by the sea in the first days of spring").await;
    browser.wait_for_text("It answered 500.", PATIENCE).await;
    browser.wait_for_text("Next try", PATIENCE).await;
    browser.click("summary", "video.ready").await;
    browser.wait_for_text("Down for maintenance", PATIENCE).await;
    fits(&browser).await;
    browser.picture_all("webhooks-log").await;
    receiver.answers([Answer::status(410)]);
    browser.press("Send now").await;
    browser.wait_for_text("wants no more messages", PATIENCE).await;
    browser.picture_all("webhooks-off").await;
    browser.open("/studio").await;
    browser.wait_for_text("wants no more messages", PATIENCE).await;
    fits(&browser).await;
    browser.picture_all("studio-webhook-off").await;

    // On again; changed; a new secret; deleted.
    receiver.answers([Answer::status(200)]);
    browser.open("/studio/webhooks").await;
    browser.press("Switch on").await;
    browser.named("button", "Send test").await;
    browser.press("Edit the webhook").await;
    browser.click("label", "Deleted").await;
    browser.press("Save").await;
    browser.wait_for_text("Ready, failed, deleted", PATIENCE).await;
    browser.press("Edit the webhook").await;
    browser.picture_all("webhooks-edit").await;
    browser.press("New secret").await;
    browser.wait_for_text("shown this once", PATIENCE).await;
    let other = browser.script("return document.querySelector('.secret input').value", vec![]).await;
    assert_ne!(other, json!(secret));
    browser.press("Delete the webhook").await;
    browser.wait_for_text("told nothing any more", PATIENCE).await;
    browser.press("Delete webhook").await;
    browser.wait_for_text("You have no webhooks yet", PATIENCE).await;
    assert!(ann.webhooks().await.is_empty());
    assert!(browser.console_errors().await.is_empty(), "{:?}", browser.console_errors().await);
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_may_choose_everybodys_videos() {
    let app = TestApp::start().await;
    let browser = visit(&app).await;
    sign_up(&browser, "ada").await;
    let ada = Person::log_in(&app.guest, "ada").await;
    browser.open("/studio/webhooks").await;
    browser.press("New webhook").await;
    browser.named("label", "Address").await;
    assert!(!browser.text().await.contains("Of whose videos"));
    app.promote("ada", Role::Admin).await;
    browser.open("/studio/webhooks").await;
    // Until the page knows who asks.
    browser.wait_for_text("You have no webhooks yet", PATIENCE).await;
    browser.press("New webhook").await;
    browser.fill("Address", "http://127.0.0.1:9/").await;
    let choose = browser.named("select", "Of whose videos").await;
    choose.send_keys("All").await.unwrap();
    browser.press("Make webhook").await;
    browser.wait_for_text("not on the public internet", PATIENCE).await;
    browser.fill("Address", "https://example.org/hook").await;
    browser.press("Make webhook").await;
    browser.wait_for_text("Everybody’s videos", PATIENCE).await;
    assert_eq!(ada.webhooks().await[0]["scope"], "SITE");
    browser.quit().await;
}
