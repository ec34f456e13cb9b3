//! Passwords: how long they are, and their hashes by argon2id. Hashing takes tens of milliseconds and 19 MiB, so it is done off
//! the threads that answer requests, and two at a time: strangers can ask for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use indelible_api::ErrorCode;
use tokio::sync::Semaphore;

use crate::error::ApiError;

/// Hashes at one time.
const AT_ONCE: usize = 2;
/// Requests that may wait for one.
const WAITING_MAX: usize = 64;
/// Shortest and longest password, bytes.
const BYTES: std::ops::RangeInclusive<usize> = 12..=256;

/// What hashes passwords.
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// A hash that no password has, for names that nobody has.
    nobodys: String,
}

impl Passwords {
    /// Ready to hash.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut password = [0; 32];
        getrandom::fill(&mut password)?;
        let nobodys = hash_now(&password)?;
        Ok(Self { places: Arc::new(Semaphore::new(AT_ONCE)), waiting: AtomicUsize::new(0), nobodys })
    }

    /// Whether a password may be set.
    pub(crate) fn check(password: &str) -> Result<(), ApiError> {
        if BYTES.contains(&password.len()) {
            return Ok(());
        }
        let message = format!("a password has {} to {} bytes", BYTES.start(), BYTES.end());
        Err(ApiError::new(ErrorCode::InvalidRequest, message))
    }

    /// The hash to store.
    pub(crate) async fn hash(&self, password: String) -> Result<String, ApiError> {
        self.run(move || hash_now(password.as_bytes())).await?.map_err(|e| ApiError::internal("hash the password", e))
    }

    /// Whether `password` is that of `hash`. Takes as long, and says no, where there is no hash.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, ApiError> {
        // What is longer than a password can be is nobody's.
        let hash = hash.filter(|_| password.len() <= *BYTES.end());
        let (text, known) = (hash.as_ref().unwrap_or(&self.nobodys).clone(), hash.is_some());
        let verified = self.run(move || {
            let parsed = PasswordHash::new(&text);
            parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
        });
        Ok(verified.await? && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        let waiting = Waiting::join(&self.waiting).ok_or_else(|| {
            ApiError::new(ErrorCode::Busy, "too many are signing in at this moment; try again in a second")
        })?;
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|error| ApiError::internal("hash the password", error))?;
        // The place goes with the work: who hangs up does not make room before it is done.
        let done = tokio::task::spawn_blocking(move || (work(), place)).await;
        drop(waiting);
        done.map(|(value, _)| value).map_err(|error| ApiError::internal("hash the password", error))
    }
}

/// A request that waits for a place or has one; counted until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn join(count: &'a AtomicUsize) -> Option<Self> {
        let waiting = Self(count);
        (count.fetch_add(1, Relaxed) < WAITING_MAX).then_some(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// With the library's parameters, which are those that OWASP recommends: 19 MiB, two passes, one lane.
fn hash_now(password: &[u8]) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(password);
    Ok(hash.map_err(|error| anyhow::anyhow!("{error}"))?.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_no_other() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse battery".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let check = async |password: &str, hash: Option<&String>, expected| {
            assert_eq!(passwords.verify(password.into(), hash.cloned()).await.unwrap(), expected, "{password}");
        };
        check("correct horse battery", Some(&hash), true).await;
        check("correct horse batterx", Some(&hash), false).await;
        check("correct horse battery", None, false).await;
        check("", Some(&hash), false).await;
        check("correct horse battery", Some(&"no hash".to_owned()), false).await;
        let longest = "é".repeat(128);
        let hash = passwords.hash(longest.clone()).await.unwrap();
        check(&longest, Some(&hash), true).await;
        check(&format!("{longest}é"), Some(&hash), false).await;
        for (password, fits) in
            [("", false), ("elevenbytes", false), ("twelve bytes", true), (&*longest, true), (&"x".repeat(257), false)]
        {
            assert_eq!(Passwords::check(password).is_ok(), fits, "{password}");
        }
    }
}
