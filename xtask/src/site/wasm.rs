//! The Rust half of the site: cargo for wasm, then wasm-bindgen, from the same lock file.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, anyhow, bail};
use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support as wasm_split;

use super::{Folders, node::run, say};
use crate::Profile;

const TARGET: &str = "wasm32-unknown-unknown";
/// Where Debian's own cargo and rustc are, the second way to a wasm toolchain.
const DEBIAN_PROGRAMS: &str = "/usr/bin";

/// The script that fetches the parts; the glue imports it by this name.
const PARTS_SCRIPT: &str = "parts.js";

/// A wasm module, the parts of it that are fetched later, and the script that binds them to the browser.
pub struct Wasm {
    pub module: PathBuf,
    pub parts: Vec<PathBuf>,
    pub glue: PathBuf,
    /// What the glue imports to fetch a part, each by its file name.
    pub parts_script: PathBuf,
}

/// Compiles `kinora-web` and binds it.
pub fn build(folders: &Folders, profile: Profile) -> Result<Wasm> {
    say(&format!("compiling ({})", profile.name()));
    run(&mut cargo(folders, profile)?)?;
    let compiled = target_folder(&folders.root).join(TARGET).join(profile.folder()).join("kinora-web.wasm");
    if !compiled.exists() {
        bail!("cargo left no {}", compiled.display());
    }
    let out = folders.work.join("bindgen");
    if out.exists() {
        fs::remove_dir_all(&out).context("clearing the bindings")?;
    }
    fs::create_dir_all(&out).context("creating the folder of the bindings")?;
    let main = folders.work.join("main.wasm");
    let parts = split(&compiled, &main, &out)?;
    if profile.ships() {
        parts.iter().try_for_each(|part| strip(part))?;
    }
    Bindgen::new()
        .input_path(&main)
        .out_name("kinora")
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        // The parts share the table of functions and the stack with the module.
        .keep_lld_exports(true)
        .remove_name_section(profile.ships())
        .remove_producers_section(profile.ships())
        .generate(&out)
        .context("binding the module")?;
    Ok(Wasm {
        module: out.join("kinora_bg.wasm"),
        parts,
        glue: out.join("kinora.js"),
        parts_script: out.join(PARTS_SCRIPT),
    })
}

/// Takes what is reached only through `#[wasm_split]` functions out of the module, into modules of their own.
fn split(compiled: &Path, main: &Path, out: &Path) -> Result<Vec<PathBuf>> {
    let module = fs::read(compiled).context("reading the compiled module")?;
    let link_name = format!("./{PARTS_SCRIPT}");
    let mut options = wasm_split::Options::new(&module);
    options.output_dir = out;
    options.main_out_path = main;
    options.link_name = &link_name;
    options.main_module = "./kinora.js";
    let split =
        wasm_split::transform(options).map_err(|report| anyhow!("splitting the module: {report:#}"))?;
    Ok(split.split_modules)
}

/// Leaves out what only tools read, such as the names of functions.
fn strip(module: &Path) -> Result<()> {
    let content = fs::read(module).context("reading a part of the module")?;
    let mut stripped = wasm_encoder::Module::new();
    for payload in wasmparser::Parser::new(0).parse_all(&content) {
        if let Some((id, range)) = payload.context("parsing a part of the module")?.as_section()
            && id != wasm_encoder::SectionId::Custom as u8
        {
            let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
            let data = content.get(range).context("a section ends behind its module")?;
            stripped.section(&wasm_encoder::RawSection { id, data });
        }
    }
    fs::write(module, stripped.finish()).context("writing a part of the module")
}

fn cargo(folders: &Folders, profile: Profile) -> Result<Command> {
    let prefix = toolchain_prefix();
    let mut cargo = match &prefix {
        Some(folder) => Command::new(Path::new(folder).join("cargo")),
        None => Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into())),
    };
    cargo
        .args([
            "build",
            "--package",
            "kinora-web",
            "--locked",
            "--target",
            TARGET,
            "--profile",
            profile.name(),
        ])
        .current_dir(&folders.root);
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", rustc_flags());
    // What `cargo run` set for this program is not meant for that one.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") {
            cargo.env_remove(name);
        }
    }
    cargo.env_remove("CARGO_MANIFEST_DIR").env_remove("CARGO_MANIFEST_PATH");
    if let Some(folder) = prefix {
        let rest = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(std::iter::once(PathBuf::from(folder)).chain(env::split_paths(&rest)))
            .context("KINORA_WASM_CARGO cannot stand in PATH")?;
        cargo.env("PATH", path);
        for name in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "RUSTUP_HOME"] {
            cargo.env_remove(name);
        }
    }
    Ok(cargo)
}

/// Views without their types, for less on the wire (`docs/decisions/0009-weight-of-the-page.md`); the relocations
/// that the module is split by; and no path of the machine that built it in the page. Nothing here may depend on
/// where the project lies, or every new place compiles all crates again; cargo names the project's own files by
/// relative paths anyway.
fn rustc_flags() -> String {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let mut flags = "--cfg erase_components -Clink-arg=--emit-relocs".to_owned();
    let crates = home.map(|home| home.join("registry/src").display().to_string());
    // Flags are divided by spaces here: a path that has one stays as it is.
    if let Some(crates) = crates.filter(|path| !path.contains(' ')) {
        flags.push_str(&format!(" --remap-path-prefix={crates}=crates"));
    }
    flags
}

/// The folder of the cargo and rustc to use, where it is not the one that runs this: `KINORA_WASM_CARGO` names
/// it, and `KINORA_WASM_TOOLCHAIN=debian` means the one of Debian's packages.
fn toolchain_prefix() -> Option<OsString> {
    env::var_os("KINORA_WASM_CARGO").filter(|folder| !folder.is_empty()).or_else(|| {
        env::var_os("KINORA_WASM_TOOLCHAIN").filter(|name| name == "debian").map(|_| DEBIAN_PROGRAMS.into())
    })
}

/// Where cargo puts its output.
pub fn target_folder(root: &Path) -> PathBuf {
    root.join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}
