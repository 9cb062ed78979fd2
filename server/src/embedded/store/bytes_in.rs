//! Bytes that come in: from a request's body into a temporary file, hashed on the way. Nothing is kept in
//! memory but a buffer that fills while the one before is hashed and written, both at the same time.

use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use kinora_digest::{Hashing, Md5Stream};
use s3s::checksum::ChecksumHasher;
use s3s::dto::StreamingBlob;
use s3s::{S3ErrorCode, S3Result};
use tokio::task::JoinHandle;

use super::Store;
use super::checksum::Promised;
use super::error::{Interrupted, disk, refuse};
use super::folders::Unfinished;

/// Bytes that are hashed and written at once.
const BATCH_BYTES: usize = 512 * 1024;
/// A client that sends nothing for this long is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// A body that was received completely and is as it was promised to be. Not synced yet.
pub(super) struct Received {
    pub unfinished: Unfinished,
    pub file: File,
    pub md5: [u8; 16],
    pub size: u64,
}

impl Received {
    pub fn etag(&self) -> String {
        hex::encode(self.md5)
    }
}

/// Reads a body of exactly `content_length` bytes.
pub(super) async fn receive(
    store: &Store,
    body: Option<StreamingBlob>,
    content_length: Option<i64>,
    promised: &Promised,
) -> S3Result<Received> {
    let expected = content_length
        .and_then(|length| u64::try_from(length).ok())
        .ok_or_else(|| refuse(S3ErrorCode::MissingContentLength, "Send the Content-Length of the body."))?;
    let (unfinished, file) = store.blocking(|shelf| shelf.folders.unfinished_file()).await.map_err(disk)?;
    let sink = Box::new(Sink { file, checksums: promised.hasher() });
    let mut writer = Writer::Idle(sink, Md5Stream::default());
    let mut size = 0;
    if let Some(body) = body {
        (writer, size) = fill(writer, body, expected).await?;
    }
    if size != expected {
        return Err(incomplete());
    }
    let (sink, md5) = writer.finish().await?;
    let Sink { file, checksums } = *sink;
    let md5 = md5.finish();
    promised.check(&md5, &checksums.finalize())?;
    Ok(Received { unfinished, file, md5, size })
}

fn incomplete() -> s3s::S3Error {
    refuse(S3ErrorCode::IncompleteBody, "The body has another length than its Content-Length says.")
}

/// The file and the rarer hashes, which go along with every batch to a blocking thread and back.
struct Sink {
    file: File,
    checksums: ChecksumHasher,
}

impl Sink {
    fn take(mut self: Box<Self>, batch: Vec<Bytes>) -> io::Result<Box<Self>> {
        for bytes in batch {
            self.checksums.update(&bytes);
            self.file.write_all(&bytes)?;
        }
        Ok(self)
    }
}

async fn fill(mut writer: Writer, mut body: StreamingBlob, expected: u64) -> S3Result<(Writer, u64)> {
    let mut batch = Vec::new();
    let mut batch_bytes = 0;
    let mut size = 0_u64;
    loop {
        let next = tokio::time::timeout(PATIENCE, body.next()).await;
        let next = next.map_err(|_| refuse(S3ErrorCode::RequestTimeout, "No bytes arrived for too long."))?;
        let bytes = match next {
            Some(Ok(bytes)) => bytes,
            Some(Err(error)) => {
                tracing::debug!(%error, "an upload broke off");
                return Err(incomplete());
            }
            None => break,
        };
        size += bytes.len() as u64;
        if size > expected {
            return Err(incomplete());
        }
        batch_bytes += bytes.len();
        batch.push(bytes);
        if batch_bytes >= BATCH_BYTES {
            writer = writer.write(std::mem::take(&mut batch)).await?;
            batch_bytes = 0;
        }
    }
    Ok((writer.write(batch).await?, size))
}

enum Writer {
    Idle(Box<Sink>, Md5Stream),
    Busy(JoinHandle<io::Result<Box<Sink>>>, Hashing),
}

impl Writer {
    /// Waits for the batch before, and begins with this one.
    async fn write(self, batch: Vec<Bytes>) -> S3Result<Self> {
        let (sink, md5) = self.finish().await?;
        let hashing = md5.update(batch.clone());
        Ok(Self::Busy(tokio::task::spawn_blocking(move || sink.take(batch)), hashing))
    }

    async fn finish(self) -> S3Result<(Box<Sink>, Md5Stream)> {
        match self {
            Self::Idle(sink, md5) => Ok((sink, md5)),
            Self::Busy(writing, hashing) => {
                let sink = writing.await.map_err(|_| Interrupted)?.map_err(disk)?;
                Ok((sink, hashing.done().await.map_err(disk)?))
            }
        }
    }
}
