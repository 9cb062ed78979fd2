//! The job `MAKE_PREVIEWS`: a storyboard for the seek bar and a loop for the grid. It comes when the video is ready, and
//! knows nothing of how that was made.

use std::{path::PathBuf, time::Duration};

use super::{Desk, JobError, MediaError, Refusal};
use crate::{
    api::operations::ProcessingStage,
    chunked::needs,
    ffmpeg::{
        args,
        log::Log,
        loudness::Loudness,
        plan::Plan,
        previews::{Frames, Layout, Lights, loop_place, loop_size},
        probe::probe,
        run::Workbench,
        source::Source,
    },
    files,
    mp4::{Index, Track},
    sandbox::Limits,
    source::{CachedSource, Ranges},
    workdir::JobFolder,
};

/// What is looked at to know what it is.
const LOOKED_AT_S: f64 = 2.0;
/// A machine much slower than real time still gets through.
const DEADLINE_BASE: Duration = Duration::from_secs(300);
const LARGEST_FILE_BYTES: u64 = 16 << 20;
/// What the server takes.
const LARGEST_SPRITE_BYTES: u64 = 4 << 20;
const LARGEST_LOOP_BYTES: u64 = 500_000;

/// A file that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeFile {
    pub path: PathBuf,
    pub size_bytes: u64,
}

/// What was made of a video.
#[derive(Debug, Clone, PartialEq)]
pub struct Previews {
    pub layout: Layout,
    pub sprites: Vec<MadeFile>,
    pub video_loop: Option<MadeFile>,
    /// Where it was asked for.
    pub loudness: Option<Loudness>,
}

pub(crate) async fn make_previews(desk: &Desk<'_>) -> Result<(), JobError> {
    let source = desk.upload();
    let index = source.index(desk.origin(), &desk.downloading()).await?;
    let needed = index.as_ref().map(|index| needs::head(index, LOOKED_AT_S));
    let folder = desk.folder_with(&source, needed.as_ref()).await?;
    desk.reporter.report(ProcessingStage::Probing, 0.0, None);
    let max_duration = desk.settings().max_duration;
    let found = match probe(desk.bench, &folder, max_duration).await {
        Err(_) if !source.is_whole() => {
            // What was said of a part is no verdict on the whole.
            source.fetch_all(desk.origin(), &desk.downloading()).await?;
            probe(desk.bench, &folder, max_duration).await
        }
        found => found,
    }?;
    let work = Work { desk, source: &source, index: index.as_deref(), folder: &folder, found: &found };
    let made = work.make().await?;
    desk.publisher().finish_previews(&made).await
}

struct Work<'a> {
    desk: &'a Desk<'a>,
    source: &'a CachedSource,
    index: Option<&'a Index>,
    folder: &'a JobFolder,
    found: &'a Source,
}

impl Work<'_> {
    async fn make(&self) -> Result<Previews, JobError> {
        let plan = Plan::new(self.found, &self.desk.settings());
        let shown = self.found.video.display_size();
        let told = self.desk.job.duration_ms.and_then(|ms| u64::try_from(ms).ok()).filter(|ms| *ms > 0);
        let likely = self.found.likely_duration.unwrap_or_default();
        let duration_ms = told.unwrap_or_else(|| u64::try_from(likely.as_millis()).unwrap_or(u64::MAX));
        let layout = Layout::new(duration_ms, shown);
        let (sprites, lights) = self.storyboard(&plan, &layout, duration_ms).await?;
        self.desk.reporter.report(ProcessingStage::Encoding, 0.8, None);
        let place = loop_place(&layout, &lights.tiles, duration_ms);
        let video_loop = self.video_loop(&plan, loop_size(shown), place).await?;
        let loudness = self.loudness(&plan, duration_ms).await?;
        Ok(Previews { layout, sprites, video_loop, loudness })
    }

    /// The pictures, if the index tells where those of any time lie.
    fn track(&self, plan: &Plan) -> Option<(&Index, &Track)> {
        let index = self.index?;
        let track = index.track(plan.track_id?).filter(|track| track.has_plain_edits)?;
        Some((index, track))
    }

    /// All of the source, where nothing less is known to do.
    async fn fetch(&self, needed: Option<Ranges>) -> Result<(), JobError> {
        match needed {
            Some(needed) => self.source.fetch(self.desk.origin(), &needed).await?,
            None => self.source.fetch_all(self.desk.origin(), &self.desk.downloading()).await?,
        }
        Ok(())
    }

    async fn storyboard(
        &self,
        plan: &Plan,
        layout: &Layout,
        duration_ms: u64,
    ) -> Result<(Vec<MadeFile>, Lights), JobError> {
        let track = self.track(plan);
        let keyframe_ms = track.and_then(|(_, track)| {
            let keyframes = track.samples.0.iter().filter(|sample| sample.is_key).count() as u64;
            duration_ms.checked_div(keyframes)
        });
        let frames = layout.frames(duration_ms, keyframe_ms);
        // Some streams say of no frame that it is a key.
        let tries: &[Frames] =
            if frames == Frames::Key { &[Frames::Key, Frames::All] } else { &[Frames::All] };
        let mut last = String::new();
        for &frames in tries {
            let needed = track.map(|(index, track)| match frames {
                Frames::Key => needs::keyframes(index, track.id),
                Frames::All => needs::track(index, track.id),
            });
            self.fetch(needed).await?;
            self.desk.reporter.report(ProcessingStage::Encoding, 0.0, None);
            let (mut log, mut lights) = (Log::new(plan.video_index), Lights::default());
            let arguments = args::storyboard(plan, layout, frames);
            run(
                self.desk.bench,
                self.folder,
                &arguments,
                deadline(duration_ms),
                |line| lights.line(line),
                &mut log,
            )
            .await?;
            if log.disk_full {
                return Err(MediaError::OutOfDisk(log.tail()).into());
            }
            let names = (0..layout.sprites()).map(args::sprite_output);
            let sprites: Option<Vec<MadeFile>> =
                names.map(|name| made(self.folder, &name, LARGEST_SPRITE_BYTES)).collect();
            if let Some(sprites) = sprites.filter(|_| !lights.tiles.is_empty()) {
                return Ok((sprites, lights));
            }
            last = log.tail();
        }
        Err(MediaError::Refused { refusal: Refusal::Corrupt, log: last }.into())
    }

    /// Of sound that was passed on as it is: nobody has listened to it yet.
    async fn loudness(&self, plan: &Plan, duration_ms: u64) -> Result<Option<Loudness>, JobError> {
        let Some(audio) = plan.audio.as_ref().filter(|_| self.desk.job.measures_loudness) else {
            return Ok(None);
        };
        let needed = audio.track_id.and_then(|id| Some(needs::track(self.index?, id)));
        self.fetch(needed).await?;
        let mut log = Log::new(plan.video_index);
        let arguments = args::loudness(plan, audio);
        run(self.desk.bench, self.folder, &arguments, deadline(duration_ms), |_| {}, &mut log).await?;
        Ok(log.loudness())
    }

    /// What has no loop has at least a storyboard, so whatever goes wrong with the pictures here is only logged.
    async fn video_loop(
        &self,
        plan: &Plan,
        size: (u32, u32),
        (at_s, length_s): (f64, f64),
    ) -> Result<Option<MadeFile>, JobError> {
        let start_s = self.found.start_s.unwrap_or_default();
        let needed = self
            .track(plan)
            .map(|(index, track)| needs::pictures(index, track.id, start_s, at_s, at_s + length_s));
        self.fetch(needed).await?;
        let mut log = Log::new(plan.video_index);
        let arguments = args::video_loop(plan, size, at_s, length_s);
        run(self.desk.bench, self.folder, &arguments, DEADLINE_BASE, |_| {}, &mut log).await?;
        let made = made(self.folder, &args::loop_output(), LARGEST_LOOP_BYTES);
        if made.is_none() {
            tracing::debug!(log = log.tail(), at_s, "no loop");
        }
        Ok(made)
    }
}

fn deadline(duration_ms: u64) -> Duration {
    DEADLINE_BASE + Duration::from_millis(duration_ms) * 4
}

/// A file of the job that is there, and not larger than it may be.
fn made(folder: &JobFolder, name: &str, largest: u64) -> Option<MadeFile> {
    let path = folder.path().join(name);
    let size_bytes = files::made_size(&path).ok()?;
    (1..=largest).contains(&size_bytes).then_some(MadeFile { path, size_bytes })
}

async fn run(
    bench: &Workbench,
    folder: &JobFolder,
    arguments: &[String],
    deadline: Duration,
    on_line: impl FnMut(&str),
    log: &mut Log,
) -> Result<(), MediaError> {
    let limits = Limits::encode(deadline, LARGEST_FILE_BYTES);
    let outcome =
        bench.ffmpeg(folder, arguments, limits).await?.lines(deadline, on_line, |line| log.line(line));
    // What was made, or not, tells how it went.
    let outcome = outcome.await;
    tracing::debug!(?outcome, log = log.tail(), "previews");
    Ok(())
}
