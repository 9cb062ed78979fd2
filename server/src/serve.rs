//! Starting and stopping a whole site.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::Write,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use kinora_runner::{Tools, files};
use sea_orm::DatabaseConnection;
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    account::{Passwords, SessionTokens, Throttle},
    app::{App, SharedApp},
    clock::Clock,
    config::Config,
    database::{self, StatementCount},
    embedded::{
        postgres::Postgres,
        store::{self, LEFTOVERS_AFTER, Store},
    },
    events::Events,
    graphql::SocketPlaces,
    http, maintenance,
    protection::SealingKey,
    runner, schema,
    site::ReadSiteFile,
    storage::{Endpoint, Storage},
    webhook::{self, Messenger, SecretKey},
};

/// How long open requests and the embedded runner get to finish.
const STOP_WITHIN: Duration = Duration::from_secs(8);
/// Region that the embedded store is signed for.
const EMBEDDED_REGION: &str = "auto";
const EMBEDDED_ACCESS_KEY_ID: &str = "kinora";

/// A site that runs.
pub struct Running {
    address: SocketAddr,
    app: SharedApp,
    server: JoinHandle<()>,
    background: Vec<JoinHandle<()>>,
    /// The embedded runner and what stops it.
    runner: Option<(CancellationToken, JoinHandle<()>)>,
    postgres: Option<Postgres>,
    _lock: DataLock,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn app(&self) -> &SharedApp {
        &self.app
    }

    /// Stops everything: jobs are given back, requests finish, then Postgres ends.
    pub async fn stop(self) {
        // First the runner: it gives its jobs back through a server that still listens. A job that is not
        // given back counts as crashed.
        if let Some((stop, task)) = self.runner {
            stop.cancel();
            if tokio::time::timeout(STOP_WITHIN, task).await.is_err() {
                tracing::warn!("the embedded runner did not stop in time");
            }
        }
        self.app.stop.cancel();
        for task in self.background.into_iter().chain([self.server]) {
            if tokio::time::timeout(STOP_WITHIN, task).await.is_err() {
                tracing::warn!("a part of the server did not stop in time");
            }
        }
        // The pool is shared; what is still open ends with Postgres or the process.
        drop(self.app.database.clone().close().await);
        if let Some(postgres) = self.postgres {
            drop(tokio::task::spawn_blocking(move || postgres.stop()).await);
        }
    }
}

/// Name of the file that is locked, in the data folder.
const LOCK: &str = "kinora.lock";

/// Holds the data folder for one process.
pub struct DataLock(File);

impl DataLock {
    /// Makes the folder where it is missing and takes hold of it.
    ///
    /// # Errors
    /// One sentence, also when another process holds it.
    pub fn take(folder: &Path) -> Result<Self> {
        Self::try_take(folder)?.with_context(|| {
            format!(
                "Another Kinora uses the data folder {}. Stop it, or choose another folder with KINORA_DATA_DIR",
                folder.display()
            )
        })
    }

    /// The same, with nothing where another process holds it.
    ///
    /// # Errors
    /// One sentence, when the folder cannot be made or written.
    pub fn try_take(folder: &Path) -> Result<Option<Self>> {
        std::fs::create_dir_all(folder).with_context(|| {
            format!(
                "The data folder {} cannot be made. Choose another with KINORA_DATA_DIR",
                folder.display()
            )
        })?;
        let path = folder.join(LOCK);
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(&path).with_context(|| {
                format!(
                    "The data folder {} cannot be written. Choose another with KINORA_DATA_DIR",
                    folder.display()
                )
            })?;
        match file.try_lock() {
            Ok(()) => {
                // What the holder before said of itself holds no longer.
                file.set_len(0).with_context(|| format!("{} cannot be written", path.display()))?;
                Ok(Some(Self(file)))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                bail!("The data folder {} cannot be locked: {error}.", folder.display())
            }
        }
    }

    /// Tells other processes where the one that holds the folder listens.
    fn announce(&mut self, authority: &str) -> std::io::Result<()> {
        self.0.write_all(authority.as_bytes())
    }

    /// Where the process that holds the folder listens, as `127.0.0.1:PORT`; nothing while it has not said.
    pub fn holder_address(folder: &Path) -> Option<SocketAddr> {
        std::fs::read_to_string(folder.join(LOCK)).ok()?.parse().ok()
    }
}

/// Starts a site and returns once it listens and can serve.
///
/// # Errors
/// One sentence that says what is wrong and what to do.
pub async fn start(mut config: Config, site: ReadSiteFile) -> Result<Running> {
    let ffmpeg = if config.embedded_runner { Some(Tools::find()?) } else { None };
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "{} cannot be listened on. Stop what uses it, or choose another address with KINORA_LISTEN",
            config.listen
        )
    })?;
    let address = listener.local_addr()?;
    if config.listen.port() == 0 && config.public_url.set_port(Some(address.port())).is_err() {
        bail!("KINORA_PUBLIC_URL has no port to set.");
    }
    config.data_dir = std::path::absolute(&config.data_dir)?;
    let mut lock = DataLock::take(&config.data_dir)?;
    if !config.rate_limits {
        tracing::warn!(
            "KINORA_RATE_LIMITS is off: anybody can guess passwords as fast as they like. Never do this in production."
        );
    }
    let (postgres, database_url) = start_database(&config).await?;
    let app = build(config, &database_url, address, site).await?;
    database::migrate(&app.database).await?;
    let store = open_store(&app)?;
    lock.announce(&app.local_authority).context("The data folder cannot be written")?;
    let router = http::router(
        SharedApp::clone(&app),
        schema::build(),
        store.as_ref().map(|(_, router)| router.clone()),
    );
    let stop = app.stop.clone();
    let server = tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let served = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "the server stopped serving");
        }
    });
    let mut background = vec![
        tokio::spawn(app.events.clone().listen(app.database.clone(), app.stop.clone())),
        tokio::spawn(maintenance::run(SharedApp::clone(&app))),
        tokio::spawn(webhook::run(SharedApp::clone(&app))),
    ];
    if let Some((store, _)) = store {
        let (after, stop) = (LEFTOVERS_AFTER + app.config.upload_expiry, app.stop.clone());
        let sweeping = async move { store.keep_swept(after).await };
        background.push(tokio::spawn(async move {
            stop.run_until_cancelled(sweeping).await;
        }));
    }
    let runner = match ffmpeg {
        Some(ffmpeg) => {
            let stop = app.stop.child_token();
            Some((stop.clone(), runner::start_embedded(&app, ffmpeg, stop).await?))
        }
        None => None,
    };
    Ok(Running { address, app, server, background, runner, postgres, _lock: lock })
}

async fn start_database(config: &Config) -> Result<(Option<Postgres>, String)> {
    if let Some(url) = &config.database_url {
        return Ok((None, url.clone()));
    }
    let folder = config.data_dir.clone();
    let postgres = tokio::task::spawn_blocking(move || Postgres::start(&folder)).await??;
    let url = postgres.url();
    Ok((Some(postgres), url))
}

/// Puts the parts of a process together. Nothing is asked of the network but a connection to Postgres.
///
/// # Errors
/// One sentence that says what is wrong.
pub async fn build(
    config: Config,
    database_url: &str,
    address: SocketAddr,
    site: ReadSiteFile,
) -> Result<SharedApp> {
    let statements = StatementCount::default();
    let database: DatabaseConnection = database::connect(database_url, &statements).await?;
    let clock = Clock::system();
    let secret = secret(&config)?;
    let local_authority = local_authority(address);
    let embedded_store = config.s3.is_none();
    let (local, network) = endpoints(&config, &secret, &local_authority);
    let storage = Storage::new(&config.bucket, &local, &network, config.media_url.clone(), clock.clone());
    Ok(Arc::new(App {
        session_tokens: SessionTokens::new(secret.as_bytes(), &config.origin(), clock.clone()),
        passwords: Passwords::new()?,
        throttle: Throttle::new(config.rate_limits),
        sockets: SocketPlaces::default(),
        messenger: Messenger::new(SecretKey::new(derive(&secret, "webhooks")), config.webhook_private),
        content_keys: SealingKey::new(derive(&secret, "content keys")),
        viewer_secret: derive(&secret, "viewers"),
        events: Events::new(),
        stop: CancellationToken::new(),
        config,
        database,
        statements,
        storage,
        site,
        clock,
        local_authority,
        embedded_store,
    }))
}

fn local_authority(address: SocketAddr) -> String {
    let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    SocketAddr::new(ip, address.port()).to_string()
}

/// The secret of the settings, or the one kept in the data folder.
fn secret(config: &Config) -> Result<String> {
    if let Some(secret) = &config.secret {
        return Ok(secret.clone());
    }
    let path = config.data_dir.join("secret");
    let cannot = || format!("{} cannot be read or written", path.display());
    if let Some(secret) = files::read_secret(&path).with_context(cannot)? {
        return Ok(secret);
    }
    let secret = hex::encode(rand::random::<[u8; 32]>());
    files::write_secret(&path, &secret).with_context(cannot)?;
    Ok(secret)
}

fn derive(secret: &str, purpose: &str) -> [u8; 32] {
    Sha256::new().chain_update(purpose).chain_update([0]).chain_update(secret).finalize().into()
}

fn embedded_store_key(secret: &str) -> String {
    hex::encode(derive(secret, "store"))
}

/// How the server itself and how everybody else reaches the store.
fn endpoints(config: &Config, secret: &str, local_authority: &str) -> (Endpoint, Endpoint) {
    match &config.s3 {
        Some(settings) => {
            let endpoint = Endpoint {
                url: settings.endpoint.as_str().to_owned(),
                region: settings.region.clone(),
                access_key_id: settings.access_key_id.clone(),
                secret_access_key: settings.secret_access_key.clone(),
            };
            (endpoint.clone(), endpoint)
        }
        None => {
            let at = |url: String| Endpoint {
                url,
                region: EMBEDDED_REGION.into(),
                access_key_id: EMBEDDED_ACCESS_KEY_ID.into(),
                secret_access_key: embedded_store_key(secret),
            };
            (at(format!("http://{local_authority}")), at(config.origin()))
        }
    }
}

/// The embedded store with the routes that serve it; nothing where the bucket is elsewhere.
///
/// # Errors
/// One sentence that says what is wrong.
pub fn open_store(app: &App) -> Result<Option<(Store, axum::Router)>> {
    if !app.embedded_store {
        return Ok(None);
    }
    let opened = Store::open(&app.config.data_dir.join("store"))?;
    let bucket = &app.config.bucket;
    if http::OWN_PATHS.contains(&bucket.as_str()) {
        bail!(
            "S3_BUCKET cannot be “{bucket}”: the embedded store is served under that name, and the site has a page there."
        );
    }
    let key = embedded_store_key(&secret(&app.config)?);
    let router = store::router(opened.clone(), &app.config.bucket, EMBEDDED_ACCESS_KEY_ID, &key);
    Ok(Some((opened, router)))
}

/// Serves the embedded store alone, where the site would, until what it gives is dropped; nothing where the store
/// is an outside one.
///
/// # Errors
/// One sentence, such as that the port is taken.
pub async fn lend_store(app: &App) -> Result<Option<DropGuard>> {
    let Some((_, router)) = open_store(app)? else { return Ok(None) };
    let listener = TcpListener::bind(app.config.listen).await.with_context(|| {
        format!("{} cannot be listened on, which the embedded store needs", app.config.listen)
    })?;
    let stop = CancellationToken::new();
    let stopped = stop.clone().cancelled_owned();
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
            tracing::error!(%error, "the store stopped serving");
        }
    });
    Ok(Some(stop.drop_guard()))
}
