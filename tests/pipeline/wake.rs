//! How a runner learns of work when the news is lost.

use std::time::Duration;

use kinora_tests::app::TestApp;
use kinora_tests::clips;

/// The poll's interval, and the work itself.
const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_notification_delays_work_and_loses_none() {
    let app = TestApp::start_processing().await;
    let ann = app.person("ann").await;
    // From now on no notification is sent in this database.
    app.sql(
        "CREATE OR REPLACE FUNCTION pg_catalog.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT'",
    )
    .await;
    let video = ann.upload_clip(&clips::SHORT).await;
    ann.ready(&video, SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_to_the_database_is_made_again() {
    let app = TestApp::start_processing().await;
    let ann = app.person("ann").await;
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    app.sql(others).await;
    let video = ann.upload_clip(&clips::SHORT).await;
    ann.ready(&video, SOON).await;
}
