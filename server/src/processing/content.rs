//! Whether an object is the media that a runner says it is, as far as its first bytes tell: a runner that lies, or has a
//! bad disk, is found out before a viewer is.

use bytes::Bytes;
use kinora_entity::{chunk::Segment, rendition::Codec};
use kinora_runner::fmp4::{FormatError, Init, segment_ms};

use super::result::{Chunk, rejected};
use crate::{
    app::App,
    error::{Error, Result},
    storage::StorageError,
};

/// The description of a track has some hundred bytes, that of a fragment sixteen for each frame.
const LARGEST_HEADER_BYTES: i64 = 64 << 10;
/// Frames may be missing, or shown for longer than they say.
const AGREEMENT: std::ops::RangeInclusive<f64> = 0.5..=2.0;

/// An initialisation section in the store.
pub(super) struct Section {
    pub key: String,
    pub offset_bytes: i64,
    pub size_bytes: i64,
}

/// Reads the initialisation section, and the beginnings of the first and the last segment unless they are encrypted.
/// `described_by` is the section that lies in another chunk, where that is there already.
///
/// # Errors
/// RESULT_REJECTED when it is something else than fragmented MP4 of about the announced duration.
pub(super) async fn check(app: &App, key: &str, chunk: &Chunk, described_by: Option<Section>) -> Result<()> {
    let init = async {
        let own = chunk.init.map(|(offset_bytes, size_bytes)| Section {
            key: key.to_owned(),
            offset_bytes,
            size_bytes,
        });
        let Some(section) = own.or(described_by) else { return Ok(None) };
        if section.size_bytes > LARGEST_HEADER_BYTES {
            return Err(rejected("An initialisation section is smaller than this."));
        }
        let (offset, size) = (whole(section.offset_bytes), whole(section.size_bytes));
        match app.storage.read(&section.key, offset, size).await {
            Ok(bytes) => Init::read(&bytes).map(Some).map_err(not_media),
            // A draft that has just given way.
            Err(StorageError::NotFound) if section.key != key => Ok(None),
            Err(error) => Err(error.into()),
        }
    };
    let readable = |segment: Option<&Segment>| segment.copied().filter(|_| chunk.iv.is_none());
    let first = readable(chunk.segments.first());
    let last = readable(chunk.segments.last()).filter(|_| chunk.segments.len() > 1);
    let (init, first, last) = tokio::try_join!(init, beginning(app, key, first), beginning(app, key, last))?;
    if let Some(init) = &init
        && !init.codecs.starts_with(family(&chunk.rendition))
    {
        let (found, name) = (&init.codecs, &chunk.rendition);
        return Err(rejected(format!("The object holds {found}, which {name} does not.")));
    }
    if let (Some(init), Some(codecs)) = (&init, &chunk.codecs)
        && init.codecs != *codecs
    {
        return Err(rejected(format!("The object holds {}, not {codecs}.", init.codecs)));
    }
    for (segment, bytes) in [first, last].into_iter().flatten() {
        let found_ms = segment_ms(&bytes, whole(segment.size_bytes), init.as_ref()).map_err(not_media)?;
        if found_ms.is_some_and(|found| !AGREEMENT.contains(&(found / segment.duration_ms))) {
            return Err(rejected("A segment lasts for another time than was announced."));
        }
    }
    Ok(())
}

/// How the codecs of a rendition of this name begin.
fn family(rendition: &str) -> &'static str {
    match Codec::of_name(rendition) {
        Some(Codec::H264) => "avc1.",
        Some(Codec::Hevc) => "hvc1.",
        Some(Codec::Av1) => "av01.",
        None => "mp4a.",
    }
}

/// A segment with its first bytes.
async fn beginning(app: &App, key: &str, segment: Option<Segment>) -> Result<Option<(Segment, Bytes)>> {
    let Some(segment) = segment else { return Ok(None) };
    let length = segment.size_bytes.min(LARGEST_HEADER_BYTES);
    let bytes = app.storage.read(key, whole(segment.offset_bytes), whole(length)).await?;
    Ok(Some((segment, bytes)))
}

/// Offsets and sizes were found to be positive before.
fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn not_media(error: FormatError) -> Error {
    rejected(format!("The object is {error}."))
}
