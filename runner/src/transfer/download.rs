//! The source by presigned GET, going on where it broke off.

use std::{io::SeekFrom, path::Path, time::Duration};

use futures::StreamExt;
use reqwest::{StatusCode, header::RANGE};
use tokio::{
    fs::{File, OpenOptions},
    io::{AsyncSeekExt, AsyncWriteExt, BufWriter},
};

use super::TransferError;
use crate::{
    api::{Backoff, describe},
    fmp4::ByteRange,
};

/// Attempts without a single new byte.
const FRUITLESS_ATTEMPTS: u32 = 6;
/// A connection that is silent for this long is given up.
const SILENCE: Duration = Duration::from_secs(30);
const BUFFER_BYTES: usize = 1 << 20;
/// So much more than the source itself must be free: the renditions need room as well.
const HEADROOM_BYTES: u64 = 256 << 20;

/// Writes exactly `size` bytes to `path`; `on_part` hears how much is there, from 0 to 1.
pub(crate) async fn download(
    http: &reqwest::Client,
    url: &str,
    size: u64,
    path: &Path,
    on_part: &(dyn Fn(f64) + Send + Sync),
) -> Result<(), TransferError> {
    let file = OpenOptions::new().write(true).create_new(true).open(path).await?;
    check_space(path, size)?;
    let mut target =
        Target { file: BufWriter::with_capacity(BUFFER_BYTES, file), received: 0, size, on_part };
    let mut backoff = Backoff::new(Duration::from_millis(300), Duration::from_secs(20));
    let mut fruitless = 0;
    while target.received < size {
        let before = target.received;
        match target.fetch(http, url).await {
            Ok(()) => {}
            Err(error @ TransferError::Unavailable(_)) => {
                fruitless = if target.received > before { 0 } else { fruitless + 1 };
                if fruitless >= FRUITLESS_ATTEMPTS {
                    return Err(error);
                }
                tracing::warn!(%error, received = target.received, size, "downloading on");
                tokio::time::sleep(backoff.next_pause()).await;
            }
            Err(error) => return Err(error),
        }
    }
    target.file.flush().await?;
    Ok(())
}

/// Writes the bytes of `range` to their place in the file at `path`, which is there and has the full size.
pub(crate) async fn download_range(
    http: &reqwest::Client,
    url: &str,
    range: ByteRange,
    path: &Path,
) -> Result<(), TransferError> {
    let mut backoff = Backoff::new(Duration::from_millis(300), Duration::from_secs(20));
    let (mut received, mut fruitless) = (0, 0);
    while received < range.size {
        let rest = ByteRange { offset: range.offset + received, size: range.size - received };
        let mut file = OpenOptions::new().write(true).open(path).await?;
        file.seek(SeekFrom::Start(rest.offset)).await?;
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, file);
        let before = received;
        let outcome = fetch_range(http, url, rest, &mut file, &mut received).await;
        file.flush().await?;
        match outcome {
            Ok(()) => {}
            Err(error @ TransferError::Unavailable(_)) => {
                fruitless = if received > before { 0 } else { fruitless + 1 };
                if fruitless >= FRUITLESS_ATTEMPTS {
                    return Err(error);
                }
                tracing::warn!(%error, received, size = range.size, "downloading on");
                tokio::time::sleep(backoff.next_pause()).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn fetch_range(
    http: &reqwest::Client,
    url: &str,
    range: ByteRange,
    file: &mut BufWriter<File>,
    received: &mut u64,
) -> Result<(), TransferError> {
    let unavailable = |error: reqwest::Error| TransferError::Unavailable(describe(&error.without_url()));
    let bytes = format!("bytes={}-{}", range.offset, range.offset + range.size - 1);
    let answer = tokio::time::timeout(SILENCE, http.get(url).header(RANGE, bytes).send())
        .await
        .map_err(|_| silent())?
        .map_err(unavailable)?;
    if answer.status() != StatusCode::PARTIAL_CONTENT {
        return Err(TransferError::Unavailable(format!("HTTP status {} for a range", answer.status())));
    }
    let mut rest = range.size;
    let mut body = answer.bytes_stream();
    while let Some(piece) = tokio::time::timeout(SILENCE, body.next()).await.map_err(|_| silent())? {
        let piece = piece.map_err(unavailable)?;
        rest = rest
            .checked_sub(piece.len() as u64)
            .ok_or_else(|| TransferError::Unavailable("more bytes than promised".to_owned()))?;
        file.write_all(&piece).await?;
        *received += piece.len() as u64;
    }
    if rest > 0 {
        return Err(TransferError::Unavailable("fewer bytes than promised".to_owned()));
    }
    Ok(())
}

struct Target<'a> {
    file: BufWriter<File>,
    received: u64,
    size: u64,
    on_part: &'a (dyn Fn(f64) + Send + Sync),
}

impl Target<'_> {
    /// One request for what is missing; an error leaves what was received in place.
    async fn fetch(&mut self, http: &reqwest::Client, url: &str) -> Result<(), TransferError> {
        let unavailable = |error: reqwest::Error| TransferError::Unavailable(describe(&error.without_url()));
        let mut request = http.get(url);
        if self.received > 0 {
            request = request.header(RANGE, format!("bytes={}-", self.received));
        }
        let answer = tokio::time::timeout(SILENCE, request.send())
            .await
            .map_err(|_| silent())?
            .map_err(unavailable)?;
        match answer.status() {
            StatusCode::PARTIAL_CONTENT => {}
            StatusCode::OK => {
                // Either it was the first request, or the range was not understood and all comes again.
                self.file.flush().await?;
                self.file.rewind().await?;
                self.received = 0;
            }
            status => return Err(TransferError::Unavailable(format!("HTTP status {status}"))),
        }
        let mut body = answer.bytes_stream();
        while let Some(piece) = tokio::time::timeout(SILENCE, body.next()).await.map_err(|_| silent())? {
            let piece = piece.map_err(unavailable)?;
            if self.received + piece.len() as u64 > self.size {
                self.received = 0;
                return Err(TransferError::Unavailable("more bytes than promised".to_owned()));
            }
            self.file.write_all(&piece).await?;
            self.received += piece.len() as u64;
            (self.on_part)(self.received as f64 / self.size as f64);
        }
        if self.received < self.size {
            return Err(TransferError::Unavailable("fewer bytes than promised".to_owned()));
        }
        Ok(())
    }
}

fn silent() -> TransferError {
    TransferError::Unavailable("no bytes for too long".to_owned())
}

/// Says early what would otherwise come to light after minutes of work.
fn check_space(path: &Path, size: u64) -> Result<(), TransferError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    // Where the question is not answered, the writes will tell.
    let Ok(statistics) = nix::sys::statvfs::statvfs(folder) else { return Ok(()) };
    #[allow(clippy::useless_conversion)] // The types differ between systems.
    let free = u64::from(statistics.blocks_available()).saturating_mul(u64::from(statistics.fragment_size()));
    let needed = size.saturating_mul(2).saturating_add(HEADROOM_BYTES);
    if free < needed {
        return Err(TransferError::OutOfDisk(format!("{free} bytes are free, {needed} are needed")));
    }
    Ok(())
}
