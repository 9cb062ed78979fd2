//! A site, somebody with a token, and a machine with files to send from: what tests of `kinora upload` begin with.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use kinora_tests::fake_runner::FakeRunner;
use kinora_tests::person::Person;
use kinora_tests::served::{Served, command};
use serde_json::{Value, json};

use crate::Place;
use crate::survival::postgres_gone;

pub const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(10);
pub const PART_BYTES: u64 = 8 << 20;
/// Takes a second or two to send, so that there is a middle.
pub const LARGE_BYTES: u64 = 40 * PART_BYTES + 12_345;

/// A site, somebody with a token, and a machine to upload from.
pub struct Desk {
    pub place: Place,
    pub served: Served,
    pub ann: Person,
    pub token: String,
}

impl Desk {
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let place = Place::new();
        let mut served = Served::spawn(&place.data(), settings);
        served.ready().await;
        let ann = Person::sign_up(&served.client(), "ann").await;
        let token = ann.api_token("UPLOAD").await;
        Self { place, served, ann, token }
    }

    /// Without a runner: what arrives stays as it is.
    pub async fn new() -> Self {
        Self::with(&[("KINORA_RUNNER", "off")]).await
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.place.folder.path().join(name)
    }

    /// A file with holes, in which every part is another one.
    pub fn large_file(&self, name: &str, size: u64) -> PathBuf {
        let path = self.path(name);
        let file = File::create(&path).unwrap();
        file.set_len(size).unwrap();
        for offset in (0..size - 8).step_by(1 << 20) {
            file.write_all_at(&offset.to_le_bytes(), offset).unwrap();
        }
        path
    }

    /// `kinora upload --json` with everything but the files.
    pub fn upload(&self) -> Command {
        let mut command = command(&["upload", "--json"]);
        command
            .env("KINORA_SERVER", self.served.url.as_str())
            .env("KINORA_TOKEN", &self.token)
            .env("XDG_STATE_HOME", self.path("state"));
        command
    }

    /// Runs it to its end: the exit code, the objects on standard output, and what it said beside.
    pub async fn run(&self, mut command: Command) -> (i32, Vec<Value>, String) {
        let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let words = String::from_utf8(done.stderr).unwrap();
        let lines = String::from_utf8(done.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}\n{words}")))
            .collect();
        (done.status.code().unwrap(), lines, words)
    }

    pub async fn send(&self, file: &Path) -> Value {
        let mut command = self.upload();
        command.arg(file);
        let (code, mut lines, words) = self.run(command).await;
        assert_eq!((code, lines.len()), (0, 1), "{lines:?} {words}");
        lines.remove(0)
    }

    pub fn remembered(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.path("state/kinora/uploads")) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// The upload that the machine remembers, once it does.
    pub async fn begun(&self) -> String {
        let begun = Instant::now();
        loop {
            let found = self
                .remembered()
                .first()
                .and_then(|path| serde_json::from_slice::<Value>(&std::fs::read(path).ok()?).ok());
            if let Some(record) = found {
                return record["upload_id"].as_str().unwrap().to_owned();
            }
            assert!(begun.elapsed() < PATIENCE, "no upload was begun");
            tokio::time::sleep(POLL).await;
        }
    }

    pub async fn upload_of(&self, id: &str) -> Value {
        const UPLOAD: &str = "query ($id: ID!) { upload(id: $id) { state modifiedAt partCount receivedParts { number size } video { id } } }";
        self.ann.run(UPLOAD, json!({ "id": id })).await.data()["upload"].take()
    }

    /// Waits until the Postgres of a server that was killed has ended too.
    pub async fn postgres_gone(&self) {
        postgres_gone(&self.place.data()).await;
    }

    /// Waits until the store holds some parts and not all.
    pub async fn in_the_middle(&self, id: &str) -> Value {
        let begun = Instant::now();
        loop {
            let upload = self.upload_of(id).await;
            let received = upload["receivedParts"].as_array().unwrap().len();
            if received >= 3 {
                assert_eq!(upload["state"], "UPLOADING", "it was too quick: {upload}");
                return upload;
            }
            assert!(begun.elapsed() < PATIENCE, "no part arrives: {upload}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Compares the only video's file in the store with the one on this machine.
    pub async fn arrived_as(&self, file: &Path) {
        let done = command(&["token", "create", "--name", "reader"])
            .env("KINORA_DATA_DIR", self.place.data())
            .output()
            .unwrap();
        let token = String::from_utf8(done.stdout).unwrap().trim().to_owned();
        let job = FakeRunner::new(&self.served.client(), &token).lease().await.unwrap();
        let url = job["source"]["url"].as_str().unwrap();
        let stored = self.served.client().get(url).await.bytes().await.unwrap();
        assert!(stored == std::fs::read(file).unwrap(), "the file in the store is another one");
    }
}

/// The bytes of these parts together.
pub fn sum(parts: &Value) -> u64 {
    parts.as_array().unwrap().iter().map(|part| part["size"].as_u64().unwrap()).sum()
}
