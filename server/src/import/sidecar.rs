//! Reading the small files that stand beside media, none of which is to be trusted: an archive of a few
//! kilobytes may hold gigabytes.

use std::{
    fs::File,
    io::{self, BufReader, Read},
};

use liblzma::{read::XzDecoder, stream::Stream};
use serde::de::DeserializeOwned;

use super::walk::{FoundFile, reason};

/// A post's metadata are a few kilobytes; comments and thumbnails may make megabytes of them.
const MOST_UNPACKED_BYTES: u64 = 32 << 20;
/// yt-dlp writes every comment into its file, and what is not asked for takes no memory.
const MOST_PLAIN_BYTES: u64 = 256 << 20;
/// What the largest usual setting of xz needs to unpack.
const MOST_XZ_MEMORY_BYTES: u64 = 72 << 20;
const MOST_CAPTION_BYTES: u64 = 64 << 10;

/// Reads JSON, packed by xz if the name says so.
///
/// # Errors
/// One sentence.
pub fn read_json<T: DeserializeOwned>(file: &FoundFile) -> Result<T, String> {
    let open = file.open().map_err(|error| reason(&error))?;
    parse_json(open, file.name().ends_with(".xz"))
}

/// Reads JSON from an open file.
///
/// # Errors
/// One sentence.
pub fn parse_json<T: DeserializeOwned>(file: File, is_packed: bool) -> Result<T, String> {
    if is_packed {
        let stream =
            Stream::new_stream_decoder(MOST_XZ_MEMORY_BYTES, 0).map_err(|error| error.to_string())?;
        return parse(XzDecoder::new_stream(file, stream), MOST_UNPACKED_BYTES);
    }
    parse(file, MOST_PLAIN_BYTES)
}

fn parse<T: DeserializeOwned>(source: impl Read, most_bytes: u64) -> Result<T, String> {
    let mut bounded = Bounded { source, left: most_bytes };
    let parsed = serde_json::from_reader(BufReader::new(&mut bounded));
    if bounded.left == 0 {
        return Err(format!("it holds more than {} MB", most_bytes >> 20));
    }
    parsed.map_err(|error| match error.classify() {
        serde_json::error::Category::Io => format!("it cannot be unpacked: {error}"),
        serde_json::error::Category::Data => format!("a field is not what it should be: {error}"),
        _ => "it holds no JSON".to_owned(),
    })
}

/// Ends after so many bytes.
struct Bounded<R> {
    source: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.source.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

/// Reads a caption; what is no UTF-8 in it is replaced.
///
/// # Errors
/// One sentence.
pub fn read_text(file: &FoundFile) -> Result<String, String> {
    let mut bytes = Vec::new();
    let open = file.open().map_err(|error| reason(&error))?;
    open.take(MOST_CAPTION_BYTES).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use liblzma::read::XzEncoder;
    use serde_json::Value;

    use super::*;

    fn packed(content: impl Read) -> File {
        let mut file = tempfile::tempfile().unwrap();
        io::copy(&mut XzEncoder::new(content, 0), &mut file).unwrap();
        io::Seek::rewind(&mut file).unwrap();
        file
    }

    #[test]
    fn what_was_packed_is_read() {
        assert_eq!(parse_json::<Value>(packed(&b"{\"a\": 1}"[..]), true).unwrap()["a"], 1);
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let head = &b"{\"node\": \""[..];
        let bomb = packed(head.chain(io::repeat(b'x').take(64 << 20)));
        assert!(bomb.metadata().unwrap().len() < 1 << 20);
        let error = parse_json::<Value>(bomb, true).unwrap_err();
        assert!(error.contains("more than 32 MB"), "{error}");
    }

    #[test]
    fn what_is_no_json_or_no_archive_says_so() {
        assert_eq!(parse_json::<Value>(packed(&b"hello"[..]), true).unwrap_err(), "it holds no JSON");
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, b"not packed at all").unwrap();
        io::Seek::rewind(&mut file).unwrap();
        assert!(parse_json::<Value>(file, true).unwrap_err().contains("unpacked"));
    }
}
