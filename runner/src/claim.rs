//! Taking jobs: woken by the subscription, with a poll behind it in case a message was lost.

mod lease;

use std::{
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures::FutureExt;
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    RunnerConfig, RunnerError, Tools,
    api::{
        Api, ApiError, Backoff, KINDS, http_client,
        operations::{Job, JobKind},
        persist,
    },
    capabilities,
    ffmpeg::run::Workbench,
    identity,
    job::{self, Desk, JobError, Report, Reporter},
    sandbox::Sandbox,
    source::SourceCache,
    workdir::RunnerFolder,
};

/// A lost message costs at most this.
const POLL: Duration = Duration::from_secs(5);
/// At the end, jobs have this long to be given back.
const FAREWELL: Duration = Duration::from_secs(8);

/// At the end, a question that was asked is answered within this.
const LAST_ANSWER: Duration = Duration::from_secs(3);
const STOPPED: Report = Report {
    code: "RUNNER_STOPPED",
    message: "The machine that processed the video was stopped. It will be tried again.",
    retry: true,
};

/// Where a job is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// As many as the runner was told to do at once.
    Any,
    /// One more, for looking at new videos: who has just uploaded one need not wait for a chunk of another to end.
    Planner,
    /// Beside all others, for what nobody waits for.
    Background,
}

/// The places that are free.
#[derive(Debug)]
struct Places {
    /// Of the first kind, free or not.
    all: usize,
    free: usize,
    is_planner_free: bool,
    /// Jobs that nobody waits for.
    in_background: usize,
}

impl Places {
    fn new(all: usize, has_planner: bool) -> Self {
        Self { all, free: all, is_planner_free: has_planner, in_background: 0 }
    }

    /// Whether a job that nobody waits for may begin: not beside one that somebody waits for. It takes no place, so
    /// one that comes later need not wait for it.
    fn have_time(&self) -> bool {
        self.free == self.all && self.in_background < self.all
    }

    fn best(&self) -> Option<Place> {
        match (self.free, self.is_planner_free) {
            (1.., _) => Some(Place::Any),
            (0, true) => Some(Place::Planner),
            (0, false) => None,
        }
    }

    fn take(&mut self, place: Place) {
        match place {
            Place::Any => self.free = self.free.saturating_sub(1),
            Place::Planner => self.is_planner_free = false,
            Place::Background => self.in_background += 1,
        }
    }

    fn give_back(&mut self, place: Place) {
        match place {
            Place::Any => self.free += 1,
            Place::Planner => self.is_planner_free = true,
            Place::Background => self.in_background = self.in_background.saturating_sub(1),
        }
    }
}

/// What all jobs share.
struct Runner {
    api: Api,
    http: reqwest::Client,
    bench: Workbench,
    folder: RunnerFolder,
    sources: SourceCache,
    patience: Duration,
    /// What it can do where ffmpeg has the encoder; empty until that has been looked at.
    extras: OnceLock<Vec<JobKind>>,
    shutdown: CancellationToken,
}

impl Runner {
    /// What is asked for at a place that is free.
    fn kinds(&self, place: Place, has_time: bool) -> Vec<JobKind> {
        match place {
            Place::Planner => vec![JobKind::ProcessVideo],
            _ if has_time => KINDS.iter().chain(self.extras.get().into_iter().flatten()).copied().collect(),
            _ => KINDS.to_vec(),
        }
    }
}

/// Takes and does jobs until `shutdown`, or after the first one with `once`.
pub async fn run(config: RunnerConfig, shutdown: CancellationToken) -> Result<(), RunnerError> {
    let http = http_client(concat!("kinora-runner/", env!("CARGO_PKG_VERSION")))
        .map_err(|error| RunnerError::Http(error.to_string()))?;
    let sandbox = Sandbox::detect(&config.ffmpeg.ffmpeg).await;
    if !sandbox.is_confined() && !config.unconfined {
        return Err(RunnerError::Unconfined);
    }
    let Some(credential) = identity::credential(&config, &http, &shutdown).await? else { return Ok(()) };
    let api = Api::new(&config.server, &credential, http.clone());
    let folder = RunnerFolder::create(&config.work_dir)
        .map_err(|source| RunnerError::WorkDir { path: config.work_dir.clone(), source })?;
    let sources = SourceCache::new(&folder)
        .map_err(|source| RunnerError::WorkDir { path: config.work_dir.clone(), source })?;
    let (layers, tools, jobs) = (sandbox.layers(), config.ffmpeg.clone(), config.jobs.max(1));
    let patience = config.patience;
    let bench = Workbench::new(config.ffmpeg, sandbox).with_memory(config.memory_bytes);
    tracing::info!(server = %config.server, jobs = config.jobs, "waiting for jobs");

    // However this function ends, the jobs and the subscription end with it.
    let shutdown = shutdown.child_token();
    let _end_all = shutdown.clone().drop_guard();
    let extras = OnceLock::new();
    let runner = Arc::new(Runner { api, http, bench, folder, sources, patience, extras, shutdown });
    let mut introducing = JoinSet::new();
    introducing.spawn(introduce(Arc::clone(&runner), tools, layers, jobs));
    let mut running = JoinSet::new();
    let once = config.once.then_some(Once { wait: config.wait });
    let outcome = claim(&runner, jobs, once, &mut running).await;
    runner.shutdown.cancel();
    let farewell = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
        tracing::warn!("jobs could not be given back in time; their leases will run out");
        running.shutdown().await;
    }
    // It shares the folder, which goes with the last who does.
    introducing.shutdown().await;
    outcome
}

/// Says what this machine is and can do. Jobs that every runner can do do not wait for it.
async fn introduce(runner: Arc<Runner>, tools: Tools, layers: Vec<&'static str>, jobs: usize) {
    let capabilities = capabilities::detect(&tools, &layers, jobs).await;
    let extras = capabilities::extras(&capabilities.encoders);
    match persist(&runner.shutdown, || runner.api.report_runner(capabilities.clone())).await {
        Ok(name) => tracing::info!(name, "the server knows this runner"),
        // Whether it is refused is for the one that asks for jobs to say.
        Err(error) => tracing::debug!(%error, "the server was not told what this machine can do"),
    }
    // The server gives such jobs to nobody who has not said that he can do them.
    let _ = runner.extras.set(extras);
}

/// One job, and then the end.
#[derive(Debug, Clone, Copy)]
struct Once {
    /// How long one is waited for.
    wait: Option<Duration>,
}

/// What came of a place where a job was done.
#[derive(Debug, Clone, Copy)]
struct Ended {
    place: Place,
    /// Whether there is nothing more to do for the job: it is done, or its source has been found to be bad.
    is_settled: bool,
}

async fn claim(
    runner: &Arc<Runner>,
    slots: usize,
    once: Option<Once>,
    running: &mut JoinSet<Ended>,
) -> Result<(), RunnerError> {
    let mut places = Places::new(slots, once.is_none());
    let give_up_at = once.and_then(|once| once.wait).map(|wait| tokio::time::Instant::now() + wait);
    let once = once.is_some();
    let mut is_settled = true;
    let wake = Arc::new(Notify::new());
    let mut watching = JoinSet::new();
    watching.spawn(watch(runner.api.clone(), Arc::clone(&wake)));
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(15));
    let mut taken = 0;
    loop {
        let mut pause = POLL;
        let mut trouble = None;
        while let Some(place) = places.best().filter(|_| !(once && taken > 0)) {
            let kinds = runner.kinds(place, places.have_time());
            let mut asking = pin!(runner.api.lease_job(&kinds));
            let answer = tokio::select! {
                answer = &mut asking => answer,
                () = runner.shutdown.cancelled() => {
                    // The server may have given a job away that nobody would hear of until its lease runs out.
                    if let Ok(Ok(Some(job))) = tokio::time::timeout(LAST_ANSWER, asking).await {
                        give_up(runner, &job, STOPPED, "").await;
                    }
                    return Ok(());
                }
            };
            match answer {
                Ok(Some(job)) => {
                    backoff.reset();
                    taken += 1;
                    let place = if job.kind.is_background() { Place::Background } else { place };
                    places.take(place);
                    let runner = Arc::clone(runner);
                    running.spawn(async move {
                        // A panic has been said by its hook, and its lease runs out; the place is free again.
                        let is_settled = AssertUnwindSafe(work(runner, job)).catch_unwind().await;
                        Ended { place, is_settled: is_settled.unwrap_or(false) }
                    });
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
                    trouble = Some(error.to_string());
                    break;
                }
            }
        }
        if once && taken > 0 && running.is_empty() {
            return if is_settled { Ok(()) } else { Err(RunnerError::JobNotDone) };
        }
        if let Some(give_up_at) = give_up_at.filter(|_| taken == 0) {
            let left = give_up_at.saturating_duration_since(tokio::time::Instant::now());
            if left.is_zero() {
                tracing::info!("no job came");
                return trouble.map_or(Ok(()), |trouble| Err(RunnerError::Unreachable(trouble)));
            }
            pause = pause.min(left);
        }
        let has_room = places.best().is_some();
        tokio::select! {
            () = runner.shutdown.cancelled() => return Ok(()),
            Some(ended) = running.join_next() => if let Ok(ended) = ended {
                places.give_back(ended.place);
                is_settled &= ended.is_settled;
            },
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

/// Does one job, keeps its lease meanwhile, and tells the server how it ended. Answers whether the job is settled.
async fn work(runner: Arc<Runner>, job: Job) -> bool {
    let started = tokio::time::Instant::now();
    tracing::info!(
        job = job.id.inner(), kind = ?job.kind, chunk = job.chunk, video = job.video_id.inner(),
        attempt = job.attempt, "job taken",
    );
    let (reporter, progress) = Reporter::new();
    let lost = CancellationToken::new();
    let unwanted = runner.shutdown.child_token();
    let mut heartbeat = JoinSet::new();
    heartbeat.spawn(lease::keep(runner.api.clone(), job.lease.id.clone(), progress, lost.clone()));
    let desk = Desk {
        api: &runner.api,
        http: &runner.http,
        bench: &runner.bench,
        folder: &runner.folder,
        sources: &runner.sources,
        job: &job,
        reporter: &reporter,
        patience: runner.patience,
        cancel: &unwanted,
    };
    let ending = tokio::select! {
        result = job::run(&desk) => Ending::Finished(result),
        () = lease::taken_away(&lost, &reporter) => Ending::LeaseLost,
        () = runner.shutdown.cancelled() => Ending::ShutDown,
    };
    // The work is dropped by now: its programs are dead and its folder is gone.
    heartbeat.shutdown().await;
    runner.sources.make_room();
    let took_ms = started.elapsed().as_millis() as u64;
    let mut log = String::new();
    let report = match ending {
        Ending::Finished(Ok(())) => {
            tracing::info!(job = job.id.inner(), took_ms, "job done");
            return true;
        }
        Ending::LeaseLost => None,
        Ending::ShutDown => Some(STOPPED),
        Ending::Finished(Err(error)) => {
            tracing::warn!(job = job.id.inner(), took_ms, %error, "job failed");
            log = error.log();
            let report = error.report();
            if report.as_ref().is_some_and(|report| report.code == job::OUT_OF_DISK) {
                // The next try has the room that they took.
                runner.sources.forget_idle();
            }
            report
        }
    };
    match report {
        Some(report) => give_up(&runner, &job, report, &log).await && !report.retry,
        None => {
            tracing::warn!(job = job.id.inner(), took_ms, "the lease is lost; the work is dropped");
            false
        }
    }
}

/// Answers whether the server has heard it.
async fn give_up(runner: &Runner, job: &Job, report: Report, log: &str) -> bool {
    let Report { code, message, retry } = report;
    let answer =
        persist(&runner.shutdown, || runner.api.fail_job(&job.lease.id, code, message, retry, log)).await;
    match answer {
        Ok(()) => {
            tracing::info!(job = job.id.inner(), code, retry, "job given up");
            true
        }
        Err(error) => {
            // The lease runs out by itself, and the job goes to somebody else.
            tracing::warn!(job = job.id.inner(), code, %error, "could not say so to the server");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_waits_for_begins_in_idle_hours_and_takes_no_place() {
        let mut places = Places::new(2, true);
        assert!(places.have_time());
        places.take(Place::Background);
        places.take(Place::Background);
        assert!(!places.have_time(), "no more of them than other jobs at once");
        assert_eq!(places.best(), Some(Place::Any), "what comes now begins beside them");
        places.take(Place::Any);
        places.give_back(Place::Background);
        assert!(!places.have_time(), "none begins beside what somebody waits for");
        places.take(Place::Any);
        assert_eq!(places.best(), Some(Place::Planner));
        places.give_back(Place::Any);
        places.give_back(Place::Any);
        assert!(places.have_time());
    }
}
