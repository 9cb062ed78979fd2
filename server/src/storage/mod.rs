//! The bucket: one module for the embedded store, R2, AWS and everything else that speaks S3.

mod client;
pub mod keys;
mod listing;
mod multipart;
mod presign;
mod put;

use std::time::Duration;

use aws_sdk_s3::Client;
use bytes::Bytes;
use url::Url;

use crate::clock::Clock;

pub use client::Endpoint;
pub use listing::{ObjectPage, OpenMultipart, StoredObject};
pub use multipart::StoredPart;
pub use presign::PresignedRequest;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("the store does not know it")]
    NotFound,
    /// The store is away, refuses, or answers nonsense; the text is for the log.
    #[error("the store failed: {0}")]
    Failed(String),
}

impl From<StorageError> for crate::error::Error {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::NotFound => Self::internal(error),
            StorageError::Failed(_) => Self::unavailable(error),
        }
    }
}

/// A digest of an object's bytes.
pub type Md5 = [u8; 16];

/// Who will use a presigned address: that decides the host it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Anybody on the network, by the store's public address.
    Network,
    /// The embedded runner, which reaches the embedded store on this machine even where the public
    /// address leads through a proxy that only the outside can see.
    ThisMachine,
}

/// How long a presigned address for bytes on their way in is good.
pub const UPLOAD_URL_LIFETIME: Duration = Duration::from_secs(3600);
/// How long a presigned address for media is good: longer than anybody watches.
pub const MEDIA_URL_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// The bucket and the ways to it.
#[derive(Clone, Debug)]
pub struct Storage {
    bucket: String,
    /// For what the server itself asks of the store.
    local: Client,
    /// For addresses that others will use.
    network: Client,
    media_url: Option<Url>,
    clock: Clock,
}

impl Storage {
    /// `local` is how the server reaches the store, `network` how everybody else does.
    pub fn new(
        bucket: &str,
        local: &Endpoint,
        network: &Endpoint,
        media_url: Option<Url>,
        clock: Clock,
    ) -> Self {
        Self {
            bucket: bucket.to_owned(),
            local: client::connect(local, bucket),
            network: client::connect(network, bucket),
            media_url,
            clock,
        }
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Deletes every object whose key begins with `prefix`.
    ///
    /// # Errors
    /// [`StorageError::Failed`] when the store does not answer; some objects may be gone by then.
    pub async fn delete_prefix(&self, prefix: &str) -> Result<(), StorageError> {
        loop {
            let page = self
                .local
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(prefix)
                .send()
                .await
                .map_err(client::failed)?;
            let keys: Vec<String> =
                page.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect();
            if keys.is_empty() {
                return Ok(());
            }
            for key in keys {
                self.delete(&key).await?;
            }
        }
    }

    /// Deletes one object; one that is not there is no error.
    ///
    /// # Errors
    /// [`StorageError::Failed`] when the store does not answer.
    pub async fn delete(&self, key: &str) -> Result<(), StorageError> {
        self.local.delete_object().bucket(&self.bucket).key(key).send().await.map_err(client::failed)?;
        Ok(())
    }

    /// The size of an object in bytes.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] when it does not exist.
    pub async fn size_bytes(&self, key: &str) -> Result<i64, StorageError> {
        let head =
            self.local.head_object().bucket(&self.bucket).key(key).send().await.map_err(
                |error| match error.as_service_error() {
                    Some(service) if service.is_not_found() => StorageError::NotFound,
                    _ => client::failed(error),
                },
            )?;
        Ok(head.content_length().unwrap_or_default())
    }

    /// So many bytes of an object from `offset` on, or fewer where it ends before.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] when it does not exist.
    pub async fn read(&self, key: &str, offset: u64, length: u64) -> Result<Bytes, StorageError> {
        let range = format!("bytes={offset}-{}", offset + length.max(1) - 1);
        let object =
            self.local.get_object().bucket(&self.bucket).key(key).range(range).send().await.map_err(
                |error| match error.as_service_error() {
                    Some(service) if service.is_no_such_key() => StorageError::NotFound,
                    _ => client::failed(error),
                },
            )?;
        let bytes = object.body.collect().await.map_err(|error| StorageError::Failed(error.to_string()))?;
        Ok(bytes.into_bytes())
    }

    /// Whether the bucket answers.
    ///
    /// # Errors
    /// [`StorageError`] when it does not.
    pub async fn check(&self) -> Result<(), StorageError> {
        self.local.head_bucket().bucket(&self.bucket).send().await.map_err(client::failed)?;
        Ok(())
    }
}
