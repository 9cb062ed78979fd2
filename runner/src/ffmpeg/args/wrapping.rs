//! Command lines that put frames from one container into another and decode nothing.

use std::time::Duration;

use super::{Args, BASE_S, MAX_ALLOC_BYTES};
use crate::{chunked::rewrap::Rewrap, workdir::OUT};

/// File name of a source that was wrapped anew, relative to the job's folder.
pub fn rewrapped_output() -> String {
    format!("{OUT}/rewrapped")
}

/// ffmpeg's orders to put pictures and sound into another container, untouched.
pub fn rewrap(how: &Rewrap, limit: Duration) -> Vec<String> {
    let mut args = Args::new(&["-hide_banner", "-nostdin", "-nostats", "-y", "-v", "info"]);
    args.add(&["-progress", "pipe:1", "-stats_period", "0.5", "-max_alloc", &MAX_ALLOC_BYTES.to_string()]);
    // AVI has no times for what is shown, only an order.
    args.add(&["-fflags", "+genpts", "-t", &format!("{:.3}", limit.as_secs_f64())]);
    args.input();
    args.add(&["-map", &format!("0:{}", how.video_index)]);
    if let Some(audio) = how.audio_index {
        args.add(&["-map", &format!("0:{audio}")]);
    }
    args.add(&["-c", "copy"]);
    args.strip();
    // Any runner comes to the same bytes. Some codecs were once new to MP4.
    args.add(&["-fflags", "+bitexact", "-strict", "experimental"]);
    // What lies before the beginning is kept, and an edit list says so.
    let lead_s = f64::from(how.lead_us) / 1e6;
    args.add(&["-output_ts_offset", &format!("{:.6}", -lead_s), "-avoid_negative_ts", "disabled"]);
    args.add(&["-f", how.wrapper.format(), &format!("file:{}", rewrapped_output())]);
    args.0
}

/// The sound that is joined with the pictures to a file to download, relative to the job's folder. The pictures, or
/// the sound that stands alone, are the source there.
pub fn download_sound() -> String {
    format!("{OUT}/sound-part.mp4")
}

/// File name of a file to download, relative to the job's folder.
pub fn download_output() -> String {
    format!("{OUT}/download.mp4")
}

/// What a file to download holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    Pictures,
    PicturesAndSound,
    Sound,
}

/// ffmpeg's orders for a file to download, out of renditions as they were published: nothing is decoded.
pub fn download(contents: Contents) -> Vec<String> {
    let mut args = Args::new(&["-hide_banner", "-nostdin", "-nostats", "-y", "-v", "error"]);
    args.add(&["-max_alloc", &MAX_ALLOC_BYTES.to_string()]);
    // All renditions have one clock. By itself ffmpeg would let each file begin at zero, and the sound, which begins a
    // little earlier, come late.
    args.add(&["-copyts"]);
    args.input();
    match contents {
        Contents::Pictures => args.add(&["-map", "0:v:0"]),
        Contents::PicturesAndSound => {
            args.input_from(&download_sound());
            args.add(&["-map", "0:v:0", "-map", "1:a:0"]);
        }
        Contents::Sound => args.add(&["-map", "0:a:0"]),
    }
    args.add(&["-c", "copy"]);
    args.strip();
    args.add(&["-output_ts_offset", &format!("-{BASE_S}"), "-movflags", "+faststart"]);
    // Another brand, by which programs tell music from films.
    let format = if contents == Contents::Sound { "ipod" } else { "mp4" };
    args.add(&["-f", format, &format!("file:{}", download_output())]);
    args.0
}
