//! The jobs that make one chunk: `COPY_CHUNK` passes on what can be played as it is, `ENCODE_CHUNK` makes all sizes in
//! one run.

use std::{io, path::Path, sync::Arc, time::Duration};

use futures::future::try_join_all;

use super::{
    Desk, JobError, MediaError, Refusal,
    encoder::{Amount, Urgency, encode},
    media::{Step, step},
    publish::How,
    verdict,
};
use crate::{
    api::operations::ProcessingStage,
    chunked::{Cut, Cutting, copying, cutting::LEAD_S, needs},
    ffmpeg::{args, ladder::Size},
    fmp4::{self, Chunk},
    mp4::{Index, copy_format},
    source::CachedSource,
    workdir::JobFolder,
};

pub(super) fn internal(what: &str) -> MediaError {
    MediaError::Internal(what.to_owned())
}

/// `COPY_CHUNK`.
pub(crate) async fn copy_chunk(desk: &Desk<'_>) -> Result<(), JobError> {
    let (cutting, chunk) = (desk.cutting()?, desk.chunk()?);
    let source = desk.source(&cutting).await?;
    let index = source.index(desk.origin(), &desk.downloading()).await?;
    let index = index.ok_or_else(|| internal("a source that had an index has none any more"))?;
    let folder = desk.new_folder()?;
    copy(desk, &cutting, &index, &source, &folder, chunk).await?;
    desk.publisher().finish(None).await
}

/// Passes on pictures and sound of one chunk, as far as they are passed on at all.
pub(super) async fn copy(
    desk: &Desk<'_>,
    cutting: &Cutting,
    index: &Arc<Index>,
    source: &CachedSource,
    folder: &JobFolder,
    chunk: u32,
) -> Result<(), JobError> {
    let mut tracks = Vec::new();
    if let Some(copy) = &cutting.picture_copy {
        let track = index.track(copy.track).ok_or_else(|| internal("a track that is gone"))?;
        let pieces =
            copying::pictures(cutting, track).ok_or_else(|| internal("cuts beside the keyframes"))?;
        tracks.push((copy.name.as_str(), track, pieces));
    }
    if let Some(id) = cutting.sound_copy {
        let track = index.track(id).ok_or_else(|| internal("a track that is gone"))?;
        let pieces =
            copying::sound(cutting, track).ok_or_else(|| internal("no sound where there was some"))?;
        tracks.push(("audio", track, pieces));
    }
    // Sound may end before the last chunk of the pictures.
    tracks.retain(|(_, _, pieces)| pieces.len() > chunk as usize);
    let copies = tracks.into_iter().map(|(name, track, pieces)| async move {
        let needed = needs::pieces(track, &pieces[chunk as usize]);
        source.fetch(desk.origin(), &needed).await?;
        let to = folder.out().join(format!("copy-{name}.mp4"));
        let (codecs, made) = write(cutting, index, track.id, pieces, chunk, (source.path(), &to)).await?;
        desk.publisher().publish_chunks(name, &codecs, &to, &[made], How::default()).await
    });
    try_join_all(copies).await?;
    Ok(())
}

async fn write(
    cutting: &Cutting,
    index: &Arc<Index>,
    track: u32,
    pieces: copying::Pieces,
    chunk: u32,
    (source, to): (&Path, &Path),
) -> Result<(String, Chunk), MediaError> {
    let (cutting, index) = (cutting.clone(), Arc::clone(index));
    let (source, to) = (source.to_owned(), to.to_owned());
    // Some megabytes from and to this machine's own disk.
    let written = tokio::task::spawn_blocking(move || {
        let track = index.track(track).ok_or(io::ErrorKind::NotFound)?;
        let format = copy_format(track).ok_or(io::ErrorKind::Unsupported)?;
        let made = copying::write(&cutting, track, &format, &pieces, chunk, &source, &to)?;
        Ok::<_, io::Error>((format.codecs, made))
    });
    written.await.map_err(|error| internal(&error.to_string()))?.map_err(MediaError::from)
}

/// `ENCODE_CHUNK`.
pub(crate) async fn encode_chunk(desk: &Desk<'_>) -> Result<(), JobError> {
    let (mut cutting, chunk) = (desk.cutting()?, desk.chunk()?);
    cutting.plan.sizes.retain(|size| desk.job.renditions.contains(&size.name));
    let cut = cutting.cut(chunk).ok_or_else(|| internal("a chunk that the plan does not have"))?;
    let folder = folder_for(desk, &cutting, &cut).await?;
    make(desk, &cutting, &cut, &folder, false).await?;
    desk.publisher().finish(None).await
}

/// A folder with so much of the source as encoding a chunk takes.
pub(super) async fn folder_for(desk: &Desk<'_>, cutting: &Cutting, cut: &Cut) -> Result<JobFolder, JobError> {
    let source = desk.source(cutting).await?;
    let index = source.index(desk.origin(), &desk.downloading()).await?;
    let needed = match (&index, cutting.plan.track_id) {
        (Some(index), Some(track)) => Some(needs::cut(index, track, cutting, cut)),
        _ => None,
    };
    desk.folder_with(&source, needed.as_ref()).await
}

/// Encodes and publishes one chunk, or a draft of it. Where nothing is encoded, it is decoded all the same: somebody
/// must find out whether it can be.
pub(super) async fn make(
    desk: &Desk<'_>,
    cutting: &Cutting,
    cut: &Cut,
    folder: &JobFolder,
    is_draft: bool,
) -> Result<(), JobError> {
    let sizes = if is_draft { args::draft_sizes(cutting) } else { &cutting.plan.sizes };
    let likely = Duration::from_secs_f64(cutting.chunk_seconds(cut.index));
    let amount = Amount {
        video_index: cutting.plan.video_index,
        likely,
        most_bitrate: sizes.iter().map(|size| size.max_bitrate).max().unwrap_or(128_000),
        urgency: Urgency::Awaited,
    };
    desk.reporter.report(ProcessingStage::Encoding, 0.0, None);
    let passed_on = sizes.is_empty() && !is_draft;
    let orders =
        if passed_on { args::read_through(cutting, cut) } else { args::chunk(cutting, cut, is_draft) };
    let encoded = encode(desk.bench, folder, &orders, amount, |progress| {
        if let Step::Encoding { part, eta } = step(progress, Some(likely)) {
            desk.reporter.report(ProcessingStage::Encoding, part, eta);
        }
    })
    .await?;
    verdict::check_run(&encoded.log, encoded.status.success(), passed_on || !sizes.is_empty())?;
    let lead = cut.first.min((LEAD_S * cutting.plan.rate.fps()).round() as u64);
    if !passed_on && verdict::has_hole(&encoded.log, lead + encoded.last.frames) {
        // Whether too much of the whole is missing is for whoever makes it in one piece to say.
        return Err(MediaError::from(Refusal::Corrupt).into());
    }
    if let Some(copy) = &cutting.picture_copy
        && encoded.log.has_other_size((copy.width, copy.height))
    {
        // What is passed on would change its size while it is played, and not every player takes that.
        return Err(MediaError::from(Refusal::Corrupt).into());
    }
    let publisher = desk.publisher();
    let how = How { is_draft, ..How::default() };
    let log = &encoded.log;
    let pictures = sizes.iter().enumerate().map(|(number, size)| {
        let publisher = &publisher;
        async move {
            let how = How { likeness: log.likeness(number), ..how };
            let file = folder.path().join(args::output(&size.name));
            let (codecs, chunk) = picture_chunk(cutting, cut, &file, size)?;
            publisher.publish_chunks(&size.name, &codecs, &file, &[chunk], how).await
        }
    });
    try_join_all(pictures).await?;
    if is_draft && cutting.encodes_sound() {
        let file = folder.path().join(args::output("audio"));
        if let Some((codecs, chunk)) = sound_draft(&file, cutting.chunk_seconds(cut.index))? {
            publisher.publish_chunks("audio", &codecs, &file, &[chunk], how).await?;
        }
    }
    Ok(())
}

/// The file of one size as a chunk, if it is what was asked for.
pub(super) fn picture_chunk(
    cutting: &Cutting,
    cut: &Cut,
    file: &Path,
    size: &Size,
) -> Result<(String, Chunk), MediaError> {
    let unreadable = |error: fmp4::FormatError| internal(&format!("{}: {error}", size.name));
    fmp4::set_upright(file).map_err(unreadable)?;
    let track = fmp4::read_track(file).map_err(unreadable)?;
    let made = track.duration_ms() / 1_000.0 * cutting.plan.rate.fps();
    let is_cut_right =
        cut.keyframes.is_empty() || cut.is_last || track.fragments.len() == cut.keyframes.len();
    match cut.frames.map(|frames| frames as f64) {
        // A hole in the source, or an end that comes too soon: whoever makes it in one piece finds out which.
        Some(frames) if !cut.is_last && (made - frames).abs() > 0.3 => return Err(Refusal::Corrupt.into()),
        Some(frames) if made < 0.9 * frames - 8.0 => return Err(Refusal::Truncated.into()),
        _ if track.fragments.is_empty() || !is_cut_right => return Err(Refusal::Corrupt.into()),
        _ => {}
    }
    let start_ms = cutting.seconds(cut.first) * 1_000.0;
    Ok((track.codecs.clone(), fmp4::one_chunk(&track, cut.index, start_ms, cut.is_last)))
}

/// The beginning of the sound, as far as the draft of the pictures goes.
fn sound_draft(file: &Path, seconds: f64) -> Result<Option<(String, Chunk)>, MediaError> {
    let mut track = fmp4::read_track(file).map_err(|error| internal(&format!("sound: {error}")))?;
    let origin = track.fragments.first().map_or(0, |first| first.start);
    let end = origin + (seconds * f64::from(track.timescale)) as u64;
    if track.fragments.len() > 1 {
        // Of the last one nobody knows whether it is whole.
        track.fragments.pop();
        track.fragments.retain(|fragment| fragment.start < end);
    }
    let codecs = track.codecs.clone();
    Ok((!track.fragments.is_empty()).then(|| (codecs, fmp4::one_chunk(&track, 0, 0.0, false))))
}
