//! Landlock: the kernel takes away what a program does not need, without another program's help.

use std::{io, path::Path};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, Scope, path_beneath_rules,
};
use tokio::process::Command;

use super::real_path;
use crate::workdir::JobFolder;

/// What is asked for; an older kernel gives what it has.
const ABI_WANTED: ABI = ABI::V6;
/// Programs, libraries, and what the loader and the random generator read.
const READABLE: [&str; 8] = [
    "/usr",
    "/lib",
    "/lib64",
    "/nix/store",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/dev/urandom",
    "/proc/cpuinfo",
];

/// Whether this kernel has it at all.
pub fn is_supported() -> bool {
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create)
        .is_ok()
}

/// Lets the command read its source and write its output folder; nothing else, no TCP, and no signals to others.
pub fn restrict(command: &mut Command, program: &Path, folder: &JobFolder) -> io::Result<()> {
    let mut rules = Some(rules(program, folder).map_err(io::Error::other)?);
    // SAFETY: the rules were opened before the fork; what is left are two system calls.
    unsafe {
        command.pre_exec(move || match rules.take() {
            Some(rules) => {
                rules.restrict_self().map(|_| ()).map_err(|_| io::ErrorKind::PermissionDenied.into())
            }
            None => Err(io::ErrorKind::PermissionDenied.into()),
        });
    }
    Ok(())
}

fn rules(program: &Path, folder: &JobFolder) -> Result<landlock::RulesetCreated, RulesetError> {
    let read = AccessFs::from_read(ABI_WANTED);
    let program = real_path(program);
    let programs = program.parent().into_iter();
    Ruleset::default()
        .handle_access(AccessFs::from_all(ABI_WANTED))?
        .handle_access(AccessNet::from_all(ABI_WANTED))?
        .scope(Scope::from_all(ABI_WANTED))?
        .create()?
        .add_rules(path_beneath_rules(READABLE, read))?
        .add_rules(path_beneath_rules(programs, read))?
        .add_rules(path_beneath_rules([folder.source()], AccessFs::ReadFile))?
        .add_rules(path_beneath_rules([folder.out()], AccessFs::from_all(ABI_WANTED)))
}
