//! The jobs of a video, taken together: how much of the work is done, and how long the rest takes.

use std::collections::HashMap;

use kinora_entity::{VideoId, job};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};

use super::ProcessingStage;

/// What looking at the source and planning is of the whole, in percent.
const PLANNING_PERCENT: f64 = 6.0;
/// Below this part of the work its speed is not known well enough to tell how long the rest takes.
const TELLING_PART: f64 = 0.03;

/// The latest family of jobs of a video: the first one, and those that it planned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// What the first job last said.
    first: Option<job::Progress>,
    parts: Option<Parts>,
    /// How far each chunk is, from 0 to 1, in their order.
    chunks: Vec<f64>,
}

/// So many figures tell enough of the longest video.
const MOST_CELLS: usize = 60;

/// What was planned.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Parts {
    /// Done, from 0 to 1.
    part: f64,
    is_begun: bool,
    elapsed_ms: f64,
}

#[derive(FromQueryResult)]
struct Chunk {
    video_id: VideoId,
    chunk: i32,
    done: f64,
}

/// Of the latest family of jobs of each video, all jobs of a chunk taken together.
async fn chunks_of(connection: &impl ConnectionTrait, videos: &[VideoId]) -> Result<Vec<Chunk>, DbErr> {
    let ids: Vec<i64> = videos.iter().map(|id| id.0).collect();
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT first.video_id, part.chunk, (sum(part.weight_ms * CASE part.state WHEN 'done' THEN 1 \
         ELSE coalesce((part.progress->>'percent')::float8, 0) / 100 END) \
         / greatest(sum(part.weight_ms), 1))::float8 AS done \
         FROM (SELECT DISTINCT ON (video_id) id, video_id FROM job \
         WHERE video_id = ANY($1) AND kind = 'process_video' ORDER BY video_id, created_at DESC) first \
         JOIN job part ON part.parent_id = first.id AND part.chunk IS NOT NULL \
         GROUP BY first.video_id, part.chunk ORDER BY first.video_id, part.chunk",
        [ids.into()],
    );
    Chunk::find_by_statement(statement).all(connection).await
}

#[derive(FromQueryResult)]
struct Row {
    video_id: VideoId,
    progress: Option<job::Progress>,
    parts: i64,
    weight: f64,
    done: f64,
    is_begun: bool,
    elapsed_ms: f64,
}

impl Work {
    /// The work on each of these videos that has any.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn of_all(
        connection: &impl ConnectionTrait,
        videos: &[VideoId],
    ) -> Result<HashMap<VideoId, Self>, DbErr> {
        let ids: Vec<i64> = videos.iter().map(|id| id.0).collect();
        let statement = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT first.video_id, first.progress, count(part.id) AS parts, \
             coalesce(sum(part.weight_ms), 0)::float8 AS weight, \
             coalesce(sum(part.weight_ms * CASE part.state WHEN 'done' THEN 1 \
             ELSE coalesce((part.progress->>'percent')::float8, 0) / 100 END), 0)::float8 AS done, \
             coalesce(bool_or(part.state <> 'queued'), false) AS is_begun, \
             coalesce(extract(epoch FROM now() - min(part.created_at)) * 1000, 0)::float8 AS elapsed_ms \
             FROM (SELECT DISTINCT ON (video_id) id, video_id, progress FROM job \
             WHERE video_id = ANY($1) AND kind = 'process_video' ORDER BY video_id, created_at DESC) first \
             LEFT JOIN job part ON part.parent_id = first.id \
             GROUP BY first.id, first.video_id, first.progress",
            [ids.into()],
        );
        let rows = Row::find_by_statement(statement).all(connection).await?;
        let mut all: HashMap<VideoId, Self> =
            rows.into_iter().map(|row| (row.video_id, Self::of(row))).collect();
        for row in chunks_of(connection, videos).await? {
            let Some(work) = all.get_mut(&row.video_id) else { continue };
            // What has no job was passed on with the plan.
            work.chunks.resize(usize::try_from(row.chunk).unwrap_or_default().max(work.chunks.len()), 1.0);
            work.chunks.push(row.done.clamp(0.0, 1.0));
        }
        Ok(all)
    }

    fn of(row: Row) -> Self {
        let parts = (row.parts > 0).then(|| Parts {
            part: (row.done / row.weight.max(1.0)).clamp(0.0, 1.0),
            is_begun: row.is_begun,
            elapsed_ms: row.elapsed_ms.max(0.0),
        });
        Self { first: row.progress, parts, chunks: Vec::new() }
    }

    /// How far each part of the video is, from 0 to 1, in their order: chunks, or several of them taken together.
    pub fn cells(&self) -> Vec<f64> {
        let together = self.chunks.len().div_ceil(MOST_CELLS).max(1);
        self.chunks.chunks(together).map(|few| few.iter().sum::<f64>() / few.len() as f64).collect()
    }

    /// 0 to 100.
    pub fn percent(&self) -> f64 {
        match (self.parts, &self.first) {
            (Some(parts), _) => {
                let percent = PLANNING_PERCENT + (100.0 - PLANNING_PERCENT) * parts.part;
                // The last word is that of the state.
                ((percent * 10.0).round() / 10.0).min(99.9)
            }
            (None, Some(progress)) => progress.percent,
            (None, None) => 0.0,
        }
    }

    pub fn stage(&self) -> ProcessingStage {
        match (self.parts, &self.first) {
            (Some(parts), _) if parts.is_begun => ProcessingStage::Encoding,
            (Some(_), _) | (None, None) => ProcessingStage::Queued,
            (None, Some(progress)) => {
                ProcessingStage::from_text(&progress.stage).unwrap_or(ProcessingStage::Queued)
            }
        }
    }

    /// Time left: by the speed since the plan was made, which counts the waiting for runners in. Nothing beyond
    /// what an `Int` of GraphQL holds, which is three weeks: nobody waits for that.
    pub fn eta_ms(&self) -> Option<i64> {
        let eta_ms = match (self.parts, &self.first) {
            (Some(parts), _) if parts.part >= TELLING_PART => {
                Some((parts.elapsed_ms * (1.0 - parts.part) / parts.part).round() as i64)
            }
            (Some(_), _) | (None, None) => None,
            (None, Some(progress)) => progress.eta_ms,
        };
        eta_ms.filter(|ms| (0..=i64::from(i32::MAX)).contains(ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(part: f64, elapsed_ms: f64) -> Work {
        Work { parts: Some(Parts { part, is_begun: part > 0.0, elapsed_ms }), ..Work::default() }
    }

    #[test]
    fn the_rest_takes_as_long_as_what_is_done_did() {
        let half = work(0.5, 30_000.0);
        assert_eq!((half.percent(), half.eta_ms()), (53.0, Some(30_000)));
        assert_eq!(work(0.25, 10_000.0).eta_ms(), Some(30_000));
        assert_eq!(work(0.01, 1_000.0).eta_ms(), None, "too early to tell");
    }

    #[test]
    fn what_nobody_works_on_has_no_end_to_tell() {
        let month_ms = 30.0 * 86_400_000.0;
        assert_eq!(work(0.5, month_ms).eta_ms(), None, "an Int holds three weeks");
    }

    #[test]
    fn many_chunks_are_few_cells() {
        let cells = |chunks: Vec<f64>| Work { chunks, ..Work::default() }.cells();
        assert_eq!(cells(vec![1.0, 0.5, 0.0]), [1.0, 0.5, 0.0]);
        assert_eq!(cells(Vec::new()), Vec::<f64>::new());
        let long = cells((0..1_440).map(|chunk| if chunk < 36 { 1.0 } else { 0.0 }).collect());
        assert_eq!((long.len(), long[0], long[1], long[2]), (60, 1.0, 0.5, 0.0));
    }

    #[test]
    fn everything_done_is_not_yet_ready() {
        assert!(work(1.0, 1.0).percent() < 100.0);
        assert_eq!(work(0.0, 1.0).stage(), ProcessingStage::Queued);
        assert_eq!(Work::default().stage(), ProcessingStage::Queued);
    }
}
