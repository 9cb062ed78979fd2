//! A store of another origin, so that a browser's rules for other origins are really met: `kinora storage` as a
//! process of its own, and on request for every test.

use std::path::Path;
use std::time::Duration;

use kinora_server::clock::Clock;
use kinora_server::config::S3Settings;
use kinora_server::storage::{Endpoint, Storage};

use crate::garage::Garage;
use crate::served::{Served, command, free_port};

const BUCKET: &str = "kinora";
const ACCESS_KEY_ID: &str = "other-origin";
const SECRET_ACCESS_KEY: &str = "the key of a store for tests";

/// A store in place of the embedded one, as long as a test needs it.
pub enum Store {
    /// `TEST_STORE=other`.
    Other(OtherStore),
    /// `TEST_STORE=garage`.
    Garage(Garage),
}

impl Store {
    /// What `TEST_STORE` asks for, if it asks; with its objects in `folder`.
    pub async fn wanted(folder: &Path) -> Option<Self> {
        match std::env::var("TEST_STORE").ok()?.as_str() {
            "other" => Some(Self::Other(OtherStore::start(folder).await)),
            "garage" => Some(Self::Garage(Garage::start(folder).await)),
            unknown => panic!("TEST_STORE takes other and garage, not {unknown}"),
        }
    }

    /// How a site uses it.
    pub fn settings(&self) -> S3Settings {
        match self {
            Self::Other(store) => store.settings(),
            Self::Garage(store) => store.settings(),
        }
    }
}

/// A running `kinora storage`, ended when dropped.
pub struct OtherStore(Served);

impl OtherStore {
    /// Keeps its objects in `folder`.
    pub async fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[]).await
    }

    /// The same with more in its environment.
    pub async fn start_with(folder: &Path, environment: &[(&str, &str)]) -> Self {
        // An error only says that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let port = free_port();
        let mut command = command(&["storage"]);
        command
            .args(["--listen", &format!("127.0.0.1:{port}"), "--bucket", BUCKET, "--folder"])
            .arg(folder)
            .envs(environment.iter().copied())
            .env("S3_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .env("S3_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
        let store = Served::follow(&mut command, port);
        store.says("The store is ready").await;
        Self(store)
    }

    /// The server's own way to it.
    pub fn storage(&self) -> Storage {
        self.storage_at(Clock::system())
    }

    /// The same, signing as if it were another time.
    pub fn storage_at(&self, clock: Clock) -> Storage {
        let endpoint = Endpoint {
            url: self.0.url.to_string(),
            region: "auto".to_owned(),
            access_key_id: ACCESS_KEY_ID.to_owned(),
            secret_access_key: SECRET_ACCESS_KEY.to_owned(),
        };
        Storage::new(BUCKET, &endpoint, &endpoint, None, clock)
    }

    /// How a site uses it.
    pub fn settings(&self) -> S3Settings {
        S3Settings {
            endpoint: self.0.url.clone(),
            region: "auto".to_owned(),
            access_key_id: ACCESS_KEY_ID.to_owned(),
            secret_access_key: SECRET_ACCESS_KEY.to_owned(),
        }
    }

    /// Ends it at once, as a crash would.
    pub async fn kill(mut self) {
        self.0.signal(nix::sys::signal::Signal::SIGKILL);
        self.0.ended(Duration::from_secs(5)).await;
    }
}
