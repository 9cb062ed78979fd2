//! The source in another container, made once on each machine that needs it.

use std::{sync::Arc, time::Duration};

use super::{Desk, JobError, MediaError};
use crate::{
    chunked::rewrap::Rewrap,
    ffmpeg::{args, log::Log, plan::SLACK},
    files,
    sandbox::Limits,
    source::CachedSource,
};

/// Copying is as fast as the disk; what takes longer than this for each gigabyte does not work.
const DEADLINE_PER_GIGABYTE: Duration = Duration::from_secs(120);
const DEADLINE_BASE: Duration = Duration::from_secs(60);
const HEADROOM_BYTES: u64 = 64 << 20;

/// The rewrapped source; made now, if it was not.
///
/// # Errors
/// Also when the source is not whole: how bad that is can only be told by decoding it.
pub(super) async fn of(
    desk: &Desk<'_>,
    upload: &CachedSource,
    how: &Rewrap,
) -> Result<Arc<CachedSource>, JobError> {
    let made = upload.rewrapped().get_or_try_init(|| make(desk, upload, how)).await?;
    Ok(Arc::clone(made))
}

async fn make(desk: &Desk<'_>, upload: &CachedSource, how: &Rewrap) -> Result<Arc<CachedSource>, JobError> {
    let folder = desk.folder_with(upload, None).await?;
    let size = desk.job.source.size.0;
    let deadline = DEADLINE_BASE + DEADLINE_PER_GIGABYTE.mul_f64(size as f64 / f64::from(1 << 30));
    // Tables and headers may be more than those of the source, but not much.
    let limits = Limits::encode(deadline, size + size / 4 + HEADROOM_BYTES);
    let mut log = Log::new(how.video_index);
    // What is too long must still be so afterwards.
    let limit = desk.settings().max_duration + SLACK;
    let run = desk.bench.ffmpeg(&folder, &args::rewrap(how, limit), limits).await;
    let outcome = run.map_err(MediaError::from)?.lines(deadline, |_| {}, |line| log.line(line)).await;
    if log.disk_full {
        return Err(MediaError::OutOfDisk(log.tail()).into());
    }
    let file = folder.path().join(args::rewrapped_output());
    let is_whole =
        matches!(&outcome, Ok(status) if status.success()) && !log.container_is_damaged && !log.breaks_off;
    match files::made_size(&file) {
        Ok(size) if is_whole && size > 0 => {
            Ok(Arc::new(upload.adopt(&file, size).map_err(MediaError::from)?))
        }
        _ => {
            let what = format!("the source cannot be wrapped anew ({outcome:?}): {}", log.tail());
            Err(MediaError::Internal(what).into())
        }
    }
}
