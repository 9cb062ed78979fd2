//! The few connections that all uploads of this page share, and how many of them the line is worth.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use futures::channel::oneshot;

/// Parts on their way at the same time, to begin with and at least.
const FEWEST_WIRES: usize = 4;
/// Browsers open six connections to a host.
pub const MOST_WIRES: usize = 6;
/// So many parts are timed before the number is thought over.
const PARTS_A_ROUND: u32 = 8;
/// One more wire must bring so much to stay.
const WORTH: f64 = 1.05;

/// A counting lock whose count follows the line: one more is tried, and kept while it brings something. Whoever
/// waits longest is next.
#[derive(Clone)]
pub struct Wires(Rc<RefCell<State>>);

struct State {
    allowed: usize,
    taken: usize,
    waiting: VecDeque<oneshot::Sender<()>>,
    round: Round,
    /// Bytes a millisecond with one wire fewer, while one more is tried.
    before: Option<f64>,
    /// The line has shown what it can.
    settled: bool,
}

#[derive(Default)]
struct Round {
    began_ms: Option<f64>,
    parts: u32,
    bytes: u64,
}

/// One connection, given back when dropped.
pub struct Wire(Wires);

impl Default for Wires {
    fn default() -> Self {
        Self(Rc::new(RefCell::new(State {
            allowed: FEWEST_WIRES,
            taken: 0,
            waiting: VecDeque::new(),
            round: Round::default(),
            before: None,
            settled: false,
        })))
    }
}

impl State {
    /// Counts a part that has arrived.
    fn carried(&mut self, bytes: u64, now_ms: f64) {
        // The first part of a round only starts the clock: when it began is not known.
        let Some(began_ms) = self.round.began_ms else {
            self.round.began_ms = Some(now_ms);
            return;
        };
        self.round.parts += 1;
        self.round.bytes += bytes;
        if self.settled || self.round.parts < PARTS_A_ROUND || now_ms <= began_ms {
            return;
        }
        let rate = self.round.bytes as f64 / (now_ms - began_ms);
        self.round = Round::default();
        match self.before.replace(rate) {
            Some(before) if rate < before * WORTH => {
                self.allowed -= 1;
                self.settled = true;
            }
            _ if self.allowed == MOST_WIRES => self.settled = true,
            _ => self.allowed += 1,
        }
    }

    fn wake(&mut self) {
        let mut free = self.allowed.saturating_sub(self.taken);
        while free > 0 {
            let Some(next) = self.waiting.pop_front() else { return };
            // Those who have given up waiting are passed over.
            if next.send(()).is_ok() {
                free -= 1;
            }
        }
    }
}

impl Wire {
    /// Says that this wire has carried a part of so many bytes, just now.
    pub fn carried(&self, bytes: u64, now_ms: f64) {
        let mut state = self.0.0.borrow_mut();
        state.carried(bytes, now_ms);
        state.wake();
    }
}

impl Wires {
    pub async fn take(&self) -> Wire {
        loop {
            let receiver = {
                let mut state = self.0.borrow_mut();
                if state.taken < state.allowed {
                    state.taken += 1;
                    return Wire(self.clone());
                }
                let (sender, receiver) = oneshot::channel();
                state.waiting.push_back(sender);
                receiver
            };
            // Cancelled or not: look again.
            let _ = receiver.await;
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let mut state = self.0.0.borrow_mut();
        state.taken -= 1;
        state.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt, executor::block_on};

    #[test]
    fn no_more_than_the_wires_are_taken() {
        let wires = Wires::default();
        let mut held: Vec<_> = (0..FEWEST_WIRES).map(|_| block_on(wires.take())).collect();
        assert!(wires.take().now_or_never().is_none());
        held.pop();
        assert!(wires.take().now_or_never().is_some());
    }

    #[test]
    fn one_who_gave_up_does_not_keep_the_wire() {
        let wires = Wires::default();
        let held: Vec<_> = (0..FEWEST_WIRES).map(|_| block_on(wires.take())).collect();
        let mut gave_up = Box::pin(wires.take());
        assert!(gave_up.as_mut().now_or_never().is_none());
        let mut waits = Box::pin(wires.take());
        assert!(waits.as_mut().now_or_never().is_none());
        drop(gave_up);
        drop(held);
        assert!(waits.as_mut().now_or_never().is_some());
    }

    /// Lets parts arrive, one every `1 / rate` ms, until the number of wires is thought over.
    fn round(wires: &Wires, now_ms: &mut f64, rate: f64) -> usize {
        let wire = block_on(wires.take());
        for _ in 0..=PARTS_A_ROUND {
            *now_ms += 1_000.0 / rate;
            wire.carried(1_000, *now_ms);
        }
        wires.0.borrow().allowed
    }

    #[test]
    fn more_wires_while_they_bring_something() {
        let (wires, mut now_ms) = (Wires::default(), 0.0);
        assert_eq!(round(&wires, &mut now_ms, 100.0), 5);
        assert_eq!(round(&wires, &mut now_ms, 125.0), 6);
        assert_eq!(round(&wires, &mut now_ms, 150.0), 6);
        assert_eq!(round(&wires, &mut now_ms, 10.0), 6);
    }

    #[test]
    fn a_wire_that_brings_nothing_is_given_back() {
        let (wires, mut now_ms) = (Wires::default(), 0.0);
        assert_eq!(round(&wires, &mut now_ms, 100.0), 5);
        assert_eq!(round(&wires, &mut now_ms, 101.0), 4);
        assert_eq!(round(&wires, &mut now_ms, 200.0), 4);
    }
}
