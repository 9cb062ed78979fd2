//! The postmaster, which is the process `postgres` itself: its command line, how it is born and ended, and
//! the file in which it tells how far it is.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::{FileContext, PostgresError};
use super::owner::Owner;

/// How long a fast shutdown (SIGINT) may take before the immediate one (SIGQUIT), which costs a recovery.
const FAST_SHUTDOWN: Duration = Duration::from_secs(10);
/// How long the immediate shutdown may take before SIGKILL.
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(5);

/// The settings that differ from Postgres's own: small, reachable by the socket only, and durable as always.
const SETTINGS: [&str; 11] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "shared_buffers=32MB",
    "max_connections=60",
    "max_wal_size=256MB",
    "min_wal_size=32MB",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_checkpoints=off",
    "jit=off",
    "cluster_name=kinora",
];

/// The way by which Postgres's programs reach the cluster.
///
/// Usually that is its path. Where a folder on the way is closed to the user who runs them (a checkout in
/// root's home), it is a descriptor of the folder that the programs inherit: passing through the closed
/// folders is then not needed, and the data stay where the settings say.
#[derive(Clone)]
pub(super) struct Way {
    path: PathBuf,
    inherited: Option<Arc<File>>,
}

impl Way {
    pub fn to(folder: &Path, owner: &Owner) -> Result<Self, PostgresError> {
        let Some(blocked) = owner.blocked_on_the_way_to(folder) else {
            return Ok(Self { path: folder.to_owned(), inherited: None });
        };
        if !Path::new("/proc/self/fd").exists() {
            return Err(PostgresError::NotReachable { user: owner.name.clone(), blocked });
        }
        let opened = File::open(folder).on("opening", folder)?;
        let path = format!("/proc/self/fd/{}", opened.as_raw_fd()).into();
        Ok(Self { path, inherited: Some(Arc::new(opened)) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A command that runs `program` as `owner`, with nothing of the server's environment, and that gets
/// `death_signal` when the calling thread ends, be it because the server was killed.
pub(super) fn command(program: &Path, owner: &Owner, way: &Way, death_signal: Signal) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").current_dir("/").stdin(Stdio::null());
    // A process group of its own: Ctrl-C in the terminal is for the server, which then stops Postgres.
    command.process_group(0);
    if owner.switched {
        command.uid(owner.uid).gid(owner.gid);
    }
    let inherited = way.inherited.clone();
    let server = nix::unistd::getpid();
    // SAFETY: between fork and exec only system calls are made (fcntl, prctl, getppid); nothing allocates.
    unsafe {
        command.pre_exec(move || {
            if let Some(folder) = &inherited {
                fcntl(folder, FcntlArg::F_SETFD(FdFlag::empty()))?;
            }
            die_with(server, death_signal)
        });
    }
    command
}

#[cfg(target_os = "linux")]
fn die_with(server: Pid, signal: Signal) -> io::Result<()> {
    nix::sys::prctl::set_pdeathsig(signal)?;
    // The server may have died before the signal was asked for.
    if nix::unistd::getppid() == server { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
}

#[cfg(not(target_os = "linux"))]
fn die_with(_server: Pid, _signal: Signal) -> io::Result<()> {
    Ok(())
}

/// Starts the postmaster. It lives at most as long as the calling thread.
pub(super) fn spawn(
    program: &Path,
    owner: &Owner,
    way: &Way,
    socket_folder: &Path,
    log: &File,
) -> Result<Child, PostgresError> {
    let log_for = |stream: &File| stream.try_clone().map(Stdio::from);
    let spawned = || {
        let mut command = command(program, owner, way, Signal::SIGINT);
        command.arg("-D").arg(way.path());
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        command.arg("-c").arg(socket_setting(socket_folder));
        command.stdout(log_for(log)?).stderr(log_for(log)?).spawn()
    };
    spawned().map_err(|source| PostgresError::Spawn { program: program.to_owned(), source })
}

/// The setting is a list of folders: quotes keep commas and spaces in a path from ending an entry.
fn socket_setting(folder: &Path) -> OsString {
    let mut setting = OsString::from("unix_socket_directories=\"");
    setting.push(folder);
    setting.push("\"");
    setting
}

/// Ends the postmaster: politely, then at once, then by force. Returns when it is gone.
pub(super) fn shut_down(child: &mut Child) {
    let pid = Pid::from_raw(child.id() as i32);
    for (signal, patience) in [(Signal::SIGINT, FAST_SHUTDOWN), (Signal::SIGQUIT, IMMEDIATE_SHUTDOWN)] {
        // The child has not been waited for, so the number is still its own.
        if matches!(child.try_wait(), Ok(None)) && kill(pid, signal).is_err() {
            break;
        }
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            match child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        tracing::warn!(%signal, "Postgres did not stop in time");
    }
    if child.kill().and_then(|()| child.wait()).is_err() {
        tracing::error!("Postgres could not be stopped");
    }
}

/// What the postmaster writes into `postmaster.pid`.
pub(super) struct PidFile {
    pub pid: i32,
    pub socket_folder: Option<PathBuf>,
    pub ready: bool,
}

impl PidFile {
    /// Reads the file of a cluster; `None` when there is none.
    pub fn read(cluster: &Path) -> Option<Self> {
        let text = fs::read_to_string(pid_file_of(cluster)).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        // Lines 5 and 8 of the file: the first socket folder, and how far the postmaster is.
        let socket_folder = lines.nth(3).filter(|line| !line.is_empty()).map(PathBuf::from);
        let ready = lines.nth(2).is_some_and(|line| line.trim() == "ready");
        Some(Self { pid, socket_folder, ready })
    }

    /// Whether the process with that number is a postmaster of this very cluster, not a newcomer with a
    /// number that was used before.
    pub fn is_alive(&self, cluster: &Path) -> bool {
        if cfg!(target_os = "linux") {
            let at_work = fs::metadata(format!("/proc/{}/cwd", self.pid));
            let same = |a: fs::Metadata, b: fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
            return at_work.is_ok_and(|at| fs::metadata(cluster).is_ok_and(|own| same(at, own)));
        }
        let socket = self.socket_folder.as_deref().map(super::folders::socket_file);
        socket.is_some_and(|socket| std::os::unix::net::UnixStream::connect(socket).is_ok())
    }
}

fn pid_file_of(cluster: &Path) -> PathBuf {
    cluster.join("postmaster.pid")
}

/// Clears the way for a new postmaster after the last server was killed; the caller holds the lock.
///
/// A postmaster that is still shutting down is waited for. A pid file whose number now belongs to another
/// process would make Postgres refuse to start, so our own number, which it ignores as its parent's, is put
/// in its place. The file itself must stay: by it Postgres finds processes of the dead one that are still
/// attached to its memory.
pub(super) fn clear_remains(cluster: &Path, socket_folder: &Path) -> Result<(), PostgresError> {
    let Some(pid_file) = PidFile::read(cluster) else { return Ok(()) };
    let pid = Pid::from_raw(pid_file.pid);
    for (signal, patience) in [(Signal::SIGINT, FAST_SHUTDOWN), (Signal::SIGQUIT, IMMEDIATE_SHUTDOWN)] {
        let deadline = Instant::now() + patience;
        if pid_file.is_alive(cluster) {
            tracing::info!(pid = pid_file.pid, "waiting for the Postgres of a server that was killed");
            // It may end in this moment, and then there is nothing left to signal.
            let _ = kill(pid, signal);
        }
        while pid_file.is_alive(cluster) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    let path = pid_file_of(cluster);
    if let Ok(text) = fs::read_to_string(&path) {
        let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
        fs::write(&path, format!("{}\n{rest}", std::process::id())).on("rewriting", &path)?;
    }
    let socket = super::folders::socket_file(socket_folder);
    let mut socket_lock = socket.clone().into_os_string();
    socket_lock.push(".lock");
    for leftover in [socket, socket_lock.into()] {
        match fs::remove_file(&leftover) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).on("removing", &leftover);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The line that says why Postgres ended, out of what it logged from byte `from` on.
pub(super) fn last_words(log: &Path, from: u64) -> String {
    let mut text = Vec::new();
    let read = || -> io::Result<()> {
        let mut file = File::open(log)?;
        file.seek(SeekFrom::Start(from))?;
        file.take(64 * 1024).read_to_end(&mut text)?;
        Ok(())
    };
    if let Err(error) = { read }() {
        return format!("its log could not be read ({error})");
    }
    let text = String::from_utf8_lossy(&text);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line =
        lines().rfind(|line| line.contains("FATAL:") || line.contains("PANIC:")).or(lines().next_back());
    line.map_or_else(|| "it ended without a word".into(), str::to_owned)
}
