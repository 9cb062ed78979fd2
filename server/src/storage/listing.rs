//! What the bucket holds.

use std::time::SystemTime;

use super::{Storage, StorageError, client};

/// An object in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    pub key: String,
    pub size_bytes: i64,
    pub modified: SystemTime,
}

/// A multipart upload that was begun and neither completed nor aborted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMultipart {
    pub key: String,
    pub upload_id: String,
    pub begun: SystemTime,
}

/// Some of the objects, in the order of their keys.
#[derive(Clone, Debug, Default)]
pub struct ObjectPage {
    pub objects: Vec<StoredObject>,
    /// Where the next page begins; nothing when this was the last.
    pub next: Option<String>,
}

impl Storage {
    /// A page of all objects whose key begins with `prefix`, at most a thousand.
    ///
    /// # Errors
    /// [`StorageError::Failed`] when the store does not answer.
    pub async fn list_objects(
        &self,
        prefix: &str,
        continue_at: Option<String>,
    ) -> Result<ObjectPage, StorageError> {
        let page = self
            .local
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .set_continuation_token(continue_at)
            .send()
            .await
            .map_err(client::failed)?;
        let objects = page.contents().iter().filter_map(|object| {
            Some(StoredObject {
                key: object.key()?.to_owned(),
                size_bytes: object.size().unwrap_or_default(),
                modified: time(object.last_modified()),
            })
        });
        Ok(ObjectPage { objects: objects.collect(), next: page.next_continuation_token })
    }

    /// All open multipart uploads of keys that begin with `prefix`.
    ///
    /// # Errors
    /// [`StorageError::Failed`] when the store does not answer.
    pub async fn list_multiparts(&self, prefix: &str) -> Result<Vec<OpenMultipart>, StorageError> {
        let mut found = Vec::new();
        let (mut key, mut id) = (None, None);
        loop {
            let page = self
                .local
                .list_multipart_uploads()
                .bucket(&self.bucket)
                .prefix(prefix)
                .set_key_marker(key)
                .set_upload_id_marker(id)
                .send()
                .await
                .map_err(client::failed)?;
            found.extend(page.uploads().iter().filter_map(|upload| {
                Some(OpenMultipart {
                    key: upload.key()?.to_owned(),
                    upload_id: upload.upload_id()?.to_owned(),
                    begun: time(upload.initiated()),
                })
            }));
            if page.is_truncated() != Some(true) || page.next_key_marker.is_none() {
                return Ok(found);
            }
            (key, id) = (page.next_key_marker, page.next_upload_id_marker);
        }
    }
}

/// What has no time is taken for new, so that nothing is thrown away for lack of one.
fn time(of: Option<&aws_sdk_s3::primitives::DateTime>) -> SystemTime {
    of.and_then(|time| SystemTime::try_from(*time).ok()).unwrap_or_else(SystemTime::now)
}
