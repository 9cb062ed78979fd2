//! Pictures that stand still for long: none is shown before its time, wherever a chunk begins.

use kinora_tests::app::TestApp;
use kinora_tests::clips;

use crate::chunks::{likeness, processed, rung};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_the_screen_stays_there_over_the_beginning_of_a_chunk() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder = vec![rung(180)];
    })
    .await;
    let ann = app.person("ann").await;
    let cut = processed(&ann, &app, &clips::CHUNKS_HELD, false).await;
    let whole = processed(&ann, &app, &clips::CHUNKS_HELD, true).await;
    let alike = likeness(&cut.pictures[0].file, &whole.pictures[0].file);
    assert!(alike.len() > 990, "{}", alike.len());
    let worst = alike.iter().enumerate().min_by(|one, other| one.1.total_cmp(other.1)).unwrap();
    assert!(*worst.1 > 30.0, "frame {} is at {} dB", worst.0, worst.1);
}
