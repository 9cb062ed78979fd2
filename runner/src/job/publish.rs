//! Handing in a result: every chunk is uploaded from where it lies, then named to the server.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use futures::{StreamExt, future::try_join_all, stream};
use tokio_util::sync::CancellationToken;

use super::{
    JobError, Media, Poster, Rendition, Reporter,
    previews::{MadeFile, Previews},
};
use crate::{
    api::{
        Api, ApiError, Backoff, Made,
        operations::{
            AesBlock, ByteCount, ByteRangeInput, JobOutputInput, JobOutputKind, JobResultInput,
            LoudnessInput, OutputUrl, PosterInput, PreviewsInput, ProcessingStage, PublishChunkInput,
            RenditionInput, RenditionKind, SegmentInput,
        },
        persist,
    },
    ffmpeg::loudness::Loudness,
    fmp4::{ByteRange, Chunk},
    protect::{Block, Sealed},
    transfer::{Content, TransferError, put},
};

const PARALLEL_UPLOADS: usize = 4;
/// URLs are asked for shortly before they are used, so that they do not expire in a queue.
const SIGNED_AT_ONCE: usize = 32;

/// The server and the right to talk to it about this job.
pub struct Publisher<'a> {
    pub api: &'a Api,
    pub http: &'a reqwest::Client,
    pub lease_id: &'a cynic::Id,
    /// What is published is encrypted with it; none for what stays in the clear.
    pub content_key: Option<Block>,
    /// Fires when the work is no longer wanted.
    pub cancel: &'a CancellationToken,
    pub patience: Duration,
    pub reporter: &'a Reporter,
}

/// What chunks are within their rendition.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct How {
    /// To be replaced by better ones.
    pub is_draft: bool,
    /// Nothing follows them, which the plan did not know.
    pub ends: bool,
    /// To the next smaller size: SSIM of the luma.
    pub likeness: Option<f64>,
}

/// One object to upload.
struct Output {
    kind: JobOutputKind,
    rendition: Option<String>,
    /// Or the number of a sprite.
    chunk: Option<i32>,
    file: PathBuf,
    content: Content,
}

impl Output {
    /// With the digest of its bytes, which are read for that.
    async fn announced(&self) -> Result<JobOutputInput, TransferError> {
        Ok(JobOutputInput {
            kind: self.kind,
            rendition: self.rendition.clone(),
            chunk: self.chunk,
            size: ByteCount(self.content.size()),
            md5: hex::encode(self.content.md5(&self.file).await?),
        })
    }
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
        let (reports, outputs) = self.pack(rendition, file, chunks);
        self.upload(&outputs).await?;
        for (number, report) in (1..).zip(reports) {
            let is_last = how.ends && number == chunks.len();
            let codecs = (report.index == 0).then(|| codecs.to_owned());
            let How { is_draft, likeness, .. } = how;
            let input = PublishChunkInput { codecs, is_draft, is_last, likeness, ..report };
            persist(self.cancel, || self.api.publish_chunk(self.lease_id, input.clone())).await?;
        }
        Ok(())
    }

    /// Uploads a poster and ends the job with it, or without one.
    pub async fn finish(&self, poster: Option<&Poster>) -> Result<(), JobError> {
        if let Some(poster) = poster {
            self.upload(&[poster_output(poster)]).await?;
        }
        self.end(Made { poster: poster.map(poster_input), ..Made::default() }).await
    }

    /// Ends the job that made the sound.
    pub async fn finish_sound(&self, loudness: Option<Loudness>) -> Result<(), JobError> {
        self.end(Made { loudness: loudness.map(loudness_input), ..Made::default() }).await
    }

    /// Uploads previews and ends the job with them.
    pub async fn finish_previews(&self, made: &Previews) -> Result<(), JobError> {
        self.upload(&preview_outputs(made)).await?;
        let loudness = made.loudness.map(loudness_input);
        self.end(Made { previews: Some(previews_input(made)), loudness, ..Made::default() }).await
    }

    async fn end(&self, made: Made) -> Result<(), JobError> {
        self.reporter.hand_in();
        persist(self.cancel, || self.api.complete_job(self.lease_id, made.clone())).await?;
        Ok(())
    }

    /// Uploads a file to download and ends the job with it.
    pub async fn publish_download(&self, file: &Path, size_bytes: u64) -> Result<(), JobError> {
        self.upload(&[whole_file(JobOutputKind::Download, None, file, size_bytes)]).await?;
        self.finish(None).await
    }

    /// Uploads everything, names every chunk, and completes the job.
    pub async fn publish(&self, media: &Media) -> Result<(), JobError> {
        let mut outputs: Vec<Output> = media.poster.iter().map(poster_output).collect();
        let mut reports = Vec::new();
        for Rendition { name, file, chunks, .. } in &media.renditions {
            let (of_rendition, more) = self.pack(name, file, chunks);
            reports.push(of_rendition);
            outputs.extend(more);
        }
        self.upload(&outputs).await?;
        self.reporter.report(ProcessingStage::Publishing, 0.0, None);
        // Chunks of a rendition in their order; renditions side by side.
        try_join_all(reports.iter().map(|reports| self.publish_rendition(reports))).await?;
        self.reporter.report(ProcessingStage::Publishing, 0.9, None);
        let loudness = media.loudness.map(loudness_input);
        self.end(Made { result: Some(result(media)), loudness, ..Made::default() }).await
    }

    async fn publish_rendition(&self, reports: &[PublishChunkInput]) -> Result<(), ApiError> {
        for input in reports {
            persist(self.cancel, || self.api.publish_chunk(self.lease_id, input.clone())).await?;
        }
        Ok(())
    }

    /// What is said of chunks, and what is sent of them: both of the ciphertext where there is a key.
    fn pack(&self, rendition: &str, file: &Path, chunks: &[Chunk]) -> (Vec<PublishChunkInput>, Vec<Output>) {
        let pack = |chunk: &Chunk| match self.content_key {
            None => (
                chunk_input(rendition, chunk),
                chunk_output(rendition, file, chunk, Content::Clear(chunk.file_range)),
            ),
            Some(key) => {
                let sealed = Sealed::new(chunk, key);
                let report = PublishChunkInput {
                    iv: Some(AesBlock(sealed.iv)),
                    ..chunk_input(rendition, &sealed.chunk)
                };
                (report, chunk_output(rendition, file, chunk, Content::Sealed(sealed)))
            }
        };
        chunks.iter().map(pack).unzip()
    }

    async fn upload(&self, outputs: &[Output]) -> Result<(), JobError> {
        self.reporter.report(ProcessingStage::Uploading, 0.0, None);
        let total: u64 = outputs.iter().map(|output| output.content.size()).sum();
        let mut done = 0;
        for batch in outputs.chunks(SIGNED_AT_ONCE) {
            let announced = try_join_all(batch.iter().map(Output::announced)).await?;
            let urls = self.sign(announced.clone()).await?;
            let uploads: Vec<_> = batch
                .iter()
                .zip(&announced)
                .map(|(output, input)| self.upload_one(output, input, url_for(&urls, input)))
                .collect();
            let mut uploads = stream::iter(uploads).buffer_unordered(PARALLEL_UPLOADS);
            while let Some(uploaded) = uploads.next().await {
                done += uploaded?;
                self.reporter.report(ProcessingStage::Uploading, done as f64 / total.max(1) as f64, None);
            }
        }
        Ok(())
    }

    /// Uploads with patience; every new attempt gets a new URL. Returns the bytes uploaded.
    async fn upload_one(
        &self,
        output: &Output,
        input: &JobOutputInput,
        first_url: Option<&OutputUrl>,
    ) -> Result<u64, JobError> {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(20));
        let mut url = first_url.cloned();
        // An address that takes nothing may say so after minutes: only then does the waiting begin.
        let mut gives_up_at = None;
        loop {
            let tried = match &url {
                Some(url) => put(self.http, url, &output.file, &output.content).await,
                None => Err(TransferError::Unavailable("the server gave no URL for an output".to_owned())),
            };
            match tried {
                Ok(()) => return Ok(output.content.size()),
                // What was encoded is worth more than the wait.
                Err(error @ TransferError::Unavailable(_))
                    if Instant::now()
                        < *gives_up_at.get_or_insert_with(|| Instant::now() + self.patience) =>
                {
                    tracing::warn!(%error, "uploading again");
                }
                Err(error) => return Err(error.into()),
            }
            tokio::time::sleep(backoff.next_pause()).await;
            let urls = self.sign(vec![input.clone()]).await?;
            url = url_for(&urls, input).cloned();
        }
    }

    async fn sign(&self, outputs: Vec<JobOutputInput>) -> Result<Vec<OutputUrl>, ApiError> {
        persist(self.cancel, || self.api.sign_job_outputs(self.lease_id, outputs.clone())).await
    }
}

fn url_for<'u>(urls: &'u [OutputUrl], wanted: &JobOutputInput) -> Option<&'u OutputUrl> {
    urls.iter()
        .find(|url| url.kind == wanted.kind && url.rendition == wanted.rendition && url.chunk == wanted.chunk)
}

fn chunk_output(rendition: &str, file: &Path, chunk: &Chunk, content: Content) -> Output {
    Output {
        kind: JobOutputKind::Chunk,
        rendition: Some(rendition.to_owned()),
        chunk: Some(whole(chunk.index)),
        file: file.to_owned(),
        content,
    }
}

fn whole_file(kind: JobOutputKind, number: Option<i32>, file: &Path, size_bytes: u64) -> Output {
    let content = Content::Clear(ByteRange { offset: 0, size: size_bytes });
    Output { kind, rendition: None, chunk: number, file: file.to_owned(), content }
}

fn poster_output(poster: &Poster) -> Output {
    whole_file(JobOutputKind::Poster, None, &poster.file, poster.size_bytes)
}

fn preview_outputs(made: &Previews) -> Vec<Output> {
    let output =
        |kind, number: Option<i32>, file: &MadeFile| whole_file(kind, number, &file.path, file.size_bytes);
    let sprites = (0..).zip(&made.sprites);
    let sprites = sprites.map(|(number, file)| output(JobOutputKind::Sprite, Some(number), file));
    sprites.chain(made.video_loop.as_ref().map(|file| output(JobOutputKind::Loop, None, file))).collect()
}

fn previews_input(made: &Previews) -> PreviewsInput {
    let layout = &made.layout;
    PreviewsInput {
        interval_ms: whole(layout.interval_ms),
        tile_width: whole(layout.tile.0),
        tile_height: whole(layout.tile.1),
        columns: whole(layout.columns),
        rows: whole(layout.rows),
        tiles: whole(layout.tiles),
        has_loop: made.video_loop.is_some(),
    }
}

fn loudness_input(measured: Loudness) -> LoudnessInput {
    LoudnessInput { integrated_lufs: measured.integrated_lufs, true_peak_dbtp: measured.true_peak_dbtp }
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
        iv: None,
        is_draft: false,
        is_last: false,
        likeness: None,
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
