//! A whole import: read, then take in one post after the other, until the end or until told to stop.

use std::collections::HashSet;

use kinora_entity::{user, video};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, TransactionTrait};
use tokio_util::sync::CancellationToken;

use super::{
    Collection,
    post::{Problem, Reading},
    service::{Importer, Outcome, Trouble},
    slides::Studio,
};
use crate::{account::Viewer, app::App};

/// After so many failures of the site itself in a row the rest is not tried.
const PATIENCE: u32 = 5;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Order {
    pub collection: Collection,
    pub visibility: video::Visibility,
    /// Also bring back what was imported and then deleted here.
    pub bring_back: bool,
}

/// Hears how an import gets on.
pub trait Progress: Sync {
    /// The folder is read: so many posts, which hold so many bytes.
    fn read(&self, posts: u64, bytes: u64);
    /// The post of that name is begun.
    fn begin(&self, name: &str);
    /// So many bytes more are stored.
    fn bytes(&self, bytes: u64);
    /// A post has ended, of which so many bytes were announced in [`Progress::read`].
    fn end(&self, bytes: u64);
    fn problem(&self, problem: &Problem);
}

/// Why an import ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It was told to.
    Told,
    /// The database or the bucket is away; in words.
    SiteAway(String),
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub kept_as_edited: u64,
    pub moved: u64,
    pub deleted_here: u64,
    /// Posts and other files.
    pub failed: u64,
    /// Posts that were not come to.
    pub left: u64,
    pub stopped: Option<Stopped>,
    /// Sentences of the reader.
    pub notes: Vec<String>,
}

impl Tally {
    fn count(&mut self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Added => &mut self.added,
            Outcome::Changed => &mut self.changed,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::KeptAsEdited => &mut self.kept_as_edited,
            Outcome::Moved => &mut self.moved,
            Outcome::Deleted => &mut self.deleted_here,
        };
        *counter += 1;
    }
}

/// The account of that name.
///
/// # Errors
/// One sentence: there is none, or it is disabled.
pub async fn account(app: &App, username: &str) -> anyhow::Result<user::Model> {
    match user::Entity::by_username(username).one(&app.database).await? {
        Some(user) if user.disabled_at.is_none() => Ok(user),
        Some(_) => anyhow::bail!(
            "The account {username} is disabled. `kinora user reset-password {username}` opens it again"
        ),
        None => anyhow::bail!(
            "There is no account {username}. `kinora user create {username}` makes one, or sign up on the site"
        ),
    }
}

/// Imports. What goes wrong with single files is told to `progress` and counted.
///
/// # Errors
/// One sentence, when nothing can be imported at all.
pub async fn run(
    app: &App,
    uploader: user::Model,
    order: &Order,
    progress: &dyn Progress,
    stop: &CancellationToken,
) -> anyhow::Result<Tally> {
    let _only_one = lock(app, &uploader).await?;
    let collection = order.collection.clone();
    let reading = tokio::task::spawn_blocking(move || collection.read()).await??;
    let Reading { mut posts, problems, notes } = reading;
    let mut tally = Tally { notes, failed: problems.len() as u64, ..Tally::default() };
    problems.iter().for_each(|problem| progress.problem(problem));
    // The same post may lie in two folders, its own and that of saved ones.
    let mut present = HashSet::new();
    posts.retain(|post| present.insert(post.external_id.clone()));
    progress.read(posts.len() as u64, posts.iter().map(|post| post.media.size_bytes()).sum());
    let importer = Importer {
        app,
        viewer: Viewer { user: uploader, session: None },
        source: order.collection.source(),
        visibility: order.visibility,
        bring_back: order.bring_back,
        present,
        studio: Studio::default(),
    };
    let mut in_a_row = 0;
    let mut posts = posts.into_iter();
    while let Some(post) = posts.next() {
        if stop.is_cancelled() {
            tally.left = posts.len() as u64 + 1;
            tally.stopped = Some(Stopped::Told);
            break;
        }
        progress.begin(&post.name);
        let outcome = importer.take_in(&post, &|bytes| progress.bytes(bytes)).await;
        progress.end(post.media.size_bytes());
        let (what, is_ours) = match outcome {
            Ok(outcome) => {
                tally.count(outcome);
                in_a_row = 0;
                continue;
            }
            Err(Trouble::Post(what)) => (what, false),
            Err(Trouble::Site(what)) => (what, true),
        };
        in_a_row = if is_ours { in_a_row + 1 } else { 0 };
        tally.failed += 1;
        progress.problem(&Problem::new(&post.name, what.clone()));
        if in_a_row == PATIENCE {
            tally.left = posts.len() as u64;
            tally.stopped = Some(Stopped::SiteAway(what));
            break;
        }
    }
    Ok(tally)
}

/// Two imports for one account at once would both add what neither has seen. Held until it is dropped, and
/// gone with the process.
async fn lock(app: &App, uploader: &user::Model) -> anyhow::Result<DatabaseTransaction> {
    let transaction = app.database.begin().await?;
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT pg_try_advisory_xact_lock($1) AS is_free",
        [uploader.id.into()],
    );
    let row = transaction.query_one_raw(statement).await?;
    let is_free = row.map(|row| row.try_get::<bool>("", "is_free")).transpose()?.unwrap_or(false);
    if !is_free {
        anyhow::bail!("Another import for {} is under way. Wait for it to end", uploader.username);
    }
    Ok(transaction)
}
