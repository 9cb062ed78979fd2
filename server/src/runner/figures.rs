//! What runners are doing and have done, for a whole page of them at once.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kinora_entity::{RunnerId, VideoId, job, runner, video};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};

use crate::{
    app::App,
    error::Result,
    graphql::{Cursor, Page, PageInput},
};

const LIST: &str = "runners";
/// So long is one that was revoked still shown, so that an administrator sees what became of it.
const REVOKED_ARE_SHOWN_FOR: chrono::Duration = chrono::Duration::days(7);
/// The speed is that of the last so many jobs of a day.
const TELLING_JOBS: i64 = 200;

/// A runner and its figures.
#[derive(Clone, Debug)]
pub struct Overview {
    pub runner: runner::Model,
    pub jobs: Vec<job::Model>,
    /// The videos of these jobs that everybody may see: what is private stays so, before administrators too.
    pub titles: HashMap<VideoId, String>,
    pub lately: Lately,
}

/// What came of the leases of the last 24 hours.
#[derive(Clone, Debug, Default, FromQueryResult)]
pub struct Lately {
    pub done: i64,
    pub failed: i64,
    pub lost: i64,
    /// Milliseconds of video encoded in a second of work, of whichever number of jobs at once; none where nothing
    /// was.
    pub speed: Option<f64>,
}

/// Runners in the order in which they came, with figures, in five statements however many there are.
///
/// # Errors
/// BAD_USER_INPUT for a cursor of another list.
pub async fn page(app: &App, input: &PageInput) -> Result<Page<Overview>> {
    let gone_before = app.clock.now() - REVOKED_ARE_SHOWN_FOR;
    let mut query = runner::Entity::find().filter(
        Condition::any()
            .add(runner::Column::State.ne(runner::State::Revoked))
            .add(runner::Column::LastSeenAt.gt(gone_before))
            .add(runner::Column::CreatedAt.gt(gone_before)),
    );
    if let Some((created_at, id)) = input.cursor::<(DateTime<Utc>, i64)>(LIST)? {
        let same_moment =
            Condition::all().add(runner::Column::CreatedAt.eq(created_at)).add(runner::Column::Id.gt(id));
        query = query.filter(Condition::any().add(runner::Column::CreatedAt.gt(created_at)).add(same_moment));
    }
    let found = query
        .order_by_asc(runner::Column::CreatedAt)
        .order_by_asc(runner::Column::Id)
        .limit(input.first + 1)
        .all(&app.database)
        .await?;
    let page = Page::cut(found, input, |row| Cursor::encode(LIST, &(row.created_at, row.id.0)));
    let rows = page.items.iter().map(|(_, row)| row.clone()).collect();
    let overviews = describe(app, rows).await?;
    let cursors = page.items.into_iter().map(|(cursor, _)| cursor);
    Ok(Page { items: cursors.zip(overviews).collect(), info: page.info })
}

/// One runner with its figures.
///
/// # Errors
/// Whatever the database says.
pub async fn of(app: &App, runner: runner::Model) -> Result<Overview> {
    let mut described = describe(app, vec![runner.clone()]).await?;
    Ok(described.pop().unwrap_or_else(|| Overview {
        runner,
        jobs: Vec::new(),
        titles: HashMap::new(),
        lately: Lately::default(),
    }))
}

async fn describe(app: &App, runners: Vec<runner::Model>) -> Result<Vec<Overview>> {
    let ids: Vec<RunnerId> = runners.iter().map(|runner| runner.id).collect();
    let jobs = job::Entity::find()
        .filter(job::Column::RunnerId.is_in(ids.clone()))
        .filter(job::Column::State.eq(job::State::Leased))
        .order_by_asc(job::Column::LeasedAt)
        .order_by_asc(job::Column::Id)
        .all(&app.database)
        .await?;
    let titles: HashMap<VideoId, String> = video::Entity::visible_to(None)
        .filter(video::Column::Id.is_in(jobs.iter().map(|job| job.video_id)))
        .all(&app.database)
        .await?
        .into_iter()
        .map(|video| (video.id, video.title))
        .collect();
    let mut lately = lately(&app.database, &ids).await?;
    let mut described = Vec::with_capacity(runners.len());
    for runner in runners {
        let jobs: Vec<job::Model> =
            jobs.iter().filter(|job| job.runner_id == Some(runner.id)).cloned().collect();
        let titles =
            jobs.iter().filter_map(|job| Some((job.video_id, titles.get(&job.video_id)?.clone()))).collect();
        let lately = lately.remove(&runner.id).unwrap_or_default();
        described.push(Overview { runner, jobs, titles, lately });
    }
    Ok(described)
}

/// The time of jobs that were done side by side counts once, so that two at once are twice as fast.
async fn lately(connection: &impl ConnectionTrait, ids: &[RunnerId]) -> Result<HashMap<RunnerId, Lately>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: RunnerId,
        #[sea_orm(nested)]
        lately: Lately,
    }
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT wanted.id, counted.done, counted.failed, counted.lost, made.speed \
         FROM unnest($1::bigint[]) AS wanted (id) \
         CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE outcome = 'done') AS done, \
             count(*) FILTER (WHERE outcome = 'failed') AS failed, \
             count(*) FILTER (WHERE outcome = 'lost') AS lost \
             FROM job_run WHERE runner_id = wanted.id AND ended_at > now() - interval '24 hours') counted \
         CROSS JOIN LATERAL (SELECT (sum(media_ms) / nullif((SELECT sum(extract(epoch FROM upper(busy) - lower(busy))) \
             FROM unnest(range_agg(tstzrange(started_at, ended_at))) busy), 0))::float8 AS speed \
             FROM (SELECT media_ms, started_at, ended_at FROM job_run \
             WHERE runner_id = wanted.id AND ended_at > now() - interval '24 hours' AND media_ms > 0 \
             ORDER BY ended_at DESC LIMIT $2) latest) made",
        [ids.iter().map(|id| id.0).collect::<Vec<i64>>().into(), TELLING_JOBS.into()],
    );
    let rows = Row::find_by_statement(statement).all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.lately)).collect())
}
