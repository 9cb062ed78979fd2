//! Bubblewrap: a file system of its own, built from little more than a job's folder.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::{real_path, succeeds};
use crate::workdir::{JobFolder, OUT, SOURCE};

/// Where a job's folder appears inside.
const INSIDE: &str = "/job";
/// The system's programs and libraries. Those that are links into /usr are made again as links.
const SYSTEM: [&str; 6] = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/nix/store"];
/// What the loader needs besides: its cache, and Debian's links to the chosen linear algebra library.
const LOADER: [&str; 2] = ["/etc/ld.so.cache", "/etc/alternatives"];

/// A bubblewrap that was seen to work.
#[derive(Debug)]
pub struct Bubblewrap {
    path: PathBuf,
}

impl Bubblewrap {
    /// Looks for it along `PATH` and runs `program` inside, for containers often forbid it.
    pub async fn detect(program: &Path) -> Option<Self> {
        let path = env::split_paths(&env::var_os("PATH")?)
            .map(|dir| dir.join("bwrap"))
            .find(|path| path.is_file())?;
        let candidate = Self { path };
        let mut args = candidate.walls(program);
        args.push("--".into());
        args.push(program.into());
        args.push("-version".into());
        succeeds(&candidate.path, &args).await.then_some(candidate)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything before the program: its file system is the system's programs and this job.
    pub fn arguments(&self, program: &Path, folder: &JobFolder) -> Vec<OsString> {
        let mut args = self.walls(program);
        let mut add = |words: [OsString; 3]| args.extend(words);
        add(["--ro-bind".into(), folder.source().into(), format!("{INSIDE}/{SOURCE}").into()]);
        add(["--bind".into(), folder.out().into(), format!("{INSIDE}/{OUT}").into()]);
        args.extend(["--chdir".into(), INSIDE.into()]);
        args
    }

    fn walls(&self, program: &Path) -> Vec<OsString> {
        let mut args: Vec<OsString> = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
            .map(OsString::from)
            .to_vec();
        for path in SYSTEM {
            match fs::read_link(path) {
                Ok(target) => args.extend(["--symlink".into(), target.into(), path.into()]),
                Err(_) if Path::new(path).is_dir() => {
                    args.extend(["--ro-bind", path, path].map(OsString::from))
                }
                Err(_) => {}
            }
        }
        for path in LOADER {
            args.extend(["--ro-bind-try", path, path].map(OsString::from));
        }
        // A program from elsewhere brings its neighbours along.
        for path in [program.to_owned(), real_path(program)] {
            if let Some(parent) =
                path.parent().filter(|parent| !SYSTEM.iter().any(|system| parent.starts_with(system)))
            {
                args.extend(["--ro-bind".into(), parent.into(), parent.into()]);
            }
        }
        args.extend(
            ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", INSIDE].map(OsString::from),
        );
        args
    }
}
