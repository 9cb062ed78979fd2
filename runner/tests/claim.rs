//! A runner against a stand-in for the server: whole jobs, and everything that can go wrong around them.
#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod support;

use std::{path::Path, time::Duration};

use kinora_runner::{RunnerConfig, RunnerError, run};
use support::{
    Trial,
    server::{Server, State, config},
};
use tokio_util::sync::CancellationToken;

fn clip(seconds: u32) -> Vec<u8> {
    let args = format!(
        "-f lavfi -i testsrc2=s=320x240:r=30:d={seconds} -f lavfi -i sine=d={seconds} -c:v libx264 -preset ultrafast \
         -c:a aac"
    );
    std::fs::read(Trial::clip(&args, "mp4").folder.source()).unwrap()
}

fn with(sources: Vec<Vec<u8>>) -> State {
    State { sources: sources.into(), ..State::default() }
}

/// Nothing of a job is left, neither files nor programs.
fn assert_clean(work_dir: &Path) {
    let left: Vec<_> = std::fs::read_dir(work_dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".lock"]);
    let mark = work_dir.to_str().unwrap();
    let is_alive = || {
        std::fs::read_dir("/proc").unwrap().filter_map(Result::ok).any(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(mark)
        })
    };
    // What is killed needs a moment to be gone.
    let began = std::time::Instant::now();
    while is_alive() {
        assert!(began.elapsed() < Duration::from_secs(3), "a program is still running");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test]
async fn a_job_is_done_in_spite_of_a_broken_download_and_a_failing_upload() {
    let source = clip(3);
    let state = State { broken_downloads: 2, failing_uploads: 1, ..with(vec![source.clone()]) };
    let server = Server::start(state).await;
    let work_dir = tempfile::tempdir().unwrap();
    let mut runner = server.runner(work_dir.path());
    runner.once = true;
    run(runner, CancellationToken::new()).await.unwrap();

    // The download went on where it broke off.
    let ranges = server.state.lock().unwrap().ranges.clone();
    let half = source.len() / 2;
    assert_eq!(ranges, [format!("bytes={half}-"), format!("bytes={}-", half + (source.len() - half) / 2)]);
    // The upload that failed was signed once more.
    assert_eq!(server.calls("signJobOutputs").len(), 2);
    assert!(server.calls("failJob").is_empty());

    let result = &server.calls("completeJob")[0]["result"];
    let names: Vec<&str> =
        result["renditions"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["240p", "120p", "audio"]);
    assert_eq!((&result["width"], &result["height"]), (&320.into(), &240.into()));
    let stored = server.state.lock().unwrap().stored.clone();
    assert_eq!(stored.len(), 4);
    assert!(stored["/POSTER/null/null"].starts_with(b"\xff\xd8"));
    for call in server.calls("publishChunk") {
        let chunk = &call["chunk"];
        let object = &stored[&format!("/CHUNK/{}/{}", chunk["rendition"].as_str().unwrap(), chunk["index"])];
        assert_eq!(chunk["size"], object.len());
        assert_eq!(&object[4..8], b"ftyp");
        for segment in chunk["segments"].as_array().unwrap() {
            let offset = segment["offset"].as_u64().unwrap() as usize;
            assert_eq!(&object[offset + 4..offset + 8], b"moof");
        }
    }
    let percents: Vec<f64> =
        server.calls("renewLease").iter().filter_map(|c| c["progress"]["percent"].as_f64()).collect();
    assert!(!percents.is_empty() && percents.is_sorted(), "{percents:?}");
    assert_clean(work_dir.path());
}

#[tokio::test]
async fn a_refusal_is_final_and_the_next_job_begins_at_once() {
    let server = Server::start(with(vec![b"no video at all".to_vec(), clip(1)])).await;
    let work_dir = tempfile::tempdir().unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(run(server.runner(work_dir.path()), stop.clone()));
    server.wait_for("failJob", 1).await;
    let began = std::time::Instant::now();
    server.wait_for("leaseJob", 2).await;
    assert!(began.elapsed() < Duration::from_secs(2));
    server.wait_for("completeJob", 1).await;
    let failure = &server.calls("failJob")[0];
    assert_eq!((&failure["code"], &failure["retry"]), (&"MEDIA_UNSUPPORTED_CONTAINER".into(), &false.into()));
    stop.cancel();
    running.await.unwrap().unwrap();
    assert_clean(work_dir.path());
}

#[tokio::test]
async fn a_lease_that_ends_with_its_job_is_not_lost() {
    // Longer than from one report of progress to the next.
    let state = State { slow_completion: Duration::from_secs(3), ..with(vec![clip(1)]) };
    let server = Server::start(state).await;
    let work_dir = tempfile::tempdir().unwrap();
    let runner = RunnerConfig { once: true, ..server.runner(work_dir.path()) };
    run(runner, CancellationToken::new()).await.unwrap();
    let operations: Vec<String> =
        server.state.lock().unwrap().operations.iter().map(|(name, _)| name.clone()).collect();
    let completed = operations.iter().position(|name| name == "completeJob").unwrap();
    assert!(operations[completed..].iter().any(|name| name == "renewLease"), "{operations:?}");
}

#[tokio::test]
async fn a_lost_lease_ends_the_work_without_a_word() {
    let server = Server::start(with(vec![clip(60)])).await;
    let work_dir = tempfile::tempdir().unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(run(server.runner(work_dir.path()), stop.clone()));
    server.wait_for("renewLease", 2).await;
    server.state.lock().unwrap().lease_is_lost = true;
    // It asks for other work as soon as this is dropped.
    server.wait_for("leaseJob", 2).await;
    assert!(server.calls("failJob").is_empty() && server.calls("completeJob").is_empty());
    stop.cancel();
    running.await.unwrap().unwrap();
    assert_clean(work_dir.path());
}

#[tokio::test]
async fn a_runner_that_is_stopped_gives_its_job_back() {
    let server = Server::start(with(vec![clip(60)])).await;
    let work_dir = tempfile::tempdir().unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(run(server.runner(work_dir.path()), stop.clone()));
    server.wait_for("renewLease", 2).await;
    stop.cancel();
    running.await.unwrap().unwrap();
    let given_back = server.calls("failJob");
    assert_eq!((&given_back[0]["code"], &given_back[0]["retry"]), (&"RUNNER_STOPPED".into(), &true.into()));
    assert_clean(work_dir.path());
}

#[tokio::test]
async fn a_storage_that_stays_away_is_no_fault_of_the_source() {
    let state = State { failing_uploads: 1_000, ..with(vec![clip(1)]) };
    let server = Server::start(state).await;
    let work_dir = tempfile::tempdir().unwrap();
    let mut runner = server.runner(work_dir.path());
    runner.once = true;
    let outcome = run(runner, CancellationToken::new()).await;
    assert!(matches!(outcome, Err(RunnerError::JobNotDone)), "{outcome:?}");
    let failure = &server.calls("failJob")[0];
    assert_eq!((&failure["code"], &failure["retry"]), (&"STORAGE_UNAVAILABLE".into(), &true.into()));
    assert_clean(work_dir.path());
}

#[tokio::test]
async fn a_refused_token_is_said_and_ends_the_runner() {
    let server = Server::start(State { token_is_refused: true, ..State::default() }).await;
    let work_dir = tempfile::tempdir().unwrap();
    let outcome = run(server.runner(work_dir.path()), CancellationToken::new()).await;
    assert!(matches!(outcome, Err(RunnerError::TokenRefused(_))));
    assert_clean(work_dir.path());
}

#[tokio::test]
async fn a_server_that_is_away_is_waited_for() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let work_dir = tempfile::tempdir().unwrap();
    let mut runner = config(address, work_dir.path());
    runner.once = true;
    let running = tokio::spawn(run(runner, CancellationToken::new()));
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert!(!running.is_finished());
    let server = Server::start_at(address, with(vec![clip(1)])).await;
    running.await.unwrap().unwrap();
    assert_eq!(server.calls("completeJob").len(), 1);
    assert_clean(work_dir.path());
}
