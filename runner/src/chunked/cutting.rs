//! Where a video is cut, and what is made of it.

use serde::{Deserialize, Serialize};

use super::{
    copying,
    grid::{Grid, Place},
    rewrap::Rewrap,
};
use crate::{
    ffmpeg::{
        colour::Transfer,
        orientation::Orientation,
        plan::{Plan, Settings},
        source::{Container, Source},
    },
    fmp4::chunk_length_s,
    mp4::{Index, Track, copy_format},
};

/// Changes when the details of a plan change their meaning.
const VERSION: u32 = 4;
/// Plans since then say nothing that is not understood any more.
const OLDEST_VERSION: u32 = 2;
/// What is shorter is made in one piece before a plan would have paid.
pub(super) const SHORTEST_S: f64 = 3.0;
/// The first chunk is short, so that playing can begin early.
const FIRST_CHUNK_S: f64 = 6.0;
/// What would remain shorter than this joins the chunk before it.
const SHORTEST_LAST_CHUNK_S: f64 = 4.0;
/// Keyframes of the source that come sooner than this are no segments of their own.
const SHORTEST_SEGMENT_S: f64 = 1.9;
const SHORTEST_LAST_SEGMENT_S: f64 = 0.5;
/// Keyframes further apart make segments that take too long to fetch and to seek in.
const LONGEST_SEGMENT_S: f64 = 10.0;
/// Keyframes that are exactly in their places are enough where they come as often as this; else the others begin
/// segments as well.
const LONGEST_EXACT_SEGMENT_S: f64 = 6.0;
/// Where more places than this are empty, or taken twice, frames come at a variable rate, and are encoded at a constant
/// one.
const MOST_MISPLACED: f64 = 0.05;
/// What is encoded is this much smaller than what is passed on, or it is not worth its bytes.
const SMALLER_BY: f64 = 1.2;
/// So much is decoded before a chunk begins, so that its first frame is the same as without a cut.
pub const LEAD_S: f64 = 1.0;
/// What ffprobe and the index say of the same moment.
const AGREEMENT_S: f64 = 0.05;
/// Sound that begins later than this gets silence in front.
const LATEST_SOUND_S: f64 = 0.1;
/// Players have so much of the pictures in hand before the sound ends that they know of both ends in time.
const MOST_MISSING_SOUND_S: f64 = 5.0;

/// How a video is made in chunks: all that its jobs need to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cutting {
    version: u32,
    /// How the source is wrapped anew before anything of this is true of it.
    #[serde(default)]
    pub rewrap: Option<Rewrap>,
    /// Its sizes are those that are encoded.
    pub plan: Plan,
    /// Number of the first frame of each chunk, at the plan's rate.
    pub chunks: Vec<u64>,
    /// All frames, where that is known exactly.
    pub frames: Option<u64>,
    /// The first frames of segments, where they follow the keyframes of the source; else they are regular.
    pub segments: Vec<u64>,
    pub picture_copy: Option<PictureCopy>,
    /// The track of the sound, where that is passed on as it is.
    pub sound_copy: Option<u32>,
    /// Where the source's own timeline begins, in seconds.
    pub start_s: f64,
    pub duration_ms: u32,
    /// Of the source as it is shown.
    pub width: u32,
    pub height: u32,
}

/// The pictures as they are in the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureCopy {
    /// For example `1080p`.
    pub name: String,
    pub track: u32,
    pub width: u32,
    pub height: u32,
}

/// One chunk, in frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    pub index: u32,
    pub first: u64,
    /// Unknown for the last one of a source that does not say where it ends.
    pub frames: Option<u64>,
    pub is_last: bool,
    /// Where segments begin, counted from the first frame of the chunk; empty where they are regular.
    pub keyframes: Vec<u64>,
}

impl Cutting {
    /// Whether and how the source can be made in chunks. Nothing for everything odd: that is made in one piece.
    pub fn new(source: &Source, index: Option<&Index>, settings: &Settings) -> Option<Self> {
        let duration_s = source.stated_duration?.as_secs_f64();
        let start_s = source.start_s.filter(|start| start.abs() < 1.0)?;
        if duration_s <= SHORTEST_S {
            return None;
        }
        let track = match (source.container, index) {
            (Container::Mov, Some(index)) => Some(picture_track(source, index)?),
            (Container::Matroska, None) => None,
            _ => return None,
        };
        let mut plan = Plan::new(source, settings);
        let fps = plan.rate.fps();
        let copy = track.and_then(|track| Some((track, keyframes_if_copied(source, track, &plan, start_s)?)));
        let (chunks, frames, segments, picture_copy) = match copy {
            Some((track, Keyframes { keyframes, frames })) => {
                let segments = segments(&keyframes, frames, fps);
                let (width, height) = (source.video.width, source.video.height);
                let short = f64::from(width.min(height));
                plan.sizes.retain(|size| f64::from(size.width.min(size.height)) * SMALLER_BY <= short);
                let name = format!("{}p", width.min(height));
                let copy = PictureCopy { name, track: track.id, width, height };
                (cut(&segments, frames, fps), Some(frames), segments, Some(copy))
            }
            None => {
                let half = 0.5 / fps;
                let exact = plan.end.map(|end| ((end.as_secs_f64() - half) * fps).ceil().max(1.0) as u64);
                let about = exact.unwrap_or((duration_s * fps) as u64);
                let interval = u64::from(plan.rate.keyframe_interval());
                let regular: Vec<u64> = (0..about).step_by(interval as usize).collect();
                (cut(&regular, about, fps), exact, Vec::new(), None)
            }
        };
        let sound_copy = index.and_then(|index| sound_if_copied(source, index));
        let (width, height) = source.video.display_size();
        let duration_ms = (duration_s * 1_000.0).round() as u32;
        let mut cutting = Self {
            version: VERSION,
            rewrap: None,
            plan,
            chunks,
            frames,
            segments,
            picture_copy,
            sound_copy,
            start_s,
            duration_ms,
            width,
            height,
        };
        // Sound that stops before the pictures is encoded, with silence behind it.
        if let Some(track) = cutting.sound_copy.and_then(|id| index?.track(id))
            && (copying::sound(&cutting, track).is_none()
                || cutting.pictures_end_s() - copying::end_s(&cutting, track) > MOST_MISSING_SOUND_S)
        {
            cutting.sound_copy = None;
        }
        Some(cutting)
    }

    /// As it is handed to other runners.
    pub fn to_details(&self) -> String {
        // A structure of numbers and texts always becomes JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Nothing if it was written by a version that meant something else.
    pub fn from_details(details: &str) -> Option<Self> {
        serde_json::from_str::<Self>(details)
            .ok()
            .filter(|cutting| (OLDEST_VERSION..=VERSION).contains(&cutting.version))
    }

    pub fn cut(&self, index: u32) -> Option<Cut> {
        let first = *self.chunks.get(index as usize)?;
        let next = self.chunks.get(index as usize + 1).copied();
        let end = next.or(self.frames);
        let inside = |frame: &&u64| **frame >= first && end.is_none_or(|end| **frame < end);
        Some(Cut {
            index,
            first,
            frames: end.map(|end| end - first),
            is_last: next.is_none(),
            keyframes: self.segments.iter().filter(inside).map(|frame| frame - first).collect(),
        })
    }

    /// When a frame is shown, in seconds from the common beginning.
    pub fn seconds(&self, frame: u64) -> f64 {
        frame as f64 * f64::from(self.plan.rate.den) / f64::from(self.plan.rate.num)
    }

    /// How long a chunk is, in seconds.
    pub fn chunk_seconds(&self, index: u32) -> f64 {
        let at = |index: u32| self.chunks.get(index as usize).map(|frame| self.seconds(*frame));
        let end = at(index + 1).unwrap_or(f64::from(self.duration_ms) / 1_000.0);
        (end - at(index).unwrap_or(end)).max(0.0)
    }

    /// When the last picture ends, in seconds from the common beginning, as far as that is known.
    pub fn pictures_end_s(&self) -> f64 {
        let stated_s = f64::from(self.duration_ms) / 1_000.0;
        self.frames.map_or(stated_s, |frames| self.seconds(frames))
    }

    /// Whether the sound has to be encoded.
    pub fn encodes_sound(&self) -> bool {
        self.plan.audio.is_some() && self.sound_copy.is_none()
    }
}

/// The chosen track, if its index is plain enough to be trusted.
fn picture_track<'i>(source: &Source, index: &'i Index) -> Option<&'i Track> {
    let track = index.track(source.video.track_id?)?;
    let samples = &track.samples.0;
    let (first, longest) = (samples.first()?, samples.iter().map(|sample| sample.duration).max()?);
    let agrees = (track.seconds(track.pts(first)) - source.video.start_s?).abs() < AGREEMENT_S;
    let is_plain = track.has_plain_edits && first.is_key && agrees;
    (is_plain && track.seconds(i64::from(longest)) <= LEAD_S).then_some(track)
}

/// Where a source may be cut, in frames at the plan's rate.
struct Keyframes {
    keyframes: Vec<u64>,
    /// Up to the last one, those that are missing in between included.
    frames: u64,
}

/// Nothing unless players take the pictures as they are and what is encoded can follow them.
fn keyframes_if_copied(source: &Source, track: &Track, plan: &Plan, start_s: f64) -> Option<Keyframes> {
    let video = &source.video;
    let is_usual = video.codec == "h264"
        && video.pixel_format.as_deref() == Some("yuv420p")
        && video.orientation == Orientation::Upright
        && !video.interlaced
        && (video.pixel_aspect - 1.0).abs() < 1e-6
        && video.colour.transfer == Transfer::Sdr
        && !video.colour.full_range
        && (video.width % 2, video.height % 2) == (0, 0);
    if !is_usual {
        return None;
    }
    copy_format(track)?;
    let samples = &track.samples.0;
    let grid = Grid::new(track, plan.rate)?;
    let begins_s = track.seconds(track.pts(samples.first()?)) - start_s;
    if (begins_s * plan.rate.fps()).abs() > 0.4 {
        return None;
    }
    let mut places: Vec<Place> = Vec::new();
    let mut numbers = Vec::with_capacity(samples.len());
    let mut since = i64::MIN;
    for (at, sample) in samples.iter().enumerate() {
        let place = grid.place(sample)?;
        let is_last = at + 1 == samples.len();
        if sample.size == 0 || sample.duration == 0 && !is_last {
            return None;
        }
        numbers.push(place.number);
        let shown = track.pts(sample);
        if shown < since {
            // It is shown before the keyframe that it follows: a cut there would lose it.
            return None;
        }
        if sample.is_key {
            since = shown;
            if places.last().is_none_or(|last| last.number < place.number) {
                places.push(place);
            }
        }
    }
    numbers.sort_unstable();
    let frames = numbers.last()? + 1;
    numbers.dedup();
    let empty = frames.saturating_sub(numbers.len() as u64);
    let twice = samples.len().saturating_sub(numbers.len()) as u64;
    if empty.max(twice) as f64 / frames as f64 > MOST_MISPLACED {
        return None;
    }
    let those = |are_taken: fn(&Place) -> bool| -> Vec<u64> {
        places.iter().filter(|place| are_taken(place)).map(|place| place.number).collect()
    };
    let exact = those(|place| place.is_exact);
    if longest_s(&exact, frames, plan) <= LONGEST_EXACT_SEGMENT_S {
        return Some(Keyframes { keyframes: exact, frames });
    }
    // Those of a clock that trembles or drifts begin up to a frame beside what is encoded.
    let keyframes = those(|_| true);
    (longest_s(&keyframes, frames, plan) <= LONGEST_SEGMENT_S + 0.1)
        .then_some(Keyframes { keyframes, frames })
}

/// The longest distance from one keyframe to the next, or to the end.
fn longest_s(keyframes: &[u64], frames: u64, plan: &Plan) -> f64 {
    let ends = keyframes.iter().copied().skip(1).chain(std::iter::once(frames));
    let longest = keyframes.iter().zip(ends).map(|(from, to)| to.saturating_sub(*from)).max();
    longest.map_or(f64::INFINITY, |longest| longest as f64 / plan.rate.fps())
}

fn sound_if_copied(source: &Source, index: &Index) -> Option<u32> {
    let audio = source.audio.as_ref().filter(|audio| audio.codec == "aac")?;
    let track = index.track(audio.track_id?)?;
    copy_format(track)?;
    let late_s = audio.start_s? - source.start_s?;
    let (last, others) = track.samples.0.split_last()?;
    let agrees = (track.seconds(track.pts(track.samples.0.first()?)) - audio.start_s?).abs() < AGREEMENT_S;
    let is_even =
        others.iter().all(|sample| sample.duration == 1_024 && sample.delay == last.delay && sample.size > 0);
    let is_prompt = late_s <= LATEST_SOUND_S;
    (track.has_plain_edits && agrees && is_prompt && is_even && last.size > 0).then_some(track.id)
}

/// Keyframes that are far enough apart.
fn segments(keyframes: &[u64], frames: u64, fps: f64) -> Vec<u64> {
    let mut segments: Vec<u64> = Vec::new();
    for &keyframe in keyframes {
        let seconds = |frames: u64| frames as f64 / fps;
        let fits = segments.last().is_none_or(|last| seconds(keyframe - last) >= SHORTEST_SEGMENT_S);
        if segments.is_empty() || fits && seconds(frames - keyframe) >= SHORTEST_LAST_SEGMENT_S {
            segments.push(keyframe);
        }
    }
    segments
}

/// The first frames of chunks, out of those of segments.
fn cut(segments: &[u64], frames: u64, fps: f64) -> Vec<u64> {
    let mut chunks = vec![0];
    let mut next_s = FIRST_CHUNK_S;
    for &segment in segments.iter().skip(1) {
        let at_s = segment as f64 / fps;
        let rest_s = frames.saturating_sub(segment) as f64 / fps;
        if at_s + 0.1 >= next_s && rest_s >= SHORTEST_LAST_CHUNK_S {
            chunks.push(segment);
            next_s = at_s + chunk_length_s(at_s);
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_begin_where_segments_do() {
        let regular: Vec<u64> = (0..3_600).step_by(60).collect();
        assert_eq!(cut(&regular, 3_600, 30.0), [0, 180, 1_080, 1_980, 2_880]);
        assert_eq!(cut(&regular[..5], 300, 30.0), [0, 180], "ten seconds are two chunks");
        assert_eq!(cut(&regular[..4], 260, 30.0), [0], "less than four seconds would remain");
        assert_eq!(cut(&[0, 250, 500], 700, 30.0), [0, 250]);
        let hour: Vec<u64> = (0..108_000).step_by(60).collect();
        let chunks = cut(&hour, 108_000, 30.0);
        assert_eq!(chunks[7..12], [5_580, 6_480, 7_380, 9_660, 11_940], "later ones are longer");
        assert!(chunks.len() * 10 <= 3_600 / 6, "a tenth of what files of six seconds are");
    }

    #[test]
    fn keyframes_that_crowd_are_one_segment() {
        assert_eq!(segments(&[0, 10, 60, 100, 130, 290], 300, 30.0), [0, 60, 130]);
        assert_eq!(segments(&[0], 300, 30.0), [0]);
    }
}
