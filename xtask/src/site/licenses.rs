//! `licenses.txt`: whose work is in the page, and the terms that it came under. Bundling strips the notices from
//! the scripts, so they are shipped here.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};

use super::Folders;

/// Packages whose code is in the site's own scripts, or (the rest) in the explorer's.
const BUNDLED: [&str; 14] = [
    "hls.js",
    "eventemitter3",
    "url-toolkit",
    "@svta/cml-id3",
    "@svta/cml-utils",
    "hash-wasm",
    "idb-keyval",
    "graphiql",
    "graphql",
    "graphql-ws",
    "react",
    "react-dom",
    "scheduler",
    "codemirror",
];

/// Writes the notices into the stage.
pub fn write(folders: &Folders) -> Result<()> {
    let mut text = String::from(
        "Kinora is licensed under Apache-2.0 OR MIT. Its site contains the work of others, with thanks.\n",
    );
    let packages = folders.web.join("node_modules");
    for package in BUNDLED {
        section(&mut text, package, &package_license(&packages.join(package))?);
    }
    section(&mut text, "Icons: Lucide", &read(&folders.web.join("licenses/lucide.txt"))?);
    section(&mut text, "Rust crates compiled into the page", &crates(folders)?);
    for (title, file) in [("The MIT licence", "LICENSE-MIT"), ("The Apache licence 2.0", "LICENSE-APACHE")] {
        section(&mut text, title, &read(&folders.root.join(file))?);
    }
    fs::write(folders.stage.join("licenses.txt"), text).context("writing licenses.txt")
}

fn section(text: &mut String, title: &str, body: &str) {
    let rule = "=".repeat(100);
    text.push_str(&format!("\n{rule}\n{title}\n{rule}\n{}\n", body.trim()));
}

fn package_license(package: &Path) -> Result<String> {
    for name in ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "LICENCE"] {
        if package.join(name).exists() {
            return read(&package.join(name));
        }
    }
    bail!("{} ships no licence", package.display())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

/// Name, version and terms of each crate that the page is compiled from.
fn crates(folders: &Folders) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--package", "kinora-web", "--target", "wasm32-unknown-unknown", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p} — {l}", "--locked"])
        .current_dir(&folders.root)
        .output()
        .context("listing crates")?;
    if !output.status.success() {
        bail!("cargo tree failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let listed = String::from_utf8_lossy(&output.stdout);
    let lines: BTreeSet<String> = listed
        .lines()
        .filter(|line| line.contains(" — ") && !line.starts_with("kinora-"))
        .map(|line| line.replace(" (*)", "").replace(" (proc-macro)", ""))
        .collect();
    Ok(lines.into_iter().collect::<Vec<_>>().join("\n"))
}
