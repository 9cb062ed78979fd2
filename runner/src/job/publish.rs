//! Handing in a result: every chunk is uploaded from where it lies, then named to the server.

use std::{path::Path, path::PathBuf, time::Duration};

use futures::{StreamExt, future::try_join_all, stream};
use tokio_util::sync::CancellationToken;

use super::{JobError, Media, Poster, Rendition, Reporter};
use crate::{
    api::{
        Api, ApiError, Backoff,
        operations::{
            ByteCount, ByteRangeInput, JobOutputInput, JobOutputKind, JobResultInput, OutputUrl, PosterInput,
            ProcessingStage, PublishChunkInput, RenditionInput, RenditionKind, SegmentInput,
        },
        persist,
    },
    fmp4::{ByteRange, Chunk},
    transfer::{TransferError, put},
};

const PARALLEL_UPLOADS: usize = 4;
/// URLs are asked for shortly before they are used, so that they do not expire in a queue.
const SIGNED_AT_ONCE: usize = 32;
const UPLOAD_ATTEMPTS: u32 = 5;

/// The server and the right to talk to it about this job.
pub struct Publisher<'a> {
    pub api: &'a Api,
    pub http: &'a reqwest::Client,
    pub lease_id: &'a cynic::Id,
    /// Fires when the work is no longer wanted.
    pub cancel: &'a CancellationToken,
    pub reporter: &'a Reporter,
}

/// What chunks are within their rendition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct How {
    /// To be replaced by better ones.
    pub is_draft: bool,
    /// Nothing follows them, which the plan did not know.
    pub ends: bool,
}

/// One object to upload: a stretch of a file.
struct Output {
    input: JobOutputInput,
    file: PathBuf,
    range: ByteRange,
}

impl Publisher<'_> {
    /// Uploads the chunks of one rendition, and makes each playable.
    pub async fn publish_chunks(
        &self,
        rendition: &str,
        codecs: &str,
        file: &Path,
        chunks: &[Chunk],
        how: How,
    ) -> Result<(), JobError> {
        let outputs: Vec<Output> = chunks.iter().map(|chunk| chunk_output(rendition, file, chunk)).collect();
        self.upload(&outputs).await?;
        for (number, chunk) in (1..).zip(chunks) {
            let is_last = how.ends && number == chunks.len();
            let codecs = (chunk.index == 0).then(|| codecs.to_owned());
            let input = PublishChunkInput {
                codecs,
                is_draft: how.is_draft,
                is_last,
                ..chunk_input(rendition, chunk)
            };
            persist(self.cancel, || self.api.publish_chunk(self.lease_id, input.clone())).await?;
        }
        Ok(())
    }

    /// Uploads a poster and ends the job with it, or without one.
    pub async fn finish(&self, poster: Option<&Poster>) -> Result<(), JobError> {
        if let Some(poster) = poster {
            self.upload(&[poster_output(poster)]).await?;
        }
        let poster = poster.map(poster_input);
        persist(self.cancel, || self.api.complete_job(self.lease_id, None, poster)).await?;
        Ok(())
    }

    /// Uploads a file to download and ends the job with it.
    pub async fn publish_download(&self, file: &Path, size_bytes: u64) -> Result<(), JobError> {
        let input = JobOutputInput {
            kind: JobOutputKind::Download,
            rendition: None,
            chunk: None,
            size: ByteCount(size_bytes),
        };
        let range = ByteRange { offset: 0, size: size_bytes };
        self.upload(&[Output { input, file: file.to_owned(), range }]).await?;
        self.finish(None).await
    }

    /// Uploads everything, names every chunk, and completes the job.
    pub async fn publish(&self, media: &Media) -> Result<(), JobError> {
        self.upload(&outputs(media)).await?;
        self.reporter.report(ProcessingStage::Publishing, 0.0, None);
        // Chunks of a rendition in their order; renditions side by side.
        try_join_all(media.renditions.iter().map(|rendition| self.publish_rendition(rendition))).await?;
        self.reporter.report(ProcessingStage::Publishing, 0.9, None);
        let result = result(media);
        persist(self.cancel, || self.api.complete_job(self.lease_id, Some(result.clone()), None)).await?;
        Ok(())
    }

    async fn publish_rendition(&self, rendition: &Rendition) -> Result<(), ApiError> {
        for chunk in &rendition.chunks {
            let input = chunk_input(&rendition.name, chunk);
            persist(self.cancel, || self.api.publish_chunk(self.lease_id, input.clone())).await?;
        }
        Ok(())
    }

    async fn upload(&self, outputs: &[Output]) -> Result<(), JobError> {
        self.reporter.report(ProcessingStage::Uploading, 0.0, None);
        let total: u64 = outputs.iter().map(|output| output.range.size).sum();
        let mut done = 0;
        for batch in outputs.chunks(SIGNED_AT_ONCE) {
            let urls = self.sign(batch.iter().map(|output| output.input.clone()).collect()).await?;
            let uploads: Vec<_> =
                batch.iter().map(|output| self.upload_one(output, url_for(&urls, output))).collect();
            let mut uploads = stream::iter(uploads).buffer_unordered(PARALLEL_UPLOADS);
            while let Some(uploaded) = uploads.next().await {
                done += uploaded?;
                self.reporter.report(ProcessingStage::Uploading, done as f64 / total.max(1) as f64, None);
            }
        }
        Ok(())
    }

    /// Uploads with patience; every new attempt gets a new URL. Returns the bytes uploaded.
    async fn upload_one(&self, output: &Output, first_url: Option<&OutputUrl>) -> Result<u64, JobError> {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(20));
        let mut url = first_url.cloned();
        let mut attempt = 1;
        loop {
            let tried = match &url {
                Some(url) => put(self.http, url, &output.file, output.range).await,
                None => Err(TransferError::Unavailable("the server gave no URL for an output".to_owned())),
            };
            match tried {
                Ok(()) => return Ok(output.range.size),
                Err(error @ TransferError::Unavailable(_)) if attempt < UPLOAD_ATTEMPTS => {
                    tracing::warn!(%error, attempt, "uploading again");
                }
                Err(error) => return Err(error.into()),
            }
            attempt += 1;
            tokio::time::sleep(backoff.next_pause()).await;
            let urls = self.sign(vec![output.input.clone()]).await?;
            url = url_for(&urls, output).cloned();
        }
    }

    async fn sign(&self, outputs: Vec<JobOutputInput>) -> Result<Vec<OutputUrl>, ApiError> {
        persist(self.cancel, || self.api.sign_job_outputs(self.lease_id, outputs.clone())).await
    }
}

fn url_for<'u>(urls: &'u [OutputUrl], output: &Output) -> Option<&'u OutputUrl> {
    let wanted = &output.input;
    urls.iter()
        .find(|url| url.kind == wanted.kind && url.rendition == wanted.rendition && url.chunk == wanted.chunk)
}

fn outputs(media: &Media) -> Vec<Output> {
    let mut outputs = Vec::new();
    outputs.extend(media.poster.as_ref().map(poster_output));
    for rendition in &media.renditions {
        let of_chunk = |chunk| chunk_output(&rendition.name, &rendition.file, chunk);
        outputs.extend(rendition.chunks.iter().map(of_chunk));
    }
    outputs
}

fn chunk_output(rendition: &str, file: &Path, chunk: &Chunk) -> Output {
    let input = JobOutputInput {
        kind: JobOutputKind::Chunk,
        rendition: Some(rendition.to_owned()),
        chunk: Some(whole(chunk.index)),
        size: ByteCount(chunk.file_range.size),
    };
    Output { input, file: file.to_owned(), range: chunk.file_range }
}

fn poster_output(poster: &Poster) -> Output {
    let input = JobOutputInput {
        kind: JobOutputKind::Poster,
        rendition: None,
        chunk: None,
        size: ByteCount(poster.size_bytes),
    };
    let range = ByteRange { offset: 0, size: poster.size_bytes };
    Output { input, file: poster.file.clone(), range }
}

fn poster_input(poster: &Poster) -> PosterInput {
    PosterInput { width: whole(poster.width), height: whole(poster.height) }
}

fn chunk_input(rendition: &str, chunk: &Chunk) -> PublishChunkInput {
    let segments = chunk.segments.iter().map(|segment| SegmentInput {
        offset: ByteCount(segment.range.offset),
        size: ByteCount(segment.range.size),
        duration_ms: segment.duration_ms,
    });
    PublishChunkInput {
        rendition: rendition.to_owned(),
        index: whole(chunk.index),
        size: ByteCount(chunk.file_range.size),
        start_ms: chunk.start_ms,
        init: chunk
            .init
            .map(|init| ByteRangeInput { offset: ByteCount(init.offset), size: ByteCount(init.size) }),
        segments: segments.collect(),
        codecs: None,
        is_draft: false,
        is_last: false,
    }
}

fn result(media: &Media) -> JobResultInput {
    let renditions = media.renditions.iter().map(|rendition| RenditionInput {
        name: rendition.name.clone(),
        kind: if rendition.picture.is_some() { RenditionKind::Video } else { RenditionKind::Audio },
        width: rendition.picture.map(|picture| whole(picture.width)),
        height: rendition.picture.map(|picture| whole(picture.height)),
        frame_rate: rendition.picture.map(|picture| picture.frame_rate),
        codecs: rendition.codecs.clone(),
        chunk_count: i32::try_from(rendition.chunks.len()).unwrap_or(i32::MAX),
    });
    JobResultInput {
        duration_ms: media.duration_ms.round() as i32,
        width: whole(media.width),
        height: whole(media.height),
        renditions: renditions.collect(),
        poster: media.poster.as_ref().map(poster_input),
    }
}

/// Pixels and counts are far below the limit of GraphQL's `Int`.
pub fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
