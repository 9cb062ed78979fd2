//! Encrypting media for HLS (RFC 8216, 4.3.2.4): every segment by itself, by AES-128 in CBC mode with PKCS7 padding,
//! after ffmpeg, which cannot, and on its way to the store, so that it needs no room on the disk. The initialisation
//! section stays clear: it says nothing but the shape of the picture.

use std::{
    fmt, fs,
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    ops::ControlFlow,
    path::Path,
};

use aes::Aes128;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use futures::{Stream, stream};
use serde::{Deserialize, Serialize};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
};

use crate::{
    files,
    fmp4::{ByteRange, Chunk, Segment},
};

const BLOCK: usize = 16;
/// Read and encrypted at once; a whole number of blocks.
const BUFFER_BYTES: usize = 256 << 10;

/// Sixteen bytes: a key or an initialisation vector. Never shown.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Block(pub [u8; BLOCK]);

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Block(…)")
    }
}

impl TryFrom<String> for Block {
    type Error = hex::FromHexError;

    fn try_from(digits: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; BLOCK];
        hex::decode_to_slice(digits, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl From<Block> for String {
    fn from(block: Block) -> Self {
        hex::encode(block.0)
    }
}

/// A stretch of a file, as it goes into an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    range: ByteRange,
    /// None for what stays clear.
    iv: Option<Block>,
}

/// A chunk as it will lie in the store: each segment encrypted, one behind the other.
#[derive(Debug, Clone)]
pub struct Sealed {
    key: Block,
    /// Of the first segment; each further one's is one more.
    pub iv: Block,
    /// With offsets and sizes of what is stored.
    pub chunk: Chunk,
    pieces: Vec<Piece>,
}

impl Sealed {
    /// With a vector of chance, as that must never come twice with one key.
    pub fn new(chunk: &Chunk, key: Block) -> Self {
        Self::with_iv(chunk, key, Block(rand::random()))
    }

    fn with_iv(chunk: &Chunk, key: Block, iv: Block) -> Self {
        let (mut pieces, mut end) = (Vec::with_capacity(chunk.segments.len() + 1), 0);
        let mut place = |range: ByteRange, iv: Option<Block>| {
            let in_file = ByteRange { offset: chunk.file_range.offset + range.offset, size: range.size };
            pieces.push(Piece { range: in_file, iv });
            let size = if iv.is_some() { padded(range.size) } else { range.size };
            let placed = ByteRange { offset: end, size };
            end += size;
            placed
        };
        let init = chunk.init.map(|init| place(init, None));
        let first = u128::from_be_bytes(iv.0);
        let segments: Vec<Segment> = (0..)
            .zip(&chunk.segments)
            .map(|(number, segment)| {
                let iv = Block(first.wrapping_add(number).to_be_bytes());
                Segment { range: place(segment.range, Some(iv)), ..*segment }
            })
            .collect();
        let stored = Chunk { file_range: ByteRange { offset: 0, size: end }, init, segments, ..*chunk };
        Self { key, iv, chunk: stored, pieces }
    }

    /// The bytes of the object, read from the file of the chunk that this was made from.
    ///
    /// # Errors
    /// Whatever opening or reading the file says.
    pub async fn read(
        &self,
        file: &Path,
    ) -> std::io::Result<impl Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static> {
        let reading = Reading {
            file: File::from_std(files::open_made(file)?),
            key: self.key,
            rest: self.pieces.clone().into_iter(),
            current: None,
        };
        Ok(stream::try_unfold(reading, |mut reading| async move {
            let bytes = reading.next().await?;
            Ok(bytes.map(|bytes| (bytes, reading)))
        }))
    }
}

/// Writes a chunk without what it is encrypted with, `from` where it lies as it is stored, `to` a new file; and tells
/// where everything is there.
///
/// # Errors
/// When what is stored was not encrypted so, and whatever the file system says.
pub fn open(from: &Path, chunk: &Chunk, key: Block, iv: Block, to: &Path) -> io::Result<Chunk> {
    let mut stored = files::open_made(from)?;
    let mut clear = BufWriter::new(fs::File::create_new(to)?);
    let mut end = 0;
    let mut place = |size: u64| {
        let placed = ByteRange { offset: end, size };
        end += size;
        placed
    };
    let init = match chunk.init {
        Some(init) => {
            stored.seek(SeekFrom::Start(init.offset))?;
            io::copy(&mut (&mut stored).take(init.size), &mut clear)?;
            Some(place(init.size))
        }
        None => None,
    };
    let first = u128::from_be_bytes(iv.0);
    let mut segments = Vec::with_capacity(chunk.segments.len());
    for (number, segment) in (0..).zip(&chunk.segments) {
        stored.seek(SeekFrom::Start(segment.range.offset))?;
        let iv = first.wrapping_add(number).to_be_bytes();
        let mut cipher = cbc::Decryptor::<Aes128>::new(&key.0.into(), &iv.into());
        let size = open_segment(&mut stored, segment.range.size, &mut cipher, &mut clear)?;
        segments.push(Segment { range: place(size), ..*segment });
    }
    clear.flush()?;
    Ok(Chunk { file_range: ByteRange { offset: 0, size: end }, init, segments, ..*chunk })
}

/// How many bytes there were in the segment.
fn open_segment(
    stored: &mut fs::File,
    size: u64,
    cipher: &mut cbc::Decryptor<Aes128>,
    to: &mut impl Write,
) -> io::Result<u64> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let (mut left, mut written) = (size, 0);
    let broken = || io::Error::other("a segment is not encrypted as it should be");
    if size == 0 || !size.is_multiple_of(BLOCK as u64) {
        return Err(broken());
    }
    while left > 0 {
        let bytes = &mut buffer[..left.min(BUFFER_BYTES as u64) as usize];
        stored.read_exact(bytes)?;
        for block in bytes.as_chunks_mut::<BLOCK>().0 {
            cipher.decrypt_block(block.into());
        }
        left -= bytes.len() as u64;
        let mut length = bytes.len();
        if left == 0 {
            let added = bytes.last().copied().map(usize::from).unwrap_or_default();
            let is_padding = (1..=BLOCK).contains(&added)
                && bytes.iter().rev().take(added).all(|byte| usize::from(*byte) == added);
            if !is_padding {
                return Err(broken());
            }
            length -= added;
        }
        to.write_all(&bytes[..length])?;
        written += length as u64;
    }
    Ok(written)
}

/// PKCS7 always adds something, a whole block where nothing is missing.
fn padded(size: u64) -> u64 {
    (size / BLOCK as u64 + 1) * BLOCK as u64
}

/// The piece that is being read.
struct Current {
    left: u64,
    cipher: Option<cbc::Encryptor<Aes128>>,
}

struct Reading {
    file: File,
    key: Block,
    rest: std::vec::IntoIter<Piece>,
    current: Option<Current>,
}

impl Reading {
    async fn next(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut current = match self.current.take() {
            Some(current) => current,
            None => match self.open().await? {
                ControlFlow::Continue(current) => current,
                ControlFlow::Break(()) => return Ok(None),
            },
        };
        let mut bytes = vec![0; current.left.min(BUFFER_BYTES as u64) as usize];
        self.file.read_exact(&mut bytes).await?;
        current.left -= bytes.len() as u64;
        if let Some(cipher) = &mut current.cipher {
            if current.left == 0 {
                let missing = BLOCK - bytes.len() % BLOCK;
                bytes.resize(bytes.len() + missing, missing as u8);
            }
            for block in bytes.as_chunks_mut::<BLOCK>().0 {
                cipher.encrypt_block(block.into());
            }
        }
        if current.left > 0 {
            self.current = Some(current);
        }
        Ok(Some(bytes))
    }

    async fn open(&mut self) -> std::io::Result<ControlFlow<(), Current>> {
        let Some(piece) = self.rest.next() else { return Ok(ControlFlow::Break(())) };
        self.file.seek(SeekFrom::Start(piece.range.offset)).await?;
        let cipher = piece.iv.map(|iv| cbc::Encryptor::<Aes128>::new(&self.key.0.into(), &iv.0.into()));
        Ok(ControlFlow::Continue(Current { left: piece.range.size, cipher }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cbc::cipher::block_padding::Pkcs7;
    use futures::TryStreamExt;

    use super::*;

    const KEY: Block = Block([0x2B; BLOCK]);

    /// What a player makes of the bytes of a segment.
    fn opened(bytes: &[u8], iv: u128) -> Vec<u8> {
        let cipher = cbc::Decryptor::<Aes128>::new(&KEY.0.into(), &iv.to_be_bytes().into());
        cipher.decrypt_padded_vec::<Pkcs7>(bytes).unwrap()
    }

    fn chunk(sizes: &[u64]) -> Chunk {
        let mut end = 700;
        let segments = sizes.iter().map(|&size| {
            let range = ByteRange { offset: end, size };
            end += size;
            Segment { range, duration_ms: 2_000.0 }
        });
        let segments = segments.collect();
        Chunk {
            index: 0,
            file_range: ByteRange { offset: 100, size: end },
            start_ms: 0.0,
            init: Some(ByteRange { offset: 0, size: 700 }),
            segments,
        }
    }

    #[tokio::test]
    async fn every_segment_opens_by_itself_with_its_own_vector() {
        // Less than a block, whole blocks, exactly what is read at once, and more.
        let sizes = [5, 32, BUFFER_BYTES as u64, BUFFER_BYTES as u64 + 1];
        let clear = chunk(&sizes);
        let bytes: Vec<u8> = (0..100 + clear.file_range.size).map(|at| (at % 251) as u8).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let iv = u128::MAX;
        let sealed = Sealed::with_iv(&clear, KEY, Block(iv.to_be_bytes()));
        let stored: Vec<u8> = sealed.read(file.path()).await.unwrap().try_concat().await.unwrap();
        assert_eq!(stored.len() as u64, sealed.chunk.file_range.size);
        assert_eq!(stored[..700], bytes[100..800], "the head stays clear");
        let mut end = 700;
        for (number, (before, after)) in (0..).zip(clear.segments.iter().zip(&sealed.chunk.segments)) {
            assert_eq!((after.range.offset, after.range.size % 16), (end, 0));
            end += after.range.size;
            let piece = |bytes: &[u8], range: ByteRange, shift: u64| {
                bytes[(range.offset + shift) as usize..][..range.size as usize].to_vec()
            };
            let encrypted = piece(&stored, after.range, 0);
            assert_eq!(opened(&encrypted, iv.wrapping_add(number)), piece(&bytes, before.range, 100));
        }
        assert_eq!(end, sealed.chunk.file_range.size);

        let folder = tempfile::tempdir().unwrap();
        let (sealed_file, to) = (folder.path().join("sealed"), folder.path().join("clear"));
        std::fs::write(&sealed_file, &stored).unwrap();
        let again = open(&sealed_file, &sealed.chunk, KEY, sealed.iv, &to).unwrap();
        assert_eq!(again, Chunk { file_range: ByteRange { offset: 0, ..clear.file_range }, ..clear });
        assert_eq!(std::fs::read(&to).unwrap(), bytes[100..]);
        let other = folder.path().join("other");
        assert!(open(&sealed_file, &sealed.chunk, Block([0x2C; BLOCK]), sealed.iv, &other).is_err());
    }

    #[test]
    fn no_two_chunks_begin_with_the_same_vector_and_nothing_is_shown() {
        let one = Sealed::new(&chunk(&[1]), KEY);
        assert_ne!(one.iv, Sealed::new(&chunk(&[1]), KEY).iv);
        assert!(!format!("{one:?}").contains("2b2b") && !format!("{one:?}").contains("43, 43"));
    }
}
