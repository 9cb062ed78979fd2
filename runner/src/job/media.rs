//! From a source in a folder to renditions in the same folder: probe, plan, encode, check, cut. Knows nothing
//! of servers.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    MediaError,
    encoder::{self, Amount, Encoded, Urgency},
    verdict,
};
use crate::{
    ffmpeg::{
        args,
        filters::PosterFrames,
        log::Log,
        loudness::Loudness,
        plan::{Plan, Settings},
        probe::probe,
        progress::Progress,
        run::Workbench,
        source::Source,
    },
    files,
    fmp4::{self, Chunk, Track},
    sandbox::Limits,
    workdir::JobFolder,
};

/// A source that has become a video.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// Of the longest rendition.
    pub duration_ms: f64,
    /// Of the source as it is shown: upright, in square pixels.
    pub width: u32,
    pub height: u32,
    /// Pictures from large to small, then the sound if there is any.
    pub renditions: Vec<Rendition>,
    pub poster: Option<Poster>,
    pub loudness: Option<Loudness>,
    /// Whether the source holds captions or chapters as well.
    pub has_texts: bool,
}

/// One version of the pictures, or the sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendition {
    /// For example `720p`, or `audio`.
    pub name: String,
    /// Of pictures.
    pub picture: Option<Picture>,
    /// As in the `CODECS` attribute of a playlist.
    pub codecs: String,
    pub file: PathBuf,
    pub chunks: Vec<Chunk>,
    pub duration_ms: f64,
}

/// What only pictures have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// Frames a second.
    pub frame_rate: f64,
}

/// A JPEG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poster {
    pub width: u32,
    pub height: u32,
    pub file: PathBuf,
    pub size_bytes: u64,
}

/// What is being done right now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    Probing,
    /// How much is encoded, from 0 to 1, and how long the rest will take.
    Encoding {
        part: f64,
        eta: Option<Duration>,
    },
}

const POSTER_DEADLINE: Duration = Duration::from_secs(90);

/// Makes a video of the source in `folder`. Results lie in the folder and are gone with it.
pub async fn process(
    bench: &Workbench,
    folder: &JobFolder,
    settings: &Settings,
    on_step: &(dyn Fn(Step) + Send + Sync),
) -> Result<Media, MediaError> {
    on_step(Step::Probing);
    let source = probe(bench, folder, settings.max_duration).await?;
    make(bench, folder, &source, settings, on_step).await
}

/// The same for a source that was looked at already.
pub async fn make(
    bench: &Workbench,
    folder: &JobFolder,
    source: &Source,
    settings: &Settings,
    on_step: &(dyn Fn(Step) + Send + Sync),
) -> Result<Media, MediaError> {
    let plan = Plan::new(source, settings);
    tracing::debug!(?source, ?plan, "planned");
    on_step(Step::Encoding { part: 0.0, eta: None });
    // The poster costs little and is needed at the same time as the rest.
    let (encoded, poster) =
        tokio::join!(encode(bench, folder, source, &plan, settings, on_step), poster(bench, folder, &plan));
    let (renditions, loudness) = encoded?;
    let duration_ms = renditions.iter().map(|rendition| rendition.duration_ms).fold(0.0, f64::max);
    let (width, height) = source.video.display_size();
    let has_texts = source.has_texts;
    Ok(Media { duration_ms, width, height, renditions, poster, loudness, has_texts })
}

async fn encode(
    bench: &Workbench,
    folder: &JobFolder,
    source: &Source,
    plan: &Plan,
    settings: &Settings,
    on_step: &(dyn Fn(Step) + Send + Sync),
) -> Result<(Vec<Rendition>, Option<Loudness>), MediaError> {
    let amount = Amount {
        video_index: plan.video_index,
        likely: source.likely_duration.unwrap_or(settings.max_duration).min(settings.max_duration),
        most_bitrate: plan.top().max_bitrate,
        urgency: Urgency::Awaited,
    };
    let Encoded { status, log, last } =
        encoder::encode(bench, folder, &args::encode(plan), amount, |progress| {
            on_step(step(progress, source.likely_duration));
        })
        .await?;

    let tracks = read_tracks(folder.path().to_owned(), plan.clone()).await;
    let run = verdict::Run { succeeded: status.success(), frames: last.frames, log: &log };
    verdict::check(source, settings, &run, tracks.as_deref().ok())?;
    let tracks = tracks.map_err(|error| MediaError::Internal(error.to_string()))?;
    Ok((renditions(folder.path(), plan, &tracks), log.loudness()))
}

pub(super) fn step(progress: Progress, likely: Option<Duration>) -> Step {
    let Some(likely) = likely.filter(|likely| !likely.is_zero()) else {
        return Step::Encoding { part: 0.0, eta: None };
    };
    let part = (progress.out_time.as_secs_f64() / likely.as_secs_f64()).min(1.0);
    let rest = likely.saturating_sub(progress.out_time);
    let eta = progress.speed.filter(|speed| *speed > 0.01).map(|speed| rest.div_f64(speed));
    Step::Encoding { part, eta }
}

/// Names of the outputs in the order of the plan.
fn output_names(plan: &Plan) -> impl Iterator<Item = &str> {
    plan.sizes.iter().map(|size| size.name.as_str()).chain(plan.audio.as_ref().map(|_| "audio"))
}

async fn read_tracks(folder: PathBuf, plan: Plan) -> Result<Vec<Track>, fmp4::FormatError> {
    let read = move || {
        output_names(&plan)
            .map(|name| {
                let file = folder.join(args::output(name));
                if name != "audio" {
                    fmp4::set_upright(&file)?;
                }
                fmp4::read_track(&file)
            })
            .collect()
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(tracks) => tracks,
        Err(error) => Err(std::io::Error::other(error).into()),
    }
}

fn renditions(folder: &Path, plan: &Plan, tracks: &[Track]) -> Vec<Rendition> {
    let pictures = plan
        .sizes
        .iter()
        .map(|size| Some(Picture { width: size.width, height: size.height, frame_rate: plan.rate.fps() }));
    output_names(plan)
        .zip(pictures.chain(std::iter::repeat(None)))
        .zip(tracks)
        // A sound track that turned out to be empty is no rendition.
        .filter(|(_, track)| !track.fragments.is_empty())
        .map(|((name, picture), track)| Rendition {
            name: name.to_owned(),
            picture,
            codecs: track.codecs.clone(),
            file: folder.join(args::output(name)),
            chunks: fmp4::cut(track),
            duration_ms: track.duration_ms(),
        })
        .collect()
}

/// A video without a poster is still a video, so whatever goes wrong here is only logged.
pub(super) async fn poster(bench: &Workbench, folder: &JobFolder, plan: &Plan) -> Option<Poster> {
    let file = folder.path().join(args::poster_output());
    // Where the timestamps are odd there may be nothing at a tenth; there is always something at the start.
    for (at_s, frames) in [(plan.poster.at.as_secs_f64(), PosterFrames::Bright), (0.0, PosterFrames::Any)] {
        let mut log = Log::new(plan.video_index);
        let limits = Limits::encode(POSTER_DEADLINE, 64 << 20);
        let outcome = match bench.ffmpeg(folder, &args::poster(plan, at_s, frames), limits).await {
            Ok(run) => run.lines(POSTER_DEADLINE, |_| {}, |line| log.line(line)).await,
            Err(error) => Err(error.into()),
        };
        match files::made_size(&file) {
            Ok(size_bytes) if size_bytes > 0 => {
                let (width, height) = (plan.poster.width, plan.poster.height);
                return Some(Poster { width, height, file, size_bytes });
            }
            _ => tracing::debug!(?outcome, log = log.tail(), at_s, "no poster"),
        }
    }
    None
}
