//! Resource limits of one process.

use std::{io, time::Duration};

use nix::sys::resource::{Resource, setrlimit};

/// Generous for honest files; what reaches one of these is stopped by the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time on all processors together.
    pub cpu: Duration,
    /// Addresses, of which much more is reserved than used.
    pub memory_bytes: u64,
    /// The largest file it may write.
    pub file_bytes: u64,
    pub open_files: u64,
    /// Whether it only gets the processors while nothing else wants them.
    pub is_background: bool,
}

/// The nicest that a program can be.
const NICEST: nix::libc::c_int = 19;

impl Limits {
    /// For looking at a file.
    pub const PROBE: Self = Self {
        cpu: Duration::from_secs(60),
        memory_bytes: 4 << 30,
        file_bytes: 1 << 20,
        open_files: 64,
        is_background: false,
    };

    /// For encoding: `cpu` and the largest output.
    pub fn encode(cpu: Duration, file_bytes: u64) -> Self {
        Self { cpu, memory_bytes: 16 << 30, file_bytes, open_files: 256, is_background: false }
    }

    /// The same for what nobody waits for.
    pub fn in_background(self) -> Self {
        Self { is_background: true, ..self }
    }

    /// Sets them for the calling process. Only makes system calls, so it may run between fork and exec.
    pub(super) fn apply(self) -> io::Result<()> {
        let pairs = [
            (Resource::RLIMIT_CPU, self.cpu.as_secs().max(1)),
            // macOS refuses a limit on addresses; its absence must not keep the program from running.
            #[cfg(target_os = "linux")]
            (Resource::RLIMIT_AS, self.memory_bytes),
            (Resource::RLIMIT_FSIZE, self.file_bytes),
            (Resource::RLIMIT_NOFILE, self.open_files),
            (Resource::RLIMIT_CORE, 0),
        ];
        for (resource, limit) in pairs {
            setrlimit(resource, limit, limit)?;
        }
        if self.is_background {
            // SAFETY: a system call on a number. Where it is refused, the program takes its share like any other.
            unsafe { nix::libc::nice(NICEST) };
        }
        Ok(())
    }
}
