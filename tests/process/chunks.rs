//! Runners that share the chunks of one video, and one that dies over it.

use std::path::Path;
use std::time::Duration;

use kinora_server::ladder::Rung;
use kinora_tests::app::TestApp;
use kinora_tests::clips;
use kinora_tests::served::{Served, command};
use nix::sys::signal::Signal;

pub const PATIENCE: Duration = Duration::from_secs(120);

/// A runner of its own, with a folder in the site's.
pub async fn runner(app: &TestApp, name: &str) -> Served {
    runner_in(app, name, &app.data_dir.join(name)).await
}

/// The same with its folder somewhere else.
pub async fn runner_in(app: &TestApp, name: &str, folder: &Path) -> Served {
    let token = app.runner_token(name).await;
    let mut command = command(&["runner", "--server", app.url.as_str(), "--token", &token]);
    command.arg("--work-dir").arg(folder);
    Served::follow(&mut command, 0)
}

/// Waits until a count is above zero.
pub async fn until(app: &TestApp, query: &str) {
    let begun = std::time::Instant::now();
    while app.number(query).await == 0 {
        assert!(begun.elapsed() < PATIENCE, "never: {query}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runners_share_a_video_and_one_that_is_killed_costs_one_chunk() {
    let rung = |short_side| Rung::new(short_side, 500_000);
    let app = TestApp::start_with(|config| config.ladder = vec![rung(360), rung(180)]).await;
    let ann = app.person("ann").await;
    let (mut doomed, _survivor) = (runner(&app, "doomed").await, runner(&app, "survivor").await);
    let video = ann.upload_clip(&clips::CHUNKS).await;
    until(
        &app,
        "SELECT count(*) FROM job JOIN runner ON runner.id = job.runner_id
         WHERE name = 'doomed' AND kind = 'encode_chunk' AND job.state = 'leased'
         AND (SELECT count(DISTINCT runner_id) FROM job) = 2",
    )
    .await;
    doomed.signal(Signal::SIGKILL);
    doomed.ended(Duration::from_secs(5)).await;
    // A minute of silence, without the minute.
    app.sql(
        "UPDATE job SET lease_expires_at = now() - interval '1 s' FROM runner
         WHERE runner.id = job.runner_id AND name = 'doomed' AND job.state = 'leased'",
    )
    .await;
    ann.ready(&video, PATIENCE).await;
    assert_eq!(app.number("SELECT count(*) FROM job WHERE attempts > 1").await, 1);
    assert_eq!(app.number("SELECT max(attempts)::bigint FROM job").await, 2);
    assert_eq!(
        app.number(
            "SELECT count(*) FROM (SELECT rendition_id, index FROM chunk GROUP BY 1, 2 HAVING count(*) > 1) x"
        )
        .await,
        0
    );
    assert!(app.compare_storage().await.damaged.is_empty());
}
