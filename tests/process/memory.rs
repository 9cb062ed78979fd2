//! A video that needs more memory than its runner gives: it fails in words, and the runner goes on.

use std::time::{Duration, Instant};

use kinora_server::ladder::Rung;
use kinora_tests::app::TestApp;
use kinora_tests::clips;
use kinora_tests::served::{Served, command};

use crate::chunks::{PATIENCE, until};

/// Enough for ffmpeg and a small picture, and not for three of 200 MB.
const MEBIBYTES: &str = "700";

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_takes_too_much_memory_fails_and_the_runner_goes_on() {
    let app = TestApp::start_with(|config| config.ladder = vec![Rung::new(180, 300_000)]).await;
    let ann = app.person("ann").await;
    let token = app.runner_token("small").await;
    let mut command = command(&["runner", "--server", app.url.as_str(), "--token", &token]);
    command.args(["--memory", MEBIBYTES, "--work-dir"]).arg(app.data_dir.join("small"));
    let runner = Served::follow(&mut command, 0);
    let large = ann.upload_clip(&clips::LARGE_PICTURE).await;
    until(&app, "SELECT count(*) FROM job WHERE state = 'queued' AND error LIKE 'INTERNAL%'").await;
    let small = ann.upload_clip(&clips::SHORT).await;
    until(&app, "SELECT count(*) FROM job WHERE state = 'leased'").await;
    const WAITED_S: &str = "SELECT coalesce(max(ceil(extract(epoch FROM leased_at - run_after))), 0)::bigint \
        FROM job WHERE attempts = 1 AND state <> 'queued'";
    let waited_s = app.number(WAITED_S).await;
    assert!(waited_s <= 5, "the next job waited for {waited_s} s");
    ann.ready(&small, PATIENCE).await;

    // It may have been a busy hour; hours of trying again, without the hours.
    let begun = Instant::now();
    while ann.standing(&large).await["state"] == "PROCESSING" {
        assert!(begun.elapsed() < PATIENCE, "it is tried for ever:\n{}", runner.words());
        app.sql("UPDATE job SET run_after = now() WHERE state = 'queued'").await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let found = ann.video(&large).await;
    assert_eq!(
        (found["state"].as_str(), found["failure"]["code"].as_str()),
        (Some("FAILED"), Some("PROCESSING_FAILED"))
    );
    const SAYS_WHY: &str = "SELECT count(*) FROM job WHERE state = 'failed' AND log LIKE '%out of memory%'";
    assert!(app.number(SAYS_WHY).await > 0, "an administrator is not told why");
    assert!(app.number("SELECT max(attempts)::bigint FROM job").await <= 5);
    let again = ann.upload_clip(&clips::SHORT).await;
    ann.ready(&again, PATIENCE).await;
}
