//! Parts in processes of their own: a runner, a database and a store that were there before.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kinora_tests::clips;
use kinora_tests::person::Person;
use kinora_tests::served::{Served, command, free_port};
use serde_json::json;
use tempfile::TempDir;

use crate::Place;

const PATIENCE: Duration = Duration::from_secs(60);

/// The token of a runner, made as an administrator makes it.
pub fn runner_token(place: &Place, settings: &[(&str, &str)]) -> String {
    token(place, settings, &["token", "create", "--name", "elsewhere"], "kn_")
}

fn registration_token(place: &Place) -> String {
    token(place, &[], &["token", "create", "--runner", "--name", "elsewhere"], "knr_")
}

fn token(place: &Place, settings: &[(&str, &str)], arguments: &[&str], prefix: &str) -> String {
    let mut command = command(arguments);
    command.env("KINORA_DATA_DIR", place.data()).envs(settings.iter().copied());
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout)
        .unwrap()
        .split_whitespace()
        .find(|word| word.starts_with(prefix))
        .unwrap()
        .to_owned()
}

/// A machine: a folder in which its runner keeps its credential.
struct Machine {
    state: TempDir,
}

impl Machine {
    fn new() -> Self {
        Self { state: tempfile::tempdir().unwrap() }
    }

    fn start(&self, server: &str, arguments: &[&str]) -> Served {
        let mut command = command(&["runner", "--server", server]);
        command.args(arguments).env("XDG_STATE_HOME", self.state.path()).env("RUST_LOG", "info");
        Served::follow(&mut command, 0)
    }

    /// Runs until it ends by itself; its code and its words.
    async fn run(&self, server: &str, arguments: &[&str]) -> (Option<i32>, String) {
        let mut runner = self.start(server, arguments);
        let status = runner.ended(PATIENCE).await;
        (status.code(), runner.words())
    }

    /// The files that it keeps, with their permissions and what is in them.
    fn files(&self) -> Vec<(PathBuf, u32, String)> {
        let folder = self.state.path().join("kinora-runner");
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        entries
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                let text = std::fs::read_to_string(&path).unwrap();
                (path, mode, text)
            })
            .filter(|(_, _, text)| !text.is_empty())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_registers_once_and_needs_its_token_no_more() {
    let place = Place::new();
    let mut served = Served::spawn(&place.data(), &[("KINORA_RUNNER", "off")]);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    let server = served.url.as_str();
    let machine = Machine::new();

    let (code, words) = machine.run(server, &["--once"]).await;
    assert_eq!(code, Some(77), "{words}");
    assert!(words.contains("not a runner of") && words.contains("token create --runner"), "{words}");

    let token = registration_token(&place);
    let first = ann.upload_clip(&clips::SHORT).await;
    let (code, words) = machine.run(server, &["--token", &token, "--once"]).await;
    assert_eq!(code, Some(0), "{words}");
    assert!(!words.contains(&token), "the token is in the log");
    let files = machine.files();
    let [(_, mode, kept)] = &files[..] else { panic!("{files:?}") };
    assert_eq!(*mode, 0o600);
    assert!(kept.contains("kn_") && !kept.contains(&token), "{kept}");

    // The same command again, and without the token: the same runner. There may be parts left of the first video, and its
    // previews.
    let mut turns = 0;
    while ann.video(&first).await["storyboardUrl"].is_null() {
        let with_token: &[&str] = if turns % 2 == 0 { &["--once"] } else { &["--token", &token, "--once"] };
        let (code, words) = machine.run(server, with_token).await;
        assert_eq!(code, Some(0), "{words}");
        turns += 1;
    }
    assert_eq!(machine.files(), files);
    let (code, words) = machine.run(server, &["--once", "--wait", "1"]).await;
    assert_eq!(code, Some(0), "no work is no failure: {words}");

    // Another machine with the same token is told so, and keeps nothing of it.
    let other = Machine::new();
    let (code, words) = other.run(server, &["--token", &token, "--once"]).await;
    assert_eq!(code, Some(77), "{words}");
    assert!(words.contains("used already"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_runner_says_so_and_ends() {
    let place = Place::new();
    let mut served = Served::spawn(&place.data(), &[("KINORA_RUNNER", "off")]);
    served.ready().await;
    let admin = Person::sign_up(&served.client(), "admin").await;
    let done = command(&["user", "promote", "admin"]).env("KINORA_DATA_DIR", place.data()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let machine = Machine::new();
    let mut runner =
        machine.start(served.url.as_str(), &["--token", &registration_token(&place), "--name", "cellar"]);
    const RUNNERS: &str =
        "{ runners { nodes { id name online capabilities { ffmpegVersion encoders jobs containment } } } }";
    let id = loop {
        let mut found = admin.client.query(RUNNERS).await.data()["runners"]["nodes"].take();
        if found[0]["capabilities"].is_object() {
            assert_eq!((&found[0]["name"], &found[0]["online"]), (&json!("cellar"), &json!(true)));
            let said = &found[0]["capabilities"];
            assert!(said["encoders"].as_array().unwrap().contains(&json!("libx264")), "{said}");
            assert!(
                said["ffmpegVersion"]
                    .as_str()
                    .unwrap()
                    .starts_with(|first: char| first.is_ascii_alphanumeric())
            );
            break found[0]["id"].take();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    admin.run("mutation ($id: ID!) { revokeRunner(id: $id) { state } }", json!({ "id": id })).await.data();
    let status = runner.ended(PATIENCE).await;
    assert_eq!(status.code(), Some(77), "{}", runner.words());
    assert!(runner.words().contains("revoked by an administrator"), "{}", runner.words());
}

/// The answer is lost with the connection; the machine asks again, and a restart goes on with what was begun.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_a_registration_costs_nothing() {
    let place = Place::new();
    let mut served = Served::spawn(&place.data(), &[("KINORA_RUNNER", "off")]);
    served.ready().await;
    let machine = Machine::new();
    let token = registration_token(&place);
    // A port at which nobody answers in time: whoever connects is cut off after having been heard.
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = deaf.local_addr().unwrap();
    let upstream = served.url.clone();
    let answered = Arc::new(AtomicUsize::new(0));
    let (count, cut) = (answered.clone(), 2);
    tokio::spawn(async move {
        while let Ok((mut from, _)) = deaf.accept().await {
            let (host, port) = (upstream.host_str().unwrap().to_owned(), upstream.port().unwrap());
            let mut to = tokio::net::TcpStream::connect((host, port)).await.unwrap();
            if count.fetch_add(1, Ordering::SeqCst) < cut {
                // The request goes through, the answer is thrown away.
                let (mut from_read, _from_write) = from.split();
                let (mut to_read, mut to_write) = to.split();
                let mut answer = [0; 1];
                tokio::select! {
                    _ = tokio::io::copy(&mut from_read, &mut to_write) => {}
                    _ = tokio::io::AsyncReadExt::read(&mut to_read, &mut answer) => {}
                }
            } else {
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut from, &mut to).await });
            }
        }
    });
    let server = format!("http://{at}");
    let (code, words) = machine.run(&server, &["--token", &token, "--once", "--wait", "1"]).await;
    assert_eq!(code, Some(0), "{words}");
    assert!(answered.load(Ordering::SeqCst) > 2, "{words}");
    assert_eq!(machine.files().len(), 1, "nothing is left half done: {:?}", machine.files());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_elsewhere_processes_a_video_and_ends() {
    let place = Place::new();
    let mut served = Served::spawn(&place.data(), &[("KINORA_RUNNER", "off")]);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    let video = ann.upload_clip(&clips::SHORT).await;
    let token = runner_token(&place, &[]);
    let mut command = command(&["runner", "--server", served.url.as_str(), "--token", &token, "--once"]);
    let mut runner = Served::follow(&mut command, 0);
    let status = runner.ended(PATIENCE).await;
    assert_eq!(status.code(), Some(0), "{}", runner.words());
    assert_eq!(ann.video(&video).await["state"], "READY", "{}", runner.words());
    assert!(!runner.words().contains(&token), "the token is in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outside_database_and_store_serve_the_same_site() {
    // One server lends its Postgres, and a store runs alone; to the other server, both are just addresses.
    let (lender_place, store_place, place) = (Place::new(), Place::empty(), Place::empty());
    let mut lender = Served::spawn(&lender_place.data(), &[("KINORA_RUNNER", "off")]);
    lender.ready().await;
    let socket = lender_place.data().join("postgres/socket");
    let database = format!("postgres://kinora@localhost/kinora?host={}", socket.display());
    let keys =
        [("S3_ACCESS_KEY_ID", "an-access-key"), ("S3_SECRET_ACCESS_KEY", "a-secret-key-of-the-tests-only")];
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut alone = command(&["storage", "--listen", &listen]);
    alone.arg("--folder").arg(store_place.data()).envs(keys);
    let store = Served::follow(&mut alone, port);
    store.says("The store is ready").await;
    let endpoint = store.url.to_string();
    let settings =
        [("DATABASE_URL", database.as_str()), ("S3_ENDPOINT", endpoint.as_str()), keys[0], keys[1]];
    let mut served = Served::spawn(&place.data(), &settings);
    served.ready().await;
    let ann = Person::sign_up(&served.client(), "ann").await;
    let video = ann.upload_clip(&clips::SHORT).await;
    ann.ready(&video, PATIENCE).await;
    assert!(!place.data().join("postgres").exists(), "no database of its own");
    assert!(!place.data().join("store").exists(), "no store of its own");
}
