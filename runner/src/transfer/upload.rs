//! One output by presigned PUT, straight from the file in which it lies.

use std::{io::SeekFrom, path::Path, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use md5::{Digest, Md5};
use reqwest::{
    Body,
    header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue},
};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
};
use tokio_util::io::ReaderStream;

use super::TransferError;
use crate::{
    api::{describe, operations::OutputUrl},
    files,
    fmp4::ByteRange,
    protect::Sealed,
};

/// Even a slow line moves a chunk of some megabytes in this time.
const TIMEOUT: Duration = Duration::from_secs(300);
/// A file of a whole video gets as much longer as it is larger.
const BYTES_PER_SECOND: u64 = 1 << 20;
const BUFFER_BYTES: usize = 256 << 10;

/// What of a file an output is.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// These bytes as they are.
    Clear(ByteRange),
    Sealed(Sealed),
}

impl Content {
    /// In bytes, as it is stored.
    pub fn size(&self) -> u64 {
        match self {
            Self::Clear(range) => range.size,
            Self::Sealed(sealed) => sealed.chunk.file_range.size,
        }
    }

    /// What the store will compare with what arrives.
    ///
    /// # Errors
    /// Whatever opening or reading the file says.
    pub async fn md5(&self, file: &Path) -> std::io::Result<[u8; 16]> {
        let mut bytes = self.read(file).await?;
        let mut hasher = Md5::new();
        while let Some(piece) = bytes.try_next().await? {
            hasher.update(&piece);
        }
        Ok(hasher.finalize().into())
    }

    async fn read(&self, file: &Path) -> std::io::Result<BoxStream<'static, std::io::Result<Bytes>>> {
        match self {
            Self::Clear(range) => {
                let mut file = File::from_std(files::open_made(file)?);
                file.seek(SeekFrom::Start(range.offset)).await?;
                Ok(ReaderStream::with_capacity(file.take(range.size), BUFFER_BYTES).boxed())
            }
            Self::Sealed(sealed) => Ok(sealed.read(file).await?.map_ok(Bytes::from).boxed()),
        }
    }
}

/// Puts `content` of `file` where `url` says, with its exact length.
pub(crate) async fn put(
    http: &reqwest::Client,
    url: &OutputUrl,
    file: &Path,
    content: &Content,
) -> Result<(), TransferError> {
    let body = Body::wrap_stream(content.read(file).await?);
    let mut headers = HeaderMap::new();
    for header in &url.headers {
        let name = HeaderName::try_from(&header.name);
        let value = HeaderValue::try_from(&header.value);
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
    // The length is part of the signature; without it the body would go out in pieces.
    headers.insert(CONTENT_LENGTH, HeaderValue::from(content.size()));
    // The HTTP client fills this in by itself, and twice is an error.
    headers.remove(reqwest::header::HOST);
    let answer = http
        .put(&url.url)
        .headers(headers)
        .timeout(TIMEOUT + Duration::from_secs(content.size() / BYTES_PER_SECOND))
        .body(body)
        .send()
        .await
        .map_err(|error| TransferError::Unavailable(describe(&error.without_url())))?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(TransferError::Unavailable(format!("HTTP status {}", answer.status())))
}
