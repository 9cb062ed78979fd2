//! Starts chromedriver on a port of its choice, and Chromium under it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use thirtyfour::LoggingPrefsLogLevel;
use thirtyfour::common::capabilities::chromium::ChromiumLikeCapabilities;
use thirtyfour::prelude::*;

const BROWSER_FLAGS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-search-engine-choice-screen",
    "--window-size=1280,800",
];

/// Chromium without what only a desktop needs of it: the same engine in about half of the processor's time. Where it is
/// not installed, or with `KINORA_BROWSER=chromium`, the whole of it is started.
const HEADLESS_SHELL: &str = "chromium-headless-shell";

/// The program that is not chromedriver's own choice.
fn headless_shell() -> Option<PathBuf> {
    if std::env::var_os("KINORA_BROWSER").is_some_and(|wanted| wanted == "chromium") {
        return None;
    }
    let path = std::env::var_os("PATH")?;
    let installed = std::env::split_paths(&path).any(|folder| folder.join(HEADLESS_SHELL).is_file());
    installed.then(|| crate::repository().join("tests/src/browser/headless-shell.sh"))
}

/// chromedriver and everything it started; all of it ends with this value.
pub(super) struct ChromeDriver {
    child: Child,
}

impl ChromeDriver {
    /// Memory of the processes of this browser whose command line holds `mark`.
    pub fn resident_bytes(&self, mark: &str) -> u64 {
        let group = self.child.id().to_string();
        let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
        processes
            .filter_map(|path| {
                let stat = std::fs::read_to_string(path.join("stat")).ok()?;
                // pid (name) state parent group …: the name may hold spaces.
                let (_, fields) = stat.rsplit_once(')')?;
                let of_ours = fields.split_whitespace().nth(2) == Some(&group);
                let line = std::fs::read_to_string(path.join("cmdline")).ok()?;
                let status = std::fs::read_to_string(path.join("status")).ok()?;
                let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
                let kilobytes: u64 = kilobytes.trim().trim_end_matches(" kB").parse().ok()?;
                (of_ours && line.contains(mark)).then_some(kilobytes * 1024)
            })
            .sum()
    }
}

impl Drop for ChromeDriver {
    fn drop(&mut self) {
        // The group holds chromedriver and its browsers. Already gone is fine.
        let _ = killpg(Pid::from_raw(self.child.id() as i32), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// chromedriver takes a free port of IPv4 and ends when the same one of IPv6 is in use: then another is tried.
const STARTS: usize = 5;

/// A chromedriver and its port, or nothing when it ended without one.
fn listen() -> Option<(ChromeDriver, u16)> {
    let mut child = Command::new("chromedriver")
        .arg("--port=0")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the tests need chromedriver: make test installs it");
    let stdout = child.stdout.take().expect("a pipe was asked for");
    let process = ChromeDriver { child };
    let port = BufReader::new(stdout).lines().map_while(Result::ok).find_map(|line| {
        line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
    })?;
    Some((process, port))
}

pub(super) async fn start(profile: &Path) -> (ChromeDriver, WebDriver) {
    // thirtyfour's reqwest brings no TLS provider of its own; a second installation is refused, harmlessly.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (process, port) = (0..STARTS).find_map(|_| listen()).expect("chromedriver finds a port");

    let mut wanted = DesiredCapabilities::chrome();
    for flag in BROWSER_FLAGS {
        wanted.add_arg(flag).unwrap();
    }
    wanted.add_arg(&format!("--user-data-dir={}", profile.display())).unwrap();
    if let Some(program) = headless_shell() {
        wanted.set_binary(&program.to_string_lossy()).unwrap();
    }
    wanted.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
    let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await.expect("chromium starts");
    (process, driver)
}
