//! The job `MAKE_POSTER`.

use super::{Desk, JobError, media::poster};
use crate::chunked::needs;

/// A poster is looked for in so many seconds of film.
const LOOKED_AT_S: f64 = 10.0;

pub(crate) async fn make_poster(desk: &Desk<'_>) -> Result<(), JobError> {
    let cutting = desk.cutting()?;
    let source = desk.source(&cutting).await?;
    let index = source.index(desk.origin(), &desk.downloading()).await?;
    let needed = match (&index, cutting.plan.track_id) {
        (Some(index), Some(track)) => {
            let at_s = cutting.plan.poster.at.as_secs_f64();
            Some(needs::pictures(index, track, cutting.start_s, at_s, at_s + LOOKED_AT_S))
        }
        _ => None,
    };
    let folder = desk.folder_with(&source, needed.as_ref()).await?;
    let made = poster(desk.bench, &folder, &cutting.plan).await;
    desk.publisher().finish(made.as_ref()).await
}
