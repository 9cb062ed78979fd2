//! Multipart uploads as the server sees them: begun, listed, completed or aborted, never carried.

use aws_sdk_s3::{
    error::ProvideErrorMetadata,
    types::{CompletedMultipartUpload, CompletedPart},
};

use super::{Storage, StorageError, client};

/// A part that the store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPart {
    /// 1 to 10,000.
    pub number: i32,
    pub size_bytes: i64,
    /// Without quotes.
    pub etag: String,
}

impl Storage {
    /// Begins a multipart upload and returns the store's name for it. The type is ours, whatever the
    /// uploader says, so that nothing of a stranger is ever served as a page.
    ///
    /// # Errors
    /// [`StorageError::Failed`] when the store does not answer.
    pub async fn begin_multipart(&self, key: &str) -> Result<String, StorageError> {
        let begun = self
            .local
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .content_type("application/octet-stream")
            .send()
            .await
            .map_err(client::failed)?;
        begun.upload_id.ok_or_else(|| StorageError::Failed("a multipart upload without an id".into()))
    }

    /// The parts that have arrived, in order.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] when the upload is completed, aborted or unknown.
    pub async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Vec<StoredPart>, StorageError> {
        let mut parts = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let page = self
                .local
                .list_parts()
                .bucket(&self.bucket)
                .key(key)
                .upload_id(upload_id)
                .set_part_number_marker(marker)
                .send()
                .await
                .map_err(|error| match error.code() {
                    Some("NoSuchUpload") => StorageError::NotFound,
                    _ => client::failed(error),
                })?;
            for part in page.parts() {
                let (Some(number), Some(size_bytes), Some(etag)) =
                    (part.part_number, part.size, part.e_tag())
                else {
                    return Err(StorageError::Failed("a part without number, size or ETag".into()));
                };
                parts.push(StoredPart { number, size_bytes, etag: etag.trim_matches('"').to_owned() });
            }
            if page.is_truncated() != Some(true) {
                return Ok(parts);
            }
            marker = page.next_part_number_marker;
        }
    }

    /// Makes one object of the parts.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] when the upload is completed, aborted or unknown.
    pub async fn complete_multipart(
        &self,
        key: &str,
        upload_id: &str,
        parts: &[StoredPart],
    ) -> Result<(), StorageError> {
        let parts = parts
            .iter()
            .map(|part| CompletedPart::builder().part_number(part.number).e_tag(&part.etag).build())
            .collect();
        self.local
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .send()
            .await
            .map_err(|error| match error.code() {
                Some("NoSuchUpload") => StorageError::NotFound,
                _ => client::failed(error),
            })?;
        Ok(())
    }

    /// Gives an upload up and frees its parts; one that is gone already is no error.
    ///
    /// # Errors
    /// [`StorageError::Failed`] when the store does not answer.
    pub async fn abort_multipart(&self, key: &str, upload_id: &str) -> Result<(), StorageError> {
        let aborted = self
            .local
            .abort_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload_id)
            .send()
            .await;
        match aborted {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchUpload") => Ok(()),
            Err(error) => Err(client::failed(error)),
        }
    }
}
