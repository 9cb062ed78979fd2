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

/// What the splitter puts before the name of a part.
const PART_PREFIX: &str = "split_";

/// What the site serves, by the name that the template or the program knows it by.
pub struct Page {
    /// Loaded by every first visit.
    assets: BTreeMap<String, String>,
    /// Parts of the program, loaded by the pages that need them.
    later: BTreeMap<String, String>,
}

impl Page {
    /// Bundles everything into the stage under hashed names and writes `index.html`.
    pub fn assemble(folders: &Folders, node: &Node, wasm: &Wasm, profile: Profile) -> Result<Self> {
        let mut page = Self { assets: BTreeMap::new(), later: BTreeMap::new() };
        page.add_parts(folders, wasm)?;
        let minify = profile.ships();
        // The boot script imports the glue as its neighbour, so it is bundled from beside it.
        let boot = wasm.glue.with_file_name("boot.js");
        for name in ["boot.js", "collect.js"] {
            let copy = wasm.glue.with_file_name(name);
            fs::copy(folders.web.join("boot").join(name), copy)
                .with_context(|| format!("reading web/boot/{name}"))?;
        }
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
        for (name, entry) in [("upload", "upload/index.js"), ("hasher", "upload/hasher.js")] {
            let entry = folders.web.join(entry);
            let bundled = folders.work.join(format!("{name}.js"));
            node.bundle(&entry, &bundled, minify)?;
            let path = publish(folders, name, &bundled, "js")?;
            page.later.insert(name.to_owned(), path);
        }
        page.write_html(folders)?;
        Ok(page)
    }

    fn add(&mut self, folders: &Folders, name: &str, file: &Path, extension: &str) -> Result<()> {
        let path = publish(folders, name, file, extension)?;
        self.assets.insert(name.to_owned(), path);
        Ok(())
    }

    /// Publishes the parts of the module and gives the script that fetches them their hashed names. That script
    /// is bundled into one that lies beside them.
    fn add_parts(&mut self, folders: &Folders, wasm: &Wasm) -> Result<()> {
        let mut script =
            fs::read_to_string(&wasm.parts_script).context("reading the script that fetches the parts")?;
        for part in &wasm.parts {
            let stem = part.file_stem().unwrap_or_default().to_string_lossy();
            let name = stem.strip_prefix(PART_PREFIX).unwrap_or(&stem);
            let path = publish(folders, name, part, "wasm")?;
            let (old, new) = (format!("./{stem}.wasm"), path.replacen("assets/", "./", 1));
            if !script.contains(&old) {
                bail!("the script that fetches the parts does not know {old}");
            }
            script = script.replace(&old, &new);
            self.later.insert(name.to_owned(), path);
        }
        fs::write(&wasm.parts_script, script).context("writing the script that fetches the parts")
    }

    fn write_html(&self, folders: &Folders) -> Result<()> {
        let mut html =
            fs::read_to_string(folders.web.join("index.html")).context("reading web/index.html")?;
        // The parts of the module are named in the script that fetches them, not here.
        let scripts = self.later.iter().filter(|(_, path)| path.ends_with(".js"));
        for (name, path) in self.assets.iter().chain(scripts) {
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

    /// Says what a first visit loads, and what comes later, compressed.
    pub fn report(&self, dist: &Path) -> Result<()> {
        let mut total = 0;
        for (name, path) in &self.assets {
            let size = size_on_the_wire(dist, path)?;
            total += size;
            say(&format!("  {name:<8} {:>7.1} kB", size as f64 / 1000.0));
        }
        say(&format!("  {:<8} {:>7.1} kB", "total", total as f64 / 1000.0));
        for (name, path) in &self.later {
            let size = size_on_the_wire(dist, path)?;
            say(&format!("  {name:<8} {:>7.1} kB, later", size as f64 / 1000.0));
        }
        Ok(())
    }
}

/// Copies a file into the stage under a name with its hash; gives its path there.
fn publish(folders: &Folders, name: &str, file: &Path, extension: &str) -> Result<String> {
    let content = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let hash = hex::encode(Sha256::digest(&content));
    let path = format!("assets/{name}-{}.{extension}", &hash[..HASH_DIGITS]);
    let target = folders.stage.join(&path);
    fs::create_dir_all(folders.stage.join("assets")).context("creating the assets folder")?;
    fs::write(&target, content).with_context(|| format!("writing {}", target.display()))?;
    Ok(path)
}

fn size_on_the_wire(dist: &Path, path: &str) -> Result<u64> {
    let plain = dist.join(path);
    let packed = PathBuf::from(format!("{}.br", plain.display()));
    let file = if packed.exists() { packed } else { plain };
    Ok(fs::metadata(&file).with_context(|| format!("measuring {}", file.display()))?.len())
}
