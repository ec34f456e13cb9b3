//! The present, and when it cannot be believed.
//!
//! `received_at` orders the log, so a clock that jumps must not reach it. A step of more than a minute against the
//! monotonic clock, or a start more than a day after the last time that was written down, stops intake until a person
//! says that the clock is right. A clock that goes back by less holds the last value, which the sequencer sees to.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use indelible_storage::durable;

/// Largest step against the monotonic clock.
const STEP_US_MAX: i64 = 60_000_000;
/// Longest time between the last time written down and a start.
const AWAY_US_MAX: i64 = 86_400_000_000;
/// How often the time is written down. A shorter time would only wear the disk.
const KEEP_EVERY_US: i64 = 600_000_000;
/// First word of the file.
const FORMAT: &str = "indelible/clock/v1";

/// Where the present comes from.
pub trait Clock: Send + Sync {
    /// Microseconds since 1970, UTC.
    fn now_us(&self) -> i64;

    /// Microseconds on a clock that nobody sets and that runs on while the machine sleeps. Where it begins means nothing.
    fn monotonic_us(&self) -> i64;
}

/// The machine's clock.
pub struct SystemClock {
    /// Seconds since the machine started, time asleep included, which `Instant` leaves out.
    uptime: Option<File>,
    begun: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { uptime: File::open("/proc/uptime").ok(), begun: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now_us(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn monotonic_us(&self) -> i64 {
        let mut text = [0; 32];
        let uptime = self.uptime.as_ref().and_then(|file| {
            let length = file.read_at(&mut text, 0).ok()?;
            uptime_us(&text[..length])
        });
        uptime.unwrap_or_else(|| i64::try_from(self.begun.elapsed().as_micros()).unwrap_or(i64::MAX))
    }
}

/// Microseconds in a text such as `350735.47 234388.90`; the system counts hundredths of a second.
fn uptime_us(text: &[u8]) -> Option<i64> {
    let (seconds, hundredths) = std::str::from_utf8(text).ok()?.split_ascii_whitespace().next()?.split_once('.')?;
    let number = |digits: &str| digits.parse::<i64>().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let hundredths = number(hundredths).filter(|_| hundredths.len() == 2)?;
    number(seconds)?.checked_mul(1_000_000)?.checked_add(hundredths * 10_000)
}

/// Why the clock is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockStop {
    /// What happened.
    pub reason: ClockReason,
    /// What the clock should have shown at least, microseconds since 1970.
    pub expected_us: i64,
    /// What it showed.
    pub found_us: i64,
}

/// What a clock did that is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockReason {
    /// It was set, forwards or backwards, while the server ran.
    Step,
    /// At the start it was far ahead of the last time that was written down.
    Away,
}

impl ClockReason {
    /// Its name in control entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Away => "away",
        }
    }
}

impl std::fmt::Display for ClockStop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = (self.found_us as f64 - self.expected_us as f64) / 1e6;
        match self.reason {
            ClockReason::Step => write!(f, "the server's clock jumped by {seconds:+.0} seconds"),
            ClockReason::Away => {
                write!(f, "the server's clock is {:.1} hours ahead of the last time it wrote down", seconds / 3600.0)
            }
        }
    }
}

/// The clock with its guard. Everybody who needs `received_at` asks here.
pub(crate) struct GuardedClock {
    clock: Arc<dyn Clock>,
    file: PathBuf,
    state: Mutex<State>,
}

struct State {
    /// The clock and the monotonic clock when they were last looked at.
    last_us: (i64, i64),
    stop: Option<ClockStop>,
    /// The monotonic clock when the time was last written down.
    kept_us: Option<i64>,
}

impl GuardedClock {
    /// Starts watching. `known_us` is the latest time known from elsewhere, if there is one; the file in `data` may know
    /// a later one.
    pub(crate) fn open(clock: Arc<dyn Clock>, data: &Path, known_us: Option<i64>) -> Result<Self, io::Error> {
        let file = data.join("clock");
        let persisted_us = read(&file)?.max(known_us);
        let (now_us, monotonic_us) = (clock.now_us(), clock.monotonic_us());
        let stop = persisted_us.and_then(|known_us| check_start(now_us, known_us));
        let state = State { last_us: (now_us, monotonic_us), stop, kept_us: None };
        Ok(Self { clock, file, state: Mutex::new(state) })
    }

    /// The present, if it can be believed.
    pub(crate) fn now_us(&self) -> Result<i64, ClockStop> {
        let mut state = self.lock();
        if let Some(stop) = state.stop {
            return Err(stop);
        }
        let (now_us, monotonic_us) = (self.clock.now_us(), self.clock.monotonic_us());
        let (then_us, then_monotonic_us) = state.last_us;
        let expected_us = then_us.saturating_add(monotonic_us.saturating_sub(then_monotonic_us));
        if now_us.saturating_sub(expected_us).saturating_abs() > STEP_US_MAX {
            let stop = ClockStop { reason: ClockReason::Step, expected_us, found_us: now_us };
            state.stop = Some(stop);
            return Err(stop);
        }
        state.last_us = (now_us, monotonic_us);
        Ok(now_us)
    }

    /// What the clock shows, believed or not.
    pub(crate) fn shown_us(&self) -> i64 {
        self.clock.now_us()
    }

    /// Why the clock is not believed, if it is not.
    pub(crate) fn stop(&self) -> Option<ClockStop> {
        self.lock().stop
    }

    /// Believes the clock from now on.
    pub(crate) fn accept(&self) {
        let mut state = self.lock();
        state.last_us = (self.clock.now_us(), self.clock.monotonic_us());
        state.stop = None;
        state.kept_us = None;
    }

    /// Looks at the clock, and writes the time down now and then, so that a restart after a quiet week is not taken for a
    /// jump. `now` writes it in any case. A clock that is not believed is not written down.
    pub(crate) fn keep(&self, now: bool) -> io::Result<()> {
        let Ok(now_us) = self.now_us() else { return Ok(()) };
        let monotonic_us = self.clock.monotonic_us();
        let is_due = self.lock().kept_us.is_none_or(|kept| monotonic_us.saturating_sub(kept) >= KEEP_EVERY_US);
        if !is_due && !now {
            return Ok(());
        }
        write(&self.file, now_us)?;
        self.lock().kept_us = Some(monotonic_us);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a server that last knew `known_us` would not believe a clock that shows `now_us` at its start, if it would not.
pub fn check_start(now_us: i64, known_us: i64) -> Option<ClockStop> {
    let stop = ClockStop { reason: ClockReason::Away, expected_us: known_us, found_us: now_us };
    (now_us.saturating_sub(known_us) > AWAY_US_MAX).then_some(stop)
}

/// Writes down below `data` that it is `now_us`, so that the next start believes a clock that shows it. For when a person
/// vouches for the time, however long nothing ran.
///
/// # Errors
/// When the file cannot be written.
pub fn believe(data: &Path, now_us: i64) -> io::Result<()> {
    write(&data.join("clock"), now_us)
}

fn write(file: &Path, now_us: i64) -> io::Result<()> {
    durable::write_atomic(file, format!("{FORMAT} {now_us}\n").as_bytes(), 0o600)
}

/// The last time that was written down below `data`, in microseconds since 1970, if there is one.
///
/// # Errors
/// When the file cannot be read or is not what was written.
pub fn last_kept_us(data: &Path) -> io::Result<Option<i64>> {
    read(&data.join("clock"))
}

fn read(file: &Path) -> io::Result<Option<i64>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let number = text.strip_prefix(FORMAT).and_then(|rest| rest.strip_prefix(' ')?.strip_suffix('\n'));
    match number.and_then(|digits| digits.parse::<i64>().ok().filter(|value| value.to_string() == digits)) {
        Some(kept_us) => Ok(Some(kept_us)),
        None => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "it does not hold a time; remove it if the clock is right"))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

    use super::*;

    /// A clock that is set by hand; the monotonic one runs with it unless told otherwise.
    #[derive(Default)]
    pub(crate) struct FakeClock {
        pub(crate) now: AtomicI64,
        pub(crate) monotonic: AtomicI64,
    }

    impl FakeClock {
        /// Time passes.
        pub(crate) fn pass(&self, us: i64) {
            self.now.fetch_add(us, Relaxed);
            self.monotonic.fetch_add(us, Relaxed);
        }

        /// Somebody sets the clock.
        pub(crate) fn step(&self, us: i64) {
            self.now.fetch_add(us, Relaxed);
        }
    }

    impl Clock for FakeClock {
        fn now_us(&self) -> i64 {
            self.now.load(Relaxed)
        }
        fn monotonic_us(&self) -> i64 {
            self.monotonic.load(Relaxed)
        }
    }

    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3_600 * SECOND;

    fn open(folder: &Path, now: i64, known: Option<i64>) -> (Arc<FakeClock>, GuardedClock) {
        let clock = Arc::new(FakeClock { now: now.into(), monotonic: 5.into() });
        let guarded = GuardedClock::open(Arc::clone(&clock) as _, folder, known).unwrap();
        (clock, guarded)
    }

    #[test]
    fn steps_of_more_than_a_minute_stop_the_clock_until_it_is_accepted() {
        let check = |step: i64, stops: bool| {
            let folder = tempfile::tempdir().unwrap();
            let (clock, guarded) = open(folder.path(), 1_000 * HOUR, None);
            clock.pass(10 * HOUR);
            assert_eq!(guarded.now_us(), Ok(1_010 * HOUR), "time that passes is no step");
            clock.pass(5);
            clock.step(step);
            let found_us = 1_010 * HOUR + 5 + step;
            let expected = ClockStop { reason: ClockReason::Step, expected_us: 1_010 * HOUR + 5, found_us };
            let result = if stops { Err(expected) } else { Ok(found_us) };
            assert_eq!(guarded.now_us(), result, "step of {step}");
            clock.step(-step);
            clock.pass(SECOND);
            assert_eq!(guarded.now_us().is_err(), stops, "it stays stopped, also when the clock is set right");
            assert_eq!(guarded.stop(), stops.then_some(expected));
            guarded.accept();
            clock.pass(SECOND);
            assert_eq!((guarded.stop(), guarded.now_us()), (None, Ok(1_010 * HOUR + 5 + 2 * SECOND)));
        };
        check(60 * SECOND, false);
        check(60 * SECOND + 1, true);
        check(-60 * SECOND, false);
        check(-60 * SECOND - 1, true);
        check(24 * 365 * HOUR, true);
    }

    #[test]
    fn uptime_is_read_in_microseconds() {
        let check = |text: &str, expected| assert_eq!(uptime_us(text.as_bytes()), expected, "{text:?}");
        check("350735.47 234388.90\n", Some(350_735_470_000));
        check("0.05 0.00\n", Some(50_000));
        for bad in ["", "\n", "12 13", "12.5 13.00", "-1.00 0.00", "1.+1 0", "99999999999999999.00 0.00", "x.00"] {
            check(bad, None);
        }
        let clock = SystemClock::default();
        let (wall, monotonic) = (clock.now_us(), clock.monotonic_us());
        std::thread::sleep(std::time::Duration::from_millis(50));
        let passed = (clock.now_us() - wall, clock.monotonic_us() - monotonic);
        assert!(passed.1 >= 30_000 && (passed.0 - passed.1).abs() < 10_000_000, "{passed:?}");
    }

    #[test]
    fn many_small_corrections_are_no_step() {
        let folder = tempfile::tempdir().unwrap();
        let (clock, guarded) = open(folder.path(), HOUR, None);
        for _ in 0..100 {
            clock.pass(SECOND);
            clock.step(59 * SECOND);
            guarded.now_us().unwrap();
        }
    }

    #[test]
    fn a_start_more_than_a_day_after_the_last_known_time_stops_the_clock() {
        let check = |kept: Option<i64>, known: Option<i64>, now: i64, stops: bool| {
            let folder = tempfile::tempdir().unwrap();
            if let Some(kept) = kept {
                open(folder.path(), kept, None).1.keep(true).unwrap();
            }
            let (_, guarded) = open(folder.path(), now, known);
            assert_eq!(guarded.stop().is_some(), stops, "kept {kept:?}, known {known:?}, now {now}");
            guarded.keep(true).unwrap();
            let expected = if stops { kept } else { Some(now) };
            assert_eq!(last_kept_us(folder.path()).unwrap(), expected, "a clock not believed is not written down");
        };
        check(None, None, 1_000 * HOUR, false);
        check(Some(100 * HOUR), None, 124 * HOUR, false);
        check(Some(100 * HOUR), None, 124 * HOUR + 1, true);
        check(None, Some(100 * HOUR), 124 * HOUR + 1, true);
        check(Some(90 * HOUR), Some(110 * HOUR), 124 * HOUR + 1, false);
        check(Some(110 * HOUR), Some(90 * HOUR), 124 * HOUR + 1, false);
        check(Some(100 * HOUR), None, HOUR, false);
    }

    #[test]
    fn the_time_is_written_down_every_ten_minutes() {
        let folder = tempfile::tempdir().unwrap();
        let (clock, guarded) = open(folder.path(), HOUR, None);
        let mut kept = Vec::new();
        for _ in 0..25 {
            guarded.keep(false).unwrap();
            kept.push((last_kept_us(folder.path()).unwrap().unwrap() - HOUR) / (60 * SECOND));
            clock.pass(60 * SECOND);
        }
        kept.dedup();
        assert_eq!(kept, [0, 10, 20]);
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for text in
            ["", "indelible/clock/v1", "indelible/clock/v1 1", "indelible/clock/v1 x\n", "indelible/clock/v2 1\n"]
        {
            std::fs::write(folder.path().join("clock"), text).unwrap();
            assert!(last_kept_us(folder.path()).is_err(), "{text:?}");
        }
        std::fs::write(folder.path().join("clock"), "indelible/clock/v1 -7\n").unwrap();
        assert_eq!(last_kept_us(folder.path()).unwrap(), Some(-7));
    }
}
