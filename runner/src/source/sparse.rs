//! One source on this machine: a file of the full size with holes where nothing was needed yet.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    fs::OpenOptions,
    io::{AsyncReadExt, AsyncSeekExt},
    sync::{Mutex, OnceCell},
};

use super::Ranges;
use crate::{
    fmp4::ByteRange,
    mp4::{Index, Located, MOST_LOOKS, locate},
    transfer::{TransferError, download, download_range},
    workdir::JobFolder,
};

/// A source up to this size is fetched whole: more requests would cost more than the bytes.
const SMALL_BYTES: u64 = 24 << 20;
/// The first look at a larger one.
const HEAD_BYTES: u64 = 256 << 10;
/// Holes up to this size are fetched along.
const JOINED_BYTES: u64 = 256 << 10;

/// Removed from the disk when dropped.
#[derive(Debug)]
pub struct CachedSource {
    video_id: String,
    size: u64,
    path: PathBuf,
    stored: AtomicU64,
    /// Bytes of memory that the index takes.
    index_bytes: AtomicU64,
    state: Mutex<State>,
    /// The same pictures and sound in another container, where that was asked for.
    rewrapped: OnceCell<Arc<CachedSource>>,
}

#[derive(Debug, Default)]
struct State {
    there: Ranges,
    /// Known once it was looked for: where there is none, the file is of another kind or odd.
    index: Option<Option<Arc<Index>>>,
}

/// The way to the bytes: different for every job.
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    pub http: &'a reqwest::Client,
    pub url: &'a str,
}

impl CachedSource {
    pub(super) fn new(folder: &Path, video_id: &str, size: u64) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let path = folder.join(NEXT.fetch_add(1, Ordering::Relaxed).to_string());
        let video_id = video_id.to_owned();
        let (stored, index_bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        let (state, rewrapped) = (Mutex::default(), OnceCell::new());
        Self { video_id, size, path, stored, index_bytes, state, rewrapped }
    }

    /// Takes over a file that was made of this source; `size` are its bytes.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn adopt(&self, made: &Path, size: u64) -> io::Result<Self> {
        let path = self.path.with_extension("rewrapped");
        fs::rename(made, &path)?;
        let mut there = Ranges::default();
        there.add(ByteRange { offset: 0, size });
        let state = Mutex::new(State { there, index: None });
        Ok(Self {
            video_id: self.video_id.clone(),
            size,
            path,
            stored: AtomicU64::new(size),
            index_bytes: AtomicU64::new(0),
            state,
            rewrapped: OnceCell::new(),
        })
    }

    /// Where the same source in another container is kept.
    pub fn rewrapped(&self) -> &OnceCell<Arc<Self>> {
        &self.rewrapped
    }

    pub(super) fn is_of(&self, video_id: &str, size: u64) -> bool {
        self.video_id == video_id && self.size == size
    }

    pub(super) fn stored_bytes(&self) -> u64 {
        let rewrapped = self.rewrapped.get().map_or(0, |rewrapped| rewrapped.stored_bytes());
        self.stored.load(Ordering::Relaxed) + rewrapped
    }

    pub(super) fn index_bytes(&self) -> u64 {
        let rewrapped = self.rewrapped.get().map_or(0, |rewrapped| rewrapped.index_bytes());
        self.index_bytes.load(Ordering::Relaxed) + rewrapped
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is no hole.
    pub fn is_whole(&self) -> bool {
        self.stored.load(Ordering::Relaxed) == self.size
    }

    /// Gives it to a job, which sees the same bytes under its own name.
    pub fn lend(&self, folder: &JobFolder) -> io::Result<()> {
        fs::hard_link(&self.path, folder.source())
    }

    /// The index, if the file has one that says where its frames are. Small files are fetched whole by this, and
    /// so is what has no such index.
    pub async fn index(
        &self,
        origin: Origin<'_>,
        on_part: &(dyn Fn(f64) + Send + Sync),
    ) -> Result<Option<Arc<Index>>, TransferError> {
        let mut state = self.state.lock().await;
        if let Some(index) = &state.index {
            return Ok(index.clone());
        }
        if self.size <= SMALL_BYTES {
            self.fill(&mut state, origin, on_part).await?;
        }
        let index = self.look_for_index(&mut state, origin).await?;
        if index.is_none() {
            self.fill(&mut state, origin, on_part).await?;
        }
        self.index_bytes.store(index.as_ref().map_or(0, |index| index.memory_bytes()), Ordering::Relaxed);
        state.index = Some(index.clone());
        Ok(index)
    }

    async fn look_for_index(
        &self,
        state: &mut State,
        origin: Origin<'_>,
    ) -> Result<Option<Arc<Index>>, TransferError> {
        let mut at = 0;
        for _ in 0..MOST_LOOKS {
            let head = ByteRange { offset: at, size: HEAD_BYTES.min(self.size.saturating_sub(at)) };
            let bytes = self.read(state, origin, head).await?;
            match locate(&bytes, at, self.size) {
                Some(Located::Index(range)) => {
                    let bytes = self.read(state, origin, range).await?;
                    // What follows the index is looked at by ffmpeg as well.
                    let end = range.offset + range.size;
                    let size = HEAD_BYTES.min(self.size - end);
                    self.fetch_range(state, origin, ByteRange { offset: end, size }).await?;
                    let size = self.size;
                    let read = tokio::task::spawn_blocking(move || Index::read(&bytes, size)).await;
                    return Ok(read.unwrap_or_default().map(Arc::new));
                }
                Some(Located::LookAt(next)) if next > at => at = next,
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Fetches these stretches, as far as they are not there.
    pub async fn fetch(&self, origin: Origin<'_>, wanted: &Ranges) -> Result<(), TransferError> {
        let mut state = self.state.lock().await;
        for range in wanted.joined(JOINED_BYTES) {
            self.fetch_range(&mut state, origin, range).await?;
        }
        Ok(())
    }

    /// Fetches what is missing of the whole.
    pub async fn fetch_all(
        &self,
        origin: Origin<'_>,
        on_part: &(dyn Fn(f64) + Send + Sync),
    ) -> Result<(), TransferError> {
        let mut state = self.state.lock().await;
        self.fill(&mut state, origin, on_part).await
    }

    async fn fill(
        &self,
        state: &mut State,
        origin: Origin<'_>,
        on_part: &(dyn Fn(f64) + Send + Sync),
    ) -> Result<(), TransferError> {
        let whole = ByteRange { offset: 0, size: self.size };
        if state.there.bytes() > 0 {
            return self.fetch_range(state, origin, whole).await;
        }
        // What an earlier attempt left half done.
        let _ = fs::remove_file(&self.path);
        download(origin.http, origin.url, self.size, &self.path, on_part).await?;
        self.note(state, whole);
        Ok(())
    }

    async fn fetch_range(
        &self,
        state: &mut State,
        origin: Origin<'_>,
        range: ByteRange,
    ) -> Result<(), TransferError> {
        for missing in state.there.missing(range) {
            if state.there.bytes() == 0 {
                let file = fs::File::create(&self.path)?;
                file.set_len(self.size)?;
            }
            download_range(origin.http, origin.url, missing, &self.path).await?;
            self.note(state, missing);
        }
        Ok(())
    }

    fn note(&self, state: &mut State, range: ByteRange) {
        state.there.add(range);
        self.stored.store(state.there.bytes(), Ordering::Relaxed);
    }

    async fn read(
        &self,
        state: &mut State,
        origin: Origin<'_>,
        range: ByteRange,
    ) -> Result<Vec<u8>, TransferError> {
        self.fetch_range(state, origin, range).await?;
        let mut file = OpenOptions::new().read(true).open(&self.path).await?;
        file.seek(io::SeekFrom::Start(range.offset)).await?;
        let mut bytes = Vec::new();
        file.take(range.size).read_to_end(&mut bytes).await?;
        Ok(bytes)
    }
}

impl Drop for CachedSource {
    fn drop(&mut self) {
        // Jobs that are still at it have names of their own for it.
        let _ = fs::remove_file(&self.path);
    }
}
