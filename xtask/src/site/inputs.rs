//! What a build depends on, as one hash, so that building the same twice costs nothing.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::Folders;
use crate::Profile;

/// Everything that changes the site, from the root of the repository.
const INPUTS: [&str; 5] = ["Cargo.toml", "Cargo.lock", "schema.graphql", "web", "xtask"];
/// Results, not inputs.
const SKIPPED: [&str; 3] = ["dist", "node_modules", "target"];

/// A hash over the names and contents of all inputs, and the profile.
pub fn hash(folders: &Folders, profile: Profile) -> Result<String> {
    let mut files = Vec::new();
    for input in INPUTS {
        collect(&folders.root.join(input), &mut files)?;
    }
    files.sort();
    let mut hasher = Sha256::new();
    hasher.update(profile.name());
    hasher.update(compiler()?);
    for file in files {
        let content = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        hasher.update(file.strip_prefix(&folders.root).unwrap_or(&file).to_string_lossy().as_bytes());
        hasher.update((content.len() as u64).to_le_bytes());
        hasher.update(&content);
    }
    Ok(hex::encode(hasher.finalize()))
}

/// What the compiler says of itself.
fn compiler() -> Result<Vec<u8>> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("--version").output().context("asking rustc for its version")?;
    Ok(said.stdout)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("listing {}", path.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !SKIPPED.contains(&name.as_ref()) && !name.starts_with('.') {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

/// Whether `web/dist` was built from these inputs.
pub fn is_current(folders: &Folders, hash: &str) -> bool {
    folders.dist.join("index.html").exists()
        && fs::read_to_string(stamp(folders)).is_ok_and(|remembered| remembered == hash)
}

/// Notes what `web/dist` was built from.
pub fn remember(folders: &Folders, hash: &str) -> Result<()> {
    fs::write(stamp(folders), hash).context("noting what the site was built from")
}

fn stamp(folders: &Folders) -> PathBuf {
    folders.work.join("inputs")
}
