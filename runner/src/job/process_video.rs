//! The job `PROCESS_VIDEO`: look at the source and plan what is made of it, then make it playable with its first chunk.
//! What cannot be cut is made in one piece.

use std::{sync::Arc, time::Duration};

use super::{
    Desk, JobError, MediaError, Step, chunk,
    media::{self, Media},
    publish::whole,
    rewrap, texts,
    verdict::INTACT_PART,
};
use crate::{
    api::{
        operations::{
            JobKind, PlannedJobInput, PlannedRenditionInput, ProcessingStage, RenditionKind, VideoPlanInput,
        },
        persist,
    },
    chunked::{Cutting, copying, needs, rewrap::Rewrap},
    ffmpeg::{probe::probe, source::Source},
    mp4::Index,
    source::CachedSource,
    workdir::JobFolder,
};

/// What is looked at before there is a plan: the first packets, and the first chunk.
const LOOKED_AT_S: f64 = 12.0;
/// ffmpeg reads on a little past the end of what it is to encode.
const READ_MARGIN_S: f64 = 4.0;
/// Beside the work of encoding the same stretch of time in one size.
const COPY_WEIGHT: f64 = 0.03;
const SOUND_WEIGHT: f64 = 0.1;
const DECODING_WEIGHT: f64 = 0.1;
const POSTER_WEIGHT_MS: i32 = 500;
const TEXTS_WEIGHT_MS: i32 = 500;

pub(crate) async fn process_video(desk: &Desk<'_>) -> Result<(), JobError> {
    let source = desk.upload();
    desk.reporter.report(ProcessingStage::Downloading, 0.0, None);
    if desk.job.plan.is_some() {
        // Another runner got as far as the plan.
        return begin_planned(desk).await;
    }
    if desk.job.in_one_piece {
        let folder = desk.folder_with(&source, None).await?;
        let media = media::process(desk.bench, &folder, &desk.settings(), &on_step(desk)).await?;
        return publish(desk, &folder, &media).await;
    }
    let index = source.index(desk.origin(), &desk.downloading()).await?;
    let needed = index.as_ref().map(|index| needs::head(index, LOOKED_AT_S));
    let folder = desk.folder_with(&source, needed.as_ref()).await?;
    desk.reporter.report(ProcessingStage::Probing, 0.0, None);
    let settings = desk.settings();
    let looked_at = probe(desk.bench, &folder, settings.max_duration).await;
    if let Ok(looked_at) = &looked_at {
        let ready = match rewrapped(desk, &source, looked_at, index.as_deref()).await? {
            Some(ready) => Some(ready),
            None => Cutting::new(looked_at, index.as_deref(), &settings).map(|cutting| Ready {
                cutting,
                index,
                source: Arc::clone(&source),
            }),
        };
        if let Some(ready) = ready {
            let plan = plan(&ready.cutting, ready.index.as_deref(), looked_at.has_texts);
            persist(desk.cancel, || desk.api.plan_video(&desk.job.lease.id, plan.clone())).await?;
            return begin(desk, &ready).await;
        }
    }
    let media = in_one_piece(desk, &source, &folder, looked_at).await?;
    publish(desk, &folder, &media).await
}

/// Hands in what was made in one piece.
async fn publish(desk: &Desk<'_>, folder: &JobFolder, media: &Media) -> Result<(), JobError> {
    if media.has_texts {
        texts::hand_in(desk, folder, Duration::ZERO).await?;
    }
    desk.publisher().publish(media).await
}

async fn in_one_piece(
    desk: &Desk<'_>,
    source: &CachedSource,
    folder: &JobFolder,
    looked_at: Result<Source, MediaError>,
) -> Result<Media, JobError> {
    let settings = desk.settings();
    if source.is_whole() {
        let found = looked_at?;
        return Ok(media::make(desk.bench, folder, &found, &settings, &on_step(desk)).await?);
    }
    // What was said of a part is no verdict on the whole.
    source.fetch_all(desk.origin(), &desk.downloading()).await?;
    Ok(media::process(desk.bench, folder, &settings, &on_step(desk)).await?)
}

fn on_step<'d>(desk: &'d Desk<'_>) -> impl Fn(Step) + Send + Sync + 'd {
    |step| match step {
        Step::Probing => desk.reporter.report(ProcessingStage::Probing, 0.0, None),
        Step::Encoding { part, eta } => desk.reporter.report(ProcessingStage::Encoding, part, eta),
    }
}

/// A source that can be cut, and how.
struct Ready {
    cutting: Cutting,
    index: Option<Arc<Index>>,
    source: Arc<CachedSource>,
}

/// The source in another container, where that brings something and can be done.
async fn rewrapped(
    desk: &Desk<'_>,
    upload: &CachedSource,
    looked_at: &Source,
    index: Option<&Index>,
) -> Result<Option<Ready>, JobError> {
    let Some(how) = Rewrap::of(looked_at, index) else { return Ok(None) };
    let source = match rewrap::of(desk, upload, &how).await {
        Ok(source) => source,
        Err(JobError::Media(MediaError::Internal(error))) => {
            tracing::debug!(error, "a source stays in its container");
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let index = source.index(desk.origin(), &desk.downloading()).await?;
    let folder = desk.folder_with(&source, None).await?;
    let settings = desk.settings();
    let stated = looked_at.stated_duration;
    let Ok(looked_at) = probe(desk.bench, &folder, settings.max_duration).await else { return Ok(None) };
    let is_shorter =
        stated.zip(looked_at.stated_duration).is_some_and(|(was, is)| is < was.mul_f64(INTACT_PART));
    if is_shorter {
        // Whether that is the file's fault is for whoever decodes it to say.
        return Ok(None);
    }
    let Some(mut cutting) = Cutting::new(&looked_at, index.as_deref(), &settings) else { return Ok(None) };
    cutting.rewrap = Some(how);
    Ok(Some(Ready { cutting, index, source }))
}

async fn begin_planned(desk: &Desk<'_>) -> Result<(), JobError> {
    let cutting = desk.cutting()?;
    let source = desk.source(&cutting).await?;
    let index = source.index(desk.origin(), &desk.downloading()).await?;
    begin(desk, &Ready { cutting, index, source }).await
}

/// Makes the video playable: with what can be passed on as it is, else with a draft of its first chunk.
async fn begin(desk: &Desk<'_>, ready: &Ready) -> Result<(), JobError> {
    let Ready { cutting, index, source } = ready;
    let index = index.as_ref();
    let needed = index.map(|index| needs::head(index, LOOKED_AT_S));
    let folder = &desk.folder_with(source, needed.as_ref()).await?;
    if let Some(index) = index {
        chunk::copy(desk, cutting, index, source, folder, 0).await?;
    }
    if cutting.picture_copy.is_none() || cutting.encodes_sound() {
        let cut = cutting.cut(0).ok_or_else(|| MediaError::Internal("a plan without chunks".to_owned()))?;
        if let Some(index) = index {
            // The chunk may be longer than what was looked at.
            let beginning_s = cutting.chunk_seconds(0) + READ_MARGIN_S;
            source.fetch(desk.origin(), &needs::head(index, beginning_s)).await?;
        }
        chunk::make(desk, cutting, &cut, folder, true).await?;
    }
    desk.publisher().finish(None).await
}

/// The plan as the server needs to know it.
fn plan(cutting: &Cutting, index: Option<&Index>, has_texts: bool) -> VideoPlanInput {
    let count = i32::try_from(cutting.chunks.len()).unwrap_or(i32::MAX);
    let fps = cutting.plan.rate.fps();
    let picture = |name: &str, width: u32, height: u32| PlannedRenditionInput {
        name: name.to_owned(),
        kind: RenditionKind::Video,
        width: Some(whole(width)),
        height: Some(whole(height)),
        frame_rate: Some(fps),
        chunk_count: Some(count),
    };
    let mut renditions: Vec<PlannedRenditionInput> = Vec::new();
    renditions.extend(cutting.picture_copy.iter().map(|copy| picture(&copy.name, copy.width, copy.height)));
    let sizes = cutting.plan.sizes.iter().chain(&cutting.plan.extras);
    renditions.extend(sizes.map(|size| picture(&size.name, size.width, size.height)));
    if cutting.plan.audio.is_some() {
        let copied = cutting.sound_copy.and_then(|id| copying::sound(cutting, index?.track(id)?));
        renditions.push(PlannedRenditionInput {
            name: "audio".to_owned(),
            kind: RenditionKind::Audio,
            width: None,
            height: None,
            frame_rate: None,
            chunk_count: copied.and_then(|pieces| i32::try_from(pieces.len()).ok()),
        });
    }
    VideoPlanInput {
        duration_ms: whole(cutting.duration_ms),
        width: whole(cutting.width),
        height: whole(cutting.height),
        renditions,
        jobs: jobs(cutting, count, has_texts),
        details: cutting.to_details(),
    }
}

fn jobs(cutting: &Cutting, count: i32, has_texts: bool) -> Vec<PlannedJobInput> {
    let copies = cutting.picture_copy.is_some() || cutting.sound_copy.is_some();
    let milliseconds = |chunk: i32| cutting.chunk_seconds(chunk.unsigned_abs()) * 1_000.0;
    let weight = |of: f64| (of.round() as i32).max(1);
    let mut jobs =
        vec![PlannedJobInput { kind: JobKind::MakePoster, chunk: None, weight_ms: POSTER_WEIGHT_MS }];
    if has_texts {
        jobs.push(PlannedJobInput { kind: JobKind::ReadTracks, chunk: None, weight_ms: TEXTS_WEIGHT_MS });
    }
    if cutting.encodes_sound() {
        let weight_ms = weight(f64::from(cutting.duration_ms) * SOUND_WEIGHT);
        jobs.push(PlannedJobInput { kind: JobKind::EncodeAudio, chunk: None, weight_ms });
    }
    // Chunk 0 is passed on with the plan.
    jobs.extend((1..count).filter(|_| copies).map(|chunk| PlannedJobInput {
        kind: JobKind::CopyChunk,
        chunk: Some(chunk),
        weight_ms: weight(milliseconds(chunk) * COPY_WEIGHT),
    }));
    let share = if cutting.plan.sizes.is_empty() { DECODING_WEIGHT } else { cutting.plan.sizes.len() as f64 };
    jobs.extend((0..count).map(|chunk| PlannedJobInput {
        kind: JobKind::EncodeChunk,
        chunk: Some(chunk),
        weight_ms: weight(milliseconds(chunk) * share),
    }));
    jobs
}
