//! Starting ffmpeg and ffprobe, listening to them, and ending them in time.

use std::{io, path::Path, process::ExitStatus, time::Duration};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::{
    sandbox::{Limits, Process, Sandbox},
    tools::Tools,
    workdir::JobFolder,
};

/// A line longer than this is cut: it comes from a file that wants to fill our memory.
const MAX_LINE_BYTES: u64 = 64 << 10;
/// A sound file takes milliseconds to examine; what takes this long wants to waste our time.
const LONGEST_LOOK: Duration = Duration::from_secs(30);

/// The two programs and the walls they run behind.
#[derive(Debug)]
pub struct Workbench {
    tools: Tools,
    sandbox: Sandbox,
    most_memory_bytes: Option<u64>,
    longest_look: Duration,
}

/// Why a program was not let finish.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("it took too long")]
    Deadline,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Workbench {
    pub fn new(tools: Tools, sandbox: Sandbox) -> Self {
        Self { tools, sandbox, most_memory_bytes: None, longest_look: LONGEST_LOOK }
    }

    /// The same where a program gets no more memory than this, whatever it does.
    pub fn with_memory(self, most_bytes: Option<u64>) -> Self {
        Self { most_memory_bytes: most_bytes, ..self }
    }

    /// The same where a look at a file may take so long.
    pub fn with_longest_look(self, longest_look: Duration) -> Self {
        Self { longest_look, ..self }
    }

    /// How long a look at a file may take.
    pub fn longest_look(&self) -> Duration {
        self.longest_look
    }

    pub async fn ffprobe(&self, folder: &JobFolder, args: &[String]) -> io::Result<Run> {
        self.start(&self.tools.ffprobe, folder, args, Limits::PROBE).await
    }

    pub async fn ffmpeg(&self, folder: &JobFolder, args: &[String], limits: Limits) -> io::Result<Run> {
        self.start(&self.tools.ffmpeg, folder, args, limits).await
    }

    async fn start(
        &self,
        program: &Path,
        folder: &JobFolder,
        args: &[String],
        mut limits: Limits,
    ) -> io::Result<Run> {
        limits.memory_bytes = limits.memory_bytes.min(self.most_memory_bytes.unwrap_or(u64::MAX));
        Ok(Run { process: self.sandbox.spawn(program, args, folder, limits).await? })
    }
}

/// A running program; dropping it kills it with everything it started.
pub struct Run {
    process: Process,
}

impl Run {
    /// Listens until the program ends by itself or has to be ended.
    pub async fn lines(
        mut self,
        deadline: Duration,
        mut on_stdout: impl FnMut(&str),
        mut on_stderr: impl FnMut(&str),
    ) -> Result<ExitStatus, RunError> {
        let (stdout, stderr) = self.process.take_outputs()?;
        let listen = async {
            let (out, err) =
                tokio::join!(each_line(stdout, &mut on_stdout), each_line(stderr, &mut on_stderr));
            out.and(err)?;
            self.process.wait().await
        };
        match tokio::time::timeout(deadline, listen).await {
            Ok(status) => Ok(status?),
            Err(_) => Err(RunError::Deadline),
        }
    }
}

async fn each_line(stream: impl AsyncRead + Unpin, on_line: &mut impl FnMut(&str)) -> io::Result<()> {
    use tokio::io::AsyncReadExt;

    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        on_line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
    }
}
