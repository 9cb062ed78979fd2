//! The site: wasm and its glue, the player's script, styles, the GraphQL explorer and the page that loads them,
//! under names that contain a hash of their content, so that a browser may keep them for ever.

mod compress;
mod explorer;
mod inputs;
mod licenses;
mod node;
mod page;
mod shelf;
mod wasm;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result};

use self::{node::Node, page::Page, shelf::Shelf};
use crate::Profile;

/// The folders that a build reads and writes.
struct Folders {
    root: PathBuf,
    web: PathBuf,
    /// Intermediate files; beside the installed packages because nothing there is ever committed.
    work: PathBuf,
    /// The site under construction, renamed to `dist` when it is whole.
    stage: PathBuf,
    dist: PathBuf,
}

impl Folders {
    fn new(root: &Path) -> Self {
        let web = root.join("web");
        let work = web.join("node_modules/.cache/kinora");
        Self { root: root.to_owned(), stage: work.join("stage"), dist: web.join("dist"), work, web }
    }
}

/// Builds `web/dist`, or finds that it is what these inputs give.
pub fn build(root: &Path, profile: Profile) -> Result<()> {
    let began = Instant::now();
    let folders = Folders::new(root);
    let _lock = lock(root)?;
    let wanted = inputs::hash(&folders, profile)?;
    if inputs::is_current(&folders, &wanted) {
        say(&format!("the site is up to date ({} ms)", began.elapsed().as_millis()));
        return Ok(());
    }

    let shelf = Shelf::of(root);
    clear(&folders.stage)?;
    if shelf.fetch(&wanted, &folders.stage)? {
        replace(&folders)?;
        inputs::remember(&folders, &wanted)?;
        say(&format!("the site was built from the same files before ({} ms)", began.elapsed().as_millis()));
        return Ok(());
    }
    let node = Node::prepare(&folders)?;
    let wasm = wasm::build(&folders, profile)?;
    say("bundling scripts and styles");
    let page = Page::assemble(&folders, &node, &wasm, profile)?;
    explorer::copy(&folders, &node)?;
    licenses::write(&folders)?;
    compress::all(&folders.stage, profile)?;
    shelf.keep(&wanted, &folders.stage)?;
    replace(&folders)?;
    inputs::remember(&folders, &wanted)?;
    say(&format!("web/dist is ready ({:.1} s); brotli on the wire:", began.elapsed().as_secs_f64()));
    page.report(&folders.dist)
}

/// Waits until no other build of the site is under way; the next one starts when the file is dropped.
fn lock(root: &Path) -> Result<File> {
    let folder = wasm::target_folder(root);
    fs::create_dir_all(&folder).context("creating the target folder")?;
    let file = File::create(folder.join("site.lock")).context("creating the lock of the site's build")?;
    file.lock().context("waiting for another build of the site")?;
    Ok(file)
}

fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("clearing {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))
}

/// Puts the new site in the place of the old one; a server that reads the folder meets one or the other.
fn replace(folders: &Folders) -> Result<()> {
    let old = folders.work.join("old");
    if old.exists() {
        fs::remove_dir_all(&old).context("removing the site before last")?;
    }
    if folders.dist.exists() {
        fs::rename(&folders.dist, &old).context("moving the old site away")?;
    }
    fs::rename(&folders.stage, &folders.dist).context("moving the new site into place")?;
    if old.exists() {
        fs::remove_dir_all(&old).context("removing the old site")?;
    }
    Ok(())
}

/// Progress for whoever runs the task.
#[allow(clippy::print_stdout, reason = "the output of a command-line task")]
fn say(text: &str) {
    println!("site: {text}");
}
