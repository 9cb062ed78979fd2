//! How long sound lasts beside the pictures.

use kinora_tests::app::TestApp;
use kinora_tests::clips;

use crate::published::publish;

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_ends_before_the_pictures_is_silent_to_their_end() {
    let app = TestApp::start_processing().await;
    let ann = app.person("ann").await;
    let cut = publish(&ann, &clips::CHUNKS_QUIET_END).await;
    let sound = cut.sound.as_ref().unwrap();
    let (pictures_ms, sound_ms) = (cut.pictures[0].duration_ms("v"), sound.duration_ms("a"));
    // One of the two that ends early is where a player in a browser stops, until it has the other one whole.
    assert!((pictures_ms - sound_ms).abs() < 100.0, "{pictures_ms} and {sound_ms} ms");
}
