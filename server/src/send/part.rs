//! One part: read once from the file, hashed on the way, put where it belongs, and compared with what the store
//! says it got.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::StreamExt;
use kinora_digest::Md5Stream;
use kinora_runner::api::describe;
use reqwest::{
    Body, Response, StatusCode,
    header::{CONTENT_LENGTH, ETAG, HOST, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
};
use tokio::{sync::mpsc, time::Instant};
use tokio_stream::wrappers::ReceiverStream;

use super::operations::PartUrl;

/// So much is read at once; a part in flight holds a few of these, whatever its own size.
const BLOCK_BYTES: usize = 512 * 1024;
const BLOCKS_AHEAD: usize = 2;
/// A connection that takes no bytes and gives no answer for so long is given up.
const SILENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// An error of a store is a short document.
const LONGEST_ERROR_BYTES: usize = 4 * 1024;

/// Where a part lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartRange {
    pub offset: u64,
    pub size: u64,
}

/// Why a part is not in the store.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// The file on this machine cannot be read, or has become shorter.
    #[error("the file cannot be read: {0}")]
    File(io::Error),
    /// The store knows no such upload: it is complete or was given up.
    #[error("the store does not know this upload any more")]
    Gone,
    /// The store says no. A fresh URL helps when the old one had expired.
    #[error("the store refuses a part ({status}): {message}")]
    Refused { status: StatusCode, message: String },
    /// What arrived is not what was sent.
    #[error("the store got other bytes than were sent (it says {etag})")]
    Damaged { etag: String },
    /// No connection, or a store in trouble: worth trying for a while.
    #[error("{message}")]
    Unavailable { message: String, retry_after: Option<Duration> },
}

/// Sends one part and gives its ETag as the store said it, without quotes. `on_bytes` hears of every block that
/// goes out.
///
/// # Errors
/// [`PartError`], by what can be done about it.
pub async fn put(
    http: &reqwest::Client,
    file: Arc<File>,
    range: PartRange,
    url: &PartUrl,
    on_bytes: impl Fn(u64) + Send + Sync + 'static,
) -> Result<String, PartError> {
    let (sender, blocks) = mpsc::channel(BLOCKS_AHEAD);
    let reading = tokio::task::spawn_blocking(move || read(&file, range, &sender));
    let sent = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&sent);
    let body = ReceiverStream::new(blocks).inspect(move |block: &io::Result<Bytes>| {
        if let Ok(block) = block {
            counter.fetch_add(block.len() as u64, Ordering::Relaxed);
            on_bytes(block.len() as u64);
        }
    });
    let request =
        http.put(&url.url).headers(headers_of(url, range.size)).body(Body::wrap_stream(body)).send();
    let answer = tokio::select! {
        answer = request => answer.map_err(|error| unavailable(describe(&error.without_url()))),
        () = silence(&sent) => Err(unavailable("the store took nothing for a minute".to_owned())),
    };
    // The reader ends with the request: its channel is closed by then.
    let read = reading.await.map_err(|error| PartError::File(io::Error::other(error)))?;
    let md5 = match (read, &answer) {
        (Err(error), _) => return Err(PartError::File(error)),
        (Ok(md5), _) => md5,
    };
    let answer = answer?;
    if !answer.status().is_success() {
        return Err(refusal(answer).await);
    }
    let etag = answer
        .headers()
        .get(ETAG)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.trim_matches('"').to_owned())
        .ok_or_else(|| unavailable("the store took a part and gave no ETag".to_owned()))?;
    match md5 {
        // Some stores that encrypt have ETags of another kind; nothing can be told from those.
        Some(md5) if etag.len() == 32 && !etag.eq_ignore_ascii_case(&hex::encode(md5)) => {
            Err(PartError::Damaged { etag })
        }
        Some(_) => Ok(etag),
        // The store answered before it had everything.
        None => Err(unavailable("the store answered too early".to_owned())),
    }
}

/// Bytes of a part on their way. Their memory is used again for later ones, since new memory costs the system about
/// as much time as the copying does.
struct Block {
    bytes: Vec<u8>,
    used: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Block {
    fn take(used: &Arc<Mutex<Vec<Vec<u8>>>>, length: usize) -> Self {
        let mut bytes = used.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        bytes.resize(length, 0);
        Self { bytes, used: Arc::clone(used) }
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut self.bytes));
    }
}

/// Reads the range into the channel; the MD5 of all of it, or nothing when nobody listens any more.
fn read(
    file: &File,
    range: PartRange,
    sender: &mpsc::Sender<io::Result<Bytes>>,
) -> io::Result<Option<[u8; 16]>> {
    let mut hashing = Md5Stream::default().update(Vec::new());
    let mut done = 0;
    let used = Arc::default();
    while done < range.size {
        let length = usize::try_from(range.size - done).map_or(BLOCK_BYTES, |left| left.min(BLOCK_BYTES));
        let mut block = Block::take(&used, length);
        if let Err(error) = file.read_exact_at(&mut block.bytes, range.offset + done) {
            let told = io::Error::new(error.kind(), error.to_string());
            // Ends the request; that nobody listens any more is as good.
            let _ = sender.blocking_send(Err(error));
            return Err(told);
        }
        let block = Bytes::from_owner(block);
        // First the line: the hash of the block before may wait for other parts.
        if sender.blocking_send(Ok(block.clone())).is_err() {
            return Ok(None);
        }
        hashing = hashing.blocking_done()?.update(vec![block]);
        done += length as u64;
    }
    Ok(Some(hashing.blocking_done()?.finish()))
}

fn headers_of(url: &PartUrl, size: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for header in &url.headers {
        if let (Ok(name), Ok(value)) =
            (HeaderName::try_from(&header.name), HeaderValue::try_from(&header.value))
        {
            headers.insert(name, value);
        }
    }
    // The length is part of the signature; without it the body would go out in pieces.
    headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    // The HTTP client fills this in by itself, and twice is an error.
    headers.remove(HOST);
    headers
}

/// Comes back when the counter has stood still for too long.
async fn silence(sent: &AtomicU64) {
    let (mut last, mut since) = (0, Instant::now());
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = sent.load(Ordering::Relaxed);
        if now != last {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() > SILENCE {
            return;
        }
    }
}

fn unavailable(message: String) -> PartError {
    PartError::Unavailable { message, retry_after: None }
}

async fn refusal(answer: Response) -> PartError {
    let status = answer.status();
    let retry_after = answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    let mut text = Vec::new();
    let mut body = answer.bytes_stream();
    while let Some(Ok(piece)) = body.next().await {
        text.extend_from_slice(&piece);
        if text.len() > LONGEST_ERROR_BYTES {
            break;
        }
    }
    let text = String::from_utf8_lossy(&text);
    let message = element(&text, "Message").or_else(|| element(&text, "Code")).unwrap_or("no reason given");
    match status {
        StatusCode::NOT_FOUND => PartError::Gone,
        StatusCode::INSUFFICIENT_STORAGE => PartError::Refused { status, message: message.to_owned() },
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            PartError::Unavailable { message: format!("HTTP status {status}: {message}"), retry_after }
        }
        status if status.is_server_error() => {
            PartError::Unavailable { message: format!("HTTP status {status}: {message}"), retry_after }
        }
        _ => PartError::Refused { status, message: message.to_owned() },
    }
}

/// The text of an element of an S3 error, which are all of one line and without attributes.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("<{name}>"))?;
    after.split_once(&format!("</{name}>")).map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_store_is_found() {
        let text = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
        assert_eq!(element(text, "Message"), Some("Request has expired"));
        assert_eq!(element(text, "Code"), Some("AccessDenied"));
        assert_eq!(element("<html>", "Message"), None);
    }
}
