//! What is known about an object, and how that is written into the same file as its bytes: the bytes, then
//! the record as JSON, then the record's length and a mark. One rename replaces both together, and one open
//! file is one consistent state.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use s3s::dto;
use serde::{Deserialize, Serialize};

/// The last bytes of an object's file: its kind and the version of its format.
const MARK: &[u8; 8] = b"KINOBJ1\n";
/// Mark and length of the record.
const TAIL_BYTES: usize = MARK.len() + 4;
/// Read at once from the end of the file; most records are far shorter.
const FIRST_READ_BYTES: u64 = 4096;

/// The headers that were stored with an object and are given back with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Headers {
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub content_disposition: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub expires: Option<dto::Timestamp>,
    /// The client's own, without `x-amz-meta-`.
    pub metadata: BTreeMap<String, String>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub bucket: String,
    pub key: String,
    /// Of all its bytes.
    pub size: u64,
    /// MD5 in hexadecimal, or for a multipart upload MD5 of the MD5s, dash, number of parts.
    pub etag: String,
    pub modified_ms: u64,
    pub headers: Headers,
    /// Where the bytes are, if not in the object's own file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
}

/// The bytes of an object that came by multipart upload: files in the upload's folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Parts {
    pub upload: String,
    /// Number and size in bytes, in order.
    pub files: Vec<(u16, u64)>,
}

impl Record {
    pub fn modified(&self) -> dto::Timestamp {
        (SystemTime::UNIX_EPOCH + Duration::from_millis(self.modified_ms)).into()
    }

    pub fn etag(&self) -> dto::ETag {
        dto::ETag::Strong(self.etag.clone())
    }

    /// Appends the record to a file that holds the object's bytes and nothing else.
    pub fn append_to(&self, file: &mut File) -> io::Result<()> {
        let mut tail = serde_json::to_vec(self)?;
        let length = u32::try_from(tail.len()).map_err(|_| io::ErrorKind::InvalidData)?;
        tail.extend_from_slice(&length.to_be_bytes());
        tail.extend_from_slice(MARK);
        file.seek(SeekFrom::End(0))?;
        file.write_all(&tail)
    }

    /// Reads the record of an object's file.
    pub fn read_from(file: &File) -> io::Result<Self> {
        let damaged = |what| io::Error::new(io::ErrorKind::InvalidData, what);
        let length = file.metadata()?.len();
        let read = length.min(FIRST_READ_BYTES);
        let mut tail = vec![0; read as usize];
        file.read_exact_at(&mut tail, length - read)?;
        let Some((rest, [a, b, c, d, mark @ ..])) = tail.split_last_chunk::<TAIL_BYTES>() else {
            return Err(damaged("an object's file is too short"));
        };
        if mark != MARK {
            return Err(damaged("an object's file has no mark at its end"));
        }
        let record_length = u64::from(u32::from_be_bytes([*a, *b, *c, *d]));
        let bytes_length = length
            .checked_sub(TAIL_BYTES as u64 + record_length)
            .ok_or_else(|| damaged("an object's file is shorter than its record"))?;
        let record: Self = if let Some(start) = rest.len().checked_sub(record_length as usize) {
            serde_json::from_slice(&rest[start..])?
        } else {
            let mut whole = vec![0; record_length as usize];
            file.read_exact_at(&mut whole, bytes_length)?;
            serde_json::from_slice(&whole)?
        };
        let expected = if record.parts.is_some() { 0 } else { record.size };
        if bytes_length != expected {
            return Err(damaged("an object's file has another size than its record"));
        }
        Ok(record)
    }

    /// What stands at a path that is about to be written or removed. A damaged file must not stand in the
    /// way of that, so it counts as none.
    pub fn replaceable(path: &Path) -> io::Result<Option<Self>> {
        match Self::open(path) {
            Err(error)
                if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
            {
                tracing::error!(%error, path = %path.display(), "a damaged object is replaced or removed");
                Ok(None)
            }
            opened => Ok(opened?.map(|(_, record)| record)),
        }
    }

    /// Opens an object's file; `None` when there is none.
    pub fn open(path: &Path) -> io::Result<Option<(File, Self)>> {
        match File::open(path) {
            Ok(file) => {
                let record = Self::read_from(&file)?;
                Ok(Some((file, record)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The present time as it is kept in records.
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    fn record(size: u64, parts: Option<Parts>) -> Record {
        let headers = Headers { content_type: Some("video/mp4".into()), ..Headers::default() };
        Record { bucket: "b".into(), key: "k".into(), size, etag: "e".into(), modified_ms: 5, headers, parts }
    }

    #[test]
    fn a_record_is_read_back_whatever_its_length() {
        let many = Parts { upload: "u".into(), files: (1..=10_000).map(|n| (n, 5 << 20)).collect() };
        for (bytes, record) in [(&b"hello"[..], record(5, None)), (b"", record(7, Some(many)))] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(bytes).unwrap();
            record.append_to(&mut file).unwrap();
            assert_eq!(Record::read_from(&file).unwrap(), record);
        }
    }

    #[test]
    fn a_damaged_file_is_an_error_and_no_panic() {
        let mut file = tempfile::tempfile().unwrap();
        assert!(Record::read_from(&file).is_err());
        file.write_all(b"hello").unwrap();
        record(4, None).append_to(&mut file).unwrap();
        assert!(Record::read_from(&file).is_err());
        file.write_all(&[0xff, 0xff, 0xff, 0xff]).unwrap();
        file.write_all(MARK).unwrap();
        assert!(Record::read_from(&file).is_err());
    }
}
