//! `index.html` and what it loads.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::{Folders, node::Node, say, wasm::Wasm};
use crate::Profile;

/// How many hexadecimal digits of the hash a name carries: 48 bits, far beyond accident.
const HASH_DIGITS: usize = 12;
/// Where the server puts a page's own title, description and Open Graph tags.
const HEAD_MARK: &str = "<!--head-->";

/// The assets of the page, by the name that the template knows them by.
pub struct Page {
    assets: BTreeMap<&'static str, String>,
}

impl Page {
    /// Bundles everything into the stage under hashed names and writes `index.html`.
    pub fn assemble(folders: &Folders, node: &Node, wasm: &Wasm, profile: Profile) -> Result<Self> {
        let mut page = Self { assets: BTreeMap::new() };
        let minify = profile.ships();
        // The boot script imports the glue by this name, so it is bundled from beside it.
        let boot = wasm.glue.with_file_name("boot.js");
        fs::copy(folders.web.join("boot/boot.js"), &boot).context("reading web/boot/boot.js")?;
        let scripts = [
            ("boot", boot, "js"),
            ("theme", folders.web.join("boot/theme.js"), "js"),
            ("style", folders.web.join("style/main.css"), "css"),
        ];
        for (name, entry, extension) in scripts {
            let bundled = folders.work.join(format!("{name}.{extension}"));
            node.bundle(&entry, &bundled, minify)?;
            page.add(folders, name, &bundled, extension)?;
        }
        let player = folders.work.join("player.js");
        node.bundle_player(&player, minify)?;
        page.add(folders, "player", &player, "js")?;
        page.add(folders, "wasm", &wasm.module, "wasm")?;
        page.add(folders, "favicon", &folders.web.join("favicon.svg"), "svg")?;
        page.write_html(folders)?;
        Ok(page)
    }

    fn add(&mut self, folders: &Folders, name: &'static str, file: &Path, extension: &str) -> Result<()> {
        let content = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        let hash = hex::encode(Sha256::digest(&content));
        let path = format!("assets/{name}-{}.{extension}", &hash[..HASH_DIGITS]);
        let target = folders.stage.join(&path);
        fs::create_dir_all(folders.stage.join("assets")).context("creating the assets folder")?;
        fs::write(&target, content).with_context(|| format!("writing {}", target.display()))?;
        self.assets.insert(name, path);
        Ok(())
    }

    fn write_html(&self, folders: &Folders) -> Result<()> {
        let mut html =
            fs::read_to_string(folders.web.join("index.html")).context("reading web/index.html")?;
        for (name, path) in &self.assets {
            let mark = format!("%{name}%");
            if !html.contains(&mark) {
                bail!("web/index.html does not use {mark}");
            }
            html = html.replace(&mark, &format!("/{path}"));
        }
        if !html.contains(HEAD_MARK) {
            bail!("web/index.html has no {HEAD_MARK} for the server to fill");
        }
        fs::write(folders.stage.join("index.html"), html).context("writing index.html")
    }

    /// Says what a first visit loads, compressed.
    pub fn report(&self, dist: &Path) -> Result<()> {
        let mut total = 0;
        for (name, path) in &self.assets {
            let plain = dist.join(path);
            let packed = PathBuf::from(format!("{}.br", plain.display()));
            let size = fs::metadata(if packed.exists() { &packed } else { &plain })?.len();
            total += size;
            say(&format!("  {name:<8} {:>7.1} kB", size as f64 / 1000.0));
        }
        say(&format!("  {:<8} {:>7.1} kB", "total", total as f64 / 1000.0));
        Ok(())
    }
}
