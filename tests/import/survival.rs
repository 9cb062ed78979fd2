//! Imports that are killed, stopped or crossed.

use std::process::Stdio;
use std::time::{Duration, Instant};

use kinora_tests::served::{Served, command};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Scene;

/// More of them where there is time: `KINORA_IMPORT_FILES=1000`.
fn many() -> usize {
    std::env::var("KINORA_IMPORT_FILES").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

impl Scene {
    fn fill(&self, count: usize) {
        (0..count).for_each(|number| {
            self.clip(&format!("{:02}/clip {number}.mp4", number % 7), &number.to_string())
        });
    }

    /// Starts an import and sends it a signal once so many videos are there.
    async fn interrupted(&self, signal: Signal, after: i64) -> std::process::Output {
        let child =
            self.command("folder", &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        while self.videos().await < after {
            assert!(begun.elapsed() < Duration::from_secs(120), "it never got that far");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        kill(Pid::from_raw(child.id() as i32), signal).unwrap();
        tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap()
    }

    /// Every post has one video, one job, one file; nothing is there twice.
    async fn is_sound(&self, count: usize) {
        for what in [
            "count(*) FROM video",
            "count(DISTINCT source_key) FROM video",
            "count(DISTINCT source_file_name) FROM video",
            "count(*) FROM job",
            "count(*) FROM video_origin WHERE video_id IS NOT NULL",
        ] {
            assert_eq!(self.app.number(&format!("SELECT {what}")).await, count as i64, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_it_ends_without_a_duplicate() {
    let scene = Scene::new().await;
    let count = many();
    scene.fill(count);
    for part in 1..=4 {
        scene.interrupted(Signal::SIGKILL, (count * part / 5) as i64).await;
    }
    let begun = Instant::now();
    let ended = scene.import("folder").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.summary.contains("already here"), "{ended:?}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    scene.is_sound(count).await;
    scene.import("folder").await.went_well(&format!("Imported 0 new videos, {count} already here.\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn control_c_ends_it_after_the_current_file() {
    let scene = Scene::new().await;
    scene.fill(150);
    let ended = scene.interrupted(Signal::SIGINT, 3).await;
    assert_eq!(ended.status.code(), Some(130));
    let summary = String::from_utf8(ended.stdout).unwrap();
    assert!(summary.contains("not come to") && summary.contains("Run the same command again"), "{summary}");
    assert_eq!(scene.import("folder").await.code, Some(0));
    scene.is_sound(150).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_import_for_the_same_account_waits_its_turn() {
    let scene = Scene::new().await;
    scene.fill(100);
    let mut first = scene.command("folder", &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while scene.videos().await == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let second = scene.import("folder").await;
    assert!(second.complaints.contains("Another import for ann is under way"), "{second:?}");
    assert!(tokio::task::spawn_blocking(move || first.wait().unwrap()).await.unwrap().success());
    scene.is_sound(100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_while_the_site_is_stopped_and_beside_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::Builder::new().prefix("kinora-import-").tempdir().unwrap();
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (data, videos) = (place.path().join("data"), place.path().join("videos"));
    std::fs::create_dir(&videos).unwrap();
    let add = |name: &str| std::fs::copy(kinora_tests::clips::SHORT.path(), videos.join(name)).unwrap();
    add("one.mp4");
    let mut served = Served::spawn(&data, &[("KINORA_RUNNER", "off")]);
    served.ready().await;
    kinora_tests::person::Person::sign_up(&served.client(), "ann").await;
    let import = || {
        // Where the server listens is for the import to find out.
        let mut import = command(&["import", "folder"]);
        import.arg(&videos).args(["--as", "ann"]).env("KINORA_DATA_DIR", &data);
        tokio::task::spawn_blocking(move || {
            let done = import.output().unwrap();
            let words = [done.stdout, done.stderr].map(|text| String::from_utf8(text).unwrap());
            words.concat()
        })
    };
    assert_eq!(import().await.unwrap(), "Imported 1 new video.\n");
    served.signal(Signal::SIGTERM);
    served.ended(Duration::from_secs(30)).await;
    add("two.mp4");
    assert_eq!(import().await.unwrap(), "Imported 1 new video, 1 already here.\n");
    // What was imported meanwhile is processed once the site runs again.
    let mut served = Served::spawn(&data, &[]);
    served.ready().await;
    let ann = kinora_tests::person::Person::log_in(&served.client(), "ann").await;
    let begun = Instant::now();
    loop {
        let found = ann.client.query("{ videos { nodes { title state } } }").await.data();
        let nodes = found["videos"]["nodes"].as_array().unwrap().clone();
        if nodes.len() == 2 && nodes.iter().all(|node| node["state"] == "READY") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{found}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
