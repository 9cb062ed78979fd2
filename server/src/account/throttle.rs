//! Limits on guessing, and on work that anybody may ask for. Counted where the work is done, so that aliases in one
//! document count each.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _, clock::DefaultClock};

use super::ClientAddress;
use crate::error::{Error, Result};

const LOG_INS_PER_ACCOUNT: NonZeroU32 = NonZeroU32::new(10).unwrap();
const LOG_INS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(60).unwrap();
const LOG_IN_WINDOW: Duration = Duration::from_secs(300);
const SIGN_UPS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(20).unwrap();
const SIGN_UP_WINDOW: Duration = Duration::from_secs(3600);
const DOWNLOADS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(60).unwrap();
const DOWNLOAD_WINDOW: Duration = Duration::from_secs(3600);

/// The limits of this process.
pub struct Throttle {
    limits: Option<Limits>,
}

struct Limits {
    account: DefaultKeyedRateLimiter<(String, ClientAddress)>,
    address: DefaultKeyedRateLimiter<ClientAddress>,
    sign_up: DefaultKeyedRateLimiter<ClientAddress>,
    download: DefaultKeyedRateLimiter<ClientAddress>,
    clock: DefaultClock,
}

impl Throttle {
    /// `enabled: false` is for tests and benchmarks only.
    pub fn new(enabled: bool) -> Self {
        let limits = enabled.then(|| Limits {
            account: RateLimiter::keyed(spread(LOG_IN_WINDOW, LOG_INS_PER_ACCOUNT)),
            address: RateLimiter::keyed(spread(LOG_IN_WINDOW, LOG_INS_PER_ADDRESS)),
            sign_up: RateLimiter::keyed(spread(SIGN_UP_WINDOW, SIGN_UPS_PER_ADDRESS)),
            download: RateLimiter::keyed(spread(DOWNLOAD_WINDOW, DOWNLOADS_PER_ADDRESS)),
            clock: DefaultClock::default(),
        });
        Self { limits }
    }

    /// Counts one try to log in.
    ///
    /// # Errors
    /// RATE_LIMITED past ten tries in five minutes for an account from an address, or sixty from an address.
    pub fn log_in(&self, username: &str, address: ClientAddress) -> Result<()> {
        let Some(limits) = &self.limits else { return Ok(()) };
        limits.count(&limits.address, &address)?;
        // A name longer than any account has would only fill the memory.
        let name: String = username.chars().take(30).collect::<String>().to_lowercase();
        limits.count(&limits.account, &(name, address))
    }

    /// Counts one sign-up.
    ///
    /// # Errors
    /// RATE_LIMITED past twenty in an hour from one address.
    pub fn sign_up(&self, address: ClientAddress) -> Result<()> {
        self.limits.as_ref().map_or(Ok(()), |limits| limits.count(&limits.sign_up, &address))
    }

    /// Counts one file that is asked for.
    ///
    /// # Errors
    /// RATE_LIMITED past sixty in an hour from one address.
    pub fn download(&self, address: ClientAddress) -> Result<()> {
        self.limits.as_ref().map_or(Ok(()), |limits| limits.count(&limits.download, &address))
    }

    /// Forgets whoever has been quiet long enough to count as new.
    pub fn forget_idle(&self) {
        if let Some(limits) = &self.limits {
            limits.account.retain_recent();
            limits.address.retain_recent();
            limits.sign_up.retain_recent();
            limits.download.retain_recent();
        }
    }
}

/// `count` at once and again evenly over `window`.
fn spread(window: Duration, count: NonZeroU32) -> Quota {
    let period = window / count.get();
    Quota::with_period(period).unwrap_or_else(|| Quota::per_hour(count)).allow_burst(count)
}

impl Limits {
    fn count<K: Hash + Eq + Clone>(&self, limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<()> {
        limiter
            .check_key(key)
            .map_err(|until| Error::RateLimited { retry_after: until.wait_time_from(self.clock.now()) })
    }
}
