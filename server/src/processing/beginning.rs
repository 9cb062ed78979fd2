//! Putting work into the queue, and in which order it is done.

use kinora_entity::{VideoId, job, video};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Statement};

use crate::{
    error::{Error, Result},
    job::{self as queue, NewJob},
};

/// Every class of work comes before the next one, whoever waits for it.
const CLASS: i32 = 10_000_000;

/// Where a job stands in the queue. What makes a video playable comes before everything that makes another
/// one better, and what merely copies before what encodes. Within a class the order is that of turns: the nth
/// unfinished video of an uploader, or the nth chunk of a video, waits for the first of everybody else.
pub(super) fn priority(kind: job::Kind, in_one_piece: bool, chunk: Option<i32>, turn: i32) -> i32 {
    let chunk = chunk.unwrap_or(0);
    let class = match kind {
        job::Kind::ProcessVideo if !in_one_piece => 5,
        job::Kind::EncodeAudio => 4,
        job::Kind::EncodeChunk if chunk == 0 => 3,
        job::Kind::MakePoster => 3,
        job::Kind::CopyChunk | job::Kind::ReadTracks => 2,
        // Merely copies, and what it makes private is not to be seen for longer than must be: one video at a time.
        job::Kind::RekeyChunk if turn == 0 => 2,
        job::Kind::EncodeChunk | job::Kind::ProcessVideo | job::Kind::RekeyChunk => 1,
        // Nobody waits for it.
        job::Kind::MakePreviews => 0,
        // Somebody waits for it, but the video can be watched.
        job::Kind::MakeDownload => 0,
        // For nothing but smaller files, and the work of hours.
        job::Kind::EncodeHevc | job::Kind::EncodeAv1 => -1,
    };
    class * CLASS - chunk.saturating_add(turn).clamp(0, CLASS - 1)
}

/// No job of these kinds has a lower priority. Those of other codecs may wait for ever, for a runner that can: whoever
/// does not ask for them is not to look through them.
pub fn lowest_priority(kinds: &[job::Kind]) -> i32 {
    match kinds {
        // A place that is kept for looking at new videos is not for making whole ones, which takes hours.
        [job::Kind::ProcessVideo] => 4 * CLASS + 1,
        _ if kinds.iter().any(|kind| job::Kind::EXTRAS.contains(kind)) => i32::MIN,
        _ => 1 - CLASS,
    }
}

/// Where a job stands that makes a file to download.
pub fn download_priority() -> i32 {
    priority(job::Kind::MakeDownload, false, None, 0)
}

/// Has a video processed, in the transaction of the change that wants it.
///
/// # Errors
/// Whatever the database says.
pub async fn enqueue(connection: &impl ConnectionTrait, video: VideoId) -> Result<()> {
    begin(connection, video, false).await
}

/// Begins anew, without cutting.
pub(super) async fn begin_in_one_piece(connection: &impl ConnectionTrait, video: VideoId) -> Result<()> {
    begin(connection, video, true).await
}

async fn begin(connection: &impl ConnectionTrait, video: VideoId, in_one_piece: bool) -> Result<()> {
    let row = video::Entity::find_by_id(video).one(connection).await?;
    let row = row.ok_or_else(|| Error::not_found("video"))?;
    let job = NewJob {
        kind: job::Kind::ProcessVideo,
        video,
        priority: priority(job::Kind::ProcessVideo, in_one_piece, None, turn(connection, &row).await?),
        parent: None,
        chunk: None,
        in_one_piece,
        attempt_base: last_attempt(connection, video).await?,
        weight_ms: 0,
        rendition: None,
    };
    queue::enqueue(connection, &[job]).await
}

/// What is made anew can be watched meanwhile: it waits behind this many turns of what cannot.
const MADE_ANEW: i32 = CLASS / 2;

/// How many unfinished videos the uploader of this one has: its place among them.
pub(super) async fn turn(connection: &impl ConnectionTrait, video: &video::Model) -> Result<i32> {
    if video.state == video::State::Ready {
        return Ok(MADE_ANEW);
    }
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT count(*) AS unfinished FROM \
         (SELECT FROM video WHERE uploader_id = $1 AND state = 'processing' LIMIT $2) few",
        [video.uploader_id.into(), queue::MOST_TURNS.into()],
    );
    let row = connection.query_one_raw(statement).await?;
    let unfinished: i64 = row.map(|row| row.try_get("", "unfinished")).transpose()?.unwrap_or(0);
    Ok(i32::try_from(unfinished.saturating_sub(1)).unwrap_or(i32::MAX))
}

/// New attempts never touch what an earlier one has made: it may be what is watched right now. Nor do they have the
/// number of one of which nothing is left but jobs: a runner may still be at one of them.
pub(super) async fn last_attempt(connection: &impl ConnectionTrait, video: VideoId) -> Result<i32> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT greatest((SELECT max(attempt) FROM rendition WHERE video_id = $1), \
         (SELECT max(attempt_base + CASE WHEN kind = 'process_video' AND plan IS NULL THEN attempts ELSE 0 END) \
         FROM job WHERE video_id = $1), 0) AS last",
        [video.into()],
    );
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "last")).transpose()?.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use kinora_entity::job::Kind::{
        CopyChunk, EncodeAudio, EncodeAv1, EncodeChunk, EncodeHevc, MakePreviews, ProcessVideo, RekeyChunk,
    };

    use super::{lowest_priority, priority};

    #[test]
    fn first_chunks_come_before_second_ones_and_copies_before_encodes() {
        let order = [
            priority(ProcessVideo, false, None, 0),
            priority(ProcessVideo, false, None, 900),
            priority(EncodeAudio, false, None, 1),
            priority(EncodeChunk, false, Some(0), 0),
            priority(CopyChunk, false, Some(1), 0),
            priority(CopyChunk, false, Some(400), 0),
            priority(RekeyChunk, false, Some(500), 0),
            priority(EncodeChunk, false, Some(1), 0),
            priority(EncodeChunk, false, Some(1_400), 0),
            priority(ProcessVideo, true, None, 1_500),
            priority(RekeyChunk, false, Some(0), 2_000),
            priority(MakePreviews, false, None, 0),
            priority(MakePreviews, false, None, 1),
            priority(MakePreviews, false, None, i32::MAX),
            priority(EncodeAv1, false, Some(0), 0),
            priority(EncodeAv1, false, Some(1), 0),
        ];
        assert!(order.windows(2).all(|pair| pair[0] > pair[1]), "{order:?}");
        let lowest = lowest_priority(&[ProcessVideo, MakePreviews]);
        assert!(order.iter().take(14).all(|priority| *priority >= lowest));
        assert!(order.iter().skip(14).all(|priority| *priority < lowest));
        let new_videos = order.iter().filter(|priority| **priority >= lowest_priority(&[ProcessVideo]));
        assert_eq!(new_videos.count(), 2, "neither other jobs nor a video in one piece");
        assert!(priority(EncodeHevc, false, Some(i32::MAX), i32::MAX) >= lowest_priority(&[EncodeHevc]));
    }

    #[test]
    fn the_thousandth_file_of_one_waits_for_the_first_of_another() {
        assert!(priority(EncodeChunk, false, Some(1), 0) > priority(EncodeChunk, false, Some(1), 999));
        assert!(priority(EncodeChunk, false, Some(1), 3) > priority(EncodeChunk, false, Some(9), 0));
        assert!(priority(ProcessVideo, true, None, i32::MAX) > 0);
    }
}
