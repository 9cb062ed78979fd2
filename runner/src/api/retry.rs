//! Trying again: growing pauses with some randomness, so that a fleet does not return in step.

use std::{future::Future, time::Duration};

use rand::Rng;
use tokio_util::sync::CancellationToken;

use super::ApiError;
use crate::PATIENCE;

/// Pauses that double from `first` to `longest`, each ± 20 %.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// The pause before the next attempt.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (self.next * 2).min(self.longest);
        pause.mul_f64(rand::rng().random_range(0.8..1.2))
    }

    /// Forgets the failures after a success.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

/// Repeats a request until the server answers, the answer is final, or `cancel` fires. Not for ever: the lease has then
/// long passed to somebody else, but a server that only restarted gets what was paid for.
pub async fn persist<T, F, Fut>(cancel: &CancellationToken, mut request: F) -> Result<T, ApiError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, ApiError>>,
{
    let mut backoff = Backoff::new(Duration::from_millis(300), Duration::from_secs(10));
    let give_up = tokio::time::Instant::now() + PATIENCE;
    loop {
        let error = match request().await {
            Ok(answer) => return Ok(answer),
            Err(error) if !error.is_transient() || tokio::time::Instant::now() > give_up => {
                return Err(error);
            }
            Err(error) => error,
        };
        let pause = backoff.next_pause().max(error.retry_after().unwrap_or_default());
        tracing::warn!(%error, pause_ms = pause.as_millis() as u64, "asking the server again");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = cancel.cancelled() => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_start_over_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        for expected_s in [1.0, 2.0, 4.0, 5.0, 5.0] {
            let pause_s = backoff.next_pause().as_secs_f64();
            assert!((0.8 * expected_s..=1.2 * expected_s).contains(&pause_s), "{pause_s} for {expected_s}");
        }
        backoff.reset();
        assert!(backoff.next_pause() <= Duration::from_millis(1_200));
    }

    #[tokio::test(start_paused = true)]
    async fn a_transient_error_is_tried_again_and_a_final_one_is_not() {
        let cancel = CancellationToken::new();
        let mut tries = 0;
        let answer = persist(&cancel, || {
            tries += 1;
            let nth = tries;
            async move { if nth < 3 { Err(ApiError::Unreachable("away".into())) } else { Ok(nth) } }
        })
        .await;
        assert!(matches!(answer, Ok(3)));
        let lost: Result<(), _> = persist(&cancel, || async { Err(ApiError::LeaseLost) }).await;
        assert!(matches!(lost, Err(ApiError::LeaseLost)));
    }
}
