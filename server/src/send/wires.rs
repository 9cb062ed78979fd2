//! How many parts are on their way at the same time: as many as the line is worth. By the same rule as the page's.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

/// To begin with and at least.
const FEWEST_WIRES: usize = 4;
/// Little is sent again after a crash, and few blocks are held in memory.
pub const MOST_WIRES: usize = 6;
/// So many parts are timed before the number is thought over.
const PARTS_A_ROUND: u32 = 8;
/// One more wire must bring so much to stay.
const WORTH: f64 = 1.05;

/// A lock for several whose number follows the line: one more is tried, and kept while it brings something.
#[derive(Clone, Debug)]
pub struct Wires {
    free: Arc<Semaphore>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    allowed: usize,
    round: Option<Round>,
    /// Bytes a second with one wire fewer, while one more is tried.
    before: Option<f64>,
    /// The line has shown what it can.
    settled: bool,
}

#[derive(Debug)]
struct Round {
    began: Instant,
    parts: u32,
    bytes: u64,
}

/// What a round has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Stay,
    OneMore,
    OneFewer,
}

/// One of them, given back when dropped.
pub struct Wire {
    permit: OwnedSemaphorePermit,
    wires: Wires,
}

impl Default for Wires {
    fn default() -> Self {
        let state = State { allowed: FEWEST_WIRES, round: None, before: None, settled: false };
        Self { free: Arc::new(Semaphore::new(FEWEST_WIRES)), state: Arc::new(Mutex::new(state)) }
    }
}

impl State {
    /// Counts a part that has arrived.
    fn carried(&mut self, bytes: u64, now: Instant) -> Verdict {
        // The first part of a round only starts the clock: when it began is not known.
        let Some(round) = &mut self.round else {
            self.round = Some(Round { began: now, parts: 0, bytes: 0 });
            return Verdict::Stay;
        };
        round.parts += 1;
        round.bytes += bytes;
        let seconds = now.duration_since(round.began).as_secs_f64();
        if self.settled || round.parts < PARTS_A_ROUND || seconds <= 0.0 {
            return Verdict::Stay;
        }
        let rate = round.bytes as f64 / seconds;
        self.round = None;
        match self.before.replace(rate) {
            Some(before) if rate < before * WORTH => {
                self.settled = true;
                self.allowed -= 1;
                Verdict::OneFewer
            }
            _ if self.allowed == MOST_WIRES => {
                self.settled = true;
                Verdict::Stay
            }
            _ => {
                self.allowed += 1;
                Verdict::OneMore
            }
        }
    }
}

impl Wires {
    /// Waits for one that is free. Nothing when there are none any more, which does not happen.
    pub async fn take(&self) -> Option<Wire> {
        let permit = Arc::clone(&self.free).acquire_owned().await.ok()?;
        Some(Wire { permit, wires: self.clone() })
    }

    /// A pause in the sending says nothing about the line.
    pub fn begin(&self) {
        self.wires_state(|state| state.round = None);
    }

    fn wires_state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Wire {
    /// Says that this wire has carried a part of so many bytes, just now, and gives it back.
    pub fn carried(self, bytes: u64, now: Instant) {
        match self.wires.wires_state(|state| state.carried(bytes, now)) {
            Verdict::Stay => {}
            Verdict::OneMore => self.wires.free.add_permits(1),
            Verdict::OneFewer => self.permit.forget(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Lets parts arrive, so many a second, until the number of wires is thought over; gives how many are free.
    async fn round(wires: &Wires, now: &mut Instant, rate: f64) -> usize {
        for _ in 0..=PARTS_A_ROUND {
            *now += Duration::from_secs_f64(1.0 / rate);
            wires.take().await.unwrap().carried(1_000, *now);
        }
        assert_eq!(wires.free.available_permits(), wires.wires_state(|state| state.allowed));
        wires.free.available_permits()
    }

    #[tokio::test]
    async fn more_wires_while_they_bring_something() {
        let (wires, mut now) = (Wires::default(), Instant::now());
        assert_eq!(wires.free.available_permits(), 4);
        assert_eq!(round(&wires, &mut now, 100.0).await, 5);
        assert_eq!(round(&wires, &mut now, 125.0).await, 6);
        assert_eq!(round(&wires, &mut now, 150.0).await, 6);
        assert_eq!(round(&wires, &mut now, 10.0).await, 6);
    }

    #[tokio::test]
    async fn a_wire_that_brings_nothing_is_given_back() {
        let (wires, mut now) = (Wires::default(), Instant::now());
        assert_eq!(round(&wires, &mut now, 100.0).await, 5);
        assert_eq!(round(&wires, &mut now, 101.0).await, 4);
        assert_eq!(round(&wires, &mut now, 200.0).await, 4);
    }

    #[tokio::test]
    async fn a_pause_is_not_held_against_the_line() {
        let (wires, mut now) = (Wires::default(), Instant::now());
        round(&wires, &mut now, 100.0).await;
        wires.take().await.unwrap().carried(1_000, now);
        now += Duration::from_secs(60);
        wires.begin();
        assert_eq!(round(&wires, &mut now, 125.0).await, 6);
    }
}
