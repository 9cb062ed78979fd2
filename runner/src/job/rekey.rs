//! The job `REKEY_CHUNK`: one published chunk of every rendition, written anew with another key or in the clear. The media
//! stay what they are, so nothing is encoded and nothing else is read.

use std::path::PathBuf;

use super::{Desk, JobError, MediaError, chunk::internal, publish::How};
use crate::{
    api::{
        operations::{JobInput, ProcessingStage},
        persist,
    },
    fmp4::{ByteRange, Chunk, Segment},
    protect,
    transfer::download,
};

pub(crate) async fn rekey_chunk(desk: &Desk<'_>) -> Result<(), JobError> {
    let inputs = persist(desk.cancel, || desk.api.sign_job_inputs(&desk.job.lease.id)).await?;
    let publisher = desk.publisher();
    for (done, input) in inputs.iter().enumerate() {
        desk.reporter.report(ProcessingStage::Encoding, done as f64 / inputs.len() as f64, None);
        // One at a time: a chunk may have some hundred megabytes.
        let folder = desk.new_folder()?;
        let stored = folder.path().join("stored.mp4");
        download(desk.http, &input.url, input.size.0, &stored, &|_| {}).await?;
        let (file, chunk) = clear(desk, input, stored).await?;
        publisher.publish_chunks(&input.rendition, &input.codecs, &file, &[chunk], How::default()).await?;
    }
    publisher.finish(None).await
}

/// The chunk without what it is encrypted with.
async fn clear(desk: &Desk<'_>, input: &JobInput, stored: PathBuf) -> Result<(PathBuf, Chunk), MediaError> {
    let chunk = described(input)?;
    let (key, iv) = match (desk.job.published_key, input.iv) {
        (None, None) => return Ok((stored, chunk)),
        (Some(key), Some(iv)) => (key.0, iv.0),
        _ => return Err(internal("a key without a vector, or the reverse")),
    };
    let to = stored.with_file_name("clear.mp4");
    let opened = {
        let to = to.clone();
        tokio::task::spawn_blocking(move || protect::open(&stored, &chunk, key, iv, &to)).await
    };
    Ok((to, opened.map_err(|error| internal(&error.to_string()))??))
}

fn described(input: &JobInput) -> Result<Chunk, MediaError> {
    let index = u32::try_from(input.chunk).map_err(|_| internal("a chunk without a number"))?;
    let segments = input.segments.iter().map(|segment| Segment {
        range: ByteRange { offset: segment.offset.0, size: segment.size.0 },
        duration_ms: segment.duration_ms,
    });
    Ok(Chunk {
        index,
        file_range: ByteRange { offset: 0, size: input.size.0 },
        start_ms: input.start_ms,
        init: input.init.map(|init| ByteRange { offset: init.offset.0, size: init.size.0 }),
        segments: segments.collect(),
    })
}
