//! No sockets: what reads a file and writes files has no use for any. Landlock alone keeps programs from TCP only.

use std::{env::consts::ARCH, io, thread};

use nix::libc::{EACCES, SYS_io_uring_setup, SYS_socket, SYS_socketpair, c_long};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
use tokio::process::Command;

/// Where sockets come from. One of a pair reaches others by their path; the last is a queue of system calls, which no
/// filter sees.
const REFUSED: [c_long; 3] = [SYS_socket, SYS_socketpair, SYS_io_uring_setup];
/// The same calls have other numbers on x86-64 where the kernel knows programs with 32-bit pointers.
const X32: c_long = 0x4000_0000;

/// A filter of system calls that refuses sockets.
#[derive(Debug, Clone)]
pub struct NoSockets(BpfProgram);

impl NoSockets {
    /// Nothing where the kernel takes no filters, or the processor is one that they are not written for here.
    pub fn new() -> Option<Self> {
        let architecture = TargetArch::try_from(ARCH).ok()?;
        let others = REFUSED.map(|call| call | X32).into_iter().filter(|_| ARCH == "x86_64");
        #[allow(clippy::useless_conversion, reason = "elsewhere numbers of system calls have 32 bits")]
        let rules = REFUSED.into_iter().chain(others).map(|call| (i64::from(call), Vec::new()));
        let refuse = SeccompAction::Errno(EACCES.unsigned_abs());
        let filter = SeccompFilter::new(rules.collect(), SeccompAction::Allow, refuse, architecture).ok()?;
        let this = Self(filter.try_into().ok()?);
        let tried = this.clone();
        // A filter holds for the thread that asks for it, and cannot be taken back.
        let trial = thread::Builder::new().spawn(move || tried.apply().is_ok()).ok()?;
        trial.join().unwrap_or(false).then_some(this)
    }

    fn apply(&self) -> io::Result<()> {
        seccompiler::apply_filter(&self.0).map_err(|_| io::ErrorKind::PermissionDenied.into())
    }

    /// Keeps the command, and all that it starts, from sockets.
    pub fn restrict(&self, command: &mut Command) {
        let this = self.clone();
        // SAFETY: the filter was made before the fork; what is left are two system calls.
        unsafe { command.pre_exec(move || this.apply()) };
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use std::{net::UdpSocket, os::unix::net::UnixStream};

    use super::*;

    #[test]
    fn nobody_gets_a_socket_and_files_stay() {
        let no_sockets = NoSockets::new().unwrap();
        let confined = thread::spawn(move || {
            no_sockets.apply().unwrap();
            let refused = [UdpSocket::bind("127.0.0.1:0").err(), UnixStream::pair().err()];
            (refused.map(|error| error.map(|error| error.kind())), tempfile::tempfile().is_ok())
        });
        let expected = Some(io::ErrorKind::PermissionDenied);
        assert_eq!(confined.join().unwrap(), ([expected, expected], true));
        assert!(UnixStream::pair().is_ok(), "other threads are as they were");
    }
}
