//! Taking jobs: woken by the subscription, with a poll behind it in case a message was lost.

mod lease;

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    RunnerConfig, RunnerError,
    api::{Api, ApiError, Backoff, http_client, operations::Job},
    ffmpeg::run::Workbench,
    job::{JobError, Report, Reporter, process_video},
    sandbox::Sandbox,
    workdir::RunnerFolder,
};

/// A lost message costs at most this.
const POLL: Duration = Duration::from_secs(5);
/// At the end, jobs have this long to be given back.
const FAREWELL: Duration = Duration::from_secs(8);

/// What all jobs share.
struct Runner {
    api: Api,
    http: reqwest::Client,
    bench: Workbench,
    folder: RunnerFolder,
    shutdown: CancellationToken,
}

/// Takes and does jobs until `shutdown`, or after the first one with `once`.
pub async fn run(config: RunnerConfig, shutdown: CancellationToken) -> Result<(), RunnerError> {
    let http = http_client(concat!("kinora-runner/", env!("CARGO_PKG_VERSION")))
        .map_err(|error| RunnerError::Http(error.to_string()))?;
    let api = Api::new(&config.server, &config.token, http.clone());
    let folder = RunnerFolder::create(&config.work_dir)
        .map_err(|source| RunnerError::WorkDir { path: config.work_dir.clone(), source })?;
    let sandbox = Sandbox::detect(&config.ffmpeg.ffmpeg).await;
    let bench = Workbench::new(config.ffmpeg, sandbox);
    tracing::info!(server = %config.server, jobs = config.jobs, "waiting for jobs");

    // However this function ends, the jobs and the subscription end with it.
    let shutdown = shutdown.child_token();
    let _end_all = shutdown.clone().drop_guard();
    let runner = Arc::new(Runner { api, http, bench, folder, shutdown });
    let mut running = JoinSet::new();
    let outcome = claim(&runner, config.jobs.max(1), config.once, &mut running).await;
    runner.shutdown.cancel();
    let farewell = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
        tracing::warn!("jobs could not be given back in time; their leases will run out");
        running.shutdown().await;
    }
    outcome
}

async fn claim(
    runner: &Arc<Runner>,
    slots: usize,
    once: bool,
    running: &mut JoinSet<()>,
) -> Result<(), RunnerError> {
    let wake = Arc::new(Notify::new());
    let mut watching = JoinSet::new();
    watching.spawn(watch(runner.api.clone(), Arc::clone(&wake)));
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(15));
    let mut taken = 0;
    loop {
        let mut pause = POLL;
        while running.len() < slots && !(once && taken > 0) {
            let answer = tokio::select! {
                answer = runner.api.lease_job() => answer,
                () = runner.shutdown.cancelled() => return Ok(()),
            };
            match answer {
                Ok(Some(job)) => {
                    backoff.reset();
                    taken += 1;
                    running.spawn(work(Arc::clone(runner), job));
                }
                Ok(None) => {
                    backoff.reset();
                    break;
                }
                Err(ApiError::TokenRefused { message, .. }) => {
                    return Err(RunnerError::TokenRefused(message));
                }
                Err(error) => {
                    pause = backoff.next_pause().max(error.retry_after().unwrap_or_default());
                    tracing::warn!(%error, pause_ms = pause.as_millis() as u64, "cannot ask for jobs");
                    break;
                }
            }
        }
        if once && taken > 0 && running.is_empty() {
            return Ok(());
        }
        let has_room = running.len() < slots;
        tokio::select! {
            () = runner.shutdown.cancelled() => return Ok(()),
            Some(_) = running.join_next() => {}
            () = wake.notified(), if has_room => {}
            () = tokio::time::sleep(pause), if has_room => {}
        }
    }
}

/// Keeps the subscription open for as long as the runner lives.
async fn watch(api: Api, wake: Arc<Notify>) {
    let mut backoff = Backoff::new(Duration::from_millis(300), Duration::from_secs(20));
    loop {
        let opened = tokio::time::Instant::now();
        if let Err(error) = api.watch_jobs(|| wake.notify_one()).await {
            tracing::debug!(%error, "the subscription ended; jobs are polled for meanwhile");
        }
        if opened.elapsed() > Duration::from_secs(60) {
            backoff.reset();
        }
        tokio::time::sleep(backoff.next_pause()).await;
    }
}

/// How the work on a job came to an end.
enum Ending {
    Finished(Result<(), JobError>),
    LeaseLost,
    ShutDown,
}

/// Does one job, keeps its lease meanwhile, and tells the server how it ended.
async fn work(runner: Arc<Runner>, job: Job) {
    let started = tokio::time::Instant::now();
    tracing::info!(job = job.id.inner(), video = job.video_id.inner(), attempt = job.attempt, "job taken");
    let (reporter, progress) = Reporter::new();
    let lost = CancellationToken::new();
    let unwanted = runner.shutdown.child_token();
    let mut heartbeat = JoinSet::new();
    heartbeat.spawn(lease::keep(runner.api.clone(), job.lease.id.clone(), progress, lost.clone()));
    let ending = tokio::select! {
        result = process_video(
            &runner.api, &runner.http, &runner.bench, &runner.folder, &job, &reporter, &unwanted,
        ) => Ending::Finished(result),
        () = lost.cancelled() => Ending::LeaseLost,
        () = runner.shutdown.cancelled() => Ending::ShutDown,
    };
    // The work is dropped by now: its programs are dead and its folder is gone.
    heartbeat.shutdown().await;
    let took_ms = started.elapsed().as_millis() as u64;
    let report = match ending {
        Ending::Finished(Ok(())) => {
            tracing::info!(job = job.id.inner(), took_ms, "job done");
            return;
        }
        Ending::LeaseLost => None,
        Ending::ShutDown => Some(Report {
            code: "RUNNER_STOPPED",
            message: "The machine that processed the video was stopped. It will be tried again.",
            retry: true,
        }),
        Ending::Finished(Err(error)) => {
            tracing::warn!(job = job.id.inner(), took_ms, %error, "job failed");
            error.report()
        }
    };
    match report {
        Some(report) => give_up(&runner, &job, report).await,
        None => tracing::warn!(job = job.id.inner(), took_ms, "the lease is lost; the work is dropped"),
    }
}

async fn give_up(runner: &Runner, job: &Job, report: Report) {
    let Report { code, message, retry } = report;
    let answer =
        crate::api::persist(&runner.shutdown, || runner.api.fail_job(&job.lease.id, code, message, retry))
            .await;
    match answer {
        Ok(()) => tracing::info!(job = job.id.inner(), code, retry, "job given up"),
        // The lease runs out by itself, and the job goes to somebody else.
        Err(error) => tracing::warn!(job = job.id.inner(), code, %error, "could not say so to the server"),
    }
}
