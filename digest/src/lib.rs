//! MD5 of everything that passes through, several streams in step.
//!
//! MD5 is a chain: each step waits for the one before, so a core that hashes one stream is idle most of the time.
//! Parts come several at a time, though, and the steps of 4 or 8 streams side by side cost little more than those of
//! one. `lanes` has the arithmetic, `wide_registers` a faster way through it, `hasher` the thread that brings the
//! streams together.

mod hasher;
mod lanes;
#[cfg(target_arch = "x86_64")]
mod wide_registers;

pub use hasher::{Hashing, Md5Stream};
