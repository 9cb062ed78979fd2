//! The served program as a process of its own: for what only a process can show (signals, exit codes, kills).

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use url::Url;

use crate::database::RUN_FOLDER;
use crate::graphql::Client;

const POLL: Duration = Duration::from_millis(25);

/// The program under test: `KINORA_PROGRAM`, or what the same `cargo test --workspace` built.
pub fn program() -> PathBuf {
    let program =
        std::env::var_os("KINORA_PROGRAM").map_or_else(|| crate::program_dir().join("kinora"), PathBuf::from);
    assert!(program.is_file(), "{} is missing: cargo test --workspace makes it", program.display());
    program
}

/// `kinora` with a clean environment and the arguments given.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .args(arguments)
        .stdin(Stdio::null())
        .env_remove("DATABASE_URL")
        .env_remove("RUST_LOG")
        .env_remove("RUST_BACKTRACE");
    for (name, _) in std::env::vars() {
        if name.starts_with("KINORA_") || name.starts_with("S3_") {
            command.env_remove(name);
        }
    }
    command
}

/// Makes a data folder whose database has its tables and nothing else, from one that is made once a run.
pub fn copy_of_migrated(data: &Path) {
    static MIGRATED: LazyLock<PathBuf> = LazyLock::new(|| {
        let data = RUN_FOLDER.join("migrated");
        let done = command(&["migrate"]).env("KINORA_DATA_DIR", &data).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        data
    });
    std::fs::create_dir_all(data).unwrap();
    // Postgres' files belong to a user of their own.
    let copied = Command::new("cp").arg("-a").arg(MIGRATED.join("postgres")).arg(data).status().unwrap();
    assert!(copied.success());
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One process of `kinora`, ended when dropped.
pub struct Served {
    child: Child,
    pub url: Url,
    said: Arc<Mutex<String>>,
}

impl Served {
    /// `kinora serve` on a data folder, with more settings if wanted; returns before it is ready.
    pub fn spawn(data: &Path, settings: &[(&str, &str)]) -> Self {
        Self::spawn_on(free_port(), data, settings)
    }

    pub fn spawn_on(port: u16, data: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = command(&["serve"]);
        command
            .current_dir(std::env::temp_dir())
            .env("KINORA_DATA_DIR", data)
            .env("KINORA_LISTEN", format!("127.0.0.1:{port}"))
            .env("KINORA_PUBLIC_URL", format!("http://127.0.0.1:{port}"))
            .envs(settings.iter().copied());
        Self::follow(&mut command, port)
    }

    /// Starts any `kinora` and collects what it says.
    pub fn follow(command: &mut Command, port: u16) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        collect(child.stdout.take().expect("a pipe was asked for"), &said);
        collect(child.stderr.take().expect("a pipe was asked for"), &said);
        let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        Self { child, url, said }
    }

    pub fn client(&self) -> Client {
        Client::guest(self.url.clone())
    }

    /// Waits for `/readyz` and gives the time it took.
    pub async fn ready(&mut self) -> Duration {
        let begun = Instant::now();
        let client = self.client();
        loop {
            let answer = client.request(reqwest::Method::GET, "/readyz").send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return begun.elapsed();
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the server ended with {status} before it was ready:\n{}", self.words());
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "not ready after a minute:\n{}", self.words());
            tokio::time::sleep(POLL).await;
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    /// Waits for the end.
    pub async fn ended(&mut self, patience: Duration) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // The pipes' last lines.
                tokio::time::sleep(POLL).await;
                return status;
            }
            assert!(begun.elapsed() < patience, "still running after {patience:?}:\n{}", self.words());
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until it has written these words.
    pub async fn says(&self, words: &str) {
        let begun = Instant::now();
        while !self.words().contains(words) {
            assert!(begun.elapsed() < Duration::from_secs(20), "it never said “{words}”:\n{}", self.words());
            tokio::time::sleep(POLL).await;
        }
    }

    /// Everything it has written so far.
    pub fn words(&self) -> String {
        self.said.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Gently first, so that the private Postgres is put away too.
        if self.child.try_wait().ok().flatten().is_none() {
            let _ = kill(self.pid(), Signal::SIGTERM);
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(10) && self.child.try_wait().ok().flatten().is_none()
            {
                std::thread::sleep(POLL);
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            eprintln_words(&self.words());
        }
    }
}

#[allow(clippy::print_stderr, reason = "a failing test shows what the program said")]
fn eprintln_words(words: &str) {
    eprintln!("the program said:\n{words}");
}

fn collect(pipe: impl std::io::Read + Send + 'static, said: &Arc<Mutex<String>>) {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let mut said = said.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            said.push_str(&line);
            said.push('\n');
        }
    });
}
