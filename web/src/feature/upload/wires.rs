//! The few connections that all uploads of this page share.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use futures::channel::oneshot;

/// Parts on their way at the same time. Browsers open six connections to a host, and the page needs the others.
pub const WIRES: usize = 4;

/// A counting lock: whoever waits longest is next.
#[derive(Clone)]
pub struct Wires(Rc<RefCell<State>>);

struct State {
    free: usize,
    waiting: VecDeque<oneshot::Sender<()>>,
}

/// One connection, given back when dropped.
pub struct Wire(Wires);

impl Default for Wires {
    fn default() -> Self {
        Self(Rc::new(RefCell::new(State { free: WIRES, waiting: VecDeque::new() })))
    }
}

impl Wires {
    pub async fn take(&self) -> Wire {
        loop {
            let receiver = {
                let mut state = self.0.borrow_mut();
                if state.free > 0 {
                    state.free -= 1;
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
        state.free += 1;
        // Those who have given up waiting are passed over.
        while let Some(next) = state.waiting.pop_front() {
            if next.send(()).is_ok() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt, executor::block_on};

    #[test]
    fn no_more_than_the_wires_are_taken() {
        let wires = Wires::default();
        let mut held: Vec<_> = (0..WIRES).map(|_| block_on(wires.take())).collect();
        assert!(wires.take().now_or_never().is_none());
        held.pop();
        assert!(wires.take().now_or_never().is_some());
    }

    #[test]
    fn one_who_gave_up_does_not_keep_the_wire() {
        let wires = Wires::default();
        let held: Vec<_> = (0..WIRES).map(|_| block_on(wires.take())).collect();
        let mut gave_up = Box::pin(wires.take());
        assert!(gave_up.as_mut().now_or_never().is_none());
        let mut waits = Box::pin(wires.take());
        assert!(waits.as_mut().now_or_never().is_none());
        drop(gave_up);
        drop(held);
        assert!(waits.as_mut().now_or_never().is_some());
    }
}
