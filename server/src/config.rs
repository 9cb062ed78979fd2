//! Every setting, read once: the environment first, then `kinora.toml`.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use kinora_runner::LEAST_MEMORY_MIB;
use url::Url;

use crate::ladder::{self, Rung};

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUp {
    Open,
    /// Only an administrator makes accounts, with `kinora user create`, and hands them on.
    Invite,
    Closed,
}

/// Where the bucket is when it is not our own.
#[derive(Clone, Debug)]
pub struct S3Settings {
    pub endpoint: Url,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
}

/// The settings of DESIGN.md, parsed.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    /// As browsers reach the site: scheme, host, port, no path.
    pub public_url: Url,
    pub data_dir: PathBuf,
    /// Unset: the embedded Postgres.
    pub database_url: Option<String>,
    /// Unset: the embedded store.
    pub s3: Option<S3Settings>,
    pub bucket: String,
    /// Public base of the bucket: media of public videos are then plain cacheable addresses.
    pub media_url: Option<Url>,
    /// Signs sessions. Unset: made once and kept in the data folder.
    pub secret: Option<String>,
    pub embedded_runner: bool,
    /// Whether it works even where nothing keeps ffmpeg from other files.
    pub runner_unconfined: bool,
    /// The most memory that one run of ffmpeg gets.
    pub runner_memory_bytes: Option<u64>,
    pub sign_up: SignUp,
    pub max_upload_bytes: u64,
    /// Unset: no limit.
    pub quota_bytes: Option<u64>,
    /// An upload of which nothing was heard for this long is given up.
    pub upload_expiry: Duration,
    pub max_duration: Duration,
    /// From the largest rung to the smallest.
    pub ladder: Vec<Rung>,
    pub rate_limits: bool,
    /// Whether webhooks may lead to addresses that are not on the public internet.
    pub webhook_private: bool,
}

/// Names of settings, in the order in which they are documented.
pub const NAMES: [&str; 22] = [
    "KINORA_LISTEN",
    "KINORA_PUBLIC_URL",
    "KINORA_DATA_DIR",
    "DATABASE_URL",
    "S3_ENDPOINT",
    "S3_BUCKET",
    "S3_REGION",
    "S3_ACCESS_KEY_ID",
    "S3_SECRET_ACCESS_KEY",
    "KINORA_MEDIA_URL",
    "KINORA_SECRET",
    "KINORA_RUNNER",
    "KINORA_RUNNER_UNCONFINED",
    "KINORA_RUNNER_MEMORY",
    "KINORA_SIGN_UP",
    "KINORA_MAX_UPLOAD_BYTES",
    "KINORA_QUOTA_BYTES",
    "KINORA_UPLOAD_EXPIRY",
    "KINORA_MAX_DURATION",
    "KINORA_LADDER",
    "KINORA_RATE_LIMITS",
    "KINORA_WEBHOOK_PRIVATE",
];

/// The largest object that R2 and S3 take: 4.995 TiB.
const LARGEST_OBJECT_BYTES: u64 = 5_492_164_460_000;

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: static_url("http://localhost:8080"),
            data_dir: "./data".into(),
            database_url: None,
            s3: None,
            bucket: "kinora".into(),
            media_url: None,
            secret: None,
            embedded_runner: true,
            runner_unconfined: false,
            runner_memory_bytes: None,
            sign_up: SignUp::Open,
            max_upload_bytes: LARGEST_OBJECT_BYTES,
            quota_bytes: None,
            upload_expiry: Duration::from_secs(24 * 3600),
            max_duration: Duration::from_secs(12 * 3600),
            ladder: ladder::standard(),
            rate_limits: true,
            webhook_private: false,
        }
    }
}

#[allow(clippy::expect_used, reason = "the text is a literal of this file")]
fn static_url(text: &'static str) -> Url {
    Url::parse(text).expect("a literal that parses")
}

impl Config {
    /// Reads the environment and, beside it, `kinora.toml` of the working folder.
    ///
    /// # Errors
    /// One sentence that names the setting and says what it takes.
    pub fn load() -> Result<Self> {
        let mut values = read_file(Path::new("kinora.toml"))?;
        for (name, value) in std::env::vars() {
            if NAMES.contains(&name.as_str()) {
                values.insert(name, value);
            } else if name.starts_with("KINORA_") && !is_of_others(&name) {
                bail!("There is no setting {name}. The settings are {}.", NAMES.join(", "));
            }
        }
        Self::from_values(&values)
    }

    /// Builds the settings from `name → value`; an empty value counts as unset.
    ///
    /// # Errors
    /// One sentence that names the setting and says what it takes.
    pub fn from_values(values: &BTreeMap<String, String>) -> Result<Self> {
        let get = |name: &str| values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        let mut config = Self::default();
        if let Some(text) = get("KINORA_LISTEN") {
            config.listen = text.parse().with_context(|| {
                format!("KINORA_LISTEN takes an address and a port such as 0.0.0.0:8080, not “{text}”.")
            })?;
            if get("KINORA_PUBLIC_URL").is_none() && config.listen.port() != 8080 {
                config.public_url = Url::parse(&format!("http://localhost:{}", config.listen.port()))?;
            }
        }
        if let Some(text) = get("KINORA_PUBLIC_URL") {
            config.public_url = web_address("KINORA_PUBLIC_URL", text)?;
            if config.public_url.path() != "/" {
                bail!("KINORA_PUBLIC_URL takes scheme, host and port without a path, not “{text}”.");
            }
        }
        if let Some(text) = get("KINORA_DATA_DIR") {
            config.data_dir = text.into();
        }
        config.database_url = get("DATABASE_URL").map(str::to_owned);
        if let Some(url) = &config.database_url
            && !url.starts_with("postgres://")
            && !url.starts_with("postgresql://")
        {
            bail!("DATABASE_URL takes a Postgres address such as postgres://user:password@host/kinora.");
        }
        if let Some(text) = get("S3_BUCKET") {
            config.bucket = bucket_name(text)?;
        }
        config.s3 = s3_settings(get)?;
        config.media_url =
            get("KINORA_MEDIA_URL").map(|text| web_address("KINORA_MEDIA_URL", text)).transpose()?;
        if let Some(secret) = get("KINORA_SECRET") {
            if secret.len() < 32 {
                bail!("KINORA_SECRET takes at least 32 characters; `openssl rand -hex 32` makes one.");
            }
            config.secret = Some(secret.to_owned());
        }
        config.embedded_runner =
            one_of("KINORA_RUNNER", get("KINORA_RUNNER"), &[("embedded", true), ("off", false)])?;
        config.runner_unconfined = one_of(
            "KINORA_RUNNER_UNCONFINED",
            get("KINORA_RUNNER_UNCONFINED"),
            &[("off", false), ("on", true)],
        )?;
        config.runner_memory_bytes = get("KINORA_RUNNER_MEMORY").map(mebibytes).transpose()?;
        config.sign_up = one_of(
            "KINORA_SIGN_UP",
            get("KINORA_SIGN_UP"),
            &[("open", SignUp::Open), ("invite", SignUp::Invite), ("closed", SignUp::Closed)],
        )?;
        config.rate_limits =
            one_of("KINORA_RATE_LIMITS", get("KINORA_RATE_LIMITS"), &[("on", true), ("off", false)])?;
        config.webhook_private =
            one_of("KINORA_WEBHOOK_PRIVATE", get("KINORA_WEBHOOK_PRIVATE"), &[("off", false), ("on", true)])?;
        if let Some(text) = get("KINORA_MAX_UPLOAD_BYTES") {
            config.max_upload_bytes = bytes("KINORA_MAX_UPLOAD_BYTES", text)?.min(LARGEST_OBJECT_BYTES);
        }
        config.quota_bytes =
            get("KINORA_QUOTA_BYTES").map(|text| bytes("KINORA_QUOTA_BYTES", text)).transpose()?;
        if let Some(text) = get("KINORA_UPLOAD_EXPIRY") {
            config.upload_expiry = duration("KINORA_UPLOAD_EXPIRY", text)?;
        }
        if let Some(text) = get("KINORA_MAX_DURATION") {
            config.max_duration = duration("KINORA_MAX_DURATION", text)?;
        }
        if let Some(text) = get("KINORA_LADDER") {
            config.ladder = ladder::parse(text)?;
        }
        Ok(config)
    }

    /// Whether browsers reach the site by https: decides the cookie's name and attributes.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// The site's origin as browsers send it.
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }
}

/// Variables of runners, of uploads from a terminal, of the build and of the tests share the prefix and are not the server's.
fn is_of_others(name: &str) -> bool {
    ["KINORA_RUNNER_", "KINORA_WASM_"].iter().any(|prefix| name.starts_with(prefix))
        || ["KINORA_SERVER", "KINORA_TOKEN", "KINORA_SAMPLES", "KINORA_PROGRAM"].contains(&name)
}

fn read_file(path: &Path) -> Result<BTreeMap<String, String>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => bail!("{} cannot be read: {error}.", path.display()),
    };
    let table: toml::Table =
        text.parse().with_context(|| format!("{} is not TOML; correct it or remove it.", path.display()))?;
    table
        .into_iter()
        .map(|(name, value)| {
            if !NAMES.contains(&name.as_str()) {
                bail!(
                    "There is no setting {name} ({}). The settings are {}.",
                    path.display(),
                    NAMES.join(", ")
                );
            }
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                _ => bail!("{name} in {} takes a text or a number.", path.display()),
            };
            Ok((name, text))
        })
        .collect()
}

fn web_address(name: &str, text: &str) -> Result<Url> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => bail!("{name} takes an address such as https://video.example.org, not “{text}”."),
    }
}

fn bucket_name(text: &str) -> Result<String> {
    let good = (3..=63).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
        && text.starts_with(|first: char| first.is_ascii_alphanumeric());
    if !good {
        bail!("S3_BUCKET takes 3 to 63 of a–z, 0–9, - and ., not “{text}”.");
    }
    Ok(text.to_owned())
}

fn s3_settings<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Option<S3Settings>> {
    let Some(endpoint) = get("S3_ENDPOINT") else {
        if get("S3_ACCESS_KEY_ID").is_some() || get("S3_SECRET_ACCESS_KEY").is_some() {
            bail!("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY need S3_ENDPOINT, the address of the store.");
        }
        return Ok(None);
    };
    let required = |name: &str| {
        get(name)
            .map(str::to_owned)
            .with_context(|| format!("S3_ENDPOINT is set, so {name} must be set too."))
    };
    Ok(Some(S3Settings {
        endpoint: web_address("S3_ENDPOINT", endpoint)?,
        region: get("S3_REGION").unwrap_or("auto").to_owned(),
        access_key_id: required("S3_ACCESS_KEY_ID")?,
        secret_access_key: required("S3_SECRET_ACCESS_KEY")?,
    }))
}

/// The first choice is the default.
fn one_of<T: Copy>(name: &str, text: Option<&str>, choices: &[(&str, T)]) -> Result<T> {
    match text {
        None => Ok(choices[0].1),
        Some(text) => {
            choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).with_context(|| {
                let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
                format!("{name} takes one of {}, not “{text}”.", words.join(", "))
            })
        }
    }
}

fn bytes(name: &str, text: &str) -> Result<u64> {
    match text.parse() {
        Ok(0) | Err(_) => bail!("{name} takes a number of bytes above zero, not “{text}”."),
        Ok(number) => Ok(number),
    }
}

/// What a run of ffmpeg may take.
fn mebibytes(text: &str) -> Result<u64> {
    match text.parse::<u64>() {
        Ok(number) if number >= LEAST_MEMORY_MIB => Ok(number.saturating_mul(1 << 20)),
        _ => bail!(
            "KINORA_RUNNER_MEMORY takes a number of megabytes, {LEAST_MEMORY_MIB} or more, not “{text}”."
        ),
    }
}

fn duration(name: &str, text: &str) -> Result<Duration> {
    let seconds = match text.strip_suffix(['h', 'm', 's']).map(str::parse::<u64>) {
        Some(Ok(number)) => match text.as_bytes().last() {
            Some(b'h') => number.checked_mul(3600),
            Some(b'm') => number.checked_mul(60),
            _ => Some(number),
        },
        _ => None,
    };
    match seconds {
        // Durations travel as 32-bit milliseconds in GraphQL.
        Some(seconds @ 1..=2_000_000) => Ok(Duration::from_secs(seconds)),
        _ => bail!("{name} takes a duration such as 12h, 90m or 45s (at most 555h), not “{text}”."),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<Config> {
        Config::from_values(&pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn nothing_set_is_a_site_on_localhost() {
        let config = with(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.origin(), "http://localhost:8080");
        assert!(config.s3.is_none() && config.embedded_runner && config.rate_limits);
    }

    #[test]
    fn another_port_moves_the_public_address_along() {
        assert_eq!(with(&[("KINORA_LISTEN", "127.0.0.1:9000")]).unwrap().origin(), "http://localhost:9000");
    }

    #[test]
    fn a_bad_value_is_named_in_the_sentence() {
        for (name, value) in [
            ("KINORA_LISTEN", "8080"),
            ("KINORA_PUBLIC_URL", "example.org"),
            ("KINORA_PUBLIC_URL", "https://example.org/path"),
            ("DATABASE_URL", "mysql://x"),
            ("S3_ENDPOINT", "https://store.example"),
            ("S3_BUCKET", "No"),
            ("KINORA_RUNNER", "yes"),
            ("KINORA_RUNNER_MEMORY", "256"),
            ("KINORA_SIGN_UP", "maybe"),
            ("KINORA_MAX_UPLOAD_BYTES", "5GB"),
            ("KINORA_MAX_DURATION", "12"),
            ("KINORA_UPLOAD_EXPIRY", "soon"),
            ("KINORA_LADDER", "1080"),
            ("KINORA_SECRET", "short"),
            ("KINORA_WEBHOOK_PRIVATE", "yes"),
        ] {
            let error = with(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
