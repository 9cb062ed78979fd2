//! The thread that owns Postgres from its birth to its end. The system ends a child when the THREAD that
//! spawned it ends, so this one lives as long as Postgres may.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::cluster;
use super::error::{FileContext, PostgresError};
use super::folders::{Folders, cluster_of};
use super::owner::Owner;
use super::postmaster::{self, PidFile, Way};
use super::programs::Programs;

/// How often the thread looks whether Postgres still lives.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);
/// Recovery after a crash replays at most a few hundred megabytes; this is far beyond that.
const READY_WITHIN: Duration = Duration::from_secs(300);
/// How long processes of a Postgres that was killed may hold on to its memory.
const REMAINS_GONE_WITHIN: Duration = Duration::from_secs(20);
/// The longest pause before another attempt to start Postgres again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// After this long in good health a death counts as the first again.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);
/// The log is begun anew at a start that finds it longer, in bytes.
const LONGEST_LOG: u64 = 4 * 1024 * 1024;

/// The handles by which the supervising thread is told to stop and waited for.
pub(super) struct Supervision {
    pub stopping: Arc<AtomicBool>,
    pub thread: JoinHandle<()>,
}

/// Starts Postgres in a new thread, and returns with the folder of its socket once it is ready.
pub(super) fn start(data_dir: &Path) -> Result<(Supervision, PathBuf), PostgresError> {
    let stopping = Arc::new(AtomicBool::new(false));
    let (report, outcome) = mpsc::channel();
    let thread = {
        let (stopping, data_dir) = (stopping.clone(), data_dir.to_owned());
        thread::Builder::new().name("postgres".into()).spawn(move || {
            match Supervisor::prepare(&data_dir, stopping).and_then(Supervisor::first_start) {
                Ok((supervisor, child)) => {
                    // A caller that is gone has set `stopping` or ended the process.
                    let _ = report.send(Ok(supervisor.folders.socket.clone()));
                    supervisor.watch(child);
                }
                Err(error) => {
                    let _ = report.send(Err(error));
                }
            }
        })
    }
    .on("starting a thread for", data_dir)?;
    let socket_folder = outcome.recv().unwrap_or(Err(PostgresError::Stopped))?;
    Ok((Supervision { stopping, thread }, socket_folder))
}

struct Supervisor {
    folders: Folders,
    programs: Programs,
    owner: Owner,
    way: Way,
    stopping: Arc<AtomicBool>,
}

impl Supervisor {
    fn prepare(data_dir: &Path, stopping: Arc<AtomicBool>) -> Result<Self, PostgresError> {
        // Before anything is written: a folder of somebody else, or no programs, should change nothing.
        let owner = Owner::choose(&cluster_of(data_dir))?;
        let programs = Programs::find(&cluster_of(data_dir))?;
        let mut folders = Folders::lock(data_dir)?;
        folders.prepare_socket(&owner)?;
        cluster::ensure(&folders, &programs, &owner)?;
        let way = Way::to(&folders.cluster, &owner)?;
        Ok(Self { folders, programs, owner, way, stopping })
    }

    fn first_start(self) -> Result<(Self, Child), PostgresError> {
        let started = Instant::now();
        let mut child = self.launch()?;
        if let Err(error) = cluster::ensure_database(&self.folders) {
            postmaster::shut_down(&mut child);
            return Err(error);
        }
        let version = self.programs.major;
        tracing::info!(version, pid = child.id(), elapsed = ?started.elapsed(), "Postgres is ready");
        Ok((self, child))
    }

    /// Starts the postmaster and waits until it is ready, however long its recovery takes.
    fn launch(&self) -> Result<Child, PostgresError> {
        let remains_until = Instant::now() + REMAINS_GONE_WITHIN;
        loop {
            postmaster::clear_remains(&self.folders.cluster, &self.folders.socket)?;
            let (log, from) = self.open_log()?;
            let mut child = postmaster::spawn(
                &self.programs.postgres,
                &self.owner,
                &self.way,
                &self.folders.socket,
                &log,
            )?;
            if self.becomes_ready(&mut child)? {
                return Ok(child);
            }
            let reason = postmaster::last_words(&self.folders.log, from);
            // Processes of a postmaster that was killed end by themselves, but not at once.
            let remains = reason.contains("lock file") || reason.contains("shared memory block");
            if !remains || Instant::now() > remains_until {
                return Err(PostgresError::Start { reason, log: self.folders.log.clone() });
            }
            self.pause(Duration::from_millis(200))?;
        }
    }

    /// Whether the postmaster became ready; `false` when it ended instead.
    fn becomes_ready(&self, child: &mut Child) -> Result<bool, PostgresError> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let pid_file = PidFile::read(&self.folders.cluster);
            if pid_file.is_some_and(|file| file.ready && i64::from(file.pid) == i64::from(child.id())) {
                return Ok(true);
            }
            if !matches!(child.try_wait(), Ok(None)) {
                return Ok(false);
            }
            let given_up = if Instant::now() > deadline {
                let seconds = READY_WITHIN.as_secs();
                Err(PostgresError::Slow { seconds, log: self.folders.log.clone() })
            } else {
                self.pause(Duration::from_millis(5))
            };
            if let Err(error) = given_up {
                postmaster::shut_down(child);
                return Err(error);
            }
        }
    }

    /// Stays with Postgres until it is told to stop, and starts it again whenever it dies.
    fn watch(self, mut child: Child) {
        let mut pause = Duration::ZERO;
        let mut since = Instant::now();
        while self.pause(WATCH_INTERVAL).is_ok() {
            let Ok(Some(status)) = child.try_wait() else { continue };
            tracing::error!(%status, "Postgres died and is started again");
            if since.elapsed() > HEALTHY_AFTER {
                pause = Duration::ZERO;
            }
            match self.relaunch(&mut pause) {
                Some(again) => child = again,
                None => return,
            }
            since = Instant::now();
            tracing::info!(pid = child.id(), "Postgres is ready again");
        }
        postmaster::shut_down(&mut child);
    }

    /// Tries until it works, with growing pauses; `None` when told to stop.
    fn relaunch(&self, pause: &mut Duration) -> Option<Child> {
        loop {
            self.pause(*pause).ok()?;
            *pause = (*pause * 2).clamp(Duration::from_millis(250), LONGEST_PAUSE);
            match self.launch() {
                Ok(child) => return Some(child),
                Err(PostgresError::Stopped) => return None,
                Err(error) => tracing::error!(%error, "Postgres could not be started again"),
            }
        }
    }

    /// Opens the log for appending and tells how long it is.
    fn open_log(&self) -> Result<(File, u64), PostgresError> {
        let path = &self.folders.log;
        let too_long = fs::metadata(path).is_ok_and(|found| found.len() > LONGEST_LOG);
        if too_long {
            fs::remove_file(path).on("removing", path)?;
        }
        let log = OpenOptions::new().create(true).append(true).open(path).on("opening", path)?;
        let length = log.metadata().on("reading", path)?.len();
        Ok((log, length))
    }

    /// Waits, and fails as soon as a stop is asked for.
    fn pause(&self, duration: Duration) -> Result<(), PostgresError> {
        let deadline = Instant::now() + duration;
        while !self.stopping.load(Ordering::Acquire) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::park_timeout(left);
        }
        Err(PostgresError::Stopped)
    }
}
