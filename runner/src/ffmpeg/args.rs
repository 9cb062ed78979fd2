//! Command lines of ffprobe and ffmpeg: pure functions of a plan. No text of a user gets in here; files are
//! named by us, relative to the job's folder.

mod encoders;
mod hardware;
mod wrapping;

use std::time::Duration;

use super::{
    codecs, filters,
    ladder::{Preset, Size},
    plan::{AudioPlan, Plan},
    previews::{Frames, Layout},
    probe::MAX_PIXELS,
};
use crate::{
    chunked::{Cut, Cutting, cutting::LEAD_S},
    workdir::{OUT, SOURCE},
};

pub use encoders::{parts, software_encoder};
pub use hardware::{RENDER_NODE, trial};
pub use wrapping::{Contents, download, download_output, download_sound, rewrap, rewrapped_output};

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

/// File name of a text track, relative to the job's folder.
pub fn text_output(number: usize) -> String {
    format!("{OUT}/text-{number}.vtt")
}

/// ffprobe's question for streams, the container and the first packets.
pub fn probe_streams() -> Vec<String> {
    let entries = "format=format_name,duration,start_time:packet=stream_index,pts_time,size:stream=index,id,codec_type,codec_name,\
                   width,height,sample_aspect_ratio,pix_fmt,field_order,color_range,color_space,color_transfer,\
                   r_frame_rate,avg_frame_rate,start_time,duration,channels:\
                   stream_disposition=default,attached_pic,timed_thumbnails:stream_side_data=displaymatrix:chapter=id";
    probe(&["-show_entries", entries, "-read_intervals", &format!("%+#{PROBED_PACKETS}")])
}

/// ffprobe's question for the first pictures.
pub fn probe_frames() -> Vec<String> {
    let entries = "frame=stream_index,interlaced_frame,color_range,color_space,color_transfer";
    let interval = format!("%+#{PROBED_FRAMES}");
    probe(&["-select_streams", "V", "-show_entries", entries, "-read_intervals", &interval])
}

/// ffprobe's question for text tracks and chapters.
pub fn probe_texts() -> Vec<String> {
    let entries = "format=start_time:stream=index,codec_type,codec_name:\
                   stream_disposition=default,forced,hearing_impaired,comment:stream_tags=language,title:\
                   chapter=start_time:chapter_tags=title";
    probe(&["-show_entries", entries])
}

fn probe(question: &[&str]) -> Vec<String> {
    let mut args = Args::new(&["-v", "repeat+warning", "-of", "json=compact=1"]);
    args.add(question);
    args.input();
    args.0
}

/// ffmpeg's orders: all renditions in one run, decoding once.
pub fn encode(plan: &Plan) -> Vec<String> {
    let mut args = Args::encoding();
    args.add(&["-t", &format!("{:.3}", plan.limit.as_secs_f64())]);
    args.input();
    args.add(&["-filter_complex", &filters::renditions(plan)]);
    let interval = plan.rate.keyframe_interval().to_string();
    for (number, size) in plan.sizes.iter().enumerate() {
        args.picture(number, size, size.preset);
        args.regular_keyframes(&interval);
        args.picture_end(size, 0.0);
    }
    if let Some(audio) = &plan.audio {
        args.sound(audio);
    }
    args.0
}

/// ffmpeg's orders to decode the pictures of one chunk and to make nothing of them: what is passed on must be whole.
pub fn read_through(cutting: &Cutting, cut: &Cut) -> Vec<String> {
    let plan = &cutting.plan;
    let mut args = Args::encoding();
    if cut.first > 0 {
        args.add(&["-ss", &format!("{:.6}", cutting.seconds(cut.first))]);
    }
    let read_s = match (cut.is_last, cut.frames) {
        (false, Some(frames)) => cutting.seconds(frames),
        _ => plan.limit.as_secs_f64(),
    };
    args.add(&["-t", &format!("{read_s:.3}")]);
    args.input();
    args.add(&["-map", &format!("0:{}", plan.video_index), "-fps_mode", "passthrough"]);
    args.strip();
    args.add(&["-f", "null", "-"]);
    args.0
}

/// How much care is taken of a picture that is replaced soon.
const DRAFT_PRESET: Preset = Preset::Superfast;

/// ffmpeg's orders for one chunk, all encoded sizes in one run, or only a draft of the smallest. A draft brings the
/// beginning of the sound along, if that has to be encoded.
pub fn chunk(cutting: &Cutting, cut: &Cut, is_draft: bool) -> Vec<String> {
    let plan = &cutting.plan;
    let sizes = if is_draft { draft_sizes(cutting) } else { &plan.sizes[..] };
    let lead = cut.first.min((LEAD_S * plan.rate.fps()).round() as u64);
    let mut args = Args::encoding();
    // Where no table says how long each frame is shown, one that began long before the lead may still be on the screen.
    // It is kept, and with it all from the keyframe before; the end is then for the graph to find.
    let may_hold = cut.first > lead && plan.end.is_none();
    if may_hold {
        args.add(&["-noaccurate_seek"]);
    }
    if cut.first > lead {
        args.add(&["-ss", &format!("{:.6}", cutting.seconds(cut.first - lead))]);
    }
    match (cut.is_last, cut.frames) {
        (false, Some(_)) if may_hold => {}
        (false, Some(frames)) => {
            args.add(&["-t", &format!("{:.3}", cutting.seconds(lead + frames) + 1.0)]);
        }
        _ => args.add(&["-t", &format!("{:.3}", plan.limit.as_secs_f64())]),
    }
    args.input();
    if !sizes.is_empty() {
        args.add(&["-filter_complex", &filters::chunk(plan, sizes, lead, cut.frames, cut.is_last)]);
    }
    let interval = plan.rate.keyframe_interval().to_string();
    for (number, size) in sizes.iter().enumerate() {
        let preset = if is_draft { size.preset.min(DRAFT_PRESET) } else { size.preset };
        args.picture(number, size, preset);
        if cut.keyframes.is_empty() {
            args.regular_keyframes(&interval);
        } else {
            args.keyframes_at(size, cut.keyframes.iter().map(|frame| cutting.seconds(*frame)));
        }
        args.picture_end(size, cutting.seconds(cut.first));
    }
    if let Some(audio) = plan.audio.as_ref().filter(|_| is_draft && cutting.encodes_sound()) {
        args.sound(audio);
    }
    args.0
}

/// What a draft is made in: the smallest size, unless the pictures can be passed on as they are.
pub fn draft_sizes(cutting: &Cutting) -> &[Size] {
    let sizes = &cutting.plan.sizes;
    match cutting.picture_copy {
        Some(_) => &[],
        None => &sizes[sizes.len().saturating_sub(1)..],
    }
}

/// ffmpeg's orders for the sound of the whole video. Where it ends before the pictures, silence lasts as long as they
/// do: players in a browser stop where one of the two has nothing more while the other goes on.
pub fn sound(cutting: &Cutting, audio: &AudioPlan) -> Vec<String> {
    let mut args = Args::encoding();
    args.add(&["-t", &format!("{:.3}", cutting.plan.limit.as_secs_f64())]);
    args.input();
    args.sound_until(audio, Some(cutting.pictures_end_s()));
    args.0
}

/// ffmpeg's orders to say how loud the sound is, and to make nothing of it.
pub fn loudness(plan: &Plan, audio: &AudioPlan) -> Vec<String> {
    let mut args = Args::new(&["-hide_banner", "-nostdin", "-nostats", "-y", "-v", "info"]);
    args.add(&["-max_alloc", &MAX_ALLOC_BYTES.to_string()]);
    args.add(&["-t", &format!("{:.3}", plan.limit.as_secs_f64())]);
    args.input();
    args.heard(audio, None);
    args.strip();
    args.add(&["-f", "null", "-"]);
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

/// File names of sprites, relative to the job's folder; `%d` stands for the number.
const SPRITES: &str = "storyboard-%d.jpg";

/// File name of a sprite, relative to the job's folder.
pub fn sprite_output(number: u32) -> String {
    format!("{OUT}/{}", SPRITES.replace("%d", &number.to_string()))
}

/// File name of the loop, relative to the job's folder.
pub fn loop_output() -> String {
    output("loop")
}

/// ffmpeg's orders for the storyboard.
pub fn storyboard(plan: &Plan, layout: &Layout, frames: Frames) -> Vec<String> {
    let mut args = Args::new(&["-hide_banner", "-nostdin", "-nostats", "-y", "-v", "error", "-threads", "1"]);
    args.add(&["-max_alloc", &MAX_ALLOC_BYTES.to_string(), "-noautorotate"]);
    if frames == Frames::Key {
        // The first keeps other frames from being read, where the container tells them apart; the second from
        // being decoded.
        args.add(&["-discard:v", "nokey", "-skip_frame:v", "nokey"]);
    }
    args.add(&["-t", &format!("{:.3}", plan.limit.as_secs_f64())]);
    args.input();
    args.add(&["-map", &format!("0:{}", plan.video_index)]);
    args.add(&["-filter:v", &filters::storyboard(plan, layout), "-fps_mode", "passthrough"]);
    args.add(&["-frames:v", &layout.sprites().to_string(), "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"]);
    args.add(&["-q:v", "5"]);
    args.strip();
    args.add(&["-f", "image2", "-start_number", "0", &format!("file:{OUT}/{SPRITES}")]);
    args.0
}

/// ffmpeg's orders for the loop: `length_s` from `at_s` on, without sound.
pub fn video_loop(plan: &Plan, (width, height): (u32, u32), at_s: f64, length_s: f64) -> Vec<String> {
    let mut args = Args::new(&["-hide_banner", "-nostdin", "-nostats", "-y", "-v", "error", "-threads", "1"]);
    args.add(&["-max_alloc", &MAX_ALLOC_BYTES.to_string(), "-noautorotate"]);
    args.add(&["-ss", &format!("{at_s:.3}"), "-t", &format!("{length_s:.3}")]);
    args.input();
    args.add(&["-map", &format!("0:{}", plan.video_index), "-an"]);
    args.add(&["-filter:v", &filters::video_loop(plan, width, height)]);
    args.add(&[
        "-c:v",
        "libx264",
        "-preset",
        Preset::default().word(),
        "-profile:v",
        "high",
        "-pix_fmt",
        "yuv420p",
    ]);
    // Whatever comes, three seconds of this are less than half a megabyte.
    args.add(&["-crf", "26", "-maxrate", "1000000", "-bufsize", "500000"]);
    args.strip();
    args.add(&["-movflags", "+faststart", "-f", "mp4", &format!("file:{}", loop_output())]);
    args.0
}

/// ffmpeg's orders for text tracks, each written as WebVTT.
pub fn texts(tracks: &[u32], limit: Duration) -> Vec<String> {
    let mut args = Args::new(&["-hide_banner", "-nostdin", "-nostats", "-y", "-v", "error"]);
    args.add(&["-max_alloc", &MAX_ALLOC_BYTES.to_string(), "-t", &format!("{:.3}", limit.as_secs_f64())]);
    args.input();
    for (number, index) in tracks.iter().enumerate() {
        args.add(&["-map", &format!("0:{index}"), "-c:s", "webvtt"]);
        args.add(&["-map_metadata", "-1", "-map_chapters", "-1"]);
        args.add(&["-f", "webvtt", &format!("file:{}", text_output(number))]);
    }
    args.0
}

struct Args(Vec<String>);

impl Args {
    fn new(first: &[&str]) -> Self {
        let mut args = Self(Vec::new());
        args.add(first);
        args
    }

    /// What every run that encodes begins with.
    fn encoding() -> Self {
        // `repeat` keeps equal lines from being folded, for they are counted; `verbose` has the count of frames.
        let mut args = Self::new(&["-hide_banner", "-nostdin", "-nostats", "-y", "-v", "repeat+verbose"]);
        args.add(&[
            "-progress",
            "pipe:1",
            "-stats_period",
            "0.5",
            "-max_alloc",
            &MAX_ALLOC_BYTES.to_string(),
        ]);
        // Turning is part of the graph, where it happens after shrinking.
        args.add(&["-noautorotate"]);
        args
    }

    fn sound(&mut self, audio: &AudioPlan) {
        self.sound_until(audio, None);
    }

    fn sound_until(&mut self, audio: &AudioPlan, end_s: Option<f64>) {
        self.heard(audio, end_s);
        self.add(&["-c:a", "aac", "-b:a", &audio.bitrate.to_string(), "-frag_duration", "2000000"]);
        self.fragments("+empty_moov+default_base_moof+frag_discont", &output("audio"), 0.0);
    }

    /// The sound as it is heard, with silence until `end_s`, and how loud that is.
    fn heard(&mut self, audio: &AudioPlan, end_s: Option<f64>) {
        let layout = if audio.channels == 1 { "mono" } else { "stereo" };
        self.add(&["-map", &format!("0:{}", audio.index)]);
        // Silence fills gaps and a late start, so that sound stays in step with the pictures. One channel comes from
        // two loudspeakers.
        let silence = end_s.map(|end_s| format!("apad=whole_dur={end_s:.3},")).unwrap_or_default();
        let filter = format!(
            "aresample={AUDIO_RATE}:async=1:first_pts=0,aformat=channel_layouts={layout},{silence}\
             ebur128=peak=true:dualmono=true:framelog=verbose"
        );
        self.add(&["-af", &filter]);
    }

    fn add(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(|word| (*word).to_owned()));
    }

    /// The source, behind everything that keeps it from reaching for anything else.
    fn input(&mut self) {
        self.input_from(SOURCE);
    }

    fn input_from(&mut self, file: &str) {
        self.add(&["-protocol_whitelist", "file", "-format_whitelist", codecs::CONTAINERS]);
        self.add(&["-codec_whitelist", &codecs::decoder_whitelist()]);
        self.add(&["-max_streams", &MAX_STREAMS.to_string(), "-max_pixels", &MAX_PIXELS.to_string()]);
        self.add(&["-probesize", "20M", "-analyzeduration", "10M", "-i", &format!("file:{file}")]);
    }

    /// Nothing of the source but the chosen streams: no subtitles, data, titles, places or chapters.
    fn strip(&mut self) {
        self.add(&["-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"]);
    }

    /// Fragmented MP4 on the common timeline; see `BASE_S`.
    fn fragments(&mut self, flags: &str, file: &str, at_s: f64) {
        self.strip();
        let offset = if at_s > 0.0 { format!("{:.6}", f64::from(BASE_S) + at_s) } else { BASE_S.to_string() };
        self.add(&["-output_ts_offset", &offset, "-avoid_negative_ts", "disabled"]);
        self.add(&["-use_editlist", "0", "-movflags", flags, "-f", "mp4", &format!("file:{file}")]);
    }
}
