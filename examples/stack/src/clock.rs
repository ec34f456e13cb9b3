//! What time it is for a request.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::http::{HeaderMap, HeaderName};

/// Microseconds since 1970, for services with a [simulated](Clock::Simulated) clock.
pub const SIMULATED_TIME: HeaderName = HeaderName::from_static("simulated-time");

/// Where a service has the time from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The machine.
    #[default]
    Real,
    /// The header [`SIMULATED_TIME`] of each request. Whoever calls such a service decides when sessions end and what the audit log says of
    /// when things happened: for simulations, never for people.
    Simulated,
}

/// When a request came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    clock: Clock,
    at: SystemTime,
    since: Instant,
}

impl Arrival {
    pub(crate) fn of(clock: Clock, headers: &HeaderMap) -> Self {
        let told = || headers.get(SIMULATED_TIME)?.to_str().ok()?.parse().ok();
        let simulated = (clock == Clock::Simulated).then(told).flatten();
        let at = simulated.map_or_else(SystemTime::now, |us| UNIX_EPOCH + Duration::from_micros(us));
        Self { clock, at, since: Instant::now() }
    }

    /// What time it is by now.
    pub(crate) fn now(&self) -> SystemTime {
        self.at + self.since.elapsed()
    }

    /// The time for an event, where that is not simply the time at which it is emitted.
    pub(crate) fn for_event(&self) -> Option<SystemTime> {
        (self.clock == Clock::Simulated).then(|| self.now())
    }
}
