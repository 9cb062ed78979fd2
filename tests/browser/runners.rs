//! The administrators' page of runners.

use kinora_tests::app::{Role, TestApp};
use kinora_tests::browser::pages::{log_in, log_out, sign_up};
use kinora_tests::browser::{Browser, PATIENCE, SIZES, Theme};
use kinora_tests::fake_runner::FakeRunner;
use kinora_tests::person::Person;
use serde_json::json;

use crate::visit;

async fn says_that_nothing_is_there(browser: &Browser) {
    browser.open("/admin").await;
    browser.wait_for_text("nothing at this address", PATIENCE).await;
}

/// A runner that has said what it is and has done two jobs.
async fn working_runner(app: &TestApp, ann: &Person, name: &str) -> FakeRunner {
    let runner = app.fake_runner(name).await;
    const REPORT: &str =
        "mutation ($it: RunnerCapabilitiesInput!) { reportRunner(capabilities: $it) { name } }";
    let said = json!({ "version": "0.1.0", "ffmpegVersion": "5.1.9-0+deb12u1", "platform": "linux x86_64",
        "encoders": ["libx264", "libx265", "libsvtav1", "h264_vaapi", "hevc_vaapi", "h264_nvenc"],
        "jobs": 1, "cores": 8, "containment": ["empty environment", "process group", "resource limits", "bubblewrap"] });
    runner.client.run(REPORT, json!({ "it": said })).await.data();
    app.ready_video(ann, &runner, "The first").await;
    runner
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_adds_drains_resumes_disables_and_revokes_a_runner() {
    let app = TestApp::start().await;
    let browser = visit(&app).await;
    says_that_nothing_is_there(&browser).await;
    sign_up(&browser, "ann").await;
    says_that_nothing_is_there(&browser).await;
    browser.open("/studio").await;
    browser.named("h1", "Your videos").await;
    assert!(!browser.text().await.contains("Runners"), "a member sees no link");
    log_out(&browser).await;
    app.promote("ann", Role::Admin).await;
    log_in(&browser, "ann").await;
    browser.open("/studio").await;
    browser.press_link("Runners").await;
    browser.wait_for_text("No machine processes videos yet", PATIENCE).await;
    browser.picture_all("runners-empty").await;

    browser.press("Add runner").await;
    browser.press("Make token").await;
    browser.wait_for_text("say what the machine is called", PATIENCE).await;
    browser.fill("Name", "attic").await;
    browser.picture_all("runners-form").await;
    browser.press("Make token").await;
    browser.wait_for_text("shown this once", PATIENCE).await;
    browser.wait_for_text("Not registered yet", PATIENCE).await;
    let command = browser.script("return document.querySelector('.secret input').value", vec![]).await;
    let command = command.as_str().unwrap();
    let start = format!("kinora runner --server {} --token knr_", app.url.as_str().trim_end_matches('/'));
    assert!(command.starts_with(&start), "{command}");
    browser.picture_all("runners-token").await;
    browser.press("Withdraw").await;
    browser
        .wait_for_script(
            "the token is gone",
            PATIENCE,
            "return !document.body.innerText.includes('Not registered yet')",
        )
        .await;

    // A machine at work is seen without asking for the page again.
    let ann = Person::log_in(&app.guest, "ann").await;
    let runner = working_runner(&app, &ann, "attic").await;
    let idle = app.fake_runner("cellar").await;
    let video = ann.upload("The second.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    runner.renew(&job["lease"]["id"]).await.data();
    browser.wait_for_text("Looks at the file", PATIENCE).await;
    browser.wait_for_text("42 %", PATIENCE).await;
    let page = browser.text().await;
    for words in ["attic", "Working", "The second", "linux x86_64", "8 cores", "cellar", "Not started yet"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    browser.script("document.querySelector('.runner-details').open = true", vec![]).await;
    browser.wait_for_text("NVENC, VAAPI", PATIENCE).await;
    browser.picture_all("runners").await;
    for size in SIZES {
        browser.show_as(size, Theme::Dark).await;
        let wide = browser.script("return document.documentElement.scrollWidth - innerWidth", vec![]).await;
        assert!(wide.as_i64().unwrap() <= 0, "{wide} px wider than {size:?}");
    }
    browser.show_as((1280, 800), Theme::Dark).await;

    // By the keyboard, and the focus stays while the figures change.
    browser.script("document.querySelector('.runner-commands button').focus()", vec![]).await;
    browser.keys("\u{e007}").await;
    browser.wait_for_text("finishes what it has", PATIENCE).await;
    browser.wait_for_text("Draining", PATIENCE).await;
    assert_eq!(runner.lease().await, None);
    runner.finish(&job).await;
    browser.wait_for_text("Drained", PATIENCE).await;
    assert_eq!(ann.video(&video).await["state"], "READY");
    browser.press("Resume").await;
    browser.wait_for_text("gets jobs again", PATIENCE).await;

    ann.upload("The third.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    browser.press("Disable").await;
    browser.wait_for_text("its jobs go to others", PATIENCE).await;
    assert_eq!(runner.renew(&job["lease"]["id"]).await.code(), "LEASE_LOST");
    assert!(idle.lease().await.is_some(), "another runner has it");

    browser.press("Revoke").await;
    browser.wait_for_text("shut out at once and for good", PATIENCE).await;
    browser.picture_all("runners-revoke").await;
    browser.press("Keep it").await;
    assert_eq!(runner.lease().await, None, "nothing but disabled yet");
    browser.press("Revoke").await;
    browser.press("Revoke runner").await;
    browser.wait_for_text("Revoked “attic”", PATIENCE).await;
    assert_eq!(runner.try_lease().await.code(), "UNAUTHENTICATED");
    assert!(browser.console_errors().await.is_empty(), "{:?}", browser.console_errors().await);
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_video_is_tried_again_and_its_log_is_read() {
    let app = TestApp::start().await;
    let browser = visit(&app).await;
    sign_up(&browser, "ann").await;
    app.promote("ann", Role::Admin).await;
    let ann = Person::log_in(&app.guest, "ann").await;
    let runner = app.fake_runner("attic").await;
    let video = ann.upload("A walk.mp4", "video/mp4", b"any bytes").await;
    let job = runner.lease().await.unwrap();
    const FAIL: &str =
        "mutation ($lease: ID!, $log: String) { failJob(leaseId: $lease, code: \"PROCESSING_FAILED\",
        message: \"This video could not be processed.\", retry: false, log: $log) }";
    let log = "[libx264 @ 0x5581] using cpu capabilities: MMX2 SSE2Fast\n[out#0/mp4 @ 0x5592] Error muxing a packet\nConversion failed!";
    runner.client.run(FAIL, json!({ "lease": job["lease"]["id"], "log": log })).await.data();
    browser.open("/admin").await;
    browser.wait_for_text("Failed jobs", PATIENCE).await;
    browser.wait_for_text("PROCESSING_FAILED", PATIENCE).await;
    browser.script("document.querySelector('.failed-row details').open = true", vec![]).await;
    browser.wait_for_text("Conversion failed!", PATIENCE).await;
    browser.picture_all("runners-failed").await;
    browser.open("/studio").await;
    browser.wait_for_text("could not be processed", PATIENCE).await;
    browser.picture_all("studio-failed").await;
    browser.press("Try again").await;
    browser.wait_for_text("Processing 0 %", PATIENCE).await;
    let job = runner.lease().await.unwrap();
    assert_eq!(job["videoId"], json!(video));
    runner.finish(&job).await;
    browser
        .wait_for_script("it is ready", PATIENCE, "return !document.body.innerText.includes('Processing')")
        .await;
    assert_eq!(ann.video(&video).await["state"], "READY");
    assert!(browser.console_errors().await.is_empty(), "{:?}", browser.console_errors().await);
    browser.quit().await;
}
