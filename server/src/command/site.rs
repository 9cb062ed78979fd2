//! The site as commands see it: its database, and if need be its bucket, whether the server runs or not.

use std::{net::Ipv4Addr, time::Duration};

use anyhow::{Context, Result};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    app::{App, SharedApp},
    config::Config,
    database,
    embedded::postgres::{self, Postgres},
    serve::{self, DataLock},
};

/// How long a server that is just starting gets to say where it is.
const STARTING: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(100);

/// An open site. Where the server runs, its Postgres is used; else one is started for as long as the
/// command takes.
pub(super) struct Site {
    pub app: SharedApp,
    postgres: Option<Postgres>,
    /// The embedded store, served to this process alone.
    store: Option<JoinHandle<()>>,
    lock: Option<DataLock>,
}

impl Site {
    /// Opens the database. The bucket is out of reach where it is embedded and the server does not run.
    pub async fn open(mut config: Config) -> Result<Self> {
        config.data_dir = std::path::absolute(&config.data_dir)?;
        let running = || postgres::url_of_running(&config.data_dir);
        let (postgres, lock, url) = match config.database_url.clone().or_else(running) {
            Some(url) => (None, None, url),
            None => {
                let lock = DataLock::take(&config.data_dir)?;
                let postgres = start_postgres(&config).await?;
                let url = postgres.url();
                (Some(postgres), Some(lock), url)
            }
        };
        let listen = config.listen;
        let app = serve::build(config, &url, listen, |_| None).await?;
        database::migrate(&app.database).await?;
        Ok(Self { app, postgres, store: None, lock })
    }

    /// Opens the database and the bucket. Where the server runs, it is asked for what is embedded; else the
    /// data folder belongs to this command until it ends.
    pub async fn open_with_bucket(mut config: Config) -> Result<Self> {
        config.data_dir = std::path::absolute(&config.data_dir)?;
        if config.s3.is_some() && config.database_url.is_some() {
            return Self::open(config).await;
        }
        match DataLock::try_take(&config.data_dir)? {
            Some(lock) => Self::open_stopped(config, lock).await,
            None => Self::open_beside(config).await,
        }
    }

    async fn open_stopped(config: Config, lock: DataLock) -> Result<Self> {
        // The store is spoken to as always, over a port that only this command knows.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (postgres, url) = match &config.database_url {
            Some(url) => (None, url.clone()),
            None => {
                let postgres = start_postgres(&config).await?;
                let url = postgres.url();
                (Some(postgres), url)
            }
        };
        let app = serve::build(config, &url, address, |_| None).await?;
        database::migrate(&app.database).await?;
        let store = serve::open_store(&app)?.map(|(_, router)| {
            let stop = app.stop.clone();
            tokio::spawn(async move {
                let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
                if let Err(error) = served.await {
                    tracing::error!(%error, "the store stopped serving");
                }
            })
        });
        Ok(Self { app, postgres, store, lock: Some(lock) })
    }

    async fn open_beside(config: Config) -> Result<Self> {
        let folder = config.data_dir.clone();
        let found = async {
            loop {
                let url = config.database_url.clone().or_else(|| postgres::url_of_running(&folder));
                if let (Some(url), Some(address)) = (url, DataLock::holder_address(&folder)) {
                    return (url, address);
                }
                tokio::time::sleep(POLL).await;
            }
        };
        let (url, address) = tokio::time::timeout(STARTING, found).await.ok().with_context(|| {
            format!(
                "Another Kinora uses the data folder {} and is not a running server, or one of an older version. \
                 Wait for it to end, or start the server again",
                config.data_dir.display()
            )
        })?;
        let app = serve::build(config, &url, address, |_| None).await?;
        database::migrate(&app.database).await?;
        Ok(Self { app, postgres: None, store: None, lock: None })
    }

    /// Whether no server runs on the data folder: then this command holds it.
    pub fn starts_alone(&self) -> bool {
        self.lock.is_some()
    }

    pub async fn close(self) -> Result<()> {
        let app: &App = &self.app;
        app.stop.cancel();
        if let Some(store) = self.store {
            // Nobody is left who would ask it for anything.
            store.abort();
        }
        drop(app.database.clone().close().await);
        if let Some(postgres) = self.postgres {
            tokio::task::spawn_blocking(move || postgres.stop()).await?;
        }
        Ok(())
    }
}

async fn start_postgres(config: &Config) -> Result<Postgres> {
    let folder = config.data_dir.clone();
    Ok(tokio::task::spawn_blocking(move || Postgres::start(&folder)).await??)
}
