//! One private Postgres a test program, migrated once; every application gets a copy of that database.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, SystemTime};

use kinora_server::database::{StatementCount, connect, migrate};
use kinora_server::embedded::postgres::Postgres;
use sea_orm::ConnectionTrait;
use tokio::sync::OnceCell;
use url::Url;

const TEMPLATE: &str = "template_of_tests";
/// What a failed run leaves is looked at within a day, or never.
const KEEP_DEBRIS: Duration = Duration::from_secs(24 * 3600);
/// Its presence in a run's folder tells later runs to leave it alone.
const DEBRIS_MARK: &str = "a-test-failed";

/// The folder of this run: the database's files, and a folder for each application.
pub(crate) static RUN_FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let all = std::env::temp_dir().join("kinora-tests");
    let folder = all.join(std::process::id().to_string());
    std::fs::create_dir_all(&folder).unwrap();
    sweep(&all);
    remove_at_exit();
    folder
});

static POSTGRES: OnceLock<Postgres> = OnceLock::new();
static FAILED: AtomicBool = AtomicBool::new(false);

/// A new database with every table and no rows.
pub async fn create() -> Url {
    static MIGRATED: OnceCell<()> = OnceCell::const_new();
    let server = server();
    MIGRATED.get_or_init(|| make_template(&server)).await;
    copy_of(&server, TEMPLATE).await
}

/// A new database without tables.
pub async fn create_empty() -> Url {
    copy_of(&server(), "template0").await
}

fn server() -> Url {
    let postgres =
        POSTGRES.get_or_init(|| Postgres::start(&RUN_FOLDER).expect("make test installs Postgres"));
    Url::parse(&postgres.url()).unwrap()
}

async fn copy_of(server: &Url, template: &str) -> Url {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    run(server, &[format!("CREATE DATABASE {name} TEMPLATE {template}")]).await;
    named(server, &name)
}

/// Keeps what this run made, for somebody to look at.
pub(crate) fn keep_debris() {
    FAILED.store(true, Ordering::Relaxed);
    let _ = std::fs::write(RUN_FOLDER.join(DEBRIS_MARK), "");
}

/// Runs statements one after the other on a connection of its own.
pub(crate) async fn run(database: &Url, statements: &[String]) {
    let connection = connect(database.as_str(), &StatementCount::default()).await.unwrap();
    for statement in statements {
        connection.execute_unprepared(statement).await.unwrap();
    }
    connection.close().await.unwrap();
}

async fn make_template(server: &Url) {
    let statements = [
        // Nothing here need survive a loss of power.
        "ALTER SYSTEM SET fsync = off".to_owned(),
        "ALTER SYSTEM SET full_page_writes = off".to_owned(),
        "ALTER SYSTEM SET synchronous_commit = off".to_owned(),
        "SELECT pg_reload_conf()".to_owned(),
        format!("CREATE DATABASE {TEMPLATE}"),
    ];
    run(server, &statements).await;
    let connection = connect(named(server, TEMPLATE).as_str(), &StatementCount::default()).await.unwrap();
    migrate(&connection).await.unwrap();
    // A template can be copied only while nobody is connected to it.
    connection.close().await.unwrap();
}

/// The socket behind the address of a database.
pub fn socket(database: &Url) -> PathBuf {
    let folder = database.query_pairs().find(|(name, _)| name == "host").expect("it has no port").1;
    Path::new(&*folder).join(".s.PGSQL.5432")
}

fn named(server: &Url, name: &str) -> Url {
    let mut url = server.clone();
    url.set_path(name);
    url
}

/// Removes what runs left that were killed.
fn sweep(all: &Path) {
    for entry in std::fs::read_dir(all).unwrap().flatten() {
        let folder = entry.path();
        let is_alive = Path::new("/proc").join(entry.file_name()).exists();
        let age = |path: &Path| {
            path.metadata().ok()?.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok())
        };
        let wanted = age(&folder.join(DEBRIS_MARK)).is_some_and(|age| age < KEEP_DEBRIS);
        if !is_alive && !wanted {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// A static is never dropped, so the end of the program stops Postgres and removes the folder.
fn remove_at_exit() {
    unsafe extern "C" {
        fn atexit(callback: extern "C" fn()) -> i32;
    }
    extern "C" fn clean() {
        if let Some(postgres) = POSTGRES.get() {
            postgres.stop();
        }
        if !FAILED.load(Ordering::Relaxed) {
            let _ = std::fs::remove_dir_all(&*RUN_FOLDER);
        }
    }
    // SAFETY: `atexit` only stores the pointer, and `clean` unwinds nowhere: it ignores every error.
    unsafe { atexit(clean) };
}
