//! Whether what came out of the encoder is what went in. An exit status of 0 says little: a file that breaks
//! off, or of which nothing can be decoded, may well end with it.

use super::{MediaError, Refusal};
use crate::{
    ffmpeg::{log::Log, plan::Settings, source::Source},
    fmp4::Track,
};

/// So much must come out whole, and be there of what a source says it holds.
pub(super) const INTACT_PART: f64 = 0.9;
/// Very short clips end a frame or two early.
const TOLERANCE_MS: f64 = 250.0;

/// What is known of a finished run.
#[derive(Debug)]
pub struct Run<'a> {
    pub succeeded: bool,
    /// Frames written to each rendition.
    pub frames: u64,
    pub log: &'a Log,
}

fn refused(refusal: Refusal, log: &Log) -> MediaError {
    MediaError::Refused { refusal, log: log.tail() }
}

/// What a decoder has no memory for it leaves out, as it does with what is damaged: of the file that says nothing.
fn check_memory(log: &Log, is_good: bool) -> Result<(), MediaError> {
    // An impossible size is refused with the same words.
    if log.out_of_memory && !log.too_many_pixels && !is_good {
        return Err(MediaError::Internal(format!("out of memory: {}", log.tail())));
    }
    Ok(())
}

/// Passes, or says why what came out of a run is not what went in. `has_pictures` if any were to be decoded.
pub fn check_run(log: &Log, succeeded: bool, has_pictures: bool) -> Result<(), MediaError> {
    if log.disk_full {
        return Err(MediaError::OutOfDisk(log.tail()));
    }
    let tried = has_pictures && log.decoded.unwrap_or(0) + log.failed > 0;
    let is_damaged = tried && log.intact_part() < INTACT_PART;
    check_memory(log, succeeded && !is_damaged)?;
    if is_damaged {
        return Err(refused(Refusal::Corrupt, log));
    }
    if !succeeded {
        return Err(MediaError::Internal(format!("ffmpeg failed: {}", log.tail())));
    }
    Ok(())
}

/// Whether a damaged container left out so much that `frames` are mostly repetitions: what never came is not damaged.
pub fn has_hole(log: &Log, frames: u64) -> bool {
    log.container_is_damaged
        && log.decoded.is_some_and(|decoded| (decoded as f64) < INTACT_PART * frames as f64)
}

/// Passes, or says why there is no video. `tracks` are the outputs, if all of them could be read.
pub fn check(
    source: &Source,
    settings: &Settings,
    run: &Run<'_>,
    tracks: Option<&[Track]>,
) -> Result<(), MediaError> {
    let log = run.log;
    if log.disk_full {
        return Err(MediaError::OutOfDisk(log.tail()));
    }
    let tried = log.decoded.unwrap_or(0) + log.failed > 0;
    let is_damaged = tried && log.intact_part() < INTACT_PART;
    check_memory(log, run.succeeded && !is_damaged)?;
    if is_damaged {
        return Err(refused(Refusal::Corrupt, log));
    }
    // Frames that never came are as lost as those that came damaged; they show as repeated ones.
    let missing = source.video.rate_is_constant
        && log.decoded.is_some_and(|decoded| (decoded as f64) < INTACT_PART * run.frames as f64);
    if missing && log.breaks_off {
        return Err(refused(Refusal::Truncated, log));
    }
    if missing && log.container_is_damaged {
        return Err(refused(Refusal::Corrupt, log));
    }
    let duration_ms = |tracks: &[Track]| tracks.iter().map(Track::duration_ms).fold(0.0, f64::max);
    let has_pictures = |tracks: &[Track]| tracks.first().is_some_and(|track| !track.fragments.is_empty());
    match tracks {
        Some(tracks) if run.succeeded && has_pictures(tracks) => {
            let duration_ms = duration_ms(tracks);
            if duration_ms > settings.max_duration.as_secs_f64() * 1_000.0 + 1_000.0 {
                return Err(refused(Refusal::TooLong, log));
            }
            let promised_ms = source.stated_duration.map_or(0.0, |stated| stated.as_secs_f64() * 1_000.0);
            if duration_ms + TOLERANCE_MS < promised_ms * INTACT_PART {
                return Err(refused(Refusal::Truncated, log));
            }
            Ok(())
        }
        // ffmpeg was content, but not a single picture came out.
        _ if run.succeeded => Err(refused(Refusal::Corrupt, log)),
        _ => Err(MediaError::Internal(format!("ffmpeg failed: {}", log.tail()))),
    }
}
