//! Whether database and bucket agree: objects that nothing names, and objects that are named and missing.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, SystemTime},
};

use kinora_entity::{LeaseId, UploadId, VideoId, departed, job, upload, video};
use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Select, Statement,
};

use super::extras::{self, Extra};
use crate::{
    app::App,
    error::Result,
    processing::enqueue,
    storage::{OpenMultipart, StorageError, StoredObject, keys},
};

/// What does not fit together.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    pub objects: usize,
    pub bytes: i64,
    /// In the bucket, and named by nothing.
    pub orphans: Vec<StoredObject>,
    /// Begun in the store, and not open in the database.
    pub orphan_multiparts: Vec<OpenMultipart>,
    /// Beginnings of the keys that this database has once given away.
    known: HashSet<String>,
    /// Videos that lack something of what they are played from, but whose source is there.
    pub damaged: Vec<VideoId>,
    /// Videos that lack something, and whose source is gone as well.
    pub lost: Vec<VideoId>,
    pub lost_extras: Vec<Extra>,
    /// Videos that play, and whose source is gone: they cannot be made anew.
    pub without_source: Vec<VideoId>,
}

impl Comparison {
    /// Whether everything fits.
    pub fn is_clean(&self) -> bool {
        self.orphans.is_empty()
            && self.orphan_multiparts.is_empty()
            && self.damaged.is_empty()
            && self.lost.is_empty()
            && self.lost_extras.is_empty()
            && self.without_source.is_empty()
    }

    /// Without what this database has never heard of. It may be all that is left of videos that a restored
    /// database, or a new one in front of an old bucket, does not know: a person decides on that.
    #[must_use]
    pub fn of_known_owners(mut self) -> Self {
        let is_known = |key: &str| self.known.contains(key) || self.known.contains(keys::owner_prefix(key));
        self.orphans.retain(|orphan| is_known(&orphan.key));
        self.orphan_multiparts.retain(|open| is_known(&open.key));
        self
    }
}

/// What the database says should be in the bucket.
struct Expected {
    /// Every object by its size, as far as it is known, with the video that needs it.
    objects: HashMap<String, (VideoId, Option<i64>)>,
    /// Whose objects are still being made: nothing of theirs is an orphan yet.
    in_flight: HashSet<String>,
    /// The same for previews: beginnings of the keys of those that are being made.
    previews_in_flight: Vec<String>,
    open_multiparts: HashSet<String>,
    sources: HashMap<VideoId, String>,
    extras: extras::Expected,
    known: HashSet<String>,
}

/// Compares. What is younger than `grace` is left out: it may be named in a moment.
///
/// # Errors
/// Whatever the database or the store says.
pub async fn compare(app: &App, grace: Duration) -> Result<Comparison> {
    let before = SystemTime::now().checked_sub(grace).unwrap_or(SystemTime::UNIX_EPOCH);
    // First the store, then the database: what is published in between is then named, not an orphan.
    let mut stored = HashMap::new();
    let mut comparison = Comparison::default();
    for prefix in keys::ALL_PREFIXES {
        let mut next = None;
        loop {
            let page = app.storage.list_objects(prefix, next).await?;
            stored.extend(page.objects.into_iter().map(|object| (object.key.clone(), object)));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    let multiparts = app.storage.list_multiparts("").await?;
    let expected = expected(app).await?;

    comparison.objects = stored.len();
    comparison.bytes = stored.values().map(|object| object.size_bytes).sum();
    comparison.orphan_multiparts = multiparts
        .into_iter()
        .filter(|open| keys::is_ours(&open.key))
        .filter(|open| open.begun < before && !expected.open_multiparts.contains(&open.upload_id))
        .collect();
    let mut missing = HashSet::new();
    for (key, (video, size)) in &expected.objects {
        let listed = stored.get(key).is_some_and(|object| size.is_none_or(|size| size == object.size_bytes));
        if !listed && !missing.contains(video) && !is_there(app, key, *size).await? {
            missing.insert(*video);
        }
    }
    for (video, source) in &expected.sources {
        let has_source = stored.contains_key(source) || is_there(app, source, None).await?;
        match (missing.contains(video), has_source) {
            (true, true) => comparison.damaged.push(*video),
            (true, false) => comparison.lost.push(*video),
            (false, false) => comparison.without_source.push(*video),
            (false, true) => {}
        }
    }
    let mut lost_extras = HashSet::new();
    for (key, (extra, size)) in &expected.extras {
        let is_seen = stored.contains_key(key) || lost_extras.contains(extra);
        if !is_seen && !is_there(app, key, *size).await? {
            lost_extras.insert(extra.clone());
        }
    }
    comparison.lost_extras = lost_extras.into_iter().collect();
    let sources: HashSet<&String> = expected.sources.values().collect();
    let mut orphans: Vec<StoredObject> = stored
        .values()
        .filter(|object| {
            object.modified < before
                && !expected.objects.contains_key(&object.key)
                && !sources.contains(&object.key)
                && !expected.extras.contains_key(&object.key)
                && !expected.in_flight.contains(keys::owner_prefix(&object.key))
                && !expected.previews_in_flight.iter().any(|prefix| object.key.starts_with(prefix))
        })
        .cloned()
        .collect();
    orphans.sort_by(|one, other| one.key.cmp(&other.key));
    comparison.orphans = orphans;
    comparison.known = expected.known;
    Ok(comparison)
}

/// Asks for one object: what was published after the listing began is not in it.
async fn is_there(app: &App, key: &str, size_bytes: Option<i64>) -> Result<bool> {
    match app.storage.size_bytes(key).await {
        Ok(found) => Ok(size_bytes.is_none_or(|size| size == found)),
        Err(StorageError::NotFound) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn expected(app: &App) -> Result<Expected> {
    #[derive(FromQueryResult)]
    struct Chunk {
        video_id: VideoId,
        attempt: i32,
        name: String,
        index: i32,
        size_bytes: i64,
        lease_id: Option<LeaseId>,
    }
    let mut expected = Expected {
        objects: HashMap::new(),
        in_flight: HashSet::new(),
        previews_in_flight: Vec::new(),
        open_multiparts: HashSet::new(),
        sources: HashMap::new(),
        extras: HashMap::new(),
        known: HashSet::from([keys::TRIALS.to_owned()]),
    };
    // What is under way before what is named: what is completed in between is then both.
    let busy: Vec<VideoId> =
        active_jobs().select_only().column(job::Column::VideoId).into_tuple().all(&app.database).await?;
    expected.in_flight.extend(busy.into_iter().map(keys::video_prefix));
    // What nobody makes yet may wait for ever: for a runner that can.
    let encoding: Vec<VideoId> = job::Entity::find()
        .filter(job::Column::Kind.is_in(job::Kind::EXTRAS))
        .filter(job::Column::State.eq(job::State::Leased))
        .select_only()
        .column(job::Column::VideoId)
        .into_tuple()
        .all(&app.database)
        .await?;
    expected.in_flight.extend(encoding.into_iter().map(keys::video_prefix));
    let previewed = job::Entity::find()
        .filter(job::Column::Kind.eq(job::Kind::MakePreviews))
        .filter(job::Column::State.eq(job::State::Leased))
        .all(&app.database)
        .await?;
    expected.previews_in_flight = previewed
        .into_iter()
        .filter_map(|job| Some(keys::previews_prefix(job.video_id, job.video_attempt(), job.lease_id?)))
        .collect();
    let open: Vec<(UploadId, String)> = upload::Entity::find()
        .filter(upload::Column::State.eq(upload::State::Uploading))
        .select_only()
        .column(upload::Column::Id)
        .column(upload::Column::StorageUploadId)
        .into_tuple()
        .all(&app.database)
        .await?;
    for (id, multipart) in open {
        expected.in_flight.insert(keys::upload_prefix(id));
        expected.open_multiparts.insert(multipart);
    }
    let departed = departed::Entity::find().all(&app.database).await?;
    expected.known.extend(departed.into_iter().map(|row| row.key_prefix));
    let uploads: Vec<UploadId> = upload::Entity::find()
        .select_only()
        .column(upload::Column::Id)
        .into_tuple()
        .all(&app.database)
        .await?;
    expected.known.extend(uploads.into_iter().map(keys::upload_prefix));
    for row in video::Entity::find().all(&app.database).await? {
        expected.known.insert(keys::video_prefix(row.id));
        if row.state == video::State::Processing {
            expected.in_flight.insert(keys::video_prefix(row.id));
        }
        if let Some(poster) = keys::poster_of(&row).filter(|_| row.published_attempt.is_some()) {
            expected.objects.insert(poster, (row.id, None));
        }
        expected.extras.extend(extras::of_video(&row));
        expected.sources.insert(row.id, row.source_key);
    }
    let statement = Statement::from_string(
        DbBackend::Postgres,
        "SELECT r.video_id, r.attempt, r.name, c.index, c.size_bytes, c.lease_id FROM chunk c \
         JOIN rendition r ON r.id = c.rendition_id \
         JOIN video v ON v.id = r.video_id AND v.published_attempt = r.attempt",
    );
    for row in Chunk::find_by_statement(statement).all(&app.database).await? {
        let key = keys::chunk(row.video_id, row.attempt, &row.name, row.index, row.lease_id);
        expected.objects.insert(key, (row.video_id, Some(row.size_bytes)));
    }
    expected.extras.extend(extras::downloads(app).await?);
    Ok(expected)
}

/// Of those that a video waits for.
fn active_jobs() -> Select<job::Entity> {
    job::Entity::find()
        .filter(job::Column::State.is_in([job::State::Queued, job::State::Leased]))
        .filter(job::Column::Kind.ne(job::Kind::MakePreviews))
        .filter(job::Column::Kind.is_not_in(job::Kind::EXTRAS))
}

/// Takes away what nothing names; returns how many objects and multipart uploads.
///
/// # Errors
/// Whatever the store says; what was taken away by then stays away.
pub async fn remove_orphans(app: &App, comparison: &Comparison) -> Result<(usize, usize)> {
    for orphan in &comparison.orphans {
        app.storage.delete(&orphan.key).await?;
    }
    for open in &comparison.orphan_multiparts {
        app.storage.abort_multipart(&open.key, &open.upload_id).await?;
    }
    Ok((comparison.orphans.len(), comparison.orphan_multiparts.len()))
}

/// Has the damaged videos made anew from their sources; returns how many.
///
/// # Errors
/// Whatever the database says.
pub async fn process_again(app: &App, comparison: &Comparison) -> Result<usize> {
    let mut begun = 0;
    for &video in &comparison.damaged {
        let waiting = active_jobs().filter(job::Column::VideoId.eq(video)).one(&app.database).await?;
        if waiting.is_none() {
            enqueue(&app.database, video).await?;
            begun += 1;
        }
    }
    Ok(begun)
}
