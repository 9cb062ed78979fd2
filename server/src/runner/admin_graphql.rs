//! Runners as administrators see them. To everybody else none of this exists.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Duration, Utc};
use kinora_entity::{job, runner, runner_registration};

use super::{
    figures::{self, Overview},
    inputs::JobKindName,
    registration::{self, Validity},
    standing,
};
use crate::{
    account::TokenName,
    app::App,
    error::Result,
    graphql::{ContextExt, Page, PageInfo, PageInput, parse_id},
};

/// A runner says something at least every fifteen seconds; three times in vain, and it is away.
const SILENT_AFTER: Duration = Duration::seconds(45);

/// What a runner may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "runner::State")]
pub enum RunnerState {
    /// It gets jobs.
    Active,
    /// It finishes what it has and gets no more.
    Draining,
    /// It has no jobs and gets none.
    Disabled,
    /// Its credential is gone for good.
    Revoked,
}

/// What a runner said of itself when it started.
#[derive(Clone, Debug, SimpleObject)]
pub struct RunnerCapabilities {
    version: String,
    ffmpeg_version: String,
    /// Operating system and processor.
    platform: String,
    /// Video encoders of its ffmpeg as that names them, in software and hardware. What needs hardware is left out where it
    /// was tried and does not work.
    encoders: Vec<String>,
    /// Jobs at once.
    jobs: i32,
    cores: i32,
    /// What stands between ffmpeg and the machine.
    containment: Vec<String>,
}

impl From<runner::Capabilities> for RunnerCapabilities {
    fn from(said: runner::Capabilities) -> Self {
        let runner::Capabilities { version, ffmpeg_version, platform, encoders, jobs, cores, containment } =
            said;
        Self { version, ffmpeg_version, platform, encoders, jobs, cores, containment }
    }
}

/// A job that a runner has.
#[derive(Clone, Debug, SimpleObject)]
pub struct RunnerJob {
    id: ID,
    kind: JobKindName,
    /// For jobs that make one.
    chunk: Option<i32>,
    /// 0 to 100.
    percent: f64,
    video_id: ID,
    /// Null for a video that is private.
    video_title: Option<String>,
    started_at: Option<DateTime<Utc>>,
}

/// A machine that processes videos.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "Runner")]
pub struct RunnerObject {
    id: ID,
    name: String,
    state: RunnerState,
    created_at: DateTime<Utc>,
    /// To ten seconds; null for one that never came.
    last_seen_at: Option<DateTime<Utc>>,
    /// Whether it was heard of lately.
    online: bool,
    /// Null until it has started once.
    capabilities: Option<RunnerCapabilities>,
    current_jobs: Vec<RunnerJob>,
    /// Jobs done in the last 24 hours.
    done_lately: i64,
    /// Jobs of which it said in the last 24 hours that they failed, whether or not they were tried again.
    failed_lately: i64,
    /// Jobs in the last 24 hours during which it went silent.
    lost_lately: i64,
    /// Milliseconds of video encoded in a second of work; null where nothing was encoded in the last 24 hours.
    speed: Option<f64>,
}

impl RunnerObject {
    fn of(app: &App, overview: Overview) -> Self {
        let Overview { runner, jobs, titles, lately } = overview;
        let now = app.clock.now();
        let describe = |job: job::Model| RunnerJob {
            id: job.id.to_string().into(),
            kind: job.kind.into(),
            chunk: job.chunk,
            percent: job.progress.map_or(0.0, |progress| progress.percent),
            video_id: job.video_id.to_string().into(),
            video_title: titles.get(&job.video_id).cloned(),
            started_at: job.leased_at,
        };
        Self {
            id: runner.id.to_string().into(),
            name: runner.name,
            state: runner.state.into(),
            created_at: runner.created_at,
            last_seen_at: runner.last_seen_at,
            online: runner.state != runner::State::Revoked
                && runner.last_seen_at.is_some_and(|seen| now - seen < SILENT_AFTER),
            capabilities: runner.capabilities.map(Into::into),
            current_jobs: jobs.into_iter().map(describe).collect(),
            done_lately: lately.done,
            failed_lately: lately.failed,
            lost_lately: lately.lost,
            speed: lately.speed,
        }
    }
}

/// A runner in a list.
#[derive(SimpleObject)]
pub struct RunnerEdge {
    cursor: String,
    node: RunnerObject,
}

/// A page of runners.
#[derive(SimpleObject)]
pub struct RunnerConnection {
    edges: Vec<RunnerEdge>,
    nodes: Vec<RunnerObject>,
    page_info: PageInfo,
}

impl RunnerConnection {
    fn of(app: &App, page: Page<Overview>) -> Self {
        let edges: Vec<RunnerEdge> = page
            .items
            .into_iter()
            .map(|(cursor, overview)| RunnerEdge { cursor, node: RunnerObject::of(app, overview) })
            .collect();
        let nodes = edges.iter().map(|edge| edge.node.clone()).collect();
        Self { edges, nodes, page_info: page.info }
    }
}

/// A token with which a machine can become a runner, without its secret.
#[derive(Clone, Debug, SimpleObject)]
pub struct RunnerRegistration {
    id: ID,
    /// What the runner is called unless it says otherwise.
    name: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl From<runner_registration::Model> for RunnerRegistration {
    fn from(row: runner_registration::Model) -> Self {
        Self {
            id: row.id.to_string().into(),
            name: row.name,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

/// A registration token that was just made.
#[derive(SimpleObject)]
pub struct NewRunnerRegistration {
    /// The secret, for `kinora runner --token`. It is shown this once and kept nowhere.
    token: String,
    registration: RunnerRegistration,
}

/// A registration token that an administrator wants.
#[derive(InputObject)]
pub struct CreateRunnerRegistrationInput {
    /// What the runner will be called: 1 to 60 characters.
    name: String,
    /// 1 to 720; a day without it.
    expires_in_hours: Option<i32>,
}

#[derive(Default)]
pub struct RunnerAdminQuery;

#[Object]
impl RunnerAdminQuery {
    /// The machines that process videos, in the order in which they came. For administrators.
    async fn runners(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<RunnerConnection> {
        ctx.requester().administrator("page")?;
        let page = figures::page(ctx.app(), &PageInput::parse(first, after)?).await?;
        Ok(RunnerConnection::of(ctx.app(), page))
    }

    /// The registration tokens that wait to be used, newest first. For administrators.
    async fn runner_registrations(&self, ctx: &Context<'_>) -> Result<Vec<RunnerRegistration>> {
        ctx.requester().administrator("page")?;
        let rows = registration::list_open(ctx.app()).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

#[derive(Default)]
pub struct RunnerAdminMutation;

#[Object]
impl RunnerAdminMutation {
    /// Makes a token with which one machine can become a runner. For administrators who have logged in.
    async fn create_runner_registration(
        &self,
        ctx: &Context<'_>,
        input: CreateRunnerRegistrationInput,
    ) -> Result<NewRunnerRegistration> {
        ctx.requester().administrator("page")?.in_person()?;
        let (name, validity) = (TokenName::parse(&input.name)?, Validity::of_hours(input.expires_in_hours)?);
        let (token, row) = registration::create(ctx.app(), &name, validity).await?;
        Ok(NewRunnerRegistration { token, registration: row.into() })
    }

    /// Takes a registration token back that no machine has used. For administrators who have logged in.
    async fn withdraw_runner_registration(&self, ctx: &Context<'_>, id: ID) -> Result<bool> {
        ctx.requester().administrator("registration token")?.in_person()?;
        registration::withdraw(ctx.app(), parse_id(&id, "registration token")?).await?;
        Ok(true)
    }

    /// Has a runner work, finish what it has, or do nothing: its jobs then go back to the queue at once. For
    /// administrators.
    async fn set_runner_state(&self, ctx: &Context<'_>, id: ID, state: RunnerState) -> Result<RunnerObject> {
        ctx.requester().administrator("runner")?;
        let changed = standing::set(ctx.app(), parse_id(&id, "runner")?, state.into()).await?;
        Ok(RunnerObject::of(ctx.app(), figures::of(ctx.app(), changed).await?))
    }

    /// Takes a runner's credential away for good; its jobs go back to the queue at once. For administrators who
    /// have logged in.
    async fn revoke_runner(&self, ctx: &Context<'_>, id: ID) -> Result<RunnerObject> {
        ctx.requester().administrator("runner")?.in_person()?;
        let changed = standing::revoke(ctx.app(), parse_id(&id, "runner")?).await?;
        Ok(RunnerObject::of(ctx.app(), figures::of(ctx.app(), changed).await?))
    }
}
