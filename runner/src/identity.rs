//! Who this machine is to a site. It makes its credential itself and has it registered with a token that is good
//! once; the credential stays in a file that only its user can read, and the token is not needed again.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    RunnerConfig, RunnerError,
    api::{Api, ApiError, operations::RegisterRunnerInput, persist},
    files::{read_secret, write_secret},
};

/// What registration tokens begin with; anything else is a credential.
const REGISTRATION_PREFIX: &str = "knr_";
const CREDENTIAL_PREFIX: &str = "kn_";
/// Another process of this machine may be registering it.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// What is kept of a registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    credential: String,
    /// Of the token that the credential was registered with.
    token_sha256: String,
}

impl Record {
    fn new(token: &str) -> Self {
        let random: [u8; 32] = rand::random();
        Self {
            credential: format!("{CREDENTIAL_PREFIX}{}", hex::encode(random)),
            token_sha256: sha256(token),
        }
    }

    fn is_of(&self, token: &str) -> bool {
        self.token_sha256 == sha256(token)
    }
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// The credential of this machine; registers it if need be. Nothing when `shutdown` comes first.
pub async fn credential(
    config: &RunnerConfig,
    http: &reqwest::Client,
    shutdown: &CancellationToken,
) -> Result<Option<String>, RunnerError> {
    let token = match &config.token {
        Some(token) if !token.starts_with(REGISTRATION_PREFIX) => return Ok(Some(token.clone())),
        token => token.as_deref(),
    };
    let folder = config.state_dir.as_deref().ok_or(RunnerError::NoStateDir)?;
    let cannot = |source| RunnerError::StateDir { path: folder.to_owned(), source };
    let files = Files::of(folder, &config.server).map_err(cannot)?;
    let Some(_lock) = files.lock(shutdown).await.map_err(cannot)? else { return Ok(None) };
    let kept = files.kept().map_err(cannot)?;
    let (token, kept) = match (token, kept) {
        (None, None) => return Err(RunnerError::NotRegistered(config.server.clone())),
        (None, Some(kept)) => return Ok(Some(kept.credential)),
        (Some(token), Some(kept)) if kept.is_of(token) => return Ok(Some(kept.credential)),
        (Some(token), kept) => (token, kept),
    };
    if kept.is_some() {
        tracing::info!("another token than that of this machine's registration: registering anew");
    }
    let wanted = files.begun(token).map_err(cannot)?;
    let api = Api::guest(&config.server, http.clone());
    let name = match register(&api, token, config.name.clone(), &wanted, shutdown).await {
        Ok(Some(name)) => name,
        Ok(None) => return Ok(None),
        Err(error) => {
            files.forget_begun();
            return Err(error);
        }
    };
    files.keep(&wanted).map_err(cannot)?;
    tracing::info!(name, folder = %folder.display(), "registered; the token is not needed again");
    Ok(Some(wanted.credential))
}

/// Sends the same registration until the server answers: one whose answer was lost is answered again.
async fn register(
    api: &Api,
    token: &str,
    name: Option<String>,
    wanted: &Record,
    shutdown: &CancellationToken,
) -> Result<Option<String>, RunnerError> {
    let input =
        RegisterRunnerInput { token: token.to_owned(), name, credential_hash: sha256(&wanted.credential) };
    loop {
        match persist(shutdown, || api.register_runner(input.clone())).await {
            Ok(name) => return Ok(Some(name)),
            Err(_) if shutdown.is_cancelled() => return Ok(None),
            Err(error) if error.is_transient() => {}
            Err(ApiError::TokenRefused { message, .. } | ApiError::Rejected { message, .. }) => {
                return Err(RunnerError::RegistrationRefused(message));
            }
            Err(error) => return Err(RunnerError::RegistrationRefused(error.to_string())),
        }
    }
}

/// The files of one site in a runner's folder.
struct Files {
    lock: PathBuf,
    kept: PathBuf,
    /// A credential that may or may not be registered: the answer has not come yet.
    begun: PathBuf,
}

impl Files {
    fn of(folder: &Path, server: &Url) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let at = |extension: &str| folder.join(format!("{}.{extension}", file_name(server)));
        Ok(Self { lock: at("lock"), kept: at("credential"), begun: at("registering") })
    }

    /// Held by one process at a time; nothing when `shutdown` comes first.
    async fn lock(&self, shutdown: &CancellationToken) -> io::Result<Option<File>> {
        let file = File::create(&self.lock)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) => {}
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN_AFTER) => {}
                () = shutdown.cancelled() => return Ok(None),
            }
        }
    }

    fn kept(&self) -> io::Result<Option<Record>> {
        read(&self.kept)
    }

    /// What was begun with this token before, else something new; written down before it is sent, so that no
    /// credential is registered that nobody knows.
    fn begun(&self, token: &str) -> io::Result<Record> {
        if let Some(begun) = read(&self.begun)?.filter(|begun| begun.is_of(token)) {
            return Ok(begun);
        }
        let begun = Record::new(token);
        write(&self.begun, &begun)?;
        Ok(begun)
    }

    /// Nobody has what was begun, and nobody will.
    fn forget_begun(&self) {
        if let Err(error) = fs::remove_file(&self.begun) {
            tracing::debug!(%error, "a registration that was refused leaves a file");
        }
    }

    fn keep(&self, record: &Record) -> io::Result<()> {
        write(&self.kept, record)?;
        fs::remove_file(&self.begun)
    }
}

fn read(path: &Path) -> io::Result<Option<Record>> {
    // One that is damaged is as good as none: what to do is the same.
    Ok(read_secret(path)?.and_then(|text| serde_json::from_str(&text).ok()))
}

fn write(path: &Path, record: &Record) -> io::Result<()> {
    write_secret(path, &serde_json::to_string(record)?)
}

/// A name for a site's files: its address, made of what every file system takes, and enough of its hash to tell
/// apart what that makes the same.
fn file_name(server: &Url) -> String {
    let address = server.as_str().trim_end_matches('/');
    let readable: String = address
        .split("://")
        .last()
        .unwrap_or_default()
        .chars()
        .take(60)
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' })
        .collect();
    format!("{readable}-{}", &sha256(address)[..8])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn server(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn sites_have_files_of_their_own() {
        assert!(file_name(&server("https://video.example/")).starts_with("video.example-"));
        assert_eq!(file_name(&server("https://video.example/")), file_name(&server("https://video.example")));
        assert_ne!(file_name(&server("https://a.example/x/y")), file_name(&server("https://a.example/x_y")));
        assert!(!file_name(&server("https://a.example/../..%2f")).contains('/'));
    }

    #[test]
    fn what_was_begun_is_gone_on_with_and_only_its_user_can_read_it() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("state");
        let files = Files::of(&folder, &server("https://video.example")).unwrap();
        let first = files.begun("knr_one").unwrap();
        assert_eq!(files.begun("knr_one").unwrap(), first);
        assert_ne!(files.begun("knr_other").unwrap().credential, first.credential);
        let begun = files.begun("knr_other").unwrap();
        assert_eq!(files.kept().unwrap(), None);
        files.keep(&begun).unwrap();
        assert_eq!(files.kept().unwrap(), Some(begun.clone()));
        assert!(!files.begun.exists());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&files.kept)), (0o700, 0o600));
        assert!(!fs::read_to_string(&files.kept).unwrap().contains("knr_"), "the token is not kept");
    }
}
