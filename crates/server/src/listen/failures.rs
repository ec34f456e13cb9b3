//! Failed attempts to authenticate, counted by where they come from.
//!
//! Credentials have 256 random bits, so guessing is hopeless; what is bounded here is the work and noise of it. A credential is
//! looked up first, and only one that is unknown meets this: whoever has a valid one is served, whatever others behind the
//! same address, such as that of a proxy, do.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indelible_api::ErrorCode;

use super::places::one_peer;
use crate::error::ApiError;
use crate::metrics::Text;

/// Over what time failures are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// Most addresses remembered. All others share one count.
const ADDRESSES_MAX: usize = 10_000;

/// Failures of the last minute.
#[derive(Debug)]
pub(crate) struct Failures {
    per_minute: u32,
    counts: Mutex<HashMap<Option<IpAddr>, Count>>,
    failed: AtomicU64,
    refused: AtomicU64,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    failures: u32,
    since: Instant,
}

impl Failures {
    /// Allows so many failures of one address within a minute.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute, counts: Mutex::default(), failed: AtomicU64::new(0), refused: AtomicU64::new(0) }
    }

    /// Notes that `peer` presented an unknown credential.
    ///
    /// # Errors
    /// When it has done so too often: to be answered in place of what would be answered otherwise.
    pub(crate) fn note(&self, peer: Option<IpAddr>) -> Result<(), ApiError> {
        self.failed.fetch_add(1, Relaxed);
        let Some(seconds) = self.count(peer.map(one_peer), Instant::now()) else { return Ok(()) };
        self.refused.fetch_add(1, Relaxed);
        let message = format!(
            "too many attempts with unknown credentials came from this address; try again in {seconds} seconds"
        );
        Err(ApiError::new(ErrorCode::TooManyFailures, message).retry_after(seconds))
    }

    /// Counts a failure; returns for how many seconds there have been too many.
    fn count(&self, peer: Option<IpAddr>, now: Instant) -> Option<u64> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |count: &Count| now.saturating_duration_since(count.since) >= WINDOW;
        if counts.len() >= ADDRESSES_MAX && !counts.contains_key(&peer) {
            counts.retain(|_, count| !is_over(count));
        }
        let room = counts.len() < ADDRESSES_MAX || counts.contains_key(&peer);
        let count = counts.entry(peer.filter(|_| room)).or_insert(Count { failures: 0, since: now });
        if is_over(count) {
            *count = Count { failures: 0, since: now };
        }
        count.failures = count.failures.saturating_add(1);
        let left = WINDOW.saturating_sub(now.saturating_duration_since(count.since));
        (count.failures > self.per_minute).then(|| left.as_secs().max(1))
    }

    pub(super) fn render(&self, text: &mut Text) {
        let (name, help) = ("indelible_authentication_failures_total", "Requests with unknown credentials, by answer.");
        let refused = self.refused.load(Relaxed);
        let failed = self.failed.load(Relaxed).saturating_sub(refused);
        for (answer, count) in [("unauthenticated", failed), ("tooManyFailures", refused)] {
            text.sample(name, "counter", help, &[("answer", answer)], count as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_address_that_fails_too_often_waits_for_its_minute_to_end() {
        let failures = Failures::new(3);
        let begun = Instant::now();
        let check = |peer: &str, second: u64, expected: Option<u64>| {
            let peer = Some(one_peer(peer.parse().unwrap()));
            assert_eq!(failures.count(peer, begun + Duration::from_secs(second)), expected, "{peer:?} at {second}");
        };
        for second in [0, 1, 2] {
            check("192.0.2.1", second, None);
        }
        check("192.0.2.1", 10, Some(50));
        check("192.0.2.1", 59, Some(1));
        check("192.0.2.2", 59, None);
        check("192.0.2.1", 60, None);
        check("2001:db8::1", 60, None);
        check("2001:db8::2", 60, None);
        check("2001:db8::3", 60, None);
        check("2001:db8::4", 60, Some(60));
    }

    #[test]
    fn the_table_stays_small_whoever_comes() {
        let failures = Failures::new(3);
        let begun = Instant::now();
        let peer = |number: u32| Some(IpAddr::V4(number.into()));
        for number in 0..3 * ADDRESSES_MAX as u32 {
            let _ = failures.count(peer(number), begun);
        }
        assert!(failures.counts.lock().unwrap().len() <= ADDRESSES_MAX + 1);
        assert!(failures.count(peer(u32::MAX), begun).is_some(), "those without a place share one count");
        assert_eq!(failures.count(peer(0), begun), None, "those who have one keep it");
        assert_eq!(failures.count(peer(u32::MAX), begun + WINDOW), None);
        assert_eq!(failures.counts.lock().unwrap().len(), 1);
    }
}
