//! What goes to the log.

use tracing_subscriber::EnvFilter;

/// Logs to standard error at `info`, or as `RUST_LOG` says. Calling it again does nothing.
pub fn init() {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,sea_orm=warn,sea_orm_migration=warn,s3s=warn"));
    let logging =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // Already set: another part of the same process was first.
    drop(logging.try_init());
}
