//! The thread through which all streams go, so that those of the same moment are hashed side by side.

use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::lanes::{self, BLOCK_BYTES, FIRST};

/// No more than so many blocks are hashed before the thread looks who has come meanwhile.
const MOST_BLOCKS: usize = 4096;
/// From so many streams on, eight lanes do more in a second than four.
const WORTH_EIGHT: usize = 5;
const MOST_LANES: usize = 8;
/// Whoever gave bytes within this time is waited for, and no longer than this, since lanes that stay empty are
/// lost. A stream that is delayed by a slower one still gives a batch in this time.
const COMPANY: Duration = Duration::from_millis(8);

/// The MD5 of a stream, as far as it has come.
#[derive(Debug)]
pub struct Md5Stream {
    /// Tells streams apart.
    id: u64,
    state: [u32; 4],
    /// Bytes since the last whole block.
    rest: [u8; BLOCK_BYTES],
    length: u64,
}

/// Bytes of a stream that are being hashed.
#[derive(Debug)]
pub struct Hashing(oneshot::Receiver<Md5Stream>);

enum Message {
    Work(Work),
    /// Nothing more comes of the stream of this number.
    Over(u64),
}

/// Bytes of one stream, and whom to give the stream back to.
struct Work {
    came: Instant,
    stream: Md5Stream,
    /// The bytes, last first.
    pieces: Vec<Bytes>,
    /// Where the current piece goes on.
    offset: usize,
    reply: oneshot::Sender<Md5Stream>,
}

impl Default for Md5Stream {
    fn default() -> Self {
        static STREAMS: AtomicU64 = AtomicU64::new(0);
        let id = STREAMS.fetch_add(1, Ordering::Relaxed);
        Self { id, state: FIRST, rest: [0; BLOCK_BYTES], length: 0 }
    }
}

impl Md5Stream {
    /// Hashes the next bytes of this stream, beside those of all others. Whoever has many waits for these before it
    /// gives more, so that they do not pile up.
    #[must_use = "the stream comes back by what this returns"]
    pub fn update(self, mut pieces: Vec<Bytes>) -> Hashing {
        let (reply, hashing) = oneshot::channel();
        pieces.retain(|piece| !piece.is_empty());
        if pieces.is_empty() {
            // The receiver is in our hands, so it is there.
            let _ = reply.send(self);
            return Hashing(hashing);
        }
        pieces.reverse();
        tell(Message::Work(Work { came: Instant::now(), stream: self, pieces, offset: 0, reply }));
        Hashing(hashing)
    }

    /// The MD5 of all bytes.
    pub fn finish(mut self) -> [u8; 16] {
        tell(Message::Over(self.id));
        let bits = self.length.wrapping_mul(8);
        let rest = self.rest_length();
        self.rest[rest..].fill(0);
        self.rest[rest] = 0x80;
        if rest + 1 + size_of_val(&bits) > BLOCK_BYTES {
            lanes::one(&mut self.state, &[self.rest]);
            self.rest = [0; BLOCK_BYTES];
        }
        self.rest[BLOCK_BYTES - size_of_val(&bits)..].copy_from_slice(&bits.to_le_bytes());
        lanes::one(&mut self.state, &[self.rest]);
        let mut digest = [0; 16];
        for (bytes, word) in digest.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        digest
    }

    fn rest_length(&self) -> usize {
        (self.length % BLOCK_BYTES as u64) as usize
    }

    /// Takes bytes in until a block is whole, or there are no more; gives their number.
    fn fill_rest(&mut self, bytes: &[u8]) -> usize {
        let rest = self.rest_length();
        let taken = bytes.len().min(BLOCK_BYTES - rest);
        self.rest[rest..rest + taken].copy_from_slice(&bytes[..taken]);
        self.length += taken as u64;
        if rest + taken == BLOCK_BYTES {
            lanes::one(&mut self.state, &[self.rest]);
        }
        taken
    }
}

/// Gives something to the thread, which is started with the first.
fn tell(message: Message) {
    static HASHER: OnceLock<Sender<Message>> = OnceLock::new();
    let hasher = HASHER.get_or_init(|| {
        let (sender, arriving) = mpsc::channel();
        if let Err(error) = std::thread::Builder::new().name("md5".to_owned()).spawn(move || run(&arriving)) {
            tracing::error!(%error, "the thread that hashes cannot be started");
        }
        sender
    });
    // Without the thread the reply is dropped here, and whoever waits for it is told.
    let _ = hasher.send(message);
}

impl Hashing {
    /// Waits for the stream, with these bytes in it.
    ///
    /// # Errors
    /// When the thread that hashes could not be started.
    pub async fn done(self) -> io::Result<Md5Stream> {
        self.0.await.map_err(io::Error::other)
    }

    /// The same, on a thread that may block.
    ///
    /// # Errors
    /// When the thread that hashes could not be started.
    pub fn blocking_done(self) -> io::Result<Md5Stream> {
        self.0.blocking_recv().map_err(io::Error::other)
    }
}

impl Work {
    /// Takes in what does not fill a block, until whole blocks are next; false when nothing is left.
    fn align(&mut self) -> bool {
        while let Some(piece) = self.pieces.last() {
            let ahead = &piece[self.offset..];
            if ahead.len() >= BLOCK_BYTES && self.stream.rest_length() == 0 {
                return true;
            }
            self.offset += self.stream.fill_rest(ahead);
            if self.offset == piece.len() {
                self.pieces.pop();
                self.offset = 0;
            }
        }
        false
    }

    /// The whole blocks that are next.
    fn blocks(&self) -> &[[u8; BLOCK_BYTES]] {
        let Some(piece) = self.pieces.last() else { return &[] };
        piece[self.offset..].as_chunks().0
    }

    fn took(&mut self, blocks: usize, state: [u32; 4]) {
        self.stream.state = state;
        self.stream.length += (blocks * BLOCK_BYTES) as u64;
        self.offset += blocks * BLOCK_BYTES;
    }
}

fn run(arriving: &Receiver<Message>) {
    let mut bench = Bench::default();
    loop {
        if bench.works.is_empty() {
            let Ok(message) = arriving.recv() else { return };
            bench.take(message);
        }
        arriving.try_iter().for_each(|message| bench.take(message));
        while let Some(longest) = bench.worth_waiting() {
            match arriving.recv_timeout(longest) {
                Ok(message) => bench.take(message),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        for mut work in bench.works.extract_if(.., |work| !work.align()) {
            work.pieces.clear();
            // Nobody may be waiting any more.
            let _ = work.reply.send(work.stream);
        }
        advance(&mut bench.works);
    }
}

/// What lies before the thread.
#[derive(Default)]
struct Bench {
    /// Those that came first are first.
    works: Vec<Work>,
    /// The streams of which something was heard lately, and when.
    company: Vec<(u64, Instant)>,
}

impl Bench {
    fn take(&mut self, message: Message) {
        match message {
            Message::Work(work) => {
                self.company.retain(|(id, _)| *id != work.stream.id);
                self.company.push((work.stream.id, work.came));
                self.works.push(work);
            }
            Message::Over(over) => self.company.retain(|(id, _)| *id != over),
        }
    }

    /// How long others should be waited for, if they should.
    fn worth_waiting(&mut self) -> Option<Duration> {
        let now = Instant::now();
        self.company.retain(|(_, heard)| now.duration_since(*heard) < COMPANY);
        if self.works.len() >= self.company.len().min(MOST_LANES) {
            return None;
        }
        let left = (self.works.first()?.came + COMPANY).saturating_duration_since(now);
        (left > Duration::ZERO).then_some(left)
    }
}

/// Hashes some blocks of as many streams as there are lanes. Those that waited longest are first.
fn advance(works: &mut [Work]) {
    match works.len() {
        0 => {}
        1 => {
            let mut state = works[0].stream.state;
            let blocks = works[0].blocks();
            let count = blocks.len().min(MOST_BLOCKS);
            lanes::one(&mut state, &blocks[..count]);
            works[0].took(count, state);
        }
        WORTH_EIGHT.. => side_by_side::<MOST_LANES>(works, lanes::eight),
        _ => side_by_side::<4>(works, lanes::four),
    }
}

fn side_by_side<const LANES: usize>(
    works: &mut [Work],
    hash: impl Fn(&mut [[u32; 4]; LANES], [&[[u8; BLOCK_BYTES]]; LANES]),
) {
    let taken = works.len().min(LANES);
    let works = &mut works[..taken];
    let count = works.iter().map(|work| work.blocks().len()).min().unwrap_or_default().min(MOST_BLOCKS);
    // Lanes that nobody needs do what the first does.
    let of_lane = |lane: usize| if lane < taken { lane } else { 0 };
    let mut states = std::array::from_fn(|lane| works[of_lane(lane)].stream.state);
    hash(&mut states, std::array::from_fn(|lane| &works[of_lane(lane)].blocks()[..count]));
    for (work, state) in works.iter_mut().zip(states) {
        work.took(count, state);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use md5::{Digest, Md5};

    use super::*;

    fn noise(length: usize, seed: u64) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    /// Hashes a message in pieces of these lengths, over and over.
    async fn in_pieces(message: Vec<u8>, lengths: Vec<usize>) -> [u8; 16] {
        let mut stream = Md5Stream::default();
        let mut left = Bytes::from(message);
        let mut lengths = lengths.into_iter().cycle();
        while !left.is_empty() {
            let mut pieces = Vec::new();
            for length in lengths.by_ref().take(3) {
                pieces.push(left.split_to(length.min(left.len())));
            }
            stream = stream.update(pieces).done().await.unwrap();
        }
        stream.finish()
    }

    #[tokio::test]
    async fn every_length_comes_out_as_it_should() {
        for length in (0..300).chain([4096, 100_003]) {
            let message = noise(length, length as u64);
            let expected: [u8; 16] = Md5::digest(&message).into();
            assert_eq!(in_pieces(message, vec![1, 63, 64, 65, 7]).await, expected, "{length}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn streams_side_by_side_do_not_mix() {
        for together in 1..=19 {
            let streams = (0..together).map(|index| {
                let message = noise(200_000 + 50_001 * index, index as u64);
                let expected: [u8; 16] = Md5::digest(&message).into();
                let lengths = vec![64 * 1024 - index, 1 + index, 30_000];
                tokio::spawn(async move { assert_eq!(in_pieces(message, lengths).await, expected) })
            });
            for stream in streams.collect::<Vec<_>>() {
                stream.await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn one_that_gave_up_leaves_the_others_alone() {
        drop(Md5Stream::default().update(vec![Bytes::from(noise(5_000_000, 1))]));
        let message = noise(100_000, 2);
        let expected: [u8; 16] = Md5::digest(&message).into();
        assert_eq!(in_pieces(message, vec![10_000]).await, expected);
    }
}
