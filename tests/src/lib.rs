//! What the tests share: the application started for one test, people who use it, clips, playlists, a browser.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

pub mod app;
pub mod browser;
pub mod clips;
pub mod database;
pub mod fake_runner;
pub mod garage;
pub mod graphql;
pub mod other_store;
pub mod person;
pub mod playlist;
pub mod probe;
pub mod proxy;
pub mod published;
pub mod receiver;
pub mod served;
pub mod socket;
pub mod tripwire;
pub mod weather;
pub mod wrong_clock;

use std::io::Write;
use std::path::PathBuf;

/// Where cargo put the programs of this very build: `target/<profile>`, found from where this one lies.
pub fn program_dir() -> PathBuf {
    let program = std::env::current_exe().expect("a running program has a path");
    let folder = program.parent().expect("a program lies in a folder");
    if folder.ends_with("deps") { folder.parent().unwrap_or(folder).to_owned() } else { folder.to_owned() }
}

/// Cargo's target folder.
pub fn target_dir() -> PathBuf {
    program_dir().parent().expect("cargo puts programs into target/<profile>").to_owned()
}

/// The folder of the repository.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

/// Says that a test proves nothing on this machine, and why. Past the harness, which shows nothing of a test that
/// passes.
pub fn skipped(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Nobody hears it where there is no standard error.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}
