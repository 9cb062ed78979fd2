//! What people can do about videos that failed, and what administrators see of the jobs that did.

use std::collections::HashMap;

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use kinora_entity::{job, runner, video};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::retry;
use crate::{
    app::App,
    error::Result,
    graphql::{ContextExt, Cursor, Page, PageInfo, PageInput, parse_id},
    video::VideoObject,
};

const LIST: &str = "failed-jobs";

/// A job that was given up.
#[derive(Clone, Debug, SimpleObject)]
pub struct FailedJob {
    id: ID,
    video_id: ID,
    /// Null for a video that is private.
    video_title: Option<String>,
    failed_at: Option<DateTime<Utc>>,
    /// How often it was tried.
    attempts: i32,
    /// The runner that had it last; null when that is gone.
    runner_name: Option<String>,
    /// Code and sentence of the last failure.
    error: Option<String>,
    /// The last lines of the program that failed.
    log: Option<String>,
}

/// A failed job in a list.
#[derive(SimpleObject)]
pub struct FailedJobEdge {
    cursor: String,
    node: FailedJob,
}

/// A page of failed jobs.
#[derive(SimpleObject)]
pub struct FailedJobConnection {
    edges: Vec<FailedJobEdge>,
    nodes: Vec<FailedJob>,
    page_info: PageInfo,
}

#[derive(Default)]
pub struct ProcessingQuery;

#[Object]
impl ProcessingQuery {
    /// Jobs that were given up, the latest first. For administrators.
    async fn failed_jobs(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<FailedJobConnection> {
        ctx.requester().administrator("page")?;
        failed(ctx.app(), &PageInput::parse(first, after)?).await
    }
}

async fn failed(app: &App, input: &PageInput) -> Result<FailedJobConnection> {
    let mut query = job::Entity::find()
        .filter(job::Column::State.eq(job::State::Failed))
        .filter(job::Column::FinishedAt.is_not_null());
    if let Some((at, id)) = input.cursor::<(DateTime<Utc>, i64)>(LIST)? {
        let same_moment = Condition::all().add(job::Column::FinishedAt.eq(at)).add(job::Column::Id.lt(id));
        query = query.filter(Condition::any().add(job::Column::FinishedAt.lt(at)).add(same_moment));
    }
    let found = query
        .order_by_desc(job::Column::FinishedAt)
        .order_by_desc(job::Column::Id)
        .limit(input.first + 1)
        .all(&app.database)
        .await?;
    let page = Page::cut(found, input, |row| Cursor::encode(LIST, &(row.finished_at, row.id.0)));
    let rows = || page.items.iter().map(|(_, row)| row);
    let titles: HashMap<_, _> = video::Entity::visible_to(None)
        .filter(video::Column::Id.is_in(rows().map(|row| row.video_id)))
        .all(&app.database)
        .await?
        .into_iter()
        .map(|video| (video.id, video.title))
        .collect();
    let names: HashMap<_, _> = runner::Entity::find()
        .filter(runner::Column::Id.is_in(rows().filter_map(|row| row.runner_id)))
        .all(&app.database)
        .await?
        .into_iter()
        .map(|runner| (runner.id, runner.name))
        .collect();
    let describe = |row: job::Model| FailedJob {
        id: row.id.to_string().into(),
        video_id: row.video_id.to_string().into(),
        video_title: titles.get(&row.video_id).cloned(),
        failed_at: row.finished_at,
        attempts: row.attempts,
        runner_name: row.runner_id.and_then(|id| names.get(&id).cloned()),
        error: row.error,
        log: row.log,
    };
    let edges: Vec<FailedJobEdge> =
        page.items.into_iter().map(|(cursor, row)| FailedJobEdge { cursor, node: describe(row) }).collect();
    let nodes = edges.iter().map(|edge| edge.node.clone()).collect();
    Ok(FailedJobConnection { edges, nodes, page_info: page.info })
}

#[derive(Default)]
pub struct ProcessingMutation;

#[Object]
impl ProcessingMutation {
    /// Has a failed video of one's own processed again, unless its file itself is the trouble.
    async fn retry_video(&self, ctx: &Context<'_>, id: ID) -> Result<VideoObject> {
        let viewer = ctx.requester().viewer()?;
        retry(ctx.app(), viewer, parse_id(&id, "video")?).await.map(VideoObject)
    }
}
