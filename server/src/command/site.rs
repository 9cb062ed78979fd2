//! The site as commands see it: its database, whether the server runs or not.

use anyhow::Result;

use crate::{
    app::SharedApp,
    config::Config,
    database,
    embedded::postgres::{self, Postgres},
    serve::{self, DataLock},
};

/// An open site. Where the server runs, its Postgres is used; else one is started for as long as the
/// command takes.
pub(super) struct Site {
    pub app: SharedApp,
    own: Option<(Postgres, DataLock)>,
}

impl Site {
    pub async fn open(mut config: Config) -> Result<Self> {
        config.data_dir = std::path::absolute(&config.data_dir)?;
        let (own, url) = match &config.database_url {
            Some(url) => (None, url.clone()),
            None => match postgres::url_of_running(&config.data_dir) {
                Some(url) => (None, url),
                None => {
                    let lock = DataLock::take(&config.data_dir)?;
                    let folder = config.data_dir.clone();
                    let started = tokio::task::spawn_blocking(move || Postgres::start(&folder)).await??;
                    let url = started.url();
                    (Some((started, lock)), url)
                }
            },
        };
        let listen = config.listen;
        let app = serve::build(config, &url, listen).await?;
        database::migrate(&app.database).await?;
        Ok(Self { app, own })
    }

    /// Whether no server runs on the data folder: then this command holds it.
    pub fn starts_alone(&self) -> bool {
        self.own.is_some()
    }

    pub async fn close(self) -> Result<()> {
        drop(self.app.database.clone().close().await);
        if let Some((postgres, lock)) = self.own {
            tokio::task::spawn_blocking(move || postgres.stop()).await?;
            drop(lock);
        }
        Ok(())
    }
}
