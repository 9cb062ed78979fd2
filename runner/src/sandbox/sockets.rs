//! No sockets: what reads a file and writes files has no use for any. Landlock alone keeps programs from TCP only.

use std::{env::consts::ARCH, io};

use nix::libc::{EACCES, SYS_io_uring_setup, SYS_socket, c_long};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
use tokio::process::Command;

/// Where sockets come from: the second is a queue of system calls, which no filter sees.
const REFUSED: [c_long; 2] = [SYS_socket, SYS_io_uring_setup];
/// The same calls have other numbers on x86-64 where the kernel knows programs with 32-bit pointers.
const X32: c_long = 0x4000_0000;

/// A filter of system calls that refuses sockets.
#[derive(Debug, Clone)]
pub struct NoSockets(BpfProgram);

impl NoSockets {
    /// Nothing where the processor is one that filters are not written for here.
    pub fn new() -> Option<Self> {
        let architecture = TargetArch::try_from(ARCH).ok()?;
        let others = REFUSED.map(|call| call | X32).into_iter().filter(|_| ARCH == "x86_64");
        let rules = REFUSED.into_iter().chain(others).map(|call| (call, Vec::new()));
        let refuse = SeccompAction::Errno(EACCES.unsigned_abs());
        let filter = SeccompFilter::new(rules.collect(), SeccompAction::Allow, refuse, architecture).ok()?;
        Some(Self(filter.try_into().ok()?))
    }

    /// Keeps the command, and all that it starts, from sockets.
    pub fn restrict(&self, command: &mut Command) {
        let program = self.0.clone();
        // SAFETY: the filter was made before the fork; what is left are two system calls.
        unsafe {
            command.pre_exec(move || {
                seccompiler::apply_filter(&program).map_err(|_| io::ErrorKind::PermissionDenied.into())
            });
        }
    }
}
