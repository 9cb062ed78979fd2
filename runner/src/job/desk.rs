//! What a job is done with.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{JobError, MediaError, Reporter, publish::Publisher, rewrap};
use crate::{
    api::{
        Api,
        operations::{EncoderPreset, Job, ProcessingStage, VideoCodec},
    },
    chunked::Cutting,
    ffmpeg::{
        ladder::{Codec, Preset, Rung},
        plan::Settings,
        run::Workbench,
    },
    source::{CachedSource, Origin, Ranges, SourceCache},
    workdir::{JobFolder, RunnerFolder},
};

/// Dropping the work on it ends every program that it started and removes its folder.
pub(crate) struct Desk<'a> {
    pub api: &'a Api,
    pub http: &'a reqwest::Client,
    pub bench: &'a Workbench,
    pub folder: &'a RunnerFolder,
    pub sources: &'a SourceCache,
    pub job: &'a Job,
    pub reporter: &'a Reporter,
    /// So long a result is offered to a store that is away.
    pub patience: Duration,
    /// Fires when the work is no longer wanted.
    pub cancel: &'a CancellationToken,
}

impl Desk<'_> {
    pub fn publisher(&self) -> Publisher<'_> {
        Publisher {
            api: self.api,
            http: self.http,
            lease_id: &self.job.lease.id,
            content_key: self.job.content_key.map(|key| key.0),
            cancel: self.cancel,
            patience: self.patience,
            reporter: self.reporter,
        }
    }

    pub fn new_folder(&self) -> Result<JobFolder, JobError> {
        Ok(self.folder.job().map_err(MediaError::from)?)
    }

    /// What was uploaded.
    pub fn upload(&self) -> Arc<CachedSource> {
        self.sources.of(self.job.video_id.inner(), self.job.source.size.0)
    }

    /// What the plan speaks of: the upload, or the same in another container.
    pub async fn source(&self, cutting: &Cutting) -> Result<Arc<CachedSource>, JobError> {
        let upload = self.upload();
        match &cutting.rewrap {
            Some(how) => rewrap::of(self, &upload, how).await,
            None => Ok(upload),
        }
    }

    pub fn origin(&self) -> Origin<'_> {
        Origin { http: self.http, url: &self.job.source.url }
    }

    pub fn downloading(&self) -> impl Fn(f64) + Send + Sync + '_ {
        |part| self.reporter.report(ProcessingStage::Downloading, part, None)
    }

    /// The plan that the job is part of, if it is one that this program understands.
    pub fn cutting(&self) -> Result<Cutting, JobError> {
        let details = self.job.plan.as_deref().unwrap_or_default();
        Cutting::from_details(details)
            .ok_or_else(|| MediaError::Internal("a plan that is not understood here".to_owned()).into())
    }

    /// The number of the chunk that is wanted.
    pub fn chunk(&self) -> Result<u32, JobError> {
        let chunk = self.job.chunk.and_then(|chunk| u32::try_from(chunk).ok());
        chunk.ok_or_else(|| MediaError::Internal("a chunk without a number".to_owned()).into())
    }

    /// A folder with the source in it, of which at least `needed` is there.
    pub async fn folder_with(
        &self,
        source: &CachedSource,
        needed: Option<&Ranges>,
    ) -> Result<JobFolder, JobError> {
        match needed {
            Some(needed) => source.fetch(self.origin(), needed).await?,
            None => source.fetch_all(self.origin(), &self.downloading()).await?,
        }
        let folder = self.new_folder()?;
        source.lend(&folder).map_err(MediaError::from)?;
        Ok(folder)
    }

    pub fn settings(&self) -> Settings {
        let positive = |number: i32| u32::try_from(number).unwrap_or(0);
        let rungs = self.job.ladder.iter().chain(&self.job.extra_ladder);
        let ladder = rungs.map(|rung| Rung {
            codec: codec(rung.codec),
            short_side: positive(rung.short_side),
            video_bitrate: positive(rung.video_bitrate),
            preset: preset(rung.preset),
        });
        Settings {
            ladder: ladder.collect(),
            audio_bitrate: positive(self.job.audio_bitrate),
            max_duration: Duration::from_millis(u64::from(positive(self.job.max_duration_ms))),
        }
    }
}

fn codec(wanted: VideoCodec) -> Codec {
    match wanted {
        VideoCodec::H264 => Codec::H264,
        VideoCodec::Hevc => Codec::Hevc,
        VideoCodec::Av1 => Codec::Av1,
    }
}

fn preset(wanted: EncoderPreset) -> Preset {
    match wanted {
        EncoderPreset::Ultrafast => Preset::Ultrafast,
        EncoderPreset::Superfast => Preset::Superfast,
        EncoderPreset::Veryfast => Preset::Veryfast,
        EncoderPreset::Faster => Preset::Faster,
        EncoderPreset::Fast => Preset::Fast,
        EncoderPreset::Medium => Preset::Medium,
        EncoderPreset::Slow => Preset::Slow,
        EncoderPreset::Slower => Preset::Slower,
        EncoderPreset::Veryslow => Preset::Veryslow,
    }
}
