//! Accounts in the browser: mistakes are told beside their field, and nobody is nagged.

use kinora_tests::app::TestApp;
use kinora_tests::browser::pages::{log_in, log_out, sign_up};
use kinora_tests::browser::{Browser, PATIENCE, Profile};

use crate::visit;

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_in_words() {
    let app = TestApp::start().await;
    app.person("taken").await;
    let browser = visit(&app).await;
    browser.open("/signup").await;
    browser.fill("Username", "taken").await;
    browser.fill("Password", "short").await;
    browser.press("Sign up").await;
    browser.wait_for_text("at least 8 characters", PATIENCE).await;
    browser.fill("Password", kinora_tests::person::PASSWORD).await;
    browser.press("Sign up").await;
    browser.wait_for_text("taken", PATIENCE).await;
    assert_eq!(browser.path().await, "/signup");
    browser.open("/login").await;
    browser.fill("Username", "taken").await;
    browser.fill("Password", "not the password").await;
    browser.press("Log in").await;
    browser.wait_for_text("password", PATIENCE).await;
    assert_eq!(browser.path().await, "/login");
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_in_lasts_over_a_restart_and_logging_out_does_too() {
    let app = TestApp::start().await;
    let profile = Profile::fresh();
    let browser = Browser::start(&app.url, &profile).await;
    sign_up(&browser, "ann").await;
    browser.quit().await;

    let browser = Browser::start(&app.url, &profile).await;
    browser.open("/login").await;
    browser.wait_for_path("the page of somebody who is logged in", |path| path != "/login").await;
    log_out(&browser).await;
    browser.quit().await;

    let browser = Browser::start(&app.url, &profile).await;
    browser.open("/login").await;
    browser.named("h1", "Log in").await;
    log_in(&browser, "ann").await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_an_account_leads_back_after_the_log_in() {
    let app = TestApp::start().await;
    app.person("ann").await;
    let browser = visit(&app).await;
    browser.open("/studio").await;
    browser.wait_for_path("the log-in", |path| path == "/login").await;
    browser.fill("Username", "ann").await;
    browser.fill("Password", kinora_tests::person::PASSWORD).await;
    browser.press("Log in").await;
    browser.wait_for_path("where one wanted to go", |path| path == "/studio").await;
    // An address of another site is not followed.
    browser.open("/login?next=https://evil.example/").await;
    let path = browser.wait_for_path("a page of this site", |path| path != "/login").await;
    assert_eq!(path, "/");
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_shown_once_and_revoked() {
    let app = TestApp::start().await;
    let browser = visit(&app).await;
    browser.open("/settings").await;
    browser.wait_for_text("as a guest", PATIENCE).await;
    assert!(!browser.text().await.contains("Tokens"), "a guest has none");
    sign_up(&browser, "ann").await;
    browser.open("/settings").await;
    browser.press("New token").await;
    browser.press("Make token").await;
    browser.wait_for_text("say what it is for", PATIENCE).await;
    browser.fill("Name", "the attic").await;
    browser.press("Make token").await;
    browser.wait_for_text("shown this once", PATIENCE).await;
    let secret = browser.script("return document.querySelector('.secret input').value", vec![]).await;
    let secret = secret.as_str().unwrap();
    browser.picture_all("settings-token-made").await;
    browser.press("New token").await;
    browser.picture_all("settings-token-form").await;

    // It is an upload token that ends in 90 days, and it works.
    let program = app.guest.bearing(secret);
    assert_eq!(program.query("{ me { username } }").await.data()["me"]["username"], "ann");
    assert_eq!(program.query("mutation { deleteVideo(id: \"x\") }").await.code(), "FORBIDDEN");
    browser.open("/settings").await;
    browser.wait_for_text("the attic", PATIENCE).await;
    let page = browser.text().await;
    assert!(
        page.contains("Read and upload") && page.contains("Until") && page.contains("Used just now"),
        "{page}"
    );
    let shown = browser.script("return document.documentElement.outerHTML", vec![]).await;
    assert!(!shown.as_str().unwrap().contains(&secret[3..]), "the secret is still there");

    browser.press("Revoke").await;
    browser.wait_for_text("stops working at once", PATIENCE).await;
    browser.picture_all("settings-token-revoke").await;
    browser.press("Revoke token").await;
    browser.wait_for_text("Revoked “the attic”", PATIENCE).await;
    assert_eq!(program.query("{ me { id } }").await.code(), "UNAUTHENTICATED");
    assert!(browser.console_errors().await.is_empty(), "{:?}", browser.console_errors().await);
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_members_need_is_fetched_when_it_is_needed() {
    let app = TestApp::start().await;
    let browser = visit(&app).await;
    let fetched =
        "return performance.getEntriesByType('resource').filter(one => /members-/.test(one.name)).length";
    browser.open("/").await;
    browser.element("main h1, main h2, main p").await;
    assert_eq!(browser.script(fetched, vec![]).await, 0);
    browser.block(&["*members-*"]).await;
    browser.press_link("You").await;
    browser.wait_for_text("could not be loaded", PATIENCE).await;
    browser.block(&[]).await;
    browser.press("Try again").await;
    browser.named("h1", "Log in").await;
    browser.quit().await;
}
