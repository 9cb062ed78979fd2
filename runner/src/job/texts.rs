//! The job `READ_TRACKS`: captions and chapters out of the source's own tracks. Whatever cannot be read is left out;
//! the video is one without it.

use std::time::Duration;

use super::{Desk, JobError};
use crate::{
    api::{
        operations::{ChapterInput, SourceCaptionInput},
        persist,
    },
    chunked::needs,
    ffmpeg::texts::{self, Texts},
    workdir::JobFolder,
};

/// The server reads no longer request.
const LONGEST_REQUEST_BYTES: usize = 900_000;

pub(crate) async fn read_tracks(desk: &Desk<'_>) -> Result<(), JobError> {
    let source = desk.upload();
    let index = source.index(desk.origin(), &desk.downloading()).await?;
    let needed = index.as_ref().map(|index| needs::texts(index));
    let folder = desk.folder_with(&source, needed.as_ref()).await?;
    hand_in(desk, &folder, lead(desk)).await?;
    desk.publisher().finish(None).await
}

/// How long after its source a video begins.
fn lead(desk: &Desk<'_>) -> Duration {
    let Some((how, start_s)) =
        desk.cutting().ok().and_then(|cutting| Some((cutting.rewrap?, cutting.start_s)))
    else {
        return Duration::ZERO;
    };
    // Without an edit list, what lies before the pictures is shown, and the beginning is where it was.
    Duration::try_from_secs_f64(f64::from(how.lead_us) / 1e6 + start_s).unwrap_or_default()
}

/// Reads what the source in `folder` says in text, and hands it in: the video begins `lead` after the source.
pub(super) async fn hand_in(desk: &Desk<'_>, folder: &JobFolder, lead: Duration) -> Result<(), JobError> {
    let found = match texts::read(desk.bench, folder, desk.settings().max_duration, lead).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(job = desk.job.id.inner(), %error, "the text in a source cannot be read");
            return Ok(());
        }
    };
    let Texts { tracks, chapters } = found;
    let lease = &desk.job.lease.id;
    for track in tracks {
        let caption = SourceCaptionInput { language: track.language, label: track.title, text: track.text };
        // Characters that JSON writes as six may make a track of allowed length too long on its way.
        if serde_json::to_string(&caption.text).is_ok_and(|text| text.len() > LONGEST_REQUEST_BYTES) {
            continue;
        }
        persist(desk.cancel, || desk.api.publish_caption(lease, caption.clone())).await?;
    }
    if !chapters.is_empty() {
        let chapters: Vec<ChapterInput> = chapters
            .into_iter()
            .map(|chapter| ChapterInput { start_ms: chapter.start_ms as i32, title: chapter.title })
            .collect();
        persist(desk.cancel, || desk.api.publish_chapters(lease, chapters.clone())).await?;
    }
    Ok(())
}
