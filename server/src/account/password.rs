//! Passwords: Argon2id, off the async threads, two at once.

use std::{sync::Arc, time::Duration};

use anyhow::anyhow;
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// OWASP's minimum for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Each hash holds 19 MiB and a core.
const AT_ONCE: usize = 2;
/// Whoever waits longer than this is told to come back.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How many guesses somebody who tries common passwords first would need at least.
const FEWEST_GUESSES: u64 = 3_000;

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    places: Arc<Semaphore>,
    /// Checked against when there is no such account, so that both answers take the same time.
    decoy: Arc<str>,
}

impl Passwords {
    /// # Errors
    /// When Argon2 does not take our parameters, which a test would have shown.
    pub fn new() -> anyhow::Result<Self> {
        let decoy = hash("nobody's password").map_err(|error| anyhow!("Argon2: {error}"))?;
        Ok(Self { places: Arc::new(Semaphore::new(AT_ONCE)), decoy: decoy.into() })
    }

    /// Refuses what is too short, too long or on everybody's list; length is counted in characters.
    ///
    /// # Errors
    /// BAD_USER_INPUT on `password`.
    pub fn check_strength(password: &str, username: &str) -> Result<()> {
        let refuse = |message| Err(Error::bad_input("password", message));
        match password.chars().count() {
            0..8 => return refuse("A password has at least 8 characters."),
            129.. => return refuse("A password has at most 128 characters."),
            _ => {}
        }
        if zxcvbn::zxcvbn(password, &[username, "kinora"]).guesses() < FEWEST_GUESSES {
            return refuse("This password is one of the first that anybody would try. Choose another one.");
        }
        Ok(())
    }

    /// The PHC string of a password.
    ///
    /// # Errors
    /// RATE_LIMITED when too many wait already.
    pub async fn hash(&self, password: String) -> Result<String> {
        self.in_turn(move || hash(&password)).await?.map_err(|error| anyhow!("Argon2: {error}").into())
    }

    /// Whether the password belongs to the PHC string; without one it takes as long and says no.
    ///
    /// # Errors
    /// RATE_LIMITED when too many wait already.
    pub async fn verify(&self, password: String, phc: Option<String>) -> Result<bool> {
        let decoy = Arc::clone(&self.decoy);
        self.in_turn(move || {
            let known = phc.is_some();
            let phc = phc.unwrap_or_else(|| decoy.to_string());
            known & verify(&password, &phc)
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|_| Error::RateLimited { retry_after: LONGEST_WAIT })?
            .map_err(|error| anyhow!(error))?;
        tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop(place);
            outcome
        })
        .await
        .map_err(|error| anyhow!(error).into())
    }
}

fn argon2() -> argon2::Result<Argon2<'static>> {
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(MEMORY_KIB, PASSES, LANES, None)?))
}

fn hash(password: &str) -> Result<String, String> {
    let hasher = argon2().map_err(|error| error.to_string())?;
    let hashed: PasswordHash =
        hasher.hash_password(password.as_bytes()).map_err(|error| error.to_string())?;
    Ok(hashed.to_string())
}

fn verify(password: &str, phc: &str) -> bool {
    let (Ok(hasher), Ok(parsed)) = (argon2(), PasswordHash::new(phc)) else { return false };
    hasher.verify_password(password.as_bytes(), &parsed).is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_opens_its_own_hash_only() {
        let passwords = Passwords::new().unwrap();
        let phc = passwords.hash("drawer of lenses".into()).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(passwords.verify("drawer of lenses".into(), Some(phc.clone())).await.unwrap());
        assert!(!passwords.verify("drawer of lense".into(), Some(phc)).await.unwrap());
        assert!(!passwords.verify("nobody's password".into(), None).await.unwrap());
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for bad in ["seven77", "password", "12345678", "qwertyuiop", "iloveyou", "ada.lovelace"] {
            assert!(Passwords::check_strength(bad, "ada.lovelace").is_err(), "{bad}");
        }
        let longest = "é".repeat(64) + &"🎞".repeat(64);
        for good in ["drawer of lenses", "Xk2-vmq9", longest.as_str()] {
            assert!(Passwords::check_strength(good, "ada").is_ok(), "{good}");
        }
        assert!(Passwords::check_strength(&"ab".repeat(65), "ada").is_err());
    }
}
