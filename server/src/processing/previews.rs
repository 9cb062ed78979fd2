//! What is made of a video once it is ready, when nothing else is to be done: tiles for its seek bar, and a few seconds
//! that move in the grid. No video waits for them, and none fails with them.

use kinora_entity::{LeaseId, RunnerId, VideoId, job, video};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, TransactionTrait,
};

use super::{
    beginning::priority,
    result::{LoudnessResult, rejected},
};
use crate::{
    app::App,
    error::{Error, Result},
    events::{Event, notify},
    job::{self as queue, NewJob, held},
    storage::{StorageError, keys},
};

pub(super) const MOST_SPRITES: i32 = 10;
pub(super) const LARGEST_SPRITE_BYTES: i64 = 4 << 20;
pub(super) const LARGEST_LOOP_BYTES: i64 = 500_000;
const MOST_TILES_OF_SPRITE: i32 = 100;
const LONGEST_TILE_SIDE: i32 = 160;
const LONGEST_INTERVAL_MS: i32 = 3_600_000;

/// Previews that a runner says are in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreviewsResult {
    /// From one tile to the next.
    pub interval_ms: i32,
    pub tile_width: i32,
    pub tile_height: i32,
    pub columns: i32,
    pub rows: i32,
    pub tiles: i32,
    pub has_loop: bool,
}

impl PreviewsResult {
    /// # Errors
    /// RESULT_REJECTED.
    fn check(&self) -> Result<()> {
        let sides = [self.tile_width, self.tile_height];
        let side = 1..=MOST_TILES_OF_SPRITE;
        let fits = (1..=LONGEST_INTERVAL_MS).contains(&self.interval_ms)
            && sides.iter().all(|side| (1..=LONGEST_TILE_SIDE).contains(side))
            && side.contains(&self.columns)
            && side.contains(&self.rows)
            && side.contains(&(self.columns * self.rows))
            && (1..=self.columns * self.rows * MOST_SPRITES).contains(&self.tiles);
        if fits { Ok(()) } else { Err(rejected("These tiles make no storyboard.")) }
    }

    fn under(&self, job: &job::Model, lease: LeaseId) -> video::Previews {
        video::Previews {
            attempt: job.video_attempt(),
            lease_id: lease,
            interval_ms: self.interval_ms,
            tile_width: self.tile_width,
            tile_height: self.tile_height,
            columns: self.columns,
            rows: self.rows,
            tiles: self.tiles,
            has_loop: self.has_loop,
        }
    }
}

/// The objects of previews.
pub fn keys_of(video: VideoId, made: &video::Previews) -> Vec<String> {
    let mut all: Vec<String> =
        (0..made.sprites()).map(|number| keys::sprite(video, made.attempt, made.lease_id, number)).collect();
    all.extend(made.has_loop.then(|| keys::video_loop(video, made.attempt, made.lease_id)));
    all
}

/// Has previews made of a video that an attempt made ready.
///
/// # Errors
/// Whatever the database says.
pub async fn enqueue(connection: &impl ConnectionTrait, video: VideoId, attempt: i32) -> Result<()> {
    // One who has uploaded a thousand waits behind everybody else's first.
    let turn = queue::videos_waiting(connection, video, &[job::Kind::MakePreviews]).await?;
    let new = NewJob {
        kind: job::Kind::MakePreviews,
        video,
        priority: priority(job::Kind::MakePreviews, false, None, turn),
        parent: None,
        chunk: None,
        in_one_piece: false,
        attempt_base: attempt,
        weight_ms: 0,
        rendition: None,
    };
    queue::enqueue(connection, &[new]).await
}

/// Takes note of previews that are in the store, and ends their job.
///
/// # Errors
/// LEASE_LOST, RESULT_REJECTED.
pub(super) async fn publish(
    app: &App,
    runner: RunnerId,
    lease: LeaseId,
    made: PreviewsResult,
    loudness: Option<LoudnessResult>,
) -> Result<()> {
    made.check()?;
    let job = held(&app.database, lease, runner).await?;
    if job.kind != job::Kind::MakePreviews {
        return Err(rejected("This job was to make no previews."));
    }
    let previews = made.under(&job, lease);
    for key in keys_of(job.video_id, &previews) {
        match app.storage.size_bytes(&key).await {
            Ok(_) => {}
            Err(StorageError::NotFound) => return Err(rejected("The store does not hold every preview.")),
            Err(error) => return Err(error.into()),
        }
    }
    let transaction = app.database.begin().await?;
    let job = held(&transaction, lease, runner).await?;
    let before = video::Entity::find_by_id(job.video_id).lock_exclusive().one(&transaction).await?;
    let before = before.ok_or_else(|| Error::not_found("video"))?;
    if before.published_attempt != Some(job.video_attempt()) {
        // Another attempt has taken the place of this one, and has previews made of its own; these are left over.
        queue::finish(&transaction, &job, None).await?;
        transaction.commit().await?;
        return Ok(());
    }
    let mut row = video::ActiveModel { previews: Set(Some(previews)), ..Default::default() };
    if let Some(loudness) = loudness {
        loudness.tell(&mut row);
    }
    let this = video::Column::Id.eq(job.video_id);
    video::Entity::update_many().set(row).filter(this).exec(&transaction).await?;
    queue::finish(&transaction, &job, None).await?;
    notify(&transaction, Event::Video(job.video_id)).await?;
    transaction.commit().await?;
    // Those of an earlier attempt, which may lie in the clear where the video no longer does.
    for key in before.previews.iter().flat_map(|made| keys_of(job.video_id, made)) {
        if let Err(error) = app.storage.delete(&key).await {
            tracing::warn!(key, %error, "an earlier preview is left over until the next sweep");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_makes_a_storyboard_is_taken() {
        let good = PreviewsResult {
            interval_ms: 1_000,
            tile_width: 160,
            tile_height: 90,
            columns: 10,
            rows: 10,
            tiles: 1_000,
            has_loop: true,
        };
        assert!(good.check().is_ok());
        let bad: [fn(&mut PreviewsResult); 7] = [
            |made| made.interval_ms = 0,
            |made| made.tile_width = 161,
            |made| made.tile_height = 0,
            |made| made.columns = 11,
            |made| made.rows = i32::MAX,
            |made| made.tiles = 1_001,
            |made| made.tiles = 0,
        ];
        for (case, spoil) in bad.iter().enumerate() {
            let mut made = good;
            spoil(&mut made);
            assert!(made.check().is_err(), "case {case}");
        }
    }
}
