//! A file from the disk into the bucket, part by part, so that memory holds one part however large it is.

use std::{
    collections::HashMap,
    fs::{File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
};

use bytes::Bytes;
use md5::{Digest, Md5};

use crate::{
    app::App,
    storage::{StorageError, StoredPart},
    upload::PartPlan,
};

/// Why a file did not get into the bucket.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    #[error("it changed while it was read; run the import again once it is finished")]
    Changed,
    #[error("{}", super::walk::reason(.0))]
    Read(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StorageError),
}

/// Puts an open file of `size_bytes` under `key`, whatever was there before. Parts of an attempt that was
/// cut off are not sent again. `on_bytes` hears how many more bytes are stored.
///
/// # Errors
/// [`PutError`]; then nothing of it is left in the bucket, as far as the bucket answers.
pub async fn put(
    app: &App,
    key: &str,
    file: File,
    size_bytes: i64,
    on_bytes: &(dyn Fn(u64) + Sync),
) -> Result<(), PutError> {
    let plan = PartPlan::new(size_bytes);
    let mut reader = Reader::new(file, size_bytes)?;
    if plan.part_count == 1 {
        // One request, and no other than this process could ever write it: a multipart upload guards
        // addresses that were given to others.
        let (part, md5) = reader.part(size_bytes).await?;
        reader.finish()?;
        app.storage.put(key, part, &md5, "application/octet-stream").await?;
        on_bytes(size_bytes.unsigned_abs());
        return Ok(());
    }
    let upload = Multipart::resume(app, key).await?;
    let outcome = upload.fill(&mut reader, &plan, on_bytes).await;
    if outcome.is_err()
        && let Err(error) = app.storage.abort_multipart(key, &upload.id).await
    {
        tracing::warn!(%error, "parts of a failed import are left over in the store until the sweep");
    }
    outcome
}

struct Multipart<'a> {
    app: &'a App,
    key: &'a str,
    id: String,
    /// What an earlier attempt left, by number.
    stored: HashMap<i32, StoredPart>,
}

impl<'a> Multipart<'a> {
    /// Goes on with the upload that an attempt before left under this key, or begins one.
    async fn resume(app: &'a App, key: &'a str) -> Result<Self, StorageError> {
        let of_other_keys_too = app.storage.list_multiparts(key).await?.into_iter();
        let mut left_over = of_other_keys_too.filter(|open| open.key == key).map(|open| open.upload_id);
        let resumed = match left_over.next() {
            Some(id) => match app.storage.list_parts(key, &id).await {
                Ok(parts) => Some((id, parts.into_iter().map(|part| (part.number, part)).collect())),
                Err(StorageError::NotFound) => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        for id in left_over {
            app.storage.abort_multipart(key, &id).await?;
        }
        let (id, stored) = match resumed {
            Some(resumed) => resumed,
            None => (app.storage.begin_multipart(key).await?, HashMap::new()),
        };
        Ok(Self { app, key, id, stored })
    }

    async fn fill(
        &self,
        reader: &mut Reader,
        plan: &PartPlan,
        on_bytes: &(dyn Fn(u64) + Sync),
    ) -> Result<(), PutError> {
        let mut parts = Vec::with_capacity(usize::try_from(plan.part_count).unwrap_or_default());
        for number in 1..=plan.part_count {
            let size_bytes = plan.length_of(number).unwrap_or_default();
            let (part, md5) = reader.part(size_bytes).await?;
            let there = self.stored.get(&number);
            let etag = match there {
                Some(stored) if stored.size_bytes == size_bytes && stored.etag == hex::encode(md5) => {
                    stored.etag.clone()
                }
                _ => self.app.storage.put_part(self.key, &self.id, number, part, &md5).await?,
            };
            parts.push(StoredPart { number, size_bytes, etag });
            on_bytes(size_bytes.unsigned_abs());
        }
        reader.finish()?;
        Ok(self.app.storage.complete_multipart(self.key, &self.id, &parts).await?)
    }
}

/// Reads a file from its beginning to its end, and sees when somebody writes to it meanwhile.
struct Reader {
    file: Option<File>,
    before: Metadata,
}

impl Reader {
    fn new(file: File, size_bytes: i64) -> Result<Self, PutError> {
        let before = file.metadata()?;
        if i64::try_from(before.len()) != Ok(size_bytes) {
            return Err(PutError::Changed);
        }
        Ok(Self { file: Some(file), before })
    }

    /// The next bytes with their MD5.
    async fn part(&mut self, size_bytes: i64) -> Result<(Bytes, [u8; 16]), PutError> {
        let Some(mut file) = self.file.take() else {
            return Err(PutError::Read(io::Error::other("it could not be read")));
        };
        let read = tokio::task::spawn_blocking(move || {
            let mut part = vec![0; usize::try_from(size_bytes).unwrap_or_default()];
            let outcome = file.read_exact(&mut part);
            let md5: [u8; 16] = Md5::digest(&part).into();
            (file, outcome.map(|()| (Bytes::from(part), md5)))
        });
        let (file, outcome) = read.await.map_err(io::Error::other)?;
        self.file = Some(file);
        outcome.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => PutError::Changed,
            _ => PutError::Read(error),
        })
    }

    /// Whether the file is still what it was at the beginning.
    fn finish(&self) -> Result<(), PutError> {
        let written = |metadata: &Metadata| (metadata.len(), metadata.mtime(), metadata.mtime_nsec());
        let after = self.file.as_ref().map(File::metadata).transpose()?;
        match after {
            Some(after) if written(&after) == written(&self.before) => Ok(()),
            _ => Err(PutError::Changed),
        }
    }
}
