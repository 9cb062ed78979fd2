//! Files that are no videos: each ends FAILED with its code and a sentence, nothing that they name is read, and the
//! runner goes on.

use std::fs::{File, FileTimes};
use std::path::Path;
use std::time::{Duration, SystemTime};

use kinora_server::ladder::Rung;
use kinora_tests::app::TestApp;
use kinora_tests::clips::{self, Broken};
use kinora_tests::skipped;

use crate::published::PATIENCE;

/// From the end of one job to the start of the next.
const NEXT_WITHIN_S: i64 = 5;

/// A file of which the file system tells when it was last read.
struct Watched<'a> {
    path: &'a Path,
    read_at: SystemTime,
}

impl<'a> Watched<'a> {
    /// As if it had been read long ago, and written since: then every file system that takes note of reading does so.
    fn new(path: &'a Path) -> Self {
        let read_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let times = FileTimes::new().set_accessed(read_at).set_modified(read_at + Duration::from_secs(1));
        File::options().write(true).open(path).unwrap().set_times(times).unwrap();
        Self { path, read_at }
    }

    fn was_read(&self) -> bool {
        std::fs::metadata(self.path).unwrap().accessed().unwrap() != self.read_at
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_file_fails_with_its_code_and_a_sentence_and_the_runner_lives_on() {
    let app = TestApp::start_with(|config| {
        config.embedded_runner = true;
        config.ladder = vec![Rung::new(180, 300_000)];
    })
    .await;
    let ann = app.person("ann").await;
    let path = clips::CANARY.path();
    let files = Broken::ALL.map(|broken| (broken, std::fs::read(broken.path(&path)).unwrap()));
    let canary = Watched::new(&path);
    let mut sent = Vec::new();
    for (broken, bytes) in files {
        sent.push((broken, ann.upload(&format!("{}.mp4", broken.name()), "video/mp4", &bytes).await));
    }
    let good = ann.upload_clip(&clips::SHORT).await;
    let mut wrong = Vec::new();
    for (broken, video) in sent {
        let outcome = ann.outcome(&video, PATIENCE).await;
        let failure = &outcome["failure"];
        if outcome["state"] != "FAILED" || failure["code"] != broken.expected_code() {
            wrong.push(format!("{}: {} {failure}", broken.name(), outcome["state"]));
        }
        let message = failure["message"].as_str().unwrap_or_default();
        if message.len() < 20 || message.contains("ffmpeg") || message.contains('/') {
            wrong.push(format!("{}: not for people: {message:?}", broken.name()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    ann.ready(&good, PATIENCE).await;
    assert!(!canary.was_read(), "a file that was named was read");
    // Of those in which something waited to be done.
    const LONGEST_PAUSE: &str = "SELECT coalesce(max(ceil(extract(epoch FROM leased_at - greatest(run_after, \
        last)))), 0)::bigint FROM (SELECT leased_at, run_after, max(finished_at) OVER (ORDER BY leased_at ROWS \
        BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS last FROM job WHERE leased_at IS NOT NULL) job";
    let pause_s = app.number(LONGEST_PAUSE).await;
    assert!(pause_s <= NEXT_WITHIN_S, "after a bad file nothing was done for {pause_s} s");
    std::fs::read(&path).unwrap();
    if !canary.was_read() {
        skipped("this file system does not tell that a file was read");
    }
}
