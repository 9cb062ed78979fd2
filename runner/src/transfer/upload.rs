//! One output by presigned PUT, straight from the file in which it lies.

use std::{io::SeekFrom, path::Path, time::Duration};

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

    async fn body(&self, file: &Path) -> std::io::Result<Body> {
        match self {
            Self::Clear(range) => {
                let mut file = File::from_std(files::open_made(file)?);
                file.seek(SeekFrom::Start(range.offset)).await?;
                Ok(Body::wrap_stream(ReaderStream::with_capacity(file.take(range.size), BUFFER_BYTES)))
            }
            Self::Sealed(sealed) => Ok(Body::wrap_stream(sealed.read(file).await?)),
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
    let body = content.body(file).await?;
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
