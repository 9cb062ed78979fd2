//! Sign-up, log-in, log-out.

use crate::browser::{Browser, PATIENCE};
use crate::person::PASSWORD;

/// Makes an account on `/signup` and waits until the site has moved on.
pub async fn sign_up(browser: &Browser, username: &str) {
    browser.open("/signup").await;
    fill_and_send(browser, username, "Sign up").await;
}

pub async fn log_in(browser: &Browser, username: &str) {
    browser.open("/login").await;
    fill_and_send(browser, username, "Log in").await;
}

/// Logs in unless the browser still knows who it is.
pub async fn log_in_again(browser: &Browser, username: &str) {
    browser.open("/studio").await;
    let script = "const form = document.querySelector('input[type=password]');
        return form ? 'out' : document.querySelector('main h1') && location.pathname === '/studio' && 'in'";
    let state = browser.wait_for_script("the studio or the log-in", PATIENCE, script).await;
    if state == "out" {
        fill_and_send(browser, username, "Log in").await;
    }
}

async fn fill_and_send(browser: &Browser, username: &str, verb: &str) {
    browser.fill("Username", username).await;
    browser.fill("Password", PASSWORD).await;
    browser.press(verb).await;
    browser.wait_for_path("the page after the form", |path| path != "/signup" && path != "/login").await;
}

pub async fn log_out(browser: &Browser) {
    browser.open("/settings").await;
    browser.press("Log out").await;
    browser.wait_for_path("the feed", |path| path == "/").await;
}
