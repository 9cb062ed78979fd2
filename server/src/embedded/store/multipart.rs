//! Multipart uploads on the disk. All of this blocks.
//!
//! A part is a file that ends with the MD5 of its bytes, so both appear at once. Completing writes
//! `completing.json`, which is the point of no return, publishes the object, and renames the file to
//! `completed.json`; a crash in between is made good when the store is opened. The parts stay where they are.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use md5::{Digest, Md5};
use s3s::{S3Error, S3ErrorCode, S3Result};
use serde::{Deserialize, Serialize};

use super::Shelf;
use super::bytes_in::Received;
use super::bytes_out::part_name;
use super::error::{FileContext, StoreError, disk, refuse};
use super::folders::{new_id, sync_folder, sync_parent};
use super::objects::Conditions;
use super::record::{Headers, Parts, Record, now_ms};

/// A part other than the last must have at least this size.
pub(super) const SMALLEST_PART_BYTES: u64 = 5 * 1024 * 1024;
/// The highest number of a part.
pub(super) const MOST_PARTS: u16 = 10_000;

const MD5_BYTES: u64 = 16;
pub(super) const BEGUN: &str = "upload.json";
pub(super) const COMPLETING: &str = "completing.json";
pub(super) const COMPLETED: &str = "completed.json";

/// An upload as it was begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Upload {
    pub bucket: String,
    pub key: String,
    pub started_ms: u64,
    pub headers: Headers,
}

/// A completion, kept so that asking for it again has the same answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Receipt {
    /// What the client listed: numbers and ETags.
    listed: Vec<(u16, String)>,
    pub record: Record,
}

/// A part that was received.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub number: u16,
    pub size: u64,
    pub md5: [u8; 16],
    pub modified_ms: u64,
}

impl Part {
    fn read(folder: &Path, number: u16) -> io::Result<Option<Self>> {
        let file = match File::open(folder.join(part_name(number))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let metadata = file.metadata()?;
        let size = metadata.len().checked_sub(MD5_BYTES).ok_or(io::ErrorKind::InvalidData)?;
        let mut md5 = [0; MD5_BYTES as usize];
        file.read_exact_at(&mut md5, size)?;
        let modified = metadata.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(Some(Self { number, size, md5, modified_ms: modified.as_millis() as u64 }))
    }

    pub fn etag(&self) -> String {
        hex::encode(self.md5)
    }
}

fn no_such_upload() -> S3Error {
    refuse(
        S3ErrorCode::NoSuchUpload,
        "There is no such upload: it was never begun, was completed or aborted.",
    )
}

fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// An upload that can still take parts: neither completed nor about to be.
pub(super) fn open_upload(folder: &Path) -> io::Result<Option<Upload>> {
    if folder.join(COMPLETING).exists() || folder.join(COMPLETED).exists() {
        return Ok(None);
    }
    read_json(&folder.join(BEGUN))
}

impl Shelf {
    /// Begins an upload and returns its id.
    pub fn begin_upload(&self, upload: &Upload) -> S3Result<String> {
        self.check_bucket(&upload.bucket)?;
        let id = new_id();
        let begin = || -> io::Result<()> {
            let unfinished = self.folders.tmp().join(&id);
            fs::create_dir(&unfinished)?;
            let mut file = File::create(unfinished.join(BEGUN))?;
            file.write_all(&serde_json::to_vec(upload)?)?;
            file.sync_all()?;
            sync_folder(&unfinished)?;
            let folder = self.folders.multipart().join(&id);
            fs::rename(unfinished, &folder)?;
            sync_parent(&folder)
        };
        begin().map_err(|error| {
            // On a full disk every folder counts; what cannot be removed now goes when the store is opened.
            let _ = fs::remove_dir_all(self.folders.tmp().join(&id));
            disk(error)
        })?;
        Ok(id)
    }

    /// The folder and the beginning of an upload to this very key that still takes parts.
    pub fn find_open_upload(&self, bucket: &str, key: &str, id: &str) -> S3Result<(PathBuf, Upload)> {
        let folder = self.folders.upload(id).ok_or_else(no_such_upload)?;
        match open_upload(&folder).map_err(disk)? {
            Some(upload) if upload.bucket == bucket && upload.key == key => Ok((folder, upload)),
            _ => Err(no_such_upload()),
        }
    }

    /// Makes what was received a part, in place of an earlier one of that number.
    pub fn keep_part(
        &self,
        (bucket, key, id): (&str, &str, &str),
        number: u16,
        mut received: Received,
    ) -> S3Result<()> {
        received.file.write_all(&received.md5).and_then(|()| received.file.sync_all()).map_err(disk)?;
        let folder = {
            let _writing = self.upload_locks.lock(id);
            let (folder, _) = self.find_open_upload(bucket, key, id)?;
            received.unfinished.place(&folder.join(part_name(number))).map_err(disk)?;
            folder
        };
        sync_folder(&folder).map_err(disk)
    }

    /// The parts that were received, by number.
    pub fn parts(&self, folder: &Path) -> io::Result<Vec<Part>> {
        let mut parts = Vec::new();
        for number in part_numbers(folder)? {
            parts.extend(Part::read(folder, number)?);
        }
        parts.sort_by_key(|part| part.number);
        Ok(parts)
    }

    /// Drops an upload and its parts.
    pub fn abort(&self, bucket: &str, key: &str, id: &str) -> S3Result<()> {
        let _writing = self.upload_locks.lock(id);
        let (folder, _) = self.find_open_upload(bucket, key, id)?;
        self.folders.remove_whole(&folder).map_err(disk)
    }

    /// Makes the listed parts an object, or repeats the answer if that was done before.
    pub fn complete(
        &self,
        (bucket, key, id): (&str, &str, &str),
        listed: Vec<(u16, String)>,
        expected_size: Option<u64>,
        conditions: &Conditions,
    ) -> S3Result<Record> {
        let folder = self.folders.upload(id).ok_or_else(no_such_upload)?;
        let _writing = self.upload_locks.lock(id);
        for file in [COMPLETED, COMPLETING] {
            let Some(receipt) = read_json::<Receipt>(&folder.join(file)).map_err(disk)? else { continue };
            if receipt.record.bucket != bucket || receipt.record.key != key || receipt.listed != listed {
                return Err(no_such_upload());
            }
            if file == COMPLETING {
                self.finish_completion(&folder, &receipt)?;
            }
            return Ok(receipt.record);
        }
        let (folder, upload) = self.find_open_upload(bucket, key, id)?;
        let parts = self.check_parts(&folder, &listed)?;
        let size = parts.iter().map(|part| part.size).sum();
        if expected_size.is_some_and(|expected| expected != size) {
            return Err(refuse(
                S3ErrorCode::InvalidRequest,
                "The parts do not add up to the size that was announced.",
            ));
        }
        let existing = Record::replaceable(&self.folders.object(bucket, key)).map_err(disk)?;
        conditions.allow_writing_over(existing.as_ref())?;
        let mut md5_of_md5s = Md5::new();
        parts.iter().for_each(|part| md5_of_md5s.update(part.md5));
        let record = Record {
            bucket: upload.bucket,
            key: upload.key,
            size,
            etag: format!("{}-{}", hex::encode(md5_of_md5s.finalize()), parts.len()),
            modified_ms: now_ms(),
            headers: upload.headers,
            parts: Some(Parts {
                upload: id.to_owned(),
                files: parts.iter().map(|part| (part.number, part.size)).collect(),
            }),
        };
        let receipt = Receipt { listed, record };
        let text = serde_json::to_vec(&receipt).map_err(|error| disk(error.into()))?;
        self.folders.write_whole(&folder.join(COMPLETING), &text).map_err(disk)?;
        self.finish_completion(&folder, &receipt)?;
        Ok(receipt.record)
    }

    /// The listed parts, if each is there as listed and may stand where it does.
    fn check_parts(&self, folder: &Path, listed: &[(u16, String)]) -> S3Result<Vec<Part>> {
        if listed.is_empty() {
            return Err(refuse(S3ErrorCode::MalformedXML, "List at least one part."));
        }
        if listed.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(refuse(
                S3ErrorCode::InvalidPartOrder,
                "List the parts in ascending order, each once.",
            ));
        }
        let mut parts = Vec::with_capacity(listed.len());
        for (number, etag) in listed {
            match Part::read(folder, *number).map_err(disk)? {
                Some(part) if part.etag() == *etag => parts.push(part),
                _ => {
                    let message = format!("Part {number} was not received, or its ETag is another one.");
                    return Err(S3Error::with_message(S3ErrorCode::InvalidPart, message));
                }
            }
        }
        if parts.iter().rev().skip(1).any(|part| part.size < SMALLEST_PART_BYTES) {
            let message = "Each part but the last must have at least 5 MiB.";
            return Err(refuse(S3ErrorCode::EntityTooSmall, message));
        }
        Ok(parts)
    }

    /// From the point of no return to the end. May be repeated.
    fn finish_completion(&self, folder: &Path, receipt: &Receipt) -> S3Result<()> {
        self.publish_completed(&receipt.record)?;
        let clear = || -> io::Result<()> {
            fs::rename(folder.join(COMPLETING), folder.join(COMPLETED))?;
            sync_folder(folder)?;
            let used = receipt.record.parts.iter().flat_map(|parts| &parts.files);
            let used: HashSet<u16> = used.map(|(number, _)| *number).collect();
            for number in part_numbers(folder)?.into_iter().filter(|number| !used.contains(number)) {
                fs::remove_file(folder.join(part_name(number)))?;
            }
            Ok(())
        };
        clear().map_err(disk)
    }

    fn publish_completed(&self, record: &Record) -> S3Result<()> {
        let path = self.folders.object(&record.bucket, &record.key);
        let existing = Record::replaceable(&path).map_err(disk)?;
        // Finishing late, after a crash, must not undo what was put at the key in the meantime.
        if existing.is_some_and(|existing| existing.modified_ms > record.modified_ms) {
            return Ok(());
        }
        let (unfinished, file) = self.folders.unfinished_file().map_err(disk)?;
        self.publish(unfinished, file, record, &Conditions::default())
    }

    /// Finishes completions that a crash interrupted after their point of no return. One that cannot be
    /// finished now, for want of room, waits for the next start or for its client to ask again.
    pub fn finish_interrupted_completions(&self) -> Result<(), StoreError> {
        let folder = self.folders.multipart();
        for entry in fs::read_dir(&folder).on("reading", &folder)? {
            let folder = entry.on("reading", &folder)?.path();
            let path = folder.join(COMPLETING);
            if let Some(receipt) = read_json::<Receipt>(&path).on("reading", &path)? {
                let key = &receipt.record.key;
                match self.finish_completion(&folder, &receipt) {
                    Ok(()) => tracing::info!(key, "an interrupted completion of an upload was finished"),
                    Err(error) => {
                        tracing::error!(key, %error, "an interrupted completion is still unfinished")
                    }
                }
            }
        }
        Ok(())
    }
}

fn part_numbers(folder: &Path) -> io::Result<Vec<u16>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u16>().ok()));
    }
    Ok(numbers)
}
