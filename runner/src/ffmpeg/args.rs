//! Command lines of ffprobe and ffmpeg: pure functions of a plan. No text of a user gets in here; files are
//! named by us, relative to the job's folder.

use super::{codecs, filters, plan::Plan, probe::MAX_PIXELS};
use crate::workdir::{OUT, SOURCE};

/// Where the timeline of all renditions begins, so that the first decoding time is positive in spite of
/// reordered frames.
pub const BASE_S: u32 = 10;
/// One allocation of a decoder must not be larger.
const MAX_ALLOC_BYTES: u64 = 1 << 30;
const MAX_STREAMS: u32 = 32;
/// Ticks a second of the pictures' clock: all usual frame rates are whole numbers of these.
pub const VIDEO_TIMESCALE: u32 = 90_000;
pub const AUDIO_RATE: u32 = 48_000;
/// So many packets tell the frame rate and how many bytes a second takes.
const PROBED_PACKETS: u32 = 400;
const PROBED_FRAMES: u32 = 3;

/// File names of the outputs, relative to the job's folder.
pub fn output(name: &str) -> String {
    format!("{OUT}/{name}.mp4")
}

/// File name of the poster, relative to the job's folder.
pub fn poster_output() -> String {
    format!("{OUT}/poster.jpg")
}

/// ffprobe's question for streams, the container and the first packets.
pub fn probe_streams() -> Vec<String> {
    let entries = "format=format_name,duration:packet=stream_index,pts_time,size:stream=index,codec_type,codec_name,\
                   width,height,sample_aspect_ratio,pix_fmt,field_order,color_range,color_space,color_transfer,\
                   r_frame_rate,avg_frame_rate,start_time,duration,channels:\
                   stream_disposition=default,attached_pic,timed_thumbnails:stream_side_data=displaymatrix";
    probe(&["-show_entries", entries, "-read_intervals", &format!("%+#{PROBED_PACKETS}")])
}

/// ffprobe's question for the first pictures.
pub fn probe_frames() -> Vec<String> {
    let entries = "frame=stream_index,interlaced_frame,color_range,color_space,color_transfer";
    let interval = format!("%+#{PROBED_FRAMES}");
    probe(&["-select_streams", "V", "-show_entries", entries, "-read_intervals", &interval])
}

fn probe(question: &[&str]) -> Vec<String> {
    let mut args = Args::new(&["-v", "repeat+warning", "-of", "json=compact=1"]);
    args.add(question);
    args.input();
    args.0
}

/// ffmpeg's orders: all renditions in one run, decoding once.
pub fn encode(plan: &Plan) -> Vec<String> {
    // `repeat` keeps equal lines from being folded, for they are counted; `verbose` has the count of frames.
    let mut args = Args::new(&["-hide_banner", "-nostdin", "-nostats", "-y", "-v", "repeat+verbose"]);
    args.add(&["-progress", "pipe:1", "-stats_period", "0.5", "-max_alloc", &MAX_ALLOC_BYTES.to_string()]);
    // Turning is part of the graph, where it happens after shrinking.
    args.add(&["-noautorotate", "-t", &format!("{:.3}", plan.limit.as_secs_f64())]);
    args.input();
    args.add(&["-filter_complex", &filters::renditions(plan)]);
    let interval = plan.rate.keyframe_interval().to_string();
    for (number, size) in plan.sizes.iter().enumerate() {
        let (rate, buffer) = (size.max_bitrate.to_string(), size.max_bitrate.saturating_mul(2).to_string());
        args.add(&["-map", &format!("[v{number}]")]);
        args.add(&["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-pix_fmt", "yuv420p"]);
        args.add(&["-crf", "22", "-maxrate", &rate, "-bufsize", &buffer]);
        args.add(&["-g", &interval, "-keyint_min", &interval, "-sc_threshold", "0", "-flags", "+cgop"]);
        args.add(&["-video_track_timescale", &VIDEO_TIMESCALE.to_string()]);
        args.fragments("+empty_moov+default_base_moof+frag_keyframe+frag_discont", &output(&size.name));
    }
    if let Some(audio) = &plan.audio {
        let layout = if audio.channels == 1 { "mono" } else { "stereo" };
        args.add(&["-map", &format!("0:{}", audio.index)]);
        // Silence fills gaps and a late start, so that sound stays in step with the pictures.
        let filter = format!("aresample={AUDIO_RATE}:async=1:first_pts=0,aformat=channel_layouts={layout}");
        args.add(&["-af", &filter]);
        args.add(&["-c:a", "aac", "-b:a", &audio.bitrate.to_string(), "-frag_duration", "2000000"]);
        args.fragments("+empty_moov+default_base_moof+frag_discont", &output("audio"));
    }
    args.0
}

/// ffmpeg's orders for the poster, looking from `at_s` on.
pub fn poster(plan: &Plan, at_s: f64, frames: filters::PosterFrames) -> Vec<String> {
    let mut args = Args::new(&["-hide_banner", "-nostdin", "-nostats", "-y", "-v", "error"]);
    args.add(&["-max_alloc", &MAX_ALLOC_BYTES.to_string(), "-noautorotate"]);
    // From the keyframe before: which frame it is exactly does not matter.
    args.add(&["-noaccurate_seek", "-ss", &format!("{at_s:.3}"), "-t", "10"]);
    args.input();
    args.add(&["-map", &format!("0:{}", plan.video_index), "-filter:v", &filters::poster(plan, frames)]);
    args.add(&["-frames:v", "1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "4"]);
    args.strip();
    args.add(&["-f", "image2", "-update", "1", &format!("file:{}", poster_output())]);
    args.0
}

struct Args(Vec<String>);

impl Args {
    fn new(first: &[&str]) -> Self {
        let mut args = Self(Vec::new());
        args.add(first);
        args
    }

    fn add(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(|word| (*word).to_owned()));
    }

    /// The source, behind everything that keeps it from reaching for anything else.
    fn input(&mut self) {
        self.add(&["-protocol_whitelist", "file", "-format_whitelist", codecs::CONTAINERS]);
        self.add(&["-codec_whitelist", &codecs::decoder_whitelist()]);
        self.add(&["-max_streams", &MAX_STREAMS.to_string(), "-max_pixels", &MAX_PIXELS.to_string()]);
        self.add(&["-probesize", "20M", "-analyzeduration", "10M", "-i", &format!("file:{SOURCE}")]);
    }

    /// Nothing of the source but the chosen streams: no subtitles, data, titles, places or chapters.
    fn strip(&mut self) {
        self.add(&["-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"]);
    }

    /// Fragmented MP4 on the common timeline; see `BASE_S`.
    fn fragments(&mut self, flags: &str, file: &str) {
        self.strip();
        self.add(&["-output_ts_offset", &BASE_S.to_string(), "-avoid_negative_ts", "disabled"]);
        self.add(&["-use_editlist", "0", "-movflags", flags, "-f", "mp4", &format!("file:{file}")]);
    }
}
