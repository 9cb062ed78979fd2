//! What ffmpeg says on standard error: how much could be decoded, and which well-known trouble it met.

use std::collections::{BTreeMap, VecDeque};

use super::{
    filters::LIKENESS,
    loudness::{Loudness, Meter},
};

/// As many of the last lines are kept for our own log.
const KEPT_LINES: usize = 12;
/// A line of ours never needs more; files can make ffmpeg print their own text.
const KEPT_LINE_BYTES: usize = 300;

/// What the programs, their decoders and encoders, and the loader of libraries say when there is no memory left. A
/// decoder goes on after it, as if the file were damaged.
const NO_MEMORY: [&str; 6] = [
    "Cannot allocate memory",
    "Could not allocate memory",
    "get_buffer() failed",
    "malloc of size",
    "Resource temporarily unavailable",
    "failed to map segment",
];

/// One that changes more often is as strange as it can be.
const MOST_SIZES: usize = 16;

/// Counts over one run, fed line by line.
#[derive(Debug, Default)]
pub struct Log {
    /// Calls of the video decoder that failed.
    pub failed: u64,
    /// Frames that came out, but damaged and patched up.
    pub damaged: u64,
    /// Frames that came out, damaged or not; known at the end of the run.
    pub decoded: Option<u64>,
    /// Sizes of the decoded pictures, each when it began.
    pub sizes: Vec<(u32, u32)>,
    /// Whether the container had unreadable stretches.
    pub container_is_damaged: bool,
    /// Whether the container ended before it should.
    pub breaks_off: bool,
    pub moov_missing: bool,
    pub codec_refused: bool,
    pub too_many_pixels: bool,
    pub too_many_streams: bool,
    pub external_reference: bool,
    pub duration_is_a_guess: bool,
    pub disk_full: bool,
    pub out_of_memory: bool,
    likeness: BTreeMap<usize, f64>,
    meter: Meter,
    last: VecDeque<String>,
    video_index: u32,
}

impl Log {
    /// `video_index` is the stream whose frames are counted.
    pub fn new(video_index: u32) -> Self {
        Self { video_index, ..Self::default() }
    }

    pub fn line(&mut self, line: &str) {
        if self.meter.line(line) {
            return;
        }
        if let Some((size, likeness)) = likeness_of(line) {
            self.likeness.insert(size, likeness);
            return;
        }
        let has = |text: &str| line.contains(text);
        let video = self.video_index;
        // What a file says of itself is printed too, and always indented: no text of an uploader's counts.
        let says = |text: &str| !line.starts_with(' ') && has(text);
        if has("Error while decoding stream #0:") {
            self.failed += u64::from(has(&format!("Error while decoding stream #0:{video}:")));
        } else if has("corrupt decoded frame") {
            // From 6.1 on the stream stands in front.
            let is_ours = line.trim_end().ends_with(&format!("in stream {video}"))
                || line.starts_with(&format!("[vist#0:{video}/"));
            self.damaged += u64::from(is_ours);
        } else if has(&format!("Input stream #0:{video} (video):")) {
            self.decoded = number_before(line, " frames decoded").or(self.decoded);
            // Told from 6.1 on, instead of a line for each.
            self.failed = number_before(line, " decode errors").unwrap_or(self.failed);
        }
        if says(&format!("input from stream 0:{video} ")) && self.sizes.len() < MOST_SIZES {
            self.sizes.extend(size_of(line));
        }
        self.container_is_damaged |= says("Packet corrupt") || says("EBML") || says("Read error");
        self.breaks_off |= says("partial file") || says("File ended prematurely");
        self.moov_missing |= says("moov atom not found");
        self.codec_refused |= says("Codec (") && says("not on whitelist");
        self.too_many_pixels |=
            says("exceeds specified max pixel count") || says("Picture size") && says("is invalid");
        self.too_many_streams |= says("Number of streams exceeds max_streams");
        self.external_reference |= says("Skipped opening external track");
        self.duration_is_a_guess |= says("Estimating duration from bitrate");
        self.disk_full |= says("No space left on device");
        self.out_of_memory |= NO_MEMORY.iter().any(|words| says(words));
        if self.last.len() == KEPT_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line.chars().take(KEPT_LINE_BYTES).collect());
    }

    /// Whether pictures of another size than this came out.
    pub fn has_other_size(&self, size: (u32, u32)) -> bool {
        self.sizes.iter().any(|seen| *seen != size)
    }

    /// How alike the size with that number is to the next smaller one, known at the end of a run that measured it.
    pub fn likeness(&self, size: usize) -> Option<f64> {
        self.likeness.get(&size).copied()
    }

    /// How loud the sound is, known at the end of a run that had any.
    pub fn loudness(&self) -> Option<Loudness> {
        self.meter.loudness()
    }

    /// The last lines, for our own log and for whoever looks after the site.
    pub fn tail(&self) -> String {
        Vec::from_iter(self.last.iter().map(String::as_str)).join("\n")
    }

    /// The part of the pictures that came out whole, from 0 to 1.
    ///
    /// Counted by what the decoder says of itself, not by packets: VP8 and VP9 send pictures that are never
    /// shown, and fields come two to a frame.
    pub fn intact_part(&self) -> f64 {
        let decoded = self.decoded.unwrap_or(0);
        let tried = decoded + self.failed;
        if tried == 0 {
            return 0.0;
        }
        decoded.saturating_sub(self.damaged) as f64 / tried as f64
    }
}

/// From `[graph 0 input from stream 0:0 @ 0x55] w:640 h:360 pixfmt:yuv420p tb:1/12800 fr:25/1 sar:1/1`.
fn size_of(line: &str) -> Option<(u32, u32)> {
    let number = |name: &str| line.split(' ').find_map(|word| word.strip_prefix(name)?.parse().ok());
    Some((number("w:")?, number("h:")?))
}

/// From `[ssim@likeness1 @ 0x55a57bd53040] SSIM Y:0.979530 (16.888778) U:0.99 …`.
fn likeness_of(line: &str) -> Option<(usize, f64)> {
    let (size, rest) = line.strip_prefix("[ssim")?.strip_prefix(LIKENESS)?.split_once(' ')?;
    let (_, value) = rest.split_once("SSIM Y:")?;
    Some((size.parse().ok()?, value.split(' ').next()?.parse().ok()?))
}

/// From `Input stream #0:0 (video): 299 packets read (1374226 bytes); 238 frames decoded; 3 decode errors`.
fn number_before(line: &str, words: &str) -> Option<u64> {
    let (before, _) = line.split_once(words)?;
    before.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_and_damaged_frames_are_counted_for_the_chosen_stream() {
        let mut log = Log::new(1);
        for line in [
            "Error while decoding stream #0:1: Invalid data found when processing input",
            "Error while decoding stream #0:0: Invalid data found when processing input",
            "Error while decoding stream #0:11: Invalid data found when processing input",
            "file:source: corrupt decoded frame in stream 1",
            "file:source: corrupt decoded frame in stream 11",
            "  Input stream #0:0 (video): 99 packets read (1 bytes); 99 frames decoded; ",
            "  Input stream #0:1 (video): 300 packets read (1374226 bytes); 19 frames decoded; ",
        ] {
            log.line(line);
        }
        assert_eq!((log.failed, log.damaged, log.decoded), (1, 1, Some(19)));
        assert!((log.intact_part() - 0.9).abs() < 1e-9);
        assert!(log.tail().ends_with("19 frames decoded; "));
    }

    #[test]
    fn damage_is_counted_as_newer_programs_tell_it() {
        let mut log = Log::new(0);
        for line in [
            "[vist#0:0/h264 @ 0x5581] [dec:h264 @ 0x5582] Error submitting packet to decoder: Invalid data",
            "[vist#0:0/h264 @ 0x5581] [dec:h264 @ 0x5582] corrupt decoded frame",
            "[vist#0:1/h264 @ 0x5581] [dec:h264 @ 0x5582] corrupt decoded frame",
            "  Input stream #0:0 (video): 30 packets read (9 bytes); 29 frames decoded; 1 decode errors (1280x720); ",
        ] {
            log.line(line);
        }
        assert_eq!((log.failed, log.damaged, log.decoded), (1, 1, Some(29)));
    }

    #[test]
    fn pictures_that_change_their_size_are_noticed() {
        let mut log = Log::new(0);
        log.line(
            "[graph 0 input from stream 0:0 @ 0x5577f6cc1200] w:640 h:360 pixfmt:yuv420p tb:1/12800 fr:25/1",
        );
        log.line(
            "[graph 1 input from stream 0:1 @ 0x5577f6cc1200] w:9 h:9 pixfmt:yuv420p tb:1/12800 fr:25/1",
        );
        assert!(!log.has_other_size((640, 360)));
        log.line(
            "[graph 0 input from stream 0:0 @ 0x5577f6cf8800] w:320 h:240 pixfmt:yuv420p tb:1/12800 fr:25/1",
        );
        assert!(log.has_other_size((640, 360)));
    }

    #[test]
    fn likeness_is_told_by_size() {
        let mut log = Log::new(0);
        log.line(
            "[ssim@likeness1 @ 0x55a57bd53040] SSIM Y:0.979530 (16.888778) U:0.990 (20.0) All:0.98 (17.6)",
        );
        log.line(
            "[ssim@likeness2 @ 0x55a57bd53041] SSIM Y:1.000000 (inf) U:1.000000 (inf) All:1.000000 (inf)",
        );
        log.line("  title: [ssim@likeness3 @ 0x0] SSIM Y:1.000000 (inf)");
        assert_eq!([0, 1, 2, 3].map(|size| log.likeness(size)), [None, Some(0.979_53), Some(1.0), None]);
    }

    #[test]
    fn nothing_decoded_is_nothing_intact() {
        assert!(Log::new(0).intact_part() < f64::EPSILON);
    }

    #[test]
    fn no_memory_is_recognised_whoever_says_so() {
        for line in [
            "[h264 @ 0x56] thread_get_buffer() failed",
            "[h264 @ 0x56] h264_slice_header_init() failedError while decoding stream #0:0: Cannot allocate memory",
            "x264 [error]: malloc of size 552576 failed",
            "ffmpeg: error while loading shared libraries: libx.so: failed to map segment from shared object",
        ] {
            let mut log = Log::new(0);
            log.line(line);
            assert!(log.out_of_memory, "{line}");
            let mut log = Log::new(0);
            log.line(&format!("    comment         : {line}"));
            assert!(!log.out_of_memory, "said by a file: {line}");
        }
    }

    #[test]
    fn known_troubles_are_recognised() {
        let mut log = Log::new(0);
        log.line("[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55] moov atom not found");
        log.line("    title           : No space left on device, moov atom not found, partial file");
        log.line("[hls @ 0x1] Format not on whitelist 'mov,matroska'");
    }
}
