//! Looking at a source: which streams it has, how they are coded, and whether they may be used at all.

use std::{fs::File, io, path::Path, time::Duration};

use tokio::io::AsyncReadExt;

use super::{
    args, codecs,
    colour::Colour,
    frame_rate::{self, FrameRate, Timing},
    log::Log,
    orientation::Orientation,
    report::{Report, Stream, ratio, seconds},
    run::{RunError, Workbench},
    source::{AudioStream, Container, Source, VideoStream},
};
use crate::{
    job::{MediaError, Refusal},
    mp4,
    workdir::JobFolder,
};

/// The most that a decoder is asked to paint: 8192 × 4320.
pub const MAX_PIXELS: u64 = 35_389_440;
/// More than any honest answer to our questions.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Examines the source in `folder`.
pub async fn probe(
    bench: &Workbench,
    folder: &JobFolder,
    max_duration: Duration,
) -> Result<Source, MediaError> {
    // Two questions at once: the second decodes a few pictures, for only they tell fields and true colours.
    let (streams, frames) =
        tokio::join!(ask(bench, folder, args::probe_streams()), ask(bench, folder, args::probe_frames()));
    let (answer, log) = streams?;
    if names_other_files(folder).await? {
        return Err(Refusal::ExternalReference.into());
    }
    let Some(mut report) = Report::parse(&answer).filter(|report| !report.streams.is_empty()) else {
        return Err(refusal_without_streams(&log, folder).await);
    };
    if let Ok((answer, _)) = frames {
        report.frames = Report::parse(&answer).unwrap_or_default().frames;
    }
    let size_bytes = tokio::fs::metadata(folder.source()).await?.len();
    Ok(describe(&report, &log, size_bytes, max_duration)?)
}

pub(super) async fn ask(
    bench: &Workbench,
    folder: &JobFolder,
    args: Vec<String>,
) -> Result<(String, Log), MediaError> {
    let mut answer = String::new();
    let mut log = Log::new(0);
    let run = bench.ffprobe(folder, &args).await?;
    let outcome = run
        .lines(
            bench.longest_look(),
            |line| {
                if answer.len() < MAX_ANSWER_BYTES {
                    answer.push_str(line);
                    answer.push('\n');
                }
            },
            |line| log.line(line),
        )
        .await;
    match outcome {
        // The exit status says little: many broken files end with 0. What counts is what was answered.
        Ok(_) => Ok((answer, log)),
        Err(RunError::Deadline) => Err(Refusal::ProbeTimeout.into()),
        Err(RunError::Io(error)) => Err(error.into()),
    }
}

async fn names_other_files(folder: &JobFolder) -> Result<bool, MediaError> {
    let path = folder.source();
    let found = tokio::task::spawn_blocking(move || mp4::names_other_files(&File::open(path)?)).await;
    Ok(found.map_err(io::Error::other)??)
}

async fn refusal_without_streams(log: &Log, folder: &JobFolder) -> MediaError {
    tracing::debug!(log = log.tail(), "ffprobe found nothing to use");
    let refusal = if log.too_many_streams {
        Refusal::TooManyStreams
    } else if log.too_many_pixels {
        Refusal::Dimensions
    } else if log.codec_refused {
        Refusal::UnsupportedCodec
    } else if log.moov_missing {
        Refusal::Truncated
    } else if log.out_of_memory {
        // Whether the file asks for too much or this machine has too little: it was not looked at. What comes before
        // this is told with the same words.
        return MediaError::Internal(format!("out of memory: {}", log.tail()));
    } else if is_sound(&folder.source()).await {
        Refusal::NoVideo
    } else {
        Refusal::UnsupportedContainer
    };
    refusal.into()
}

/// Whether the first bytes are those of a sound file, of a kind that is not even opened here.
async fn is_sound(path: &Path) -> bool {
    let mut head = Vec::with_capacity(8_192);
    let Ok(file) = tokio::fs::File::open(path).await else { return false };
    if file.take(8_192).read_to_end(&mut head).await.is_err() {
        return false;
    }
    infer::get(&head).is_some_and(|kind| kind.matcher_type() == infer::MatcherType::Audio)
}

/// Sorts what ffprobe said into what can be used, or a refusal.
fn describe(report: &Report, log: &Log, size_bytes: u64, max_duration: Duration) -> Result<Source, Refusal> {
    if log.too_many_streams {
        return Err(Refusal::TooManyStreams);
    }
    if log.external_reference {
        return Err(Refusal::ExternalReference);
    }
    if !report.streams.iter().any(Stream::is_video) {
        return Err(if log.codec_refused {
            Refusal::UnsupportedCodec
        } else if report.streams.iter().all(Stream::is_neither_picture_nor_sound) {
            // A playlist in the place of subtitles, say.
            Refusal::UnsupportedContainer
        } else {
            Refusal::NoVideo
        });
    }
    let video =
        pick(report, Stream::is_video, codecs::is_video_supported).ok_or(Refusal::UnsupportedCodec)?;
    let audio =
        pick(report, Stream::is_audio, codecs::is_audio_supported).filter(|a| a.channels.unwrap_or(0) > 0);
    if audio.is_none() && report.streams.iter().any(|s| s.is_audio() && s.codec_name.is_some()) {
        // To drop the sound without a word would be worse than to say so.
        return Err(Refusal::UnsupportedCodec);
    }

    let (width, height) = (video.width.unwrap_or(0), video.height.unwrap_or(0));
    if log.too_many_pixels || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Refusal::Dimensions);
    }
    if width == 0 || height == 0 {
        return Err(Refusal::Corrupt);
    }

    let times_s = frame_times(report, video.index);
    let stated_s = if log.duration_is_a_guess { None } else { stated_duration(report, video, audio) };
    let likely_s = stated_s.or_else(|| seconds(report.format.duration.as_deref())).or_else(|| {
        let bytes: u64 = report.packets.iter().filter_map(|p| p.size.as_deref()?.parse::<u64>().ok()).sum();
        (bytes > 0).then(|| span(&times_s) * size_bytes as f64 / bytes as f64)
    });
    let max_s = max_duration.as_secs_f64();
    // The header may lie, so the first timestamps are measured as well; the encoder is bounded on its own.
    if likely_s.is_some_and(|likely| likely > max_s && stated_s.is_some()) || span(&times_s) > max_s {
        return Err(Refusal::TooLong);
    }

    let frame = report.frames.iter().find(|frame| frame.stream_index == video.index);
    let interlaced = matches!(video.field_order.as_deref(), Some("tt" | "bb" | "tb" | "bt"))
        || report.frames.iter().any(|frame| frame.stream_index == video.index && frame.interlaced_frame == 1);
    let tag =
        |of_frame: Option<&String>, of_stream: &Option<String>| of_frame.or(of_stream.as_ref()).cloned();
    let colour = Colour::from_tags(
        tag(frame.and_then(|f| f.color_transfer.as_ref()), &video.color_transfer).as_deref(),
        tag(frame.and_then(|f| f.color_space.as_ref()), &video.color_space).as_deref(),
        tag(frame.and_then(|f| f.color_range.as_ref()), &video.color_range).as_deref(),
        video.pix_fmt.as_deref(),
        width,
        height,
    );
    let timing = Timing {
        base: video.r_frame_rate.as_deref().and_then(FrameRate::parse),
        average: video.avg_frame_rate.as_deref().and_then(FrameRate::parse),
        interlaced,
        frame_times_s: &times_s,
    };
    let rate = frame_rate::choose(timing);
    let orientation = video
        .side_data_list
        .iter()
        .find_map(|data| Orientation::from_display_matrix(data.displaymatrix.as_deref()?))
        .unwrap_or_default();
    let duration = |s: Option<f64>| s.filter(|s| *s > 0.0).and_then(|s| Duration::try_from_secs_f64(s).ok());
    Ok(Source {
        video: VideoStream {
            index: video.index,
            codec: video.codec_name.clone().unwrap_or_default(),
            width,
            height,
            // A pixel more than eight times as wide as high is a mistake of the writer.
            pixel_aspect: ratio(video.sample_aspect_ratio.as_deref())
                .filter(|aspect| (0.125..=8.0).contains(aspect))
                .unwrap_or(1.0),
            pixel_format: video.pix_fmt.clone(),
            orientation,
            interlaced,
            colour,
            rate,
            rate_is_constant: timing.is_constant_at(rate),
            track_id: video.track_id(),
            start_s: seconds(video.start_time.as_deref()),
        },
        audio: audio.map(|stream| AudioStream {
            index: stream.index,
            codec: stream.codec_name.clone().unwrap_or_default(),
            channels: stream.channels.unwrap_or(2),
            track_id: stream.track_id(),
            start_s: seconds(stream.start_time.as_deref()),
        }),
        stated_duration: duration(stated_s),
        likely_duration: duration(likely_s),
        container: Container::of_format(&report.format.format_name),
        start_s: seconds(report.format.start_time.as_deref()),
        size_bytes,
        has_texts: !report.chapters.is_empty() || report.streams.iter().any(Stream::is_text),
    })
}

/// The stream that a player would show: the first that is marked as default, else the first.
fn pick(report: &Report, kind: fn(&Stream) -> bool, supported: fn(&str) -> bool) -> Option<&Stream> {
    let usable =
        || report.streams.iter().filter(|s| kind(s) && s.codec_name.as_deref().is_some_and(supported));
    usable().find(|stream| stream.disposition.default == 1).or_else(|| usable().next())
}

/// From the first to the last moment of the chosen streams; other tracks may be longer, but nobody sees them.
fn stated_duration(report: &Report, video: &Stream, audio: Option<&Stream>) -> Option<f64> {
    let bounds = |stream: &Stream| {
        let start = seconds(stream.start_time.as_deref()).unwrap_or(0.0);
        Some((start, start + seconds(stream.duration.as_deref())?))
    };
    let whole = seconds(report.format.duration.as_deref());
    match (bounds(video), audio.map(bounds)) {
        (Some((start, end)), None) => Some(end - start),
        (Some(video), Some(Some(audio))) => Some(video.1.max(audio.1) - video.0.min(audio.0)),
        _ => whole,
    }
}

fn frame_times(report: &Report, stream_index: u32) -> Vec<f64> {
    let of_stream = report.packets.iter().filter(|packet| packet.stream_index == stream_index);
    of_stream.filter_map(|packet| seconds(packet.pts_time.as_deref())).collect()
}

fn span(times_s: &[f64]) -> f64 {
    let first = times_s.iter().copied().fold(f64::INFINITY, f64::min);
    let last = times_s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if last > first { last - first } else { 0.0 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn described(json: &str) -> Result<Source, Refusal> {
        describe(&Report::parse(json).unwrap(), &Log::new(0), 1_000_000, HOUR)
    }

    #[test]
    fn the_default_stream_is_chosen_and_covers_are_not_pictures() {
        let source = described(
            r#"{"format": {"format_name": "mov,mp4", "duration": "16.57"}, "streams": [
                {"index": 0, "codec_type": "video", "codec_name": "mjpeg", "width": 9, "height": 9,
                 "disposition": {"default": 1, "attached_pic": 1}},
                {"index": 1, "codec_type": "video", "codec_name": "h264", "width": 320, "height": 180},
                {"index": 2, "codec_type": "video", "codec_name": "h264", "width": 480, "height": 270,
                 "start_time": "0.0", "duration": "13.0", "disposition": {"default": 1}},
                {"index": 3, "codec_type": "audio", "codec_name": "aac", "channels": 2,
                 "start_time": "-0.1", "duration": "13.056"}]}"#,
        )
        .unwrap();
        assert_eq!((source.video.index, source.video.width), (2, 480));
        assert_eq!(source.audio.map(|audio| audio.index), Some(3));
        assert_eq!(source.stated_duration, Some(Duration::from_millis(13_100)));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_reason() {
        let video = |extra: &str| {
            format!(
                r#"{{"format": {{"format_name": "mov,mp4", "duration": "5"}},
                    "streams": [{{"index": 0, "codec_type": "video", "width": 64, "height": 64 {extra}}}]}}"#
            )
        };
        assert_eq!(described(&video(r#","codec_name": "magicyuv""#)), Err(Refusal::UnsupportedCodec));
        assert_eq!(
            described(&video(r#","codec_name": "h264", "disposition": {"attached_pic": 1}"#)),
            Err(Refusal::NoVideo)
        );
        let texts = video(r#","codec_name": "subrip""#).replace("\"video\"", "\"subtitle\"");
        assert_eq!(described(&texts), Err(Refusal::UnsupportedContainer));
        assert_eq!(described(&video(r#","codec_name": "h264", "duration": "4000""#)), Err(Refusal::TooLong));
        assert_eq!(
            described(
                r#"{"streams": [{"codec_type": "video", "codec_name": "h264", "width": 16000, "height": 16000}]}"#
            ),
            Err(Refusal::Dimensions)
        );
    }

    #[test]
    fn two_frames_a_day_apart_are_too_long_whatever_the_header_says() {
        let json = r#"{"format": {"format_name": "mov,mp4", "duration": "5"}, "streams":
            [{"index": 0, "codec_type": "video", "codec_name": "h264", "width": 64, "height": 64, "duration": "5"}],
            "packets": [{"stream_index": 0, "pts_time": "0"}, {"stream_index": 0, "pts_time": "100000"}]}"#;
        assert_eq!(described(json), Err(Refusal::TooLong));
    }

    #[test]
    fn square_pixels_and_rotation_make_the_display_size() {
        let source = described(
            r#"{"streams": [{"codec_type": "video", "codec_name": "h264", "width": 800, "height": 640,
                "sample_aspect_ratio": "64:45", "side_data_list":
                [{"displaymatrix": "\n00000000: 0 65536 0\n00000001: -65536 0 0\n00000002: 0 0 1073741824\n"}]}]}"#,
        )
        .unwrap();
        assert_eq!(source.video.display_size(), (640, 1138));
    }
}
