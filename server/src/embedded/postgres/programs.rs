//! Finds PostgreSQL's server programs on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::PostgresError;

/// The oldest major version that the product is tried with.
const OLDEST: u32 = 15;

/// One installation of PostgreSQL.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub postgres: PathBuf,
    pub initdb: PathBuf,
    pub major: u32,
}

impl Programs {
    /// The installation to use: the one that made `cluster` if that exists, else the first that is new enough.
    pub fn find(cluster: &Path) -> Result<Self, PostgresError> {
        let installed: Vec<Self> = folders().iter().filter_map(|folder| Self::in_folder(folder)).collect();
        Self::choose(installed, made_by(cluster), cluster)
    }

    fn choose(installed: Vec<Self>, made_by: Option<u32>, cluster: &Path) -> Result<Self, PostgresError> {
        let Some(first) = installed.first().cloned() else {
            return Err(PostgresError::NotInstalled { oldest: OLDEST });
        };
        if let Some(made_by) = made_by {
            let versions: Vec<String> = installed.iter().map(|p| p.major.to_string()).collect();
            return installed.into_iter().find(|p| p.major == made_by).ok_or_else(|| {
                PostgresError::WrongVersion {
                    cluster: cluster.to_owned(),
                    made_by,
                    installed: versions.join(", "),
                }
            });
        }
        let folder = first.postgres.parent().unwrap_or(Path::new("/")).to_owned();
        let too_old = PostgresError::TooOld { found: first.major, oldest: OLDEST, folder };
        installed.into_iter().find(|p| p.major >= OLDEST).ok_or(too_old)
    }

    fn in_folder(folder: &Path) -> Option<Self> {
        let postgres = folder.join("postgres");
        let initdb = folder.join("initdb");
        if !postgres.is_file() || !initdb.is_file() {
            return None;
        }
        let output = Command::new(&postgres)
            .arg("--version")
            .env_clear()
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let major = major_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { postgres, initdb, major })
    }
}

/// Reads the major version out of `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn major_version(line: &str) -> Option<u32> {
    let version = line.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn made_by(cluster: &Path) -> Option<u32> {
    major_version(&fs::read_to_string(cluster.join("PG_VERSION")).ok()?)
}

/// Folders that may hold the programs, best first, each once.
fn folders() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in env::var_os("PATH").iter().flat_map(env::split_paths) {
        for program in ["postgres", "initdb"] {
            // The name on PATH is often a link; the other programs are beside what it points to.
            if let Ok(program) = folder.join(program).canonicalize() {
                found.extend(program.parent().map(Path::to_owned));
            }
        }
    }
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
    ] {
        found.extend(newest_first(Path::new(parent), prefix));
    }
    for folder in ["/opt/homebrew/bin", "/usr/local/pgsql/bin", "/usr/local/bin"] {
        found.push(folder.into());
    }
    let mut unique: Vec<PathBuf> = Vec::new();
    for folder in found {
        if !unique.contains(&folder) {
            unique.push(folder);
        }
    }
    unique
}

/// `parent/{prefix}{version}/bin` for every version that is there, the newest first.
fn newest_first(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(majors: &[u32]) -> Vec<Programs> {
        let programs = |major| Programs {
            postgres: format!("/opt/{major}/postgres").into(),
            initdb: "/x".into(),
            major,
        };
        majors.iter().copied().map(programs).collect()
    }

    fn choose(majors: &[u32], made_by: Option<u32>) -> Result<u32, PostgresError> {
        Programs::choose(installed(majors), made_by, Path::new("/data")).map(|p| p.major)
    }

    #[test]
    fn the_version_is_read_from_every_packager() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta2\n"), Some(18));
        assert_eq!(major_version("15\n"), Some(15));
        assert_eq!(major_version("no version"), None);
    }

    #[test]
    fn the_programs_that_made_the_data_are_preferred() {
        assert_eq!(choose(&[17, 15], Some(15)).ok(), Some(15));
        assert_eq!(choose(&[17, 15], None).ok(), Some(17));
        assert_eq!(choose(&[13, 16], None).ok(), Some(16));
        assert!(matches!(choose(&[17], Some(15)), Err(PostgresError::WrongVersion { .. })));
        assert!(matches!(choose(&[13], None), Err(PostgresError::TooOld { found: 13, .. })));
        assert!(matches!(choose(&[], None), Err(PostgresError::NotInstalled { .. })));
    }
}
