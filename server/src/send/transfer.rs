//! The parts of one upload, several at a time: addresses signed just ahead of need, a failed part sent again to a
//! fresh one, and never more in memory than a few blocks a part.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use kinora_runner::api::Backoff;
use reqwest::StatusCode;
use tokio::{sync::Mutex as AsyncMutex, task::JoinSet, time::Instant};

use super::{
    error::SendError,
    operations::{PartUrl, UploadedPartInput},
    part::{PartError, PartRange, put},
    progress::Progress,
    site::{PATIENCE, Site},
    source::Source,
    wires::{MOST_WIRES, Wires},
};

/// Addresses are signed for so many parts together.
const SIGNED_AT_ONCE: usize = 4 * MOST_WIRES;
/// Addresses live for an hour at least; one that waited longer than this is not used any more.
const STALE_AFTER: Duration = Duration::from_secs(20 * 60);
/// A store that says no, or that got other bytes, is asked so often.
const MOST_REFUSALS: u32 = 5;

/// How an upload is cut, as the server said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub size_bytes: u64,
    pub part_size_bytes: u64,
    pub part_count: i32,
}

impl Plan {
    /// Where part `number` (from 1) lies.
    pub fn range_of(&self, number: i32) -> PartRange {
        let before = u64::try_from(number - 1).unwrap_or_default();
        let offset = before.saturating_mul(self.part_size_bytes).min(self.size_bytes);
        PartRange { offset, size: (self.size_bytes - offset).min(self.part_size_bytes) }
    }

    /// The parts that are not among those received whole, in order.
    pub fn missing(&self, received: impl IntoIterator<Item = (i32, u64)>) -> Vec<i32> {
        let whole: std::collections::HashSet<i32> = received
            .into_iter()
            .filter(|(number, size)| self.range_of(*number).size == *size)
            .map(|(number, _)| number)
            .collect();
        (1..=self.part_count).filter(|number| !whole.contains(number)).collect()
    }

    /// The bytes of these parts together.
    pub fn bytes_of(&self, parts: &[i32]) -> u64 {
        parts.iter().map(|number| self.range_of(*number).size).sum()
    }
}

/// What a run has done so far; also told when it is cut short.
#[derive(Debug, Default)]
pub struct Tally {
    /// Everything that went out, parts that had to be sent again included.
    pub sent_bytes: AtomicU64,
    /// Parts that the store has confirmed.
    pub sent_parts: AtomicU32,
}

/// What the workers of one upload share.
struct Transfer {
    site: Site,
    wires: Wires,
    upload: cynic::Id,
    source: Source,
    plan: Plan,
    progress: Progress,
    tally: Arc<Tally>,
    queue: AsyncMutex<Queue>,
    etags: Mutex<Vec<UploadedPartInput>>,
    /// When a part last arrived: as long as some do, the line is there.
    last_success: Mutex<Instant>,
}

#[derive(Default)]
struct Queue {
    unsigned: VecDeque<i32>,
    signed: VecDeque<PartUrl>,
    signed_at: Option<Instant>,
}

/// Sends these parts and gives what the store said of each.
///
/// # Errors
/// The first failure that could not be mended. The parts that arrived stay where they are.
pub async fn send_parts(
    (site, wires): (&Site, &Wires),
    upload: &cynic::Id,
    source: &Source,
    plan: Plan,
    missing: Vec<i32>,
    progress: &Progress,
    tally: &Arc<Tally>,
) -> Result<Vec<UploadedPartInput>, SendError> {
    wires.begin();
    let workers = missing.len().min(MOST_WIRES);
    let transfer = Arc::new(Transfer {
        site: site.clone(),
        wires: wires.clone(),
        upload: upload.clone(),
        source: source.clone(),
        plan,
        progress: progress.clone(),
        tally: Arc::clone(tally),
        queue: AsyncMutex::new(Queue { unsigned: missing.into(), ..Queue::default() }),
        etags: Mutex::default(),
        last_success: Mutex::new(Instant::now()),
    });
    // Dropping the set, when a worker fails or the caller is cut short, ends the others.
    let mut running = JoinSet::new();
    for _ in 0..workers {
        running.spawn(Arc::clone(&transfer).work());
    }
    while let Some(ended) = running.join_next().await {
        ended.map_err(|error| {
            SendError::new("INTERNAL", format!("A part of the program failed: {error}."))
        })??;
    }
    let mut etags = transfer.etags.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *etags))
}

impl Transfer {
    async fn work(self: Arc<Self>) -> Result<(), SendError> {
        loop {
            // First the wire: an address that waits for one gets old.
            let Some(wire) = self.wires.take().await else { return Ok(()) };
            let Some(url) = self.next().await? else { return Ok(()) };
            let size = self.plan.range_of(url.number).size;
            self.send(url).await?;
            wire.carried(size, Instant::now());
        }
    }

    /// The next part with an address; nothing when none is left. Whoever finds the stock empty signs more while
    /// the others still send.
    async fn next(&self) -> Result<Option<PartUrl>, SendError> {
        let mut queue = self.queue.lock().await;
        if queue.signed_at.is_some_and(|at| at.elapsed() > STALE_AFTER) {
            let stale: Vec<i32> = queue.signed.drain(..).map(|url| url.number).collect();
            for number in stale.into_iter().rev() {
                queue.unsigned.push_front(number);
            }
        }
        if queue.signed.is_empty() {
            let count = queue.unsigned.len().min(SIGNED_AT_ONCE);
            let numbers: Vec<i32> = queue.unsigned.iter().copied().take(count).collect();
            if numbers.is_empty() {
                return Ok(None);
            }
            let signed = self.site.sign(&self.upload, &numbers, &self.progress).await?;
            queue.unsigned.drain(..count);
            queue.signed = signed.into();
            queue.signed_at = Some(Instant::now());
        }
        Ok(queue.signed.pop_front())
    }

    /// Sends one part until the store has it.
    async fn send(&self, mut url: PartUrl) -> Result<(), SendError> {
        let number = url.number;
        let range = self.plan.range_of(number);
        let mut backoff = Backoff::new(Duration::from_millis(300), Duration::from_secs(20));
        let mut refusals = 0;
        loop {
            let error = match self.try_once(range, &url).await {
                Ok(etag) => {
                    self.arrived(number, etag);
                    return Ok(());
                }
                Err(error) => error,
            };
            let pause = match &error {
                PartError::File(_) | PartError::Gone => return Err(self.in_words(&error)),
                PartError::Refused { .. } | PartError::Damaged { .. } => {
                    refusals += 1;
                    if refusals >= MOST_REFUSALS {
                        return Err(self.in_words(&error));
                    }
                    Duration::ZERO
                }
                PartError::Unavailable { retry_after, .. } => {
                    if self.last_success().elapsed() > PATIENCE {
                        return Err(self.in_words(&error));
                    }
                    retry_after.unwrap_or_default()
                }
            };
            self.progress.say("trying again");
            tokio::time::sleep(backoff.next_pause().max(pause)).await;
            url = self.fresh(number).await?;
            self.progress.say("");
        }
    }

    async fn try_once(&self, range: PartRange, url: &PartUrl) -> Result<String, PartError> {
        let out = Arc::new(AtomicU64::new(0));
        let heard = {
            let (out, tally, progress) = (Arc::clone(&out), Arc::clone(&self.tally), self.progress.clone());
            move |bytes| {
                out.fetch_add(bytes, Ordering::Relaxed);
                tally.sent_bytes.fetch_add(bytes, Ordering::Relaxed);
                progress.add(bytes);
            }
        };
        let outcome = put(&self.site.http, self.source.file(), range, url, heard).await;
        if outcome.is_err() {
            self.progress.take_back(out.load(Ordering::Relaxed));
        }
        outcome
    }

    async fn fresh(&self, number: i32) -> Result<PartUrl, SendError> {
        let signed = self.site.sign(&self.upload, &[number], &self.progress).await?;
        signed
            .into_iter()
            .next()
            .ok_or_else(|| SendError::new("INTERNAL", "The server gave no address for a part."))
    }

    fn arrived(&self, number: i32, etag: String) {
        self.tally.sent_parts.fetch_add(1, Ordering::Relaxed);
        self.etags.lock().unwrap_or_else(PoisonError::into_inner).push(UploadedPartInput { number, etag });
        *self.last_success.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn last_success(&self) -> Instant {
        *self.last_success.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn in_words(&self, error: &PartError) -> SendError {
        match error {
            PartError::File(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof => {
                SendError::changed()
            }
            PartError::File(cause) => SendError::unreadable(&self.source.path, cause),
            PartError::Gone => SendError::new(
                "UPLOAD_CLOSED",
                "The server has given this upload up. Run the command again to begin a new one.",
            ),
            PartError::Refused { status: StatusCode::INSUFFICIENT_STORAGE, message } => {
                SendError::new("STORE_FULL", format!("{message} What arrived is safe for a day."))
            }
            PartError::Refused { status, message } => SendError::new(
                "STORE_REFUSED",
                format!("The store refuses a part (HTTP status {status}: {message})."),
            ),
            PartError::Damaged { .. } => SendError::new(
                "UPLOAD_PART_MISMATCH",
                "The store keeps getting other bytes than are sent. Something between here and there damages them.",
            ),
            PartError::Unavailable { message, .. } => SendError::new(
                "UNREACHABLE",
                format!("The store cannot be reached: {message}. Run the same command again to go on."),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan { size_bytes: 25, part_size_bytes: 10, part_count: 3 };

    #[test]
    fn parts_cover_the_file() {
        assert_eq!(PLAN.range_of(1), PartRange { offset: 0, size: 10 });
        assert_eq!(PLAN.range_of(3), PartRange { offset: 20, size: 5 });
        assert_eq!(PLAN.bytes_of(&[1, 2, 3]), 25);
    }

    #[test]
    fn only_whole_parts_count_as_received() {
        assert_eq!(PLAN.missing([]), [1, 2, 3]);
        assert_eq!(PLAN.missing([(1, 10), (3, 5)]), [2]);
        assert_eq!(PLAN.missing([(1, 9), (2, 10), (3, 10)]), [1, 3]);
        assert!(PLAN.missing([(1, 10), (2, 10), (3, 5), (4, 10)]).is_empty());
    }
}
