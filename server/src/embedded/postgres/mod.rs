//! A private Postgres: a child process on a unix socket that no other user can reach, its files in the
//! data folder. It lives exactly as long as the server: it is started again when it dies, and stops by
//! itself when the server is killed.

mod cluster;
mod error;
mod folders;
mod owner;
mod postmaster;
mod programs;
mod supervisor;
#[cfg(test)]
mod tests;

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

pub use error::PostgresError;
use folders::socket_file;
use postmaster::PidFile;
use supervisor::Supervision;

/// The superuser of the cluster and the name of its only database.
const NAME: &str = "kinora";

/// A running private Postgres. Dropping it stops it.
pub struct Postgres {
    url: String,
    supervision: Mutex<Option<Supervision>>,
}

impl Postgres {
    /// Starts the Postgres whose files are in `data_dir/postgres`, and makes them first if there are none.
    ///
    /// Returns when the database accepts connections. Blocks for 20 to 150 ms, for about a second the first
    /// time, and for as long as recovery takes after a crash; it may be called before or inside a runtime.
    pub fn start(data_dir: &Path) -> Result<Self, PostgresError> {
        let (supervision, socket_folder) = supervisor::start(data_dir)?;
        Ok(Self { url: url_of(&socket_folder), supervision: Mutex::new(Some(supervision)) })
    }

    /// The address of the database in the form that sqlx takes: `postgres://…?host=/socket/folder`.
    /// It stays the same when Postgres has to be started again.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Stops Postgres and waits until it is gone, usually less than 100 ms. Open connections are cut.
    /// A second call does nothing.
    pub fn stop(&self) {
        let supervision = self.supervision.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Supervision { stopping, thread }) = supervision {
            stopping.store(true, Ordering::Release);
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("the thread that watches over Postgres panicked");
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The address of the Postgres that another process runs on `data_dir`, for command-line tools that are
/// used beside a running server; `None` when there is none or it does not accept connections.
pub fn url_of_running(data_dir: &Path) -> Option<String> {
    let pid_file = PidFile::read(&folders::cluster_of(data_dir))?;
    let socket_folder = pid_file.socket_folder.filter(|_| pid_file.ready)?;
    UnixStream::connect(socket_file(&socket_folder)).ok()?;
    Some(url_of(&socket_folder))
}

fn url_of(socket_folder: &Path) -> String {
    let host: String =
        url::form_urlencoded::byte_serialize(socket_folder.as_os_str().as_encoded_bytes()).collect();
    format!("postgres://{NAME}@localhost/{NAME}?host={host}")
}
