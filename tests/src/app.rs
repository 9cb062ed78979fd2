//! The application, started for one test: the real server on a port of its own, with its own database and bucket.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub use kinora_entity::user::Role;
use kinora_entity::{chunk, rendition};
use kinora_server::account;
use kinora_server::app::App;
use kinora_server::config::Config;
use kinora_server::doctor::extras;
use kinora_server::doctor::leftovers::{self, Comparison};
use kinora_server::ladder::{self, EncoderPreset, Rung};
use kinora_server::serve::{self, Running};
use kinora_server::storage::keys;
use kinora_server::{download, protection, upload, webhook};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    Statement, TryGetable,
};
use url::Url;

use crate::database;
use crate::fake_runner::FakeRunner;
use crate::graphql::Client;
use crate::other_store::Store;
use crate::person::Person;

/// A running site. Dropping it ends it; after a failed test its folder and database stay and are named.
pub struct TestApp {
    /// There until [`TestApp::stop`].
    running: Option<Running>,
    pub url: Url,
    pub guest: Client,
    pub database_url: Url,
    /// `KINORA_DATA_DIR`.
    pub data_dir: PathBuf,
    /// In place of the embedded one, where the tests are run against another origin.
    store: Option<Store>,
}

/// They are made when all else is done, and most tests end before: what is begun of them by then takes the processors
/// from the next one.
const PREVIEWS_LATER: &str = "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN NEW.run_after = now() + interval '1 year'; RETURN NEW; END $$;
    CREATE TRIGGER previews_later BEFORE INSERT ON job FOR EACH ROW WHEN (NEW.kind = 'make_previews')
    EXECUTE FUNCTION later()";

impl TestApp {
    /// Without limits on rates and without a runner.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With the embedded runner: uploads are really processed, but for the previews.
    pub async fn start_processing() -> Self {
        Self::start_with(|config| config.embedded_runner = true).await
    }

    /// With settings of the test's choice.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let database_url = database::create().await;
        let data_dir = database::RUN_FOLDER.join(format!("app-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        let mut config = Config {
            // A port of the system's choice, which the public address takes over.
            listen: ([127, 0, 0, 1], 0).into(),
            public_url: Url::parse("http://127.0.0.1").unwrap(),
            data_dir: data_dir.clone(),
            database_url: Some(database_url.to_string()),
            embedded_runner: false,
            rate_limits: false,
            // What is tested is what comes out, not how small it is.
            ladder: ladder::standard()
                .into_iter()
                .map(|rung| Rung { preset: EncoderPreset::Ultrafast, ..rung })
                .collect(),
            ..Config::default()
        };
        change(&mut config);
        let is_processing = config.embedded_runner;
        let store = match config.s3 {
            None => Store::wanted(&data_dir.join("store")).await,
            Some(_) => None,
        };
        if let Some(store) = &store {
            config.s3 = Some(store.settings());
        }
        // A test may have chosen another one.
        let database_url =
            config.database_url.as_deref().map_or(database_url, |chosen| Url::parse(chosen).unwrap());
        let running = serve::start(config, site_file).await.unwrap();
        let url = Url::parse(&format!("http://{}", running.address())).unwrap();
        if let Some(Store::Garage(garage)) = &store {
            garage.let_in(&url.origin().ascii_serialization()).await;
        }
        let guest = Client::guest(url.clone());
        let app = Self { running: Some(running), guest, url, database_url, data_dir, store };
        if is_processing {
            app.sql(PREVIEWS_LATER).await;
        }
        app
    }

    /// With previews of what is uploaded from now on.
    pub async fn with_previews(self) -> Self {
        self.sql("DROP TRIGGER previews_later ON job").await;
        self
    }

    /// Stops the site in order.
    pub async fn stop(mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    fn app(&self) -> &App {
        self.running.as_ref().expect("it runs until it is stopped, which takes it").app()
    }

    /// A new member.
    pub async fn person(&self, username: &str) -> Person {
        Person::sign_up(&self.guest, username).await
    }

    /// A new administrator.
    pub async fn administrator(&self, username: &str) -> Person {
        let person = self.person(username).await;
        self.promote(username, Role::Admin).await;
        person
    }

    /// A runner with a token of its own.
    pub async fn fake_runner(&self, name: &str) -> FakeRunner {
        FakeRunner::new(&self.guest, &self.runner_token(name).await)
    }

    /// The secret of a new runner token, as `kinora token create` would print it.
    pub async fn runner_token(&self, name: &str) -> String {
        succeed(account::create_runner_token(self.app(), name, account::Lifetime::UNLIMITED).await)
    }

    /// What `kinora user disable` does.
    pub async fn disable(&self, username: &str) {
        succeed(account::disable(self.app(), username).await);
    }

    /// What `kinora user promote` does.
    pub async fn promote(&self, username: &str, role: Role) {
        succeed(account::promote(self.app(), username, role).await);
    }

    /// What `kinora user reset-password` does.
    pub async fn reset_password(&self, username: &str, password: &str) {
        succeed(account::reset_password(self.app(), username, password.to_owned()).await);
    }

    /// Ends uploads that were left alone and frees what ended ones hold, as the site does every ten minutes.
    pub async fn clear_uploads(&self) {
        succeed(upload::expire_abandoned(self.app()).await);
    }

    /// Looks again at videos whose protection is not as wanted, as the site does every ten minutes.
    pub async fn settle_protection(&self) {
        succeed(protection::settle_forgotten(self.app()).await);
    }

    /// Removes files that nobody downloads any more, as the site does every ten minutes.
    pub async fn forget_downloads(&self) -> usize {
        succeed(download::forget_unasked(self.app()).await)
    }

    /// Forgets old messages to webhooks, as the site does every ten minutes.
    pub async fn prune_webhooks(&self) -> u64 {
        succeed(webhook::prune(self.app()).await)
    }

    /// What `kinora doctor --storage` finds, whatever its age.
    pub async fn compare_storage(&self) -> Comparison {
        succeed(leftovers::compare(self.app(), Duration::ZERO).await)
    }

    /// What `kinora doctor --storage --mend` does about it.
    pub async fn mend_storage(&self, found: &Comparison) {
        succeed(leftovers::remove_orphans(self.app(), found).await);
        succeed(extras::forget(self.app(), &found.lost_extras).await);
        succeed(leftovers::process_again(self.app(), found).await);
    }

    /// The key of the first chunk of the published attempt's first rendition.
    pub async fn chunk_key(&self, video: &str) -> String {
        let video = video.parse().expect("an id");
        let found = rendition::Entity::find()
            .filter(rendition::Column::VideoId.eq(video))
            .order_by_desc(rendition::Column::Attempt)
            .one(&self.app().database)
            .await;
        let found = found.expect("the database of a test answers").expect("the video is ready");
        let first = chunk::Entity::find()
            .filter(chunk::Column::RenditionId.eq(found.id))
            .filter(chunk::Column::Index.eq(0))
            .one(&self.app().database)
            .await;
        let first = first.expect("the database of a test answers").expect("a rendition has chunks");
        keys::chunk(video, found.attempt, &found.name, 0, first.lease_id)
    }

    /// Takes an object away behind the site's back.
    pub async fn lose_object(&self, key: &str) {
        self.app().storage.delete(key).await.expect("the store of a test answers");
    }

    /// Ends every upload that is open in the store behind the site's back, as a rule of the bucket may.
    pub async fn lose_open_uploads(&self) {
        let storage = &self.app().storage;
        for open in storage.list_multiparts("").await.expect("the store of a test answers") {
            storage.abort_multipart(&open.key, &open.upload_id).await.expect("the store of a test answers");
        }
    }

    /// Puts an empty object behind the site's back.
    pub async fn put_empty_object(&self, key: &str) {
        let md5_of_nothing = 0xd41d_8cd9_8f00_b204_e980_0998_ecf8_427e_u128.to_be_bytes();
        let put = self
            .app()
            .storage
            .put(key, bytes::Bytes::new(), &md5_of_nothing, "application/octet-stream")
            .await;
        put.expect("the store of a test answers");
    }

    /// Whether the store is ours, which says more than the protocol asks for.
    pub fn has_own_store(&self) -> bool {
        !matches!(self.store, Some(Store::Garage(_)))
    }

    /// How many files our own store holds of objects and of parts; of another, how many objects and open uploads.
    pub async fn stored_files(&self) -> usize {
        if let Some(Store::Garage(_)) = &self.store {
            let storage = &self.app().storage;
            let page = storage.list_objects("", None).await.expect("the store of a test answers");
            let uploads = storage.list_multiparts("").await.expect("the store of a test answers");
            return page.objects.len() + uploads.len();
        }
        ["objects", "multipart"].iter().map(|kind| files_in(&self.data_dir.join("store").join(kind))).sum()
    }

    /// How many SQL statements the site has sent so far.
    pub fn statements(&self) -> u64 {
        self.app().statements.get()
    }

    /// A READY video whose bytes mean nothing.
    pub async fn ready_video(&self, owner: &Person, runner: &FakeRunner, title: &str) -> String {
        let upload = owner.begin_upload(&format!("{title}.mp4"), "video/mp4", 9).await;
        owner.put_parts(&upload, b"any bytes").await;
        let video = owner.complete(&upload).await.data()["completeUpload"]["id"].as_str().unwrap().to_owned();
        let job = runner.lease().await.expect("the upload has made a job");
        assert_eq!(job["videoId"], video.as_str());
        runner.finish(&job).await;
        owner.ready(&video, Duration::from_secs(5)).await;
        video
    }

    /// A connection to this site's database, to arrange what the API cannot.
    pub async fn database(&self) -> DatabaseConnection {
        sea_orm::Database::connect(self.database_url.as_str()).await.unwrap()
    }

    /// Runs one statement on this site's database.
    pub async fn sql(&self, statement: &str) {
        let connection = self.database().await;
        connection.execute_unprepared(statement).await.unwrap();
        connection.close().await.unwrap();
    }

    /// The only value of a query, a count.
    pub async fn number(&self, query: &str) -> i64 {
        self.value(query).await
    }

    /// The only value of a query, a text.
    pub async fn text(&self, query: &str) -> String {
        self.value(query).await
    }

    async fn value<T: TryGetable>(&self, query: &str) -> T {
        let connection = self.database().await;
        let statement = Statement::from_string(DbBackend::Postgres, query.to_owned());
        let row = connection.query_one_raw(statement).await.unwrap().expect("one row");
        let value = row.try_get_by_index(0).unwrap();
        connection.close().await.unwrap();
        value
    }
}

/// The server's error shows itself in full only to the log, so no `unwrap`.
#[track_caller]
fn succeed<T>(outcome: kinora_server::error::Result<T>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error:?}"))
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            database::keep_debris();
            say_where(self);
        }
    }
}

#[allow(clippy::print_stderr, reason = "a failing test says where its debris is")]
fn say_where(app: &TestApp) {
    eprintln!("kept: {} and the database {}", app.data_dir.display(), app.database_url);
}

fn files_in(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.map(|path| if path.is_dir() { files_in(&path) } else { 1 }).sum()
}

/// A file of the built site.
fn site_file(path: &str) -> Option<Cow<'static, [u8]>> {
    let stays_inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    let file = crate::repository().join("web/dist").join(path);
    if stays_inside { std::fs::read(file).ok().map(Cow::Owned) } else { None }
}
