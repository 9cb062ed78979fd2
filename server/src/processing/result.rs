//! What a runner reports, and what must hold of it.

use kinora_entity::{chunk::Segment, rendition, rendition::Codec, video};
use sea_orm::ActiveValue::Set;

use super::plan::{MOST_JOBS, MOST_RENDITIONS};
use crate::{
    error::{Error, Result},
    protection::AesBlock,
};

/// Nobody cuts a chunk into more.
const MOST_SEGMENTS: usize = 1_000;
const AES_BLOCK_BYTES: i64 = 16;
const SIDES: std::ops::RangeInclusive<i32> = 1..=16_384;

/// One chunk of one rendition, already in the store.
#[derive(Clone, Debug)]
pub struct Chunk {
    pub rendition: String,
    pub index: i32,
    pub size_bytes: i64,
    pub start_ms: f64,
    /// Offset and size of the initialisation section; chunk 0 has one and no other.
    pub init: Option<(i64, i64)>,
    pub segments: Vec<Segment>,
    /// RFC 6381; told with chunk 0 of a video that is made in chunks.
    pub codecs: Option<String>,
    /// Of the first segment, where they are encrypted.
    pub iv: Option<AesBlock>,
    /// Made in a hurry, to be replaced.
    pub is_draft: bool,
    /// Whether no chunk follows. Told where the plan did not know.
    pub is_last: bool,
    /// To the next smaller size, scaled up: SSIM of the luma.
    pub likeness: Option<f64>,
}

/// One finished rendition.
#[derive(Clone, Debug)]
pub struct RenditionResult {
    pub name: String,
    pub kind: rendition::Kind,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub frame_rate: Option<f64>,
    pub codecs: String,
    pub chunk_count: i32,
}

/// The poster that was uploaded.
#[derive(Clone, Copy, Debug)]
pub struct PosterResult {
    pub width: i32,
    pub height: i32,
}

/// How loud the sound is, after EBU R128.
#[derive(Clone, Copy, Debug)]
pub struct LoudnessResult {
    pub integrated_lufs: f64,
    pub true_peak_dbtp: f64,
}

impl LoudnessResult {
    /// # Errors
    /// RESULT_REJECTED for what no sound has.
    pub fn check(self) -> Result<()> {
        let fits =
            (-70.0..=20.0).contains(&self.integrated_lufs) && (-120.0..=40.0).contains(&self.true_peak_dbtp);
        if fits { Ok(()) } else { Err(rejected("No sound is as loud or as quiet as this.")) }
    }

    pub(super) fn tell(self, row: &mut video::ActiveModel) {
        row.loudness_lufs = Set(Some(self.integrated_lufs));
        row.true_peak_dbtp = Set(Some(self.true_peak_dbtp));
    }
}

/// The whole of what a job made.
#[derive(Clone, Debug)]
pub struct JobResult {
    pub duration_ms: i32,
    pub width: i32,
    pub height: i32,
    pub renditions: Vec<RenditionResult>,
    pub poster: Option<PosterResult>,
}

pub(super) fn rejected(why: impl Into<String>) -> Error {
    Error::coded("RESULT_REJECTED", why)
}

/// A name that may stand in keys and addresses: `audio`, or a height such as `720p`, with `-hevc` or `-av1` behind it
/// where it is not of H.264.
///
/// # Errors
/// RESULT_REJECTED.
pub fn check_rendition_name(name: &str) -> Result<()> {
    let is_height = Codec::size_of_name(name).strip_suffix('p').is_some_and(|digits| {
        (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    if name == "audio" || is_height {
        return Ok(());
    }
    Err(rejected("A rendition is named audio or by its height and its codec, such as 720p or 720p-hevc."))
}

impl Chunk {
    /// # Errors
    /// RESULT_REJECTED when ranges overlap, leave the object, or last no time.
    pub fn check(&self) -> Result<()> {
        check_rendition_name(&self.rendition)?;
        let fits = usize::try_from(self.index).is_ok_and(|index| index < MOST_JOBS);
        if !fits || !self.start_ms.is_finite() || self.start_ms < 0.0 {
            return Err(rejected("A chunk has an index and a start from 0."));
        }
        if self.segments.is_empty() || self.segments.len() > MOST_SEGMENTS {
            return Err(rejected(format!("A chunk has 1 to {MOST_SEGMENTS} segments.")));
        }
        if (self.index == 0) != self.init.is_some() {
            return Err(rejected("Chunk 0 and no other has an initialisation section."));
        }
        let mut end = 0_i64;
        let init = self.init.into_iter().map(|(offset, size)| (offset, size, 1.0));
        let segments =
            self.segments.iter().map(|part| (part.offset_bytes, part.size_bytes, part.duration_ms));
        for (offset, size, duration_ms) in init.chain(segments) {
            if offset < end || size <= 0 || !duration_ms.is_finite() || duration_ms <= 0.0 {
                return Err(rejected("Segments follow each other and have a length and a duration."));
            }
            end = offset.checked_add(size).ok_or_else(|| rejected("A segment ends beyond any file."))?;
        }
        if end > self.size_bytes {
            return Err(rejected("A segment ends outside of its chunk."));
        }
        if self.iv.is_some() && self.segments.iter().any(|part| part.size_bytes % AES_BLOCK_BYTES != 0) {
            return Err(rejected("What is encrypted comes in whole blocks."));
        }
        if self.likeness.is_some_and(|likeness| !(-1.0..=1.0).contains(&likeness)) {
            return Err(rejected("Nothing is more alike than the same."));
        }
        self.codecs.as_deref().map_or(Ok(()), check_codecs)
    }
}

/// # Errors
/// RESULT_REJECTED.
pub(super) fn check_shape(duration_ms: i32, width: i32, height: i32) -> Result<()> {
    if duration_ms <= 0 || !SIDES.contains(&width) || !SIDES.contains(&height) {
        return Err(rejected("A video has a duration, a width and a height."));
    }
    Ok(())
}

/// # Errors
/// RESULT_REJECTED.
pub(super) fn check_picture(
    name: &str,
    kind: rendition::Kind,
    width: Option<i32>,
    height: Option<i32>,
    frame_rate: Option<f64>,
) -> Result<()> {
    let is_audio = kind == rendition::Kind::Audio;
    let has_size = [width, height].iter().all(|side| side.is_some_and(|side| SIDES.contains(&side)));
    let rate_fits = frame_rate.is_none_or(|rate| rate > 0.0 && rate <= 240.0);
    if is_audio != (name == "audio") || is_audio == has_size || !rate_fits {
        return Err(rejected(
            "A rendition with pictures has a size and a frame rate, one with sound has none.",
        ));
    }
    Ok(())
}

fn check_codecs(codecs: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".,".contains(&byte);
    if codecs.is_empty() || codecs.len() > 64 || !codecs.bytes().all(plain) {
        return Err(rejected("Codecs are written as in RFC 6381."));
    }
    Ok(())
}

impl JobResult {
    /// # Errors
    /// RESULT_REJECTED when it cannot be played as announced.
    pub fn check(&self) -> Result<()> {
        check_shape(self.duration_ms, self.width, self.height)?;
        if self.renditions.len() > MOST_RENDITIONS
            || !self.renditions.iter().any(|rendition| rendition.kind == rendition::Kind::Video)
        {
            return Err(rejected("A video has at least one rendition with pictures."));
        }
        for (at, rendition) in self.renditions.iter().enumerate() {
            check_rendition_name(&rendition.name)?;
            if !matches!(Codec::of_name(&rendition.name), None | Some(Codec::H264)) {
                return Err(rejected("What is made in one piece is made in H.264."));
            }
            if self.renditions[..at].iter().any(|other| other.name == rendition.name) {
                return Err(rejected("Two renditions have the same name."));
            }
            check_picture(
                &rendition.name,
                rendition.kind,
                rendition.width,
                rendition.height,
                rendition.frame_rate,
            )?;
            check_codecs(&rendition.codecs)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk() -> Chunk {
        let segment = |offset_bytes, size_bytes| Segment { offset_bytes, size_bytes, duration_ms: 2000.0 };
        Chunk {
            rendition: "720p".into(),
            index: 0,
            size_bytes: 300,
            start_ms: 0.0,
            init: Some((0, 100)),
            segments: vec![segment(100, 100), segment(200, 100)],
            codecs: None,
            iv: None,
            is_draft: false,
            is_last: false,
            likeness: None,
        }
    }

    #[test]
    fn a_sound_chunk_passes() {
        assert!(chunk().check().is_ok());
    }

    #[test]
    fn no_sound_is_louder_than_loud() {
        let check =
            |integrated_lufs, true_peak_dbtp| LoudnessResult { integrated_lufs, true_peak_dbtp }.check();
        assert!(check(-23.0, -1.0).is_ok() && check(3.0, 2.5).is_ok());
        for (lufs, peak) in [(f64::NAN, 0.0), (-23.0, f64::NEG_INFINITY), (100.0, 0.0), (-23.0, 100.0)] {
            assert!(check(lufs, peak).is_err(), "{lufs} {peak}");
        }
    }

    #[test]
    fn what_does_not_fit_is_rejected() {
        let bad: [fn(&mut Chunk); 11] = [
            |chunk| chunk.likeness = Some(1.5),
            |chunk| chunk.rendition = "../../x".into(),
            |chunk| chunk.iv = Some(AesBlock([1; 16])),
            |chunk| chunk.index = -1,
            |chunk| chunk.index = 1,
            |chunk| chunk.init = None,
            |chunk| chunk.size_bytes = 299,
            |chunk| chunk.segments.clear(),
            |chunk| chunk.segments[1].offset_bytes = 199,
            |chunk| chunk.segments[0].size_bytes = i64::MAX,
            |chunk| chunk.segments[0].duration_ms = f64::NAN,
        ];
        for (case, spoil) in bad.iter().enumerate() {
            let mut chunk = chunk();
            spoil(&mut chunk);
            assert!(chunk.check().is_err(), "case {case}");
        }
    }
}
