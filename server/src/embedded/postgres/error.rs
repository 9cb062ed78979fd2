//! What can keep the private Postgres from starting, each said so that one knows what to do.

use std::io;
use std::path::PathBuf;

/// Why the private Postgres did not start.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No server programs at all.
    #[error(
        "PostgreSQL's server programs were not found: install PostgreSQL {oldest} or later (Debian, Ubuntu: \
         `apt-get install postgresql`; macOS: `brew install postgresql@17`), or set DATABASE_URL to a database \
         of your own"
    )]
    NotInstalled {
        /// The oldest major version that will do.
        oldest: u32,
    },
    /// Only programs that are too old.
    #[error(
        "PostgreSQL {found} in {} is too old: install PostgreSQL {oldest} or later, or set DATABASE_URL",
        folder.display()
    )]
    TooOld {
        /// Major version found.
        found: u32,
        /// The oldest major version that will do.
        oldest: u32,
        /// Where it was found.
        folder: PathBuf,
    },
    /// The data were written by another major version.
    #[error(
        "the database in {} was made by PostgreSQL {made_by} and only {installed} is installed: install \
         PostgreSQL {made_by} beside it, or convert the folder with pg_upgrade",
        cluster.display()
    )]
    WrongVersion {
        /// Folder of the database.
        cluster: PathBuf,
        /// Major version that made it.
        made_by: u32,
        /// Major versions that are installed, for people.
        installed: String,
    },
    /// Another server holds the folder.
    #[error("another Kinora server already uses {}: stop it, or choose another KINORA_DATA_DIR", folder.display())]
    InUse {
        /// The folder that is taken.
        folder: PathBuf,
    },
    /// Started as root and there is nobody to run Postgres as.
    #[error(
        "PostgreSQL refuses to run as root and there is no user `postgres`, `kinora` or `nobody` to run it as: \
         create the user `kinora`, or start the server as an ordinary user"
    )]
    NoUnprivilegedUser,
    /// The files belong to somebody else.
    #[error(
        "the database in {} belongs to the user with id {owner}: start the server as that user or as root, or \
         give the folder to yourself with `chown -R`",
        cluster.display()
    )]
    ForeignFolder {
        /// Folder of the database.
        cluster: PathBuf,
        /// Numeric id of the owner.
        owner: u32,
    },
    /// The unprivileged user cannot get to the folder.
    #[error(
        "the user `{user}`, which runs PostgreSQL, may not pass through {}: choose a KINORA_DATA_DIR outside of \
         it, or allow it with `chmod o+x`",
        blocked.display()
    )]
    NotReachable {
        /// The user in question.
        user: String,
        /// The first folder that is closed.
        blocked: PathBuf,
    },
    /// No place for the socket.
    #[error("no folder for PostgreSQL's socket could be made at {}: remove what is there, it is not ours", folder.display())]
    SocketFolder {
        /// The folder that was tried last.
        folder: PathBuf,
    },
    /// A file operation failed.
    #[error("{action} {} failed ({source}): check the folder's permissions and free space", path.display())]
    File {
        /// What was attempted, such as "creating".
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A program could not be run.
    #[error("{} could not be started ({source}): check that PostgreSQL is installed completely", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// `initdb` reported a failure.
    #[error("PostgreSQL's initdb could not create the database: {reason}")]
    Initdb {
        /// The last line that it wrote.
        reason: String,
    },
    /// Postgres ended instead of becoming ready.
    #[error("PostgreSQL did not start: {reason} (see {})", log.display())]
    Start {
        /// The line of its log that says why.
        reason: String,
        /// The whole log.
        log: PathBuf,
    },
    /// Postgres runs but does not become ready.
    #[error("PostgreSQL was not ready within {seconds} s: see {} for what it is doing", log.display())]
    Slow {
        /// How long was waited.
        seconds: u64,
        /// Its log.
        log: PathBuf,
    },
    /// Connecting or creating the database failed.
    #[error("PostgreSQL runs but its database could not be opened ({reason}): see {}", log.display())]
    Database {
        /// What the driver said.
        reason: String,
        /// Postgres's log.
        log: PathBuf,
    },
    /// `Postgres::stop` came before the start was over.
    #[error("PostgreSQL was told to stop while it was starting")]
    Stopped,
}

/// Turns an `io::Error` into [`PostgresError::File`].
pub(super) trait FileContext<T> {
    fn on(self, action: &'static str, path: &std::path::Path) -> Result<T, PostgresError>;
}

impl<T> FileContext<T> for io::Result<T> {
    fn on(self, action: &'static str, path: &std::path::Path) -> Result<T, PostgresError> {
        self.map_err(|source| PostgresError::File { action, path: path.to_owned(), source })
    }
}
