//! A caller of the journal that remembers what it was promised, and checks after each reopening that it was kept.

use std::path::Path;
use std::sync::Arc;

use indelible_testkit::disk::FaultyDisk;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::{AppendError, FrameNumber, Journal, OpenError, Options, Recovered};

pub(crate) const DIR: &str = "/journal";

/// Small segments, so that a few frames fill one.
pub(crate) const OPTIONS: Options = Options { segment_bytes: 8 << 10, spare_segments: 1, frame_bytes_max: 2 << 10 };

pub(crate) fn open(disk: &FaultyDisk) -> Result<(Journal, Recovered), OpenError> {
    Journal::open_without_thread(Arc::new(disk.clone()), Path::new(DIR), OPTIONS)
}

/// The body of a frame: its length and bytes follow from its number and from how often that number was tried.
pub(crate) fn body(number: u64, attempt: u64) -> Vec<u8> {
    let mut random = SmallRng::seed_from_u64(number * 1000 + attempt);
    let length = match number % 5 {
        0 => 0,
        1 => random.random_range(1..20),
        4 => random.random_range(1000..1500),
        _ => random.random_range(100..400),
    };
    (0..length).map(|_| random.random()).collect()
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    /// Every frame ever written and not refused since, by number.
    written: Vec<Vec<u8>>,
    attempt: u64,
    /// Frames below this number were reported durable.
    acknowledged: u64,
    released: u64,
}

/// One thing the caller does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// Writes a frame, to be handed to the system with others.
    Buffer,
    /// Writes a frame and hands it to the system.
    Write,
    Sync,
    Roll,
    Renew,
    /// Releases all but this many of the acknowledged frames.
    ReleaseAllBut(u64),
    Reopen,
    CloseAndReopen,
}

/// What went wrong, and so ended the run.
#[derive(Debug)]
pub(crate) enum Stop {
    Open(OpenError),
    Append(AppendError),
}

impl Caller {
    /// Opens the journal and does `actions`. Stops at the first error.
    pub(crate) fn run(&mut self, disk: &FaultyDisk, actions: &[Action]) -> Result<(), Stop> {
        let mut journal = self.open(disk)?;
        for action in actions {
            match *action {
                Action::Buffer => self.write(&mut journal).map_err(Stop::Append)?,
                Action::Write => self.write(&mut journal).and_then(|()| journal.flush()).map_err(Stop::Append)?,
                Action::Sync => self.sync(&mut journal).map_err(Stop::Append)?,
                Action::Roll => journal.roll().map_err(Stop::Append)?,
                Action::Renew => journal.renew().map_err(Stop::Append)?,
                Action::ReleaseAllBut(count) => self.release(&mut journal, count),
                Action::Reopen => {
                    drop(journal);
                    journal = self.open(disk)?;
                }
                Action::CloseAndReopen => {
                    let next = self.written.len() as u64;
                    journal.close().map_err(Stop::Append)?;
                    self.acknowledged = next;
                    journal = self.open(disk)?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn write(&mut self, journal: &mut Journal) -> Result<(), AppendError> {
        let number = self.written.len() as u64;
        let body = body(number, self.attempt);
        let (left, right) = body.split_at(body.len() / 2);
        let result = journal.write(&[left, right], 1_000_000 + number as i64);
        if !matches!(result, Err(AppendError::NoRoom { .. } | AppendError::Halted)) {
            self.written.push(body.clone());
        }
        assert_eq!(result?.number, FrameNumber(number));
        Ok(())
    }

    pub(crate) fn sync(&mut self, journal: &mut Journal) -> Result<(), AppendError> {
        let durable = journal.sync()?;
        assert_eq!(durable.0, self.written.len() as u64);
        self.acknowledged = durable.0;
        Ok(())
    }

    pub(crate) fn release(&mut self, journal: &mut Journal, all_but: u64) {
        self.released = self.released.max(self.acknowledged.saturating_sub(all_but));
        journal.release(FrameNumber(self.released));
    }

    /// Opens the journal and checks every promise.
    pub(crate) fn open(&mut self, disk: &FaultyDisk) -> Result<Journal, Stop> {
        let (journal, recovered) = open(disk).map_err(Stop::Open)?;
        self.check(&journal, &recovered);
        Ok(journal)
    }

    fn check(&mut self, journal: &Journal, recovered: &Recovered) {
        let Recovered { first, next, last_received_at_us, .. } = *recovered;
        assert!(next.0 >= self.acknowledged, "acknowledged up to {}, found {recovered:?}", self.acknowledged);
        assert!(next.0 <= self.written.len() as u64, "written {}, found {recovered:?}", self.written.len());
        assert!(first.0 <= self.released, "released {}, found {recovered:?}", self.released);
        assert_eq!(journal.reader().durable(), next);
        assert_eq!(last_received_at_us, next.0.checked_sub(1).map(|last| 1_000_000 + last as i64));
        let mut number = first;
        for frame in journal.frames(FrameNumber(0)) {
            let frame = frame.unwrap();
            assert_eq!(frame.number, number);
            assert_eq!(frame.body, self.written[number.0 as usize], "frame {number}");
            assert_eq!(frame.received_at_us, 1_000_000 + number.0 as i64);
            assert_eq!(journal.reader().read(&frame.position).unwrap(), frame);
            number = FrameNumber(number.0 + 1);
        }
        assert_eq!(number, next, "{recovered:?}");
        // What was never acknowledged and is not there will be written again, as something else. What is there stays.
        self.written.truncate(next.0 as usize);
        self.acknowledged = next.0;
        self.attempt += 1;
    }

    /// Brings the journal to rest on a disk that works again, twice, with more frames in between.
    pub(crate) fn recover(&mut self, disk: &FaultyDisk) {
        let more =
            [Action::Write, Action::Write, Action::Sync, Action::Write, Action::Reopen, Action::Write, Action::Sync];
        self.run(disk, &more).unwrap();
        self.open(disk).unwrap();
    }
}
