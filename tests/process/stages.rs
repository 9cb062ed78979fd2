//! A runner that is killed at each stage of its work: nothing of it is lost, and nothing done twice.

use std::time::Duration;

use kinora_server::ladder::Rung;
use kinora_tests::app::TestApp;
use kinora_tests::clips;
use kinora_tests::served::{Served, command, free_port};
use kinora_tests::tripwire::{Far, Moment, Sign, Tripwire};

use crate::chunks::PATIENCE;
use crate::faults::assert_nothing_is_lost;

const SOON: Duration = Duration::from_secs(15);

/// By what a stage shows itself on the line.
const STAGES: [(&str, Moment); 12] = [
    // Fetching the source.
    ("/source?x-id=GetObject", Moment::After),
    ("PROBING", Moment::After),
    ("planVideo", Moment::Before),
    ("planVideo", Moment::After),
    ("ENCODING", Moment::After),
    // Storing what was made.
    ("PUT /kinora/videos/", Moment::Before),
    ("PUT /kinora/videos/", Moment::After),
    ("publishChunk", Moment::Before),
    ("publishChunk", Moment::After),
    // The end of the sound, of the poster, and of the previews.
    ("\"loudness\":{", Moment::Before),
    ("\"poster\":{", Moment::After),
    ("\"previews\":{", Moment::Before),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_killed_at_any_stage_loses_nothing() {
    let port = free_port();
    let wire = Tripwire::to(Far::Port(port)).await;
    let app = TestApp::start_with(|config| {
        config.listen = ([127, 0, 0, 1], port).into();
        config.public_url = wire.url();
        config.ladder = vec![Rung::new(144, 200_000)];
    })
    .await;
    let ann = app.person("ann").await;
    let token = app.runner_token("doomed").await;
    let start = || {
        let mut command = command(&["runner", "--server", wire.url().as_str(), "--token", &token]);
        command.arg("--work-dir").arg(app.data_dir.join("doomed"));
        Served::follow(&mut command, 0)
    };
    let mut videos = Vec::new();
    for (words, moment) in STAGES {
        let mut runner = start();
        wire.arm(Sign::Words(words), moment, runner.pid());
        videos.push(ann.upload_clip(&clips::CHUNKS_SMALL).await);
        wire.sprung(PATIENCE).await;
        runner.ended(SOON).await;
        // A minute of silence, without the minute.
        app.sql("UPDATE job SET lease_expires_at = now() - interval '1 s' WHERE state = 'leased'").await;
    }
    let _last = start();
    for video in &videos {
        ann.ready(video, PATIENCE).await;
    }
    const UNFINISHED: &str = "SELECT count(*) FROM job WHERE state <> 'done'";
    let begun = std::time::Instant::now();
    while app.number(UNFINISHED).await > 0 {
        assert!(begun.elapsed() < PATIENCE, "previews are never made");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for video in &videos {
        assert!(ann.video(video).await["storyboardUrl"].is_string());
    }
    const PREVIEWS: &str = "SELECT count(*) FROM job WHERE kind = 'make_previews'";
    assert_eq!(app.number(PREVIEWS).await, videos.len() as i64, "a video became READY twice");
    assert_nothing_is_lost(&app).await;
    let found = app.compare_storage().await;
    app.mend_storage(&found).await;
    assert!(app.compare_storage().await.is_clean());
}
