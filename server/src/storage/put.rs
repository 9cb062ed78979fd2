//! Bytes that the server itself brings in, for imports from its own disk. Everybody else's go by presigned
//! addresses.

use aws_sdk_s3::primitives::ByteStream;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;

use super::{Md5, Storage, StorageError, client};

impl Storage {
    /// Stores a small object whole, in place of any other under that key. `md5` is of the bytes; the store
    /// compares. `content_type` is
    /// what it is served as.
    ///
    /// # Errors
    /// [`StorageError::Failed`] when the store does not answer or received other bytes.
    pub async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        md5: &Md5,
        content_type: &str,
    ) -> Result<(), StorageError> {
        self.local
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .content_md5(BASE64_STANDARD.encode(md5))
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(client::failed)?;
        Ok(())
    }

    /// Stores one part of a multipart upload and returns its ETag, without quotes.
    ///
    /// # Errors
    /// [`StorageError::Failed`] when the store does not answer or received other bytes.
    pub async fn put_part(
        &self,
        key: &str,
        upload_id: &str,
        number: i32,
        bytes: Bytes,
        md5: &Md5,
    ) -> Result<String, StorageError> {
        let stored = self
            .local
            .upload_part()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id)
            .part_number(number)
            .content_md5(BASE64_STANDARD.encode(md5))
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(client::failed)?;
        let etag = stored.e_tag.ok_or_else(|| StorageError::Failed("a part without an ETag".into()))?;
        Ok(etag.trim_matches('"').to_owned())
    }
}
