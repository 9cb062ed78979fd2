//! Published chunks, as a runner that reads them gets to know them.

use async_graphql::SimpleObject;

use crate::{graphql::Bytes, processing::Input, protection::AesBlock};

/// A stretch of an object.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct ByteRange {
    offset: Bytes,
    size: Bytes,
}

/// One segment of a chunk.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct MediaSegment {
    /// In the object.
    offset: Bytes,
    size: Bytes,
    duration_ms: f64,
}

/// A published chunk that a job reads.
#[derive(Clone, Debug, SimpleObject)]
pub struct JobInput {
    rendition: String,
    chunk: i32,
    size: Bytes,
    url: String,
    start_ms: f64,
    /// The initialisation section; chunk 0 has one and no other.
    init: Option<ByteRange>,
    segments: Vec<MediaSegment>,
    /// RFC 6381.
    codecs: String,
    /// Of the first segment, where they are encrypted; each further one's is one more.
    iv: Option<AesBlock>,
}

impl From<Input> for JobInput {
    fn from(Input { rendition, codecs, chunk, request }: Input) -> Self {
        let init = chunk.init_offset_bytes.zip(chunk.init_size_bytes);
        let segments = chunk.segments.0.iter().map(|segment| MediaSegment {
            offset: Bytes(segment.offset_bytes),
            size: Bytes(segment.size_bytes),
            duration_ms: segment.duration_ms,
        });
        Self {
            rendition,
            chunk: chunk.index,
            size: Bytes(chunk.size_bytes),
            url: request.url,
            start_ms: chunk.start_ms,
            init: init.map(|(offset, size)| ByteRange { offset: Bytes(offset), size: Bytes(size) }),
            segments: segments.collect(),
            codecs,
            iv: chunk.iv.and_then(|iv| <[u8; 16]>::try_from(iv).ok()).map(AesBlock),
        }
    }
}
