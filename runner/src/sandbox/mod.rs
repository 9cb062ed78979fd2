//! The walls around ffmpeg: it parses what strangers send, so it is given as little as possible.
//!
//! Always: an empty environment, a process group that is killed as a whole, limits on CPU time, memory, file
//! size and open files, no core dumps, and death together with the runner. With bubblewrap, where it is present
//! and works: no network, no other processes, and no files but its own program, this job's source to read and
//! this job's output folder to write. Where it does not work, as in many containers, Landlock takes the same
//! files away, where the kernel has it, and a filter of system calls takes the sockets.

mod bubblewrap;
#[cfg(target_os = "linux")]
mod landlock;
mod limits;
#[cfg(target_os = "linux")]
mod sockets;
mod spawner;

use std::{
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::workdir::JobFolder;
use bubblewrap::Bubblewrap;
pub use limits::Limits;
#[cfg(target_os = "linux")]
use sockets::NoSockets;

/// Which walls stand on this machine.
#[derive(Debug)]
pub struct Sandbox {
    files: Files,
}

/// What keeps a program from files that are not its business.
#[derive(Debug)]
enum Files {
    Bubblewrap(Bubblewrap),
    #[cfg(target_os = "linux")]
    Landlock(Option<NoSockets>),
    /// Only the permissions of the user that runs us.
    Unrestricted,
}

impl Sandbox {
    /// Tries what works here, by running `program` (ffmpeg) behind it.
    pub async fn detect(program: &Path) -> Self {
        match Bubblewrap::detect(program).await {
            Some(bubblewrap) => Self { files: Files::Bubblewrap(bubblewrap) },
            None => Self::without_bubblewrap(),
        }
        .announced()
    }

    /// The strongest walls that need no other program.
    pub fn without_bubblewrap() -> Self {
        #[cfg(target_os = "linux")]
        if landlock::is_supported() {
            return Self { files: Files::Landlock(NoSockets::new()) };
        }
        Self { files: Files::Unrestricted }
    }

    fn announced(self) -> Self {
        let layers = self.layers().join(", ");
        if matches!(self.files, Files::Unrestricted) {
            tracing::warn!(layers, "ffmpeg could read other files: install bubblewrap to keep it from them");
        } else {
            tracing::info!(layers, "ffmpeg runs behind these walls");
        }
        self
    }

    /// Whether something keeps programs from files that are not their business.
    pub fn is_confined(&self) -> bool {
        !matches!(self.files, Files::Unrestricted)
    }

    /// Names of the active layers.
    pub fn layers(&self) -> Vec<&'static str> {
        let mut layers = vec!["empty environment", "process group", "resource limits"];
        if cfg!(target_os = "linux") {
            layers.push("dies with the runner");
        }
        match self.files {
            Files::Bubblewrap(_) => layers.push("bubblewrap"),
            #[cfg(target_os = "linux")]
            Files::Landlock(ref no_sockets) => {
                layers.push("Landlock");
                layers.extend(no_sockets.as_ref().map(|_| "no sockets"));
            }
            Files::Unrestricted => {}
        }
        layers
    }

    /// Starts a program in a job's folder, where it sees `source` and `out/`.
    pub async fn spawn(
        &self,
        program: &Path,
        args: &[String],
        folder: &JobFolder,
        limits: Limits,
    ) -> io::Result<Process> {
        let mut command = match &self.files {
            Files::Bubblewrap(bubblewrap) => {
                let mut command = Command::new(bubblewrap.path());
                command.args(bubblewrap.arguments(program, folder)).arg("--").arg(program);
                command
            }
            _ => Command::new(program),
        };
        command.args(args).current_dir(folder.path());
        confine(&mut command, limits);
        #[cfg(target_os = "linux")]
        if let Files::Landlock(no_sockets) = &self.files {
            landlock::restrict(&mut command, program, folder)?;
            if let Some(no_sockets) = no_sockets {
                no_sockets.restrict(&mut command);
            }
        }
        spawner::spawn(command).await
    }
}

/// What holds with and without bubblewrap.
fn confine(command: &mut Command, limits: Limits) {
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    // SAFETY: between fork and exec only system calls are made, on values that were copied before.
    unsafe {
        command.pre_exec(move || {
            #[cfg(target_os = "linux")]
            nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
            limits.apply()
        });
    }
}

/// A running program and everything that it starts; killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    group: Option<Pid>,
}

impl Process {
    fn new(child: Child) -> Self {
        // It was made the leader of its own group, so the group has its number.
        let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        Self { child, group }
    }

    /// Standard output and standard error; once.
    pub fn take_outputs(&mut self) -> io::Result<(ChildStdout, ChildStderr)> {
        match (self.child.stdout.take(), self.child.stderr.take()) {
            (Some(stdout), Some(stderr)) => Ok((stdout, stderr)),
            _ => Err(io::Error::other("the outputs are already taken")),
        }
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        // Once it is waited for, its number may belong to somebody else.
        self.group = None;
        Ok(status)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // It may have ended by itself just now; then there is nobody to kill.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

/// Runs a program outside of any job, to see whether it works here.
async fn succeeds(program: &Path, args: &[std::ffi::OsString]) -> bool {
    let mut command = Command::new(program);
    command.args(args);
    confine(&mut command, Limits::PROBE);
    let Ok(mut process) = spawner::spawn(command).await else { return false };
    // The outputs are kept open, but a few lines of version fit into a pipe.
    let ended = tokio::time::timeout(Duration::from_secs(10), process.wait()).await;
    matches!(ended, Ok(Ok(status)) if status.success())
}

/// A program's own folder with links resolved: what it needs besides the system's.
fn real_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
