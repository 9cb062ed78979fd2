//! One run of ffmpeg that encodes.

use std::{process::ExitStatus, thread, time::Duration};

use tokio::{sync::Notify, time::timeout};

use super::MediaError;
use crate::{
    ffmpeg::{
        log::Log,
        progress::{Parser, Progress},
        run::{RunError, Workbench},
    },
    sandbox::Limits,
    workdir::JobFolder,
};

/// A machine much slower than real time still gets through.
const DEADLINE_PER_SECOND: u32 = 60;
const DEADLINE_BASE: Duration = Duration::from_secs(600);
/// The slowest preset on the slowest machine makes the first frame, and what comes before it, in less.
const LONGEST_STANDSTILL: Duration = Duration::from_secs(600);
const SMALLEST_FILE_BYTES: u64 = 256 << 20;

/// How a run ended.
pub(super) struct Encoded {
    pub status: ExitStatus,
    pub log: Log,
    /// The last progress that was told.
    pub last: Progress,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amount {
    /// Stream whose frames are counted.
    pub video_index: u32,
    pub likely: Duration,
    /// Bits per second of the largest output.
    pub most_bitrate: u32,
    pub urgency: Urgency,
}

/// Whether somebody waits for what is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    Awaited,
    /// Nobody does: everything else on the machine comes first, so it may take long.
    Background,
}

/// What gets only what others leave may take this many times as long.
const PATIENCE_IN_BACKGROUND: u32 = 10;

/// Runs until ffmpeg ends by itself, or until it takes too long.
pub(super) async fn encode(
    bench: &Workbench,
    folder: &JobFolder,
    args: &[String],
    amount: Amount,
    mut on_progress: impl FnMut(Progress),
) -> Result<Encoded, MediaError> {
    let Amount { video_index, likely, most_bitrate, urgency } = amount;
    let patience = if urgency == Urgency::Background { PATIENCE_IN_BACKGROUND } else { 1 };
    let deadline = (DEADLINE_BASE + likely * DEADLINE_PER_SECOND) * patience;
    let processors = thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1));
    let file_bytes = likely.as_secs().saturating_add(60).saturating_mul(u64::from(most_bitrate)) / 2;
    let limits = Limits::encode(deadline * processors, file_bytes.max(SMALLEST_FILE_BYTES));
    let limits = if urgency == Urgency::Background { limits.in_background() } else { limits };

    let mut log = Log::new(video_index);
    let mut parser = Parser::default();
    let mut last = Progress::default();
    let run = bench.ffmpeg(folder, args, limits).await?;
    let moving = Notify::new();
    let running = run.lines(
        deadline,
        |line| {
            if let Some(progress) = parser.line(line) {
                if (progress.out_time, progress.frames) != (last.out_time, last.frames) {
                    moving.notify_one();
                }
                last = progress;
                on_progress(progress);
            }
        },
        |line| log.line(line),
    );
    let longest = LONGEST_STANDSTILL * patience;
    let stands_still = async { while timeout(longest, moving.notified()).await.is_ok() {} };
    let outcome = tokio::select! {
        outcome = running => outcome,
        () = stands_still => Err(RunError::Deadline),
    };
    let status = match outcome {
        Ok(status) => status,
        Err(RunError::Deadline) => return Err(MediaError::Internal("encoding took too long".to_owned())),
        Err(RunError::Io(error)) => return Err(error.into()),
    };
    tracing::debug!(%status, intact = log.intact_part(), log = log.tail(), "encoded");
    Ok(Encoded { status, log, last })
}
