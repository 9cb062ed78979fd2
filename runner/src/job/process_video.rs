//! The job `PROCESS_VIDEO`: download, make renditions, hand them in.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{JobError, MediaError, Reporter, Step, media, publish::Publisher};
use crate::{
    api::{
        Api,
        operations::{Job, ProcessingStage},
    },
    ffmpeg::{ladder::Rung, plan::Settings, run::Workbench},
    transfer::download,
    workdir::RunnerFolder,
};

/// Does the whole job. Dropping the future ends every program that it started and removes its folder.
pub(crate) async fn process_video(
    api: &Api,
    http: &reqwest::Client,
    bench: &Workbench,
    folder: &RunnerFolder,
    job: &Job,
    reporter: &Reporter,
    cancel: &CancellationToken,
) -> Result<(), JobError> {
    let folder = folder.job().map_err(MediaError::from)?;
    reporter.report(ProcessingStage::Downloading, 0.0, None);
    download(http, &job.source.url, job.source.size.0, &folder.source(), &|part| {
        reporter.report(ProcessingStage::Downloading, part, None);
    })
    .await?;
    let on_step = |step| match step {
        Step::Probing => reporter.report(ProcessingStage::Probing, 0.0, None),
        Step::Encoding { part, eta } => reporter.report(ProcessingStage::Encoding, part, eta),
    };
    let media = media::process(bench, &folder, &settings(job), &on_step).await?;
    Publisher { api, http, lease_id: &job.lease.id, cancel, reporter }.publish(&media).await
}

fn settings(job: &Job) -> Settings {
    let positive = |number: i32| u32::try_from(number).unwrap_or(0);
    let ladder = job
        .ladder
        .iter()
        .map(|rung| Rung {
            short_side: positive(rung.short_side),
            video_bitrate: positive(rung.video_bitrate),
        })
        .collect();
    Settings {
        ladder,
        audio_bitrate: positive(job.audio_bitrate),
        max_duration: Duration::from_millis(u64::from(positive(job.max_duration_ms))),
    }
}
