//! What happens to machines: they freeze, restart, lose their database, and their store answers nonsense. Nothing is
//! lost, and everything goes on by itself.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use kinora_server::config::S3Settings;
use kinora_server::ladder::Rung;
use kinora_tests::app::TestApp;
use kinora_tests::clips;
use kinora_tests::fake_runner::FakeRunner;
use kinora_tests::other_store::OtherStore;
use kinora_tests::person::Person;
use kinora_tests::served::{Served, free_port};
use kinora_tests::skipped;
use kinora_tests::weather::Weather;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::Place;
use crate::chunks::{PATIENCE, runner, until};
use crate::runner::runner_token;
use crate::store::SmallDisk;
use crate::survival::{postgres_gone, postgres_of};

const SOON: Duration = Duration::from_secs(15);
/// So often a runner asks whether its lease is good.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// After whatever happened: every chunk is there once, every object that is named exists, and nothing is half done.
pub async fn assert_nothing_is_lost(app: &TestApp) {
    const TWICE: &str =
        "SELECT count(*) FROM (SELECT FROM chunk GROUP BY rendition_id, index HAVING count(*) > 1) x";
    assert_eq!(app.number(TWICE).await, 0, "a chunk was published twice");
    assert_eq!(
        app.number("SELECT count(*) FROM job WHERE state = 'leased' AND kind <> 'make_previews'").await,
        0
    );
    let found = app.compare_storage().await;
    assert!(found.damaged.is_empty() && found.lost.is_empty(), "{found:?}");
    assert!(found.without_source.is_empty() && found.orphan_multiparts.is_empty(), "{found:?}");
}

/// A process and all that it started.
fn family(of: Pid) -> Vec<Pid> {
    let mut all = vec![of];
    let mut at = 0;
    while let Some(parent) = all.get(at).copied() {
        let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
        for task in tasks {
            let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            all.extend(children.split_whitespace().filter_map(|pid| pid.parse().ok().map(Pid::from_raw)));
        }
        at += 1;
    }
    all
}

/// Stops what runs `program` among all that `of` started. Whether there was any.
fn stop_all(of: Pid, program: &str) -> bool {
    let runs_it = |pid: &Pid| {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        name.trim_end() == program
    };
    // One that has ended since is not there to be stopped.
    family(of).into_iter().filter(runs_it).filter(|pid| kill(*pid, Signal::SIGSTOP).is_ok()).count() > 0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_froze_and_came_back_spoils_nothing() {
    let rung = |short_side| Rung::new(short_side, 500_000);
    let app = TestApp::start_with(|config| config.ladder = vec![rung(360), rung(180)]).await;
    let ann = app.person("ann").await;
    let frozen = runner(&app, "frozen").await;
    let video = ann.upload_clip(&clips::CHUNKS).await;
    until(&app, "SELECT count(*) FROM job WHERE kind = 'encode_chunk' AND state = 'leased'").await;
    let began = Instant::now();
    let all = loop {
        let all = family(frozen.pid());
        if all.len() > 1 {
            break all;
        }
        assert!(began.elapsed() < SOON, "it has started nothing");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    for pid in &all {
        let _ = kill(*pid, Signal::SIGSTOP);
    }
    // Two minutes of silence, without the minutes.
    app.sql("UPDATE job SET lease_expires_at = now() - interval '1 s' WHERE state = 'leased'").await;
    let _other = runner(&app, "other").await;
    until(&app, "SELECT count(*) FROM job JOIN runner r ON r.id = runner_id WHERE name = 'other'").await;
    for pid in all.iter().rev() {
        let _ = kill(*pid, Signal::SIGCONT);
    }
    ann.ready(&video, PATIENCE).await;
    assert_nothing_is_lost(&app).await;
    assert_eq!(app.number("SELECT count(*) FROM job WHERE crashes > 1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_told_to_stop_gives_its_work_back_at_once() {
    let app = TestApp::start_with(|config| config.ladder = vec![Rung::new(180, 500_000)]).await;
    let ann = app.person("ann").await;
    let mut stopped = runner(&app, "stopped").await;
    let video = ann.upload_clip(&clips::CHUNKS).await;
    until(&app, "SELECT count(*) FROM job WHERE kind = 'encode_chunk' AND state = 'leased'").await;
    let began = Instant::now();
    stopped.signal(Signal::SIGTERM);
    assert_eq!(stopped.ended(SOON).await.code(), Some(0), "{}", stopped.words());
    assert_eq!(app.number("SELECT count(*) FROM job WHERE state = 'leased'").await, 0);
    let _other = runner(&app, "other").await;
    ann.ready(&video, PATIENCE).await;
    assert!(began.elapsed() < Duration::from_secs(50), "nobody waited for a lease to run out");
    assert_eq!(app.number("SELECT count(*) FROM job WHERE crashes > 0").await, 0);
    assert_nothing_is_lost(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_is_deleted_in_mid_encode_is_worked_on_no_more() {
    let rung = |short_side| Rung::new(short_side, 500_000);
    let app = TestApp::start_with(|config| config.ladder = vec![rung(240), rung(180)]).await;
    let ann = app.person("ann").await;
    let one = runner(&app, "one").await;
    let video = ann.upload_clip(&clips::CHUNKS_VP9).await;
    until(&app, "SELECT count(*) FROM job WHERE kind = 'encode_chunk' AND state = 'leased'").await;
    let began = Instant::now();
    // Nothing that stands still ends by itself. What is forked but not yet another program is still the runner: it
    // is left alone, or whoever forked it would wait for it to go on.
    while !stop_all(one.pid(), "ffmpeg") {
        assert!(began.elapsed() < SOON, "it has started nothing");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    ann.run("mutation ($id: ID!) { deleteVideo(id: $id) }", serde_json::json!({ "id": video })).await.data();
    let began = Instant::now();
    while family(one.pid()).len() > 1 {
        assert!(began.elapsed() < 2 * HEARTBEAT, "it goes on:\n{}", one.words());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let next = ann.upload_clip(&clips::SHORT).await;
    ann.ready(&next, PATIENCE).await;
    assert_eq!(app.number("SELECT count(*) FROM job WHERE error IS NOT NULL").await, 0, "nobody is to blame");
    // What was on its way to the store just then is nobody's.
    let found = app.compare_storage().await;
    app.mend_storage(&found).await;
    assert_nothing_is_lost(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_leases_outlast_a_server_that_is_killed() {
    let place = Place::new();
    let port = free_port();
    let settings = [("KINORA_RUNNER", "off"), ("KINORA_RATE_LIMITS", "off")];
    let mut served = Served::spawn_on(port, &place.data(), &settings);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    let fake = FakeRunner::new(&served.client(), &runner_token(&place, &[]));
    let mut jobs = Vec::new();
    for _ in 0..20 {
        ann.upload("a.mp4", "video/mp4", b"any bytes").await;
        jobs.push(fake.lease().await.unwrap());
    }
    served.signal(Signal::SIGKILL);
    served.ended(SOON).await;
    postgres_gone(&place.data()).await;
    served = Served::spawn_on(port, &place.data(), &settings);
    served.ready().await;
    let different: HashSet<&Value> = jobs.iter().map(|job| &job["videoId"]).collect();
    assert_eq!(different.len(), 20);
    for job in &jobs {
        assert!(!fake.renew(&job["lease"]["id"]).await.failed(), "a lease is lost");
        fake.finish(job).await;
        assert_eq!(ann.video(job["videoId"].as_str().unwrap()).await["state"], "READY");
    }
    assert_eq!(fake.lease().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_jobs_are_raced_for_and_each_is_got_once() {
    const JOBS: i64 = 1_000;
    let app = TestApp::start().await;
    let ann = app.person("ann").await;
    ann.upload("a.mp4", "video/mp4", b"any bytes").await;
    app.sql(&format!(
        "INSERT INTO job (id, kind, video_id, state, priority, attempts, crashes, attempt_base)
         SELECT n, 'make_poster', (SELECT id FROM video), 'queued', 0, 0, 0, 0 FROM generate_series(1, {JOBS}) n"
    ))
    .await;
    let mut racing = Vec::new();
    for name in ["one", "two"] {
        let fake = app.fake_runner(name).await;
        for _ in 0..4 {
            let fake = fake.clone();
            racing.push(async move {
                let mut got = Vec::new();
                while let Some(job) = fake.lease_part().await {
                    got.push(job["id"].as_str().unwrap().to_owned());
                }
                got
            });
        }
    }
    let got: Vec<String> = futures::future::join_all(racing).await.concat();
    let different: HashSet<&String> = got.iter().collect();
    assert_eq!((got.len() as i64, different.len() as i64), (JOBS, JOBS));
    assert_eq!(app.number("SELECT max(attempts)::bigint FROM job WHERE kind = 'make_poster'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_bad_weather_delays_a_video_and_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = OtherStore::start(folder.path()).await;
    let settings = store.settings();
    let weather = Weather::over(settings.endpoint.port().unwrap()).await;
    let app = TestApp::start_with(|config| {
        config.s3 = Some(S3Settings { endpoint: weather.url(), ..settings });
        config.embedded_runner = true;
        config.ladder = vec![Rung::new(180, 500_000)];
    })
    .await;
    let ann = app.person("ann").await;
    let video = ann.upload_clip(&clips::CHUNKS).await;
    weather.storm();
    let began = Instant::now();
    while weather.struck() < 5 || began.elapsed() < Duration::from_secs(15) {
        assert!(began.elapsed() < PATIENCE, "{} connections were struck", weather.struck());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(ann.standing(&video).await["state"], "PROCESSING");
    weather.calm();
    // Whoever gave up waits for half a minute before it looks again.
    ann.ready(&video, PATIENCE).await;
    assert_eq!(
        app.number("SELECT count(*) FROM job WHERE attempts - excused > 1").await,
        0,
        "no job is to blame"
    );
    assert_nothing_is_lost(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_whose_disk_is_full_leaves_the_video_to_another() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = SmallDisk::mount(folder.path(), 8) else {
        return skipped("this user may not mount a small disk to fill");
    };
    let app = TestApp::start_with(|config| config.ladder = vec![Rung::new(180, 500_000)]).await;
    let ann = app.person("ann").await;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let cramped = crate::chunks::runner_in(&app, "cramped", folder.path()).await;
    let video = ann.upload_clip(&clips::CHUNKS).await;
    until(&app, "SELECT count(*) FROM job WHERE error LIKE '%RUNNER_OUT_OF_DISK%'").await;
    assert_eq!(ann.video(&video).await["state"], "PROCESSING");
    drop(cramped);
    let _roomy = runner(&app, "roomy").await;
    app.sql("UPDATE job SET run_after = now() WHERE state = 'queued'").await;
    ann.ready(&video, PATIENCE).await;
    assert_nothing_is_lost(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_stands_still_is_told_and_the_site_goes_on_after_it() {
    const STANDSTILL: Duration = Duration::from_secs(30);
    let place = Place::new();
    let mut served = Served::spawn(&place.data(), &[]);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    let all = family(postgres_of(&place.data()).unwrap());
    for pid in &all {
        // Some of its helpers come and go.
        let _ = kill(*pid, Signal::SIGSTOP);
    }
    let began = Instant::now();
    let mut told = 0;
    while began.elapsed() < STANDSTILL {
        let asked = Instant::now();
        let answer = served.client().request(reqwest::Method::GET, "/browse").send().await;
        assert!(answer.is_ok_and(|answer| answer.status().is_success()), "the site itself needs no database");
        let ask = served.client().request(reqwest::Method::POST, "/graphql");
        let ask = ask.json(&serde_json::json!({ "query": "{ videos(first: 1) { nodes { id } } }" })).send();
        // What had a connection in hand waits for its answer as long as that takes.
        if let Ok(Ok(answer)) = tokio::time::timeout(Duration::from_secs(20), ask).await {
            assert_eq!(answer.status().as_u16(), 503, "after {:?}", asked.elapsed());
            assert!(answer.headers().contains_key("retry-after"));
            told += 1;
        }
    }
    assert!(told > 0, "nobody was told");
    for pid in all.iter().rev() {
        let _ = kill(*pid, Signal::SIGCONT);
    }
    // The loops that work by themselves live on: a video is processed to its end.
    let began = Instant::now();
    let video = loop {
        let reply = ann.create_upload("a.mp4", "video/mp4", 9).await;
        if !reply.failed() {
            break ann.upload_clip(&clips::SHORT).await;
        }
        assert!(began.elapsed() < SOON, "{}", reply.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    ann.ready(&video, Duration::from_secs(75)).await;
}
