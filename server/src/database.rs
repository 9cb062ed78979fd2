//! The connection to Postgres, its migrations, and a count of what is asked of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use kinora_migration::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

/// How many statements this process has sent. `/metrics` shows it, and tests bound it.
#[derive(Clone, Debug, Default)]
pub struct StatementCount(Arc<AtomicU64>);

impl StatementCount {
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Connects; `statements` counts from then on.
///
/// # Errors
/// One sentence with the reason.
pub async fn connect(url: &str, statements: &StatementCount) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(16)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(8))
        .idle_timeout(Duration::from_secs(300))
        .sqlx_logging(false);
    let mut connection =
        Database::connect(options).await.context("The database of DATABASE_URL does not answer")?;
    let count = Arc::clone(&statements.0);
    connection.set_metric_callback(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    Ok(connection)
}

/// Brings the database up to date. Safe to run from several processes at once: one does it, the rest wait.
///
/// # Errors
/// Whatever the database says.
pub async fn migrate(database: &DatabaseConnection) -> Result<()> {
    const LOCK: i64 = 0x4b49_4e4f_5241;
    let guard = database.begin().await?;
    guard
        .execute_raw(Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT pg_advisory_xact_lock($1)",
            [LOCK.into()],
        ))
        .await?;
    Migrator::up(database, None).await.context("The database could not be brought up to date")?;
    guard.commit().await?;
    Ok(())
}
