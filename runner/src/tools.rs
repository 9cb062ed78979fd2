//! Finding ffmpeg and ffprobe.

use std::{env, path::PathBuf};

/// Where the two programs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools {
    pub ffmpeg: PathBuf,
    pub ffprobe: PathBuf,
}

/// A program is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{missing} was not found: install ffmpeg 5.1 or newer (Debian and Ubuntu: `apt-get install ffmpeg`, macOS: \
     `brew install ffmpeg`), or name the programs in KINORA_FFMPEG and KINORA_FFPROBE"
)]
pub struct ToolsError {
    missing: &'static str,
}

impl Tools {
    /// Looks at `KINORA_FFMPEG` and `KINORA_FFPROBE`, then along `PATH`.
    pub fn find() -> Result<Self, ToolsError> {
        Ok(Self { ffmpeg: locate("ffmpeg", "KINORA_FFMPEG")?, ffprobe: locate("ffprobe", "KINORA_FFPROBE")? })
    }
}

fn locate(program: &'static str, variable: &str) -> Result<PathBuf, ToolsError> {
    let named = env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let candidates: Vec<PathBuf> = match named {
        Some(path) => vec![path],
        None => {
            env::split_paths(&env::var_os("PATH").unwrap_or_default()).map(|dir| dir.join(program)).collect()
        }
    };
    candidates
        .into_iter()
        .filter(|path| path.is_file())
        .find_map(|path| std::path::absolute(path).ok())
        .ok_or(ToolsError { missing: program })
}
