//! Sites that were built before, by what they were built from: another clone, or a branch that is gone back to, need
//! not build them again.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result};

use super::wasm::target_folder;

/// How many are kept; each is a few megabytes.
const KEPT: usize = 4;

/// The folder of finished sites, beside everything else that is built.
pub struct Shelf(PathBuf);

impl Shelf {
    /// The shelf of this repository's target folder.
    pub fn of(root: &Path) -> Self {
        Self(target_folder(root).join("sites"))
    }

    /// Copies the site that was built from these inputs to `stage`; false where there is none.
    pub fn fetch(&self, inputs: &str, stage: &Path) -> Result<bool> {
        let site = self.0.join(inputs);
        if !site.join("index.html").exists() {
            return Ok(false);
        }
        copy(&site, stage).with_context(|| format!("copying {}", site.display()))?;
        Ok(true)
    }

    /// Keeps a finished site, and forgets the oldest ones.
    pub fn keep(&self, inputs: &str, site: &Path) -> Result<()> {
        let unfinished = self.0.join("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).context("removing a site that was half kept")?;
        }
        copy(site, &unfinished).context("keeping the site")?;
        fs::rename(&unfinished, self.0.join(inputs)).context("keeping the site")?;
        self.forget().context("forgetting old sites")
    }

    fn forget(&self) -> io::Result<()> {
        let mut sites: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            sites.push((entry.metadata()?.modified()?, entry.path()));
        }
        sites.sort();
        let too_many = sites.len().saturating_sub(KEPT);
        sites.into_iter().take(too_many).try_for_each(|(_, site)| fs::remove_dir_all(site))
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
