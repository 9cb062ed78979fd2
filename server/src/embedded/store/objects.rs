//! Putting, removing and copying objects on the disk. All of this blocks.

use std::fs;
use std::fs::File;
use std::io::{self, Write};

use md5::{Digest, Md5};
use s3s::dto::{ETagCondition, Timestamp};
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::Shelf;
use super::bytes_out::{Source, pieces};
use super::error::{disk, refuse};
use super::folders::{Unfinished, sync_parent};
use super::record::{Headers, Parts, Record, now_ms};

/// What a request demands of the object as it is now.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    pub if_match: Option<ETagCondition>,
    pub if_none_match: Option<ETagCondition>,
    pub if_modified_since: Option<Timestamp>,
    pub if_unmodified_since: Option<Timestamp>,
}

/// How the conditions of a reading request came out.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Met,
    NotModified,
    Failed,
}

impl Conditions {
    /// Judges a request that reads, in the order of RFC 9110 section 13.2.2.
    pub fn judge(&self, record: &Record) -> Verdict {
        let etag = record.etag();
        // HTTP knows whole seconds only.
        let modified: Timestamp =
            (std::time::UNIX_EPOCH + std::time::Duration::from_secs(record.modified_ms / 1000)).into();
        let strong = |wanted: &ETagCondition| wanted.as_etag().is_none_or(|wanted| wanted.strong_cmp(&etag));
        let weak = |wanted: &ETagCondition| wanted.as_etag().is_none_or(|wanted| wanted.weak_cmp(&etag));
        match (&self.if_match, &self.if_unmodified_since) {
            (Some(wanted), _) if !strong(wanted) => return Verdict::Failed,
            (None, Some(since)) if modified > *since => return Verdict::Failed,
            _ => {}
        }
        match (&self.if_none_match, &self.if_modified_since) {
            (Some(wanted), _) if weak(wanted) => Verdict::NotModified,
            (None, Some(since)) if modified <= *since => Verdict::NotModified,
            _ => Verdict::Met,
        }
    }

    /// Judges a request that writes, against what is there.
    pub fn allow_writing_over(&self, existing: Option<&Record>) -> S3Result<()> {
        let matches = |wanted: &ETagCondition| {
            existing.is_some_and(|found| wanted.as_etag().is_none_or(|etag| etag.strong_cmp(&found.etag())))
        };
        let refused = self.if_match.as_ref().is_some_and(|wanted| !matches(wanted))
            || self.if_none_match.as_ref().is_some_and(matches);
        if refused { Err(failed()) } else { Ok(()) }
    }
}

/// The answer to a condition that is not met.
pub(super) fn failed() -> S3Error {
    refuse(S3ErrorCode::PreconditionFailed, "The object is not as the request's conditions demand.")
}

/// A copy that is asked for.
pub(super) struct Copy {
    pub from: (String, String),
    pub to: (String, String),
    pub conditions: Conditions,
    /// `None` keeps those of the source.
    pub headers: Option<Headers>,
}

impl Shelf {
    /// Opens an object, or says that it or its bucket does not exist.
    pub fn open_object(&self, bucket: &str, key: &str) -> S3Result<Source> {
        self.check_bucket(bucket)?;
        Source::open(&self.folders, &self.pins, bucket, key)
            .map_err(disk)?
            .ok_or_else(|| refuse(S3ErrorCode::NoSuchKey, "There is no object of this key."))
    }

    pub fn check_bucket(&self, bucket: &str) -> S3Result<()> {
        if self.buckets.contains(bucket) {
            return Ok(());
        }
        Err(refuse(S3ErrorCode::NoSuchBucket, "There is no bucket of this name."))
    }

    /// Makes `file` the object that `record` describes; it holds the object's bytes, or none if they are in
    /// parts. When this returns the object is safe, and what it replaced is gone.
    pub fn publish(
        &self,
        unfinished: Unfinished,
        mut file: File,
        record: &Record,
        conditions: &Conditions,
    ) -> S3Result<()> {
        record.append_to(&mut file).and_then(|()| file.sync_all()).map_err(disk)?;
        let path = self.folders.object(&record.bucket, &record.key);
        let replaced = {
            let _writing = self.object_locks.lock(&path);
            let existing = Record::replaceable(&path).map_err(disk)?;
            conditions.allow_writing_over(existing.as_ref())?;
            unfinished.place(&path).map_err(disk)?;
            self.index.insert(&record.bucket, &record.key);
            existing.and_then(|existing| existing.parts)
        };
        sync_parent(&path).map_err(disk)?;
        self.discard(replaced.filter(|parts| record.parts.as_ref() != Some(parts)));
        Ok(())
    }

    /// Removes an object; it is no error if there is none.
    pub fn delete(&self, bucket: &str, key: &str) -> S3Result<()> {
        self.check_bucket(bucket)?;
        let path = self.folders.object(bucket, key);
        let parts = {
            let _writing = self.object_locks.lock(&path);
            let existing = Record::replaceable(&path).map_err(disk)?;
            match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                removed => removed.map_err(disk)?,
            }
            self.index.remove(bucket, key);
            existing.and_then(|existing| existing.parts)
        };
        sync_parent(&path).map_err(disk)?;
        self.discard(parts);
        Ok(())
    }

    /// Removes the parts of an object that is no more, once nobody reads them. The receipt of the upload
    /// stays, so that completing it again has the same answer. What a crash leaves is found by the sweep.
    fn discard(&self, parts: Option<Parts>) {
        let Some(Parts { upload, files }) = parts else { return };
        let Some(folder) = self.folders.upload(&upload) else { return };
        self.pins.remove_unread(&upload, move || {
            for (number, _) in files {
                let part = folder.join(super::bytes_out::part_name(number));
                match fs::remove_file(&part) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        tracing::warn!(%error, path = %part.display(), "a part could not be removed");
                    }
                    _ => {}
                }
            }
        });
    }

    /// Copies an object on the disk, without holding it in memory.
    pub fn copy(&self, copy: Copy) -> S3Result<Record> {
        self.check_bucket(&copy.to.0)?;
        let source = self.open_object(&copy.from.0, &copy.from.1)?;
        if copy.conditions.judge(&source.record) != Verdict::Met {
            return Err(failed());
        }
        let (unfinished, mut file) = self.folders.unfinished_file().map_err(disk)?;
        let mut md5 = Md5::new();
        for piece in pieces(0..source.record.size) {
            let bytes = source.read(piece).map_err(disk)?;
            md5.update(&bytes);
            file.write_all(&bytes).map_err(disk)?;
        }
        let record = Record {
            bucket: copy.to.0,
            key: copy.to.1,
            size: source.record.size,
            etag: hex::encode(md5.finalize()),
            modified_ms: now_ms(),
            headers: copy.headers.unwrap_or(source.record.headers),
            parts: None,
        };
        self.publish(unfinished, file, &record, &Conditions::default())?;
        Ok(record)
    }
}
