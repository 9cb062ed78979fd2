//! The job `ENCODE_AUDIO`: the sound of the whole video in one run, so that no chunk's border can be heard. Chunks are
//! published while ffmpeg still writes.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{
    Desk, JobError, MediaError,
    encoder::{Amount, Urgency, encode},
    media::{Step, step},
    publish::How,
    verdict,
};
use crate::{
    api::operations::ProcessingStage,
    chunked::needs,
    ffmpeg::args,
    fmp4::{self, FormatError, Track},
    workdir::JobFolder,
};

/// How often the growing file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(crate) async fn encode_audio(desk: &Desk<'_>) -> Result<(), JobError> {
    let cutting = desk.cutting()?;
    let Some(audio) = cutting.plan.audio.as_ref().filter(|_| cutting.encodes_sound()) else {
        return Err(MediaError::Internal("sound to encode where there is none".to_owned()).into());
    };
    let source = desk.source(&cutting).await?;
    let index = source.index(desk.origin(), &desk.downloading()).await?;
    let needed = match (&index, audio.track_id) {
        (Some(index), Some(track)) => Some(needs::track(index, track)),
        _ => None,
    };
    let folder = desk.folder_with(&source, needed.as_ref()).await?;
    let likely = Duration::from_millis(cutting.duration_ms.into());
    let most_bitrate = audio.bitrate;
    let amount = Amount { video_index: audio.index, likely, most_bitrate, urgency: Urgency::Awaited };
    let ended = CancellationToken::new();
    let encoding = async {
        let encoded = encode(desk.bench, &folder, &args::sound(&cutting, audio), amount, |progress| {
            if let Step::Encoding { part, eta } = step(progress, Some(likely)) {
                desk.reporter.report(ProcessingStage::Encoding, part, eta);
            }
        })
        .await;
        ended.cancel();
        encoded
    };
    let mut published = 0;
    let publishing = async {
        loop {
            tokio::select! {
                () = ended.cancelled() => return Ok::<_, JobError>(()),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            if let Ok(track) = read(&folder, fmp4::read_track_so_far) {
                publish(desk, &folder, &track, &mut published, false).await?;
            }
        }
    };
    let (encoded, outcome) = tokio::join!(encoding, publishing);
    let encoded = encoded?;
    verdict::check_run(&encoded.log, encoded.status.success(), false)?;
    outcome?;
    let track =
        read(&folder, fmp4::read_track).map_err(|error| MediaError::Internal(format!("sound: {error}")))?;
    publish(desk, &folder, &track, &mut published, true).await?;
    desk.publisher().finish_sound(encoded.log.loudness()).await
}

fn read(
    folder: &JobFolder,
    how: fn(&std::path::Path) -> Result<Track, FormatError>,
) -> Result<Track, FormatError> {
    how(&folder.path().join(args::output("audio")))
}

/// Publishes what will not change any more: every chunk that another one follows.
async fn publish(
    desk: &Desk<'_>,
    folder: &JobFolder,
    track: &Track,
    published: &mut usize,
    is_whole: bool,
) -> Result<(), JobError> {
    let chunks = fmp4::cut(track);
    let ready = if is_whole { chunks.len() } else { chunks.len().saturating_sub(1) };
    let Some(new) = chunks.get(*published..ready).filter(|new| !new.is_empty()) else { return Ok(()) };
    let file = folder.path().join(args::output("audio"));
    let how = How { ends: is_whole, ..How::default() };
    desk.publisher().publish_chunks("audio", &track.codecs, &file, new, how).await?;
    *published = ready;
    Ok(())
}
