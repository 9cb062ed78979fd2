//! The store behind a real listener, spoken to by the real SDK and, where the SDK is too polite, by hand.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod faults;
mod multipart;
mod objects;
mod signatures;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{Store, StoreError, router};

const BUCKET: &str = "kinora";
const PART: usize = 5 * 1024 * 1024;

/// A store that is served, in a folder that goes away with it.
struct Served {
    folder: Arc<TempDir>,
    store: Store,
    address: String,
    client: Client,
    task: JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve() -> Served {
    serve_in(Arc::new(tempfile::tempdir().unwrap())).await
}

async fn serve_in(folder: Arc<TempDir>) -> Served {
    let begin = Instant::now();
    let store = loop {
        match Store::open(folder.path()) {
            // Connections of the server before hold the store until they notice that their client is gone.
            Err(StoreError::InUse { .. }) if begin.elapsed() < Duration::from_secs(5) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            opened => break opened.unwrap(),
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let app = router(store.clone(), BUCKET, "access", "secret");
    let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let client = client_for(&format!("http://{address}"), "secret");
    Served { folder, store, address, client, task }
}

impl Served {
    /// Stops serving and opens the same folder again, as after a restart.
    async fn reopen(self) -> Self {
        let folder = self.folder.clone();
        drop(self);
        serve_in(folder).await
    }

    async fn put(&self, key: &str, bytes: &[u8]) -> String {
        let body = ByteStream::from(bytes.to_vec());
        let put = self.client.put_object().bucket(BUCKET).key(key).body(body).send().await.unwrap();
        put.e_tag.unwrap()
    }

    async fn get(&self, key: &str) -> Vec<u8> {
        let got = self.client.get_object().bucket(BUCKET).key(key).send().await.unwrap();
        got.body.collect().await.unwrap().to_vec()
    }

    async fn begin(&self, key: &str) -> String {
        let begun = self.client.create_multipart_upload().bucket(BUCKET).key(key);
        begun.content_type("video/mp4").metadata("who", "me").send().await.unwrap().upload_id.unwrap()
    }

    async fn part(&self, key: &str, upload: &str, number: i32, bytes: Vec<u8>) -> Result<String, String> {
        let part = self.client.upload_part().bucket(BUCKET).key(key).upload_id(upload).part_number(number);
        let sent = part.body(ByteStream::from(bytes)).send().await;
        sent.map(|sent| sent.e_tag.unwrap()).map_err(|error| code(&error))
    }

    async fn complete(&self, key: &str, upload: &str, parts: &[(i32, &str)]) -> Result<String, String> {
        let parts = parts.iter().map(|(number, etag)| {
            aws_sdk_s3::types::CompletedPart::builder().part_number(*number).e_tag(*etag).build()
        });
        let list = aws_sdk_s3::types::CompletedMultipartUpload::builder().set_parts(Some(parts.collect()));
        let request = self.client.complete_multipart_upload().bucket(BUCKET).key(key).upload_id(upload);
        let done = request.multipart_upload(list.build()).send().await;
        done.map(|done| done.e_tag.unwrap()).map_err(|error| code(&error))
    }

    /// Files of a folder of the store, wherever they are below it.
    fn files(&self, folder: &str) -> Vec<std::path::PathBuf> {
        files_below(&self.folder.path().join(folder))
    }
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

fn client_for(endpoint: &str, secret: &str) -> Client {
    let http =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("auto"))
        .credentials_provider(Credentials::new("access", secret, None, None, "test"))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled())
        .http_client(http);
    Client::from_conf(config.build())
}

/// The code of a refused request, or its status when there is no body to say.
fn code<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::fmt::Debug,
    R: std::fmt::Debug,
{
    match error.code() {
        Some(code) => code.to_owned(),
        None => format!("{error:?}"),
    }
}

fn for_an_hour() -> PresigningConfig {
    PresigningConfig::expires_in(Duration::from_secs(3600)).unwrap()
}

/// An answer, read by hand.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends a request exactly as given, with `Host` and `Connection: close` added. Hangs up after the body if
/// more was announced.
async fn by_hand(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    // A server that has answered already may have closed its side.
    let _ = stream.write_all(body).await;
    let announced =
        headers.iter().find(|(name, _)| *name == "Content-Length").map(|(_, length)| length.parse());
    if announced.is_some_and(|length: Result<usize, _>| length.unwrap() > body.len()) {
        let _ = stream.shutdown().await;
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let split = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(answer.len());
    let head = String::from_utf8_lossy(&answer[..split]).to_lowercase();
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head, body: answer.get(split + 4..).unwrap_or_default().to_vec() }
}

/// Path and query of a presigned URL.
fn path_of(presigned: &PresignedRequest) -> String {
    let url = url::Url::parse(presigned.uri()).unwrap();
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

/// Bytes that differ from place to place.
fn noise(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|at| ((at * 31 + at / 251) as u8).wrapping_add(seed)).collect()
}
