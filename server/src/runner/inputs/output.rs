//! Objects that a runner writes.

use async_graphql::{Enum, InputObject};
use kinora_entity::chunk::Segment;

use crate::{
    error::{Error, Result},
    graphql::Bytes,
    processing::{Chunk, Output, OutputKind},
    protection::AesBlock,
    storage::Md5,
};

/// What an output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum JobOutputKind {
    /// `rendition` and `chunk` say which.
    Chunk,
    Poster,
    /// An image of many tiles; `chunk` has its number, from 0.
    Sprite,
    /// A few seconds without sound.
    Loop,
    /// The file that a `MAKE_DOWNLOAD` job makes.
    Download,
}

/// An object that a runner wants to write.
#[derive(InputObject)]
pub struct JobOutputInput {
    pub kind: JobOutputKind,
    pub rendition: Option<String>,
    pub chunk: Option<i32>,
    pub size: Bytes,
    /// Of its bytes, in 32 hexadecimal digits. The store takes no others.
    pub md5: String,
}

impl JobOutputInput {
    pub fn to_output(&self) -> Result<Output> {
        let kind = match (self.kind, &self.rendition, self.chunk) {
            (JobOutputKind::Chunk, Some(rendition), Some(index)) => {
                OutputKind::Chunk { rendition: rendition.clone(), index }
            }
            (JobOutputKind::Poster, None, None) => OutputKind::Poster,
            (JobOutputKind::Sprite, None, Some(number)) => OutputKind::Sprite(number),
            (JobOutputKind::Loop, None, None) => OutputKind::Loop,
            (JobOutputKind::Download, None, None) => OutputKind::Download,
            _ => {
                return Err(Error::bad_input(
                    "outputs",
                    "A chunk names its rendition and its index, a sprite its number, everything else neither.",
                ));
            }
        };
        let mut md5 = Md5::default();
        hex::decode_to_slice(&self.md5, &mut md5)
            .map_err(|_| Error::bad_input("outputs", "An MD5 has 32 hexadecimal digits."))?;
        Ok(Output { kind, size_bytes: self.size.0, md5 })
    }
}

/// A stretch of an object.
#[derive(InputObject)]
pub struct ByteRangeInput {
    offset: Bytes,
    size: Bytes,
}

/// One segment of a chunk.
#[derive(InputObject)]
pub struct SegmentInput {
    offset: Bytes,
    size: Bytes,
    duration_ms: f64,
}

/// A chunk that is in the store.
#[derive(InputObject)]
pub struct PublishChunkInput {
    rendition: String,
    /// From 0.
    index: i32,
    size: Bytes,
    /// Where it begins in the video.
    start_ms: f64,
    /// The initialisation section, in chunk 0.
    init: Option<ByteRangeInput>,
    segments: Vec<SegmentInput>,
    /// RFC 6381; with chunk 0 of a planned rendition.
    codecs: Option<String>,
    /// The initialisation vector of its first segment, where the job has a content key; each further segment's is one
    /// more, as a number of 128 bits. To be chosen by chance for each chunk. Offsets and sizes are those of what is
    /// stored.
    iv: Option<AesBlock>,
    /// Made in a hurry, and replaced by a better one later.
    #[graphql(default)]
    is_draft: bool,
    /// No chunk follows. To be said where the plan gave no count.
    #[graphql(default)]
    is_last: bool,
    /// How alike its pictures are to those of the next smaller size, scaled up: SSIM of the luma, 1 for no difference. Told
    /// of encoded sizes between the largest and the smallest.
    likeness: Option<f64>,
}

impl From<PublishChunkInput> for Chunk {
    fn from(input: PublishChunkInput) -> Self {
        Self {
            rendition: input.rendition,
            index: input.index,
            size_bytes: input.size.0,
            start_ms: input.start_ms,
            init: input.init.map(|range| (range.offset.0, range.size.0)),
            segments: input
                .segments
                .into_iter()
                .map(|part| Segment {
                    offset_bytes: part.offset.0,
                    size_bytes: part.size.0,
                    duration_ms: part.duration_ms,
                })
                .collect(),
            codecs: input.codecs,
            iv: input.iv,
            is_draft: input.is_draft,
            is_last: input.is_last,
            likeness: input.likeness,
        }
    }
}
