//! `kinora import`, run as people run it, on folders as the downloaders leave them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod bucket;
mod folder;
mod instaloader;
mod strange;
mod survival;
mod ytdlp;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kinora_tests::app::TestApp;
use kinora_tests::clips;
use kinora_tests::person::Person;
use kinora_tests::served::command;
use serde_json::Value;
use tempfile::TempDir;

/// A running site, somebody to import for, and a folder to import from.
struct Scene {
    app: TestApp,
    ann: Person,
    folder: TempDir,
}

/// How an import ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    summary: String,
    complaints: String,
}

impl Scene {
    async fn new() -> Self {
        Self::of(TestApp::start().await).await
    }

    async fn of(app: TestApp) -> Self {
        let ann = app.person("ann").await;
        Self { app, ann, folder: tempfile::tempdir().unwrap() }
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Where a file of that name goes; the folders above it are made.
    fn path(&self, name: &str) -> PathBuf {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// A clip of less than a second, different for each `salt`.
    fn clip(&self, name: &str, salt: &str) {
        let mut bytes = clips::SHORT.bytes();
        bytes.extend(salt.as_bytes());
        self.write(name, bytes);
    }

    /// A picture of whatever kind the name ends with.
    fn picture(&self, name: &str, size: &str) {
        let done = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", &format!("testsrc2=s={size}")])
            .args(["-frames:v", "1"])
            .arg(self.path(name))
            .status()
            .unwrap();
        assert!(done.success());
    }

    /// The command, ready to be run.
    fn command(&self, kind: &str, more: &[&str]) -> Command {
        let mut command = command(&["import", kind]);
        command
            .arg(self.root())
            .args(["--as", "ann"])
            .args(more)
            .env("KINORA_DATA_DIR", &self.app.data_dir)
            .env("DATABASE_URL", self.app.database_url.as_str());
        command
    }

    async fn import(&self, kind: &str) -> Ended {
        self.import_with(kind, &[]).await
    }

    async fn import_with(&self, kind: &str, more: &[&str]) -> Ended {
        let mut command = self.command(kind, more);
        let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        Ended {
            code: done.status.code(),
            summary: String::from_utf8(done.stdout).unwrap(),
            complaints: String::from_utf8(done.stderr).unwrap(),
        }
    }

    async fn videos(&self) -> i64 {
        self.app.number("SELECT count(*) FROM video").await
    }

    /// The id of the only video with that title.
    async fn id_of(&self, title: &str) -> String {
        let query = format!("SELECT id FROM video WHERE title = '{title}'");
        kinora_entity::VideoId(self.app.number(&query).await).to_string()
    }

    /// What a page is told of a video.
    async fn video(&self, id: &str) -> Value {
        let query = format!(
            r#"{{ video(id: "{id}") {{ title description state durationMs width height slides tags {{ name }}
                origin {{ url author postedAt }} }} }}"#
        );
        self.ann.client.query(&query).await.data()["video"].take()
    }
}

impl Ended {
    /// It ended well and says so.
    #[track_caller]
    fn went_well(&self, summary: &str) {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert!(self.summary.starts_with(summary), "“{summary}” is not how this begins: {self:?}");
    }

    /// It did what it could, and names everything in `complaints`.
    #[track_caller]
    fn complained(&self, summary: &str, complaints: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert!(self.summary.starts_with(summary), "“{summary}” is not how this begins: {self:?}");
        for complaint in complaints {
            assert!(self.complaints.contains(complaint), "“{complaint}” is missing: {self:?}");
        }
        assert!(!self.complaints.contains("panicked"), "{self:?}");
    }
}
