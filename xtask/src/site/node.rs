//! Packages from npm, installed exactly as locked, and the bundler among them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::{Folders, say};

/// The installed packages.
pub struct Node {
    web: PathBuf,
    pub packages: PathBuf,
}

impl Node {
    /// Installs what `package-lock.json` names, unless it is what is installed.
    pub fn prepare(folders: &Folders) -> Result<Self> {
        let node = Self { web: folders.web.clone(), packages: folders.web.join("node_modules") };
        let lock =
            fs::read(folders.web.join("package-lock.json")).context("reading web/package-lock.json")?;
        let wanted = hex::encode(Sha256::digest(lock));
        let stamp = folders.work.join("packages");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && node.esbuild().exists() {
            return Ok(node);
        }
        say("installing packages with npm");
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(&node.web);
        run(&mut npm)?;
        fs::create_dir_all(&folders.work).context("creating the work folder")?;
        fs::write(stamp, wanted).context("noting which packages are installed")?;
        Ok(node)
    }

    /// Bundles one script or style sheet and everything that it imports into `out`.
    pub fn bundle(&self, entry: &Path, out: &Path, minify: bool) -> Result<()> {
        let mut esbuild = Command::new(self.esbuild());
        esbuild.arg(entry).arg("--bundle").arg(format!("--outfile={}", out.display()));
        esbuild.args([
            "--log-level=warning",
            "--legal-comments=none",
            "--target=es2022,chrome111,firefox113,safari16.4",
        ]);
        if entry.extension().is_some_and(|extension| extension == "js") {
            esbuild.arg("--format=esm");
        }
        if minify {
            esbuild.arg("--minify");
        }
        // Entries may lie outside `web`; packages are found from here in any case.
        esbuild.env("NODE_PATH", &self.packages).env("NODE_ENV", "production").current_dir(&self.web);
        run(&mut esbuild)
    }

    /// Bundles the player's script, which has a bundler's script of its own.
    pub fn bundle_player(&self, out: &Path, minify: bool) -> Result<()> {
        let mut node = Command::new("node");
        node.arg("bundle-player.mjs").arg(out).current_dir(&self.web);
        if minify {
            node.arg("--minify");
        }
        run(&mut node)
    }

    fn esbuild(&self) -> PathBuf {
        self.packages.join(".bin/esbuild")
    }
}

/// Runs a program to its end; its own words go to the terminal.
pub fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("starting {name} (is it installed?)"))?;
    if !status.success() {
        bail!("{name} failed: {status}");
    }
    Ok(())
}
