//! Bytes that go out: a range of an object, read ahead in pieces, across the files of its parts.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::StreamExt;
use s3s::dto::StreamingBlob;

use super::folders::Folders;
use super::locks::{Pin, Pins};
use super::record::Record;

/// Bytes that are read at once. One piece is read while the one before is sent.
const PIECE_BYTES: u64 = 256 * 1024;
/// An object that is replaced between reading its record and pinning its parts is looked up again.
const ATTEMPTS: usize = 8;

/// An object that is open for reading: what it was when it was opened, whatever happens to it meanwhile.
pub(super) struct Source {
    pub record: Record,
    bytes: Kept,
}

enum Kept {
    Inline(File),
    Parts { folder: PathBuf, ends: Vec<u64>, opened: Mutex<Option<(usize, Arc<File>)>>, _pin: Pin },
}

impl Source {
    /// Opens an object; `None` when there is none.
    pub fn open(folders: &Folders, pins: &Pins, bucket: &str, key: &str) -> io::Result<Option<Self>> {
        for _ in 0..ATTEMPTS {
            let Some((file, record)) = Record::open(&folders.object(bucket, key))? else { return Ok(None) };
            let Some(parts) = &record.parts else {
                return Ok(Some(Self { record, bytes: Kept::Inline(file) }));
            };
            let folder = folders.upload(&parts.upload).ok_or(io::ErrorKind::InvalidData)?;
            let Some(pin) = pins.pin(&parts.upload) else { continue };
            let first = parts.files.first().map(|(number, _)| folder.join(part_name(*number)));
            if first.is_none_or(|first| !first.exists()) {
                continue;
            }
            let mut end = 0;
            let add = |(_, size): &(u16, u64)| {
                end += size;
                end
            };
            let ends = parts.files.iter().map(add).collect();
            let bytes = Kept::Parts { folder, ends, opened: Mutex::default(), _pin: pin };
            return Ok(Some(Self { record, bytes }));
        }
        Err(io::Error::new(io::ErrorKind::NotFound, "the parts of an object are missing"))
    }

    /// Reads a range that lies within the object. Blocks.
    pub fn read(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let mut buffer = vec![0; (range.end - range.start) as usize];
        match &self.bytes {
            Kept::Inline(file) => file.read_exact_at(&mut buffer, range.start)?,
            Kept::Parts { ends, .. } => {
                let mut filled = 0;
                while filled < buffer.len() {
                    let at = range.start + filled as u64;
                    let part = ends.partition_point(|end| *end <= at);
                    let (Some(end), start) = (ends.get(part), part.checked_sub(1).map_or(0, |p| ends[p]))
                    else {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    };
                    let wanted = (buffer.len() - filled).min((end - at) as usize);
                    self.part(part)?.read_exact_at(&mut buffer[filled..filled + wanted], at - start)?;
                    filled += wanted;
                }
            }
        }
        Ok(buffer)
    }

    /// The open file of a part, kept for the next piece.
    fn part(&self, part: usize) -> io::Result<Arc<File>> {
        let (Kept::Parts { folder, opened, .. }, Some(parts)) = (&self.bytes, &self.record.parts) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let mut opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((open, file)) = opened.as_ref()
            && *open == part
        {
            return Ok(file.clone());
        }
        let (number, _) = parts.files.get(part).ok_or(io::ErrorKind::UnexpectedEof)?;
        let file = Arc::new(File::open(folder.join(part_name(*number)))?);
        *opened = Some((part, file.clone()));
        Ok(file)
    }

    /// The range as a body.
    pub fn stream(self, range: Range<u64>) -> StreamingBlob {
        let source = Arc::new(self);
        let pieces = pieces(range).map(move |piece| {
            let source = source.clone();
            let reading = tokio::task::spawn_blocking(move || source.read(piece));
            async move {
                let read = reading.await.map_err(io::Error::other)?;
                read.map(Bytes::from).inspect_err(|error| tracing::error!(%error, "an object cannot be read"))
            }
        });
        StreamingBlob::wrap(futures::stream::iter(pieces).buffered(2))
    }
}

/// Cuts a range into the pieces that are read at once.
pub(super) fn pieces(range: Range<u64>) -> impl Iterator<Item = Range<u64>> + Send + Sync {
    let Range { start, end } = range;
    (0..(end - start).div_ceil(PIECE_BYTES)).map(move |piece| {
        let from = start + piece * PIECE_BYTES;
        from..(from + PIECE_BYTES).min(end)
    })
}

/// The file of a part in the folder of its upload.
pub(super) fn part_name(number: u16) -> String {
    format!("{number:05}")
}
