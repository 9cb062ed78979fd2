//! Trying again, for as long as that can help.

use std::future::Future;

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::window;

use super::words::backoff_ms;
use crate::api::ApiError;

/// Attempts for one part or one request, the first included.
pub const ATTEMPTS: u32 = 6;

/// Repeats a request for as long as that can help, with growing pauses.
pub async fn patiently<T, Fut>(request: impl Fn() -> Fut) -> Result<T, ApiError>
where
    Fut: Future<Output = Result<T, ApiError>>,
{
    let mut attempt = 0;
    loop {
        match request().await {
            Ok(answer) => return Ok(answer),
            Err(error) => {
                attempt += 1;
                if attempt >= ATTEMPTS || !error.can_retry() {
                    return Err(error);
                }
                wait_for_network().await;
                let pause =
                    backoff_ms(attempt, js_sys::Math::random()).max(error.retry_after_ms.unwrap_or(0) as f64);
                TimeoutFuture::new(pause as u32).await;
            }
        }
    }
}

/// While the browser knows that it is offline no attempt is spent.
pub async fn wait_for_network() {
    while !window().navigator().on_line() {
        TimeoutFuture::new(1_000).await;
    }
}
