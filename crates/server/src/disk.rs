//! What a filling disk means for intake: an alarm first, then only some organizations, then nobody.
//!
//! Events are refused before the disk is full, so that the server itself always has room: to seal and upload what waits,
//! which is what frees the journal, and for its own entries. At the last mark the reserve is given up for that; it counts
//! as used until it is taken back, so that giving it up does not look like room for events.

use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use indelible_api::ErrorCode;
use indelible_event::Organization;
use indelible_storage::{Reserve, Space};

use crate::config;
use crate::error::ApiError;

/// Seconds after which a refused producer may try again: people or the archive have to make room meanwhile.
const RETRY_AFTER_SECONDS: u64 = 10;

/// How full the disk is, in terms of who may still send events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Below all marks.
    Free,
    /// Above the first mark: an alarm.
    Filling,
    /// Above the second: only priority organizations.
    Priority,
    /// Above the third: nobody.
    Full,
}

/// The level where used and free bytes stand to each other like this.
pub(crate) fn level(space: Space, marks: &config::Disk) -> Level {
    let used = space.used_percent();
    match () {
        () if used >= f64::from(marks.stop_percent) => Level::Full,
        () if used >= f64::from(marks.priority_percent) => Level::Priority,
        () if used >= f64::from(marks.alarm_percent) => Level::Filling,
        () => Level::Free,
    }
}

/// The disk of the data folder, as it was at the last look.
pub(crate) struct DiskWatch {
    marks: config::Disk,
    operator: Organization,
    reserve: Reserve,
    level: AtomicU8,
}

impl DiskWatch {
    /// Nothing is known before the first [`look`](Self::look).
    pub(crate) fn new(data: &Path, marks: config::Disk, operator: Organization) -> Self {
        let reserve = Reserve::new(data.join("reserve"), marks.reserve_bytes);
        Self { marks, operator, reserve, level: AtomicU8::new(Level::Free as u8) }
    }

    /// Looks at the disk, takes or gives up the reserve, and returns the text of the alarm, if one is due.
    pub(crate) fn look(&self, data: &Path) -> Option<String> {
        let space = match Space::of(data) {
            Ok(space) => space,
            Err(error) => {
                return Some(format!("the disk of {} cannot be asked how full it is: {error}", data.display()));
            }
        };
        let (found, held) = self.judge(space);
        self.level.store(found as u8, Relaxed);
        if found == Level::Full && held {
            match self.reserve.give_up() {
                Ok(_) => tracing::warn!(bytes = self.reserve.bytes(), "the reserve was given up: the disk is full"),
                Err(error) => tracing::error!(%error, "the reserve could not be given up"),
            }
        } else if found < Level::Full && !held {
            // A disk without room for it is above the first mark: the alarm below tells.
            if let Err(error) = self.reserve.take() {
                tracing::warn!(%error, bytes = self.reserve.bytes(), "the reserve could not be set aside");
            }
        }
        let consequence = match found {
            Level::Free => return None,
            Level::Filling => format!(
                "at {} % only priority organizations may send, at {} % nobody",
                self.marks.priority_percent, self.marks.stop_percent
            ),
            Level::Priority => {
                format!("only priority organizations may send, at {} % nobody", self.marks.stop_percent)
            }
            Level::Full => "no event is taken in until there is room".to_owned(),
        };
        Some(format!(
            "the disk of {} is {:.0} % full, {} MiB are free; {consequence}",
            data.display(),
            space.used_percent(),
            space.free_bytes >> 20
        ))
    }

    /// The level, and whether the reserve is held; one given up counts as used.
    fn judge(&self, space: Space) -> (Level, bool) {
        let held = self.reserve.is_held();
        let missing = if held { 0 } else { self.reserve.bytes().min(space.free_bytes) };
        let counted = Space { used_bytes: space.used_bytes + missing, free_bytes: space.free_bytes - missing };
        (level(counted, &self.marks), held)
    }

    /// The level at the last look.
    pub(crate) fn level(&self) -> Level {
        match self.level.load(Relaxed) {
            0 => Level::Free,
            1 => Level::Filling,
            2 => Level::Priority,
            _ => Level::Full,
        }
    }

    /// Whether anybody may send events.
    pub(crate) fn admit(&self) -> Result<(), ApiError> {
        match self.level() {
            Level::Full => Err(full()),
            Level::Free | Level::Filling | Level::Priority => Ok(()),
        }
    }

    /// Whether events for `organization` may come in.
    pub(crate) fn admit_organization(&self, organization: &Organization) -> Result<(), ApiError> {
        let has_priority =
            || *organization == self.operator || self.marks.priority_organizations.contains(organization);
        if self.level() < Level::Priority || has_priority() {
            return Ok(());
        }
        let message = format!(
            "the server's disk is nearly full and {organization} is not a priority organization; nothing was stored, send the \
             events again later"
        );
        Err(ApiError::new(ErrorCode::DiskFilling, message).retry_after(RETRY_AFTER_SECONDS))
    }
}

/// The answer when there is no room.
pub(crate) fn full() -> ApiError {
    let message = "the server's disk is full; send the events again, with the same logEntryId, when there is room";
    ApiError::new(ErrorCode::DiskFull, message).retry_after(RETRY_AFTER_SECONDS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn watch(folder: &Path, reserve_bytes: u64) -> DiskWatch {
        let marks = config::Disk {
            reserve_bytes,
            priority_organizations: vec!["ri.indelible..organization.first".parse().unwrap()],
            ..config::Disk::default()
        };
        DiskWatch::new(folder, marks, "ri.indelible..organization.operator".parse().unwrap())
    }

    #[test]
    fn levels_begin_at_their_marks() {
        let check = |used_bytes, expected| {
            let space = Space { used_bytes, free_bytes: 1000 - used_bytes };
            assert_eq!(level(space, &config::Disk::default()), expected, "{used_bytes} of 1000");
        };
        check(0, Level::Free);
        check(699, Level::Free);
        check(700, Level::Filling);
        check(849, Level::Filling);
        check(850, Level::Priority);
        check(949, Level::Priority);
        check(950, Level::Full);
        check(1000, Level::Full);
    }

    #[test]
    fn a_reserve_that_was_given_up_counts_as_used() {
        let folder = tempfile::tempdir().unwrap();
        let watch = watch(folder.path(), 100 << 10);
        let space = |used_kib: u64| Space { used_bytes: used_kib << 10, free_bytes: (1000 - used_kib) << 10 };
        assert_eq!(watch.judge(space(860)), (Level::Full, false));
        assert_eq!(watch.judge(space(840)), (Level::Priority, false));
        assert_eq!(watch.judge(space(990)), (Level::Full, false), "more than is free cannot be counted");
        watch.reserve.take().unwrap();
        assert_eq!(watch.judge(space(940)), (Level::Priority, true));
        assert_eq!(watch.judge(space(950)), (Level::Full, true));
    }

    #[test]
    fn the_operator_and_priority_organizations_may_send_longest() {
        let folder = tempfile::tempdir().unwrap();
        let watch = watch(folder.path(), 0);
        let check = |level: Level, all: bool, operator: bool, first: bool, other: bool| {
            watch.level.store(level as u8, Relaxed);
            let one = |name: &str| {
                let organization = format!("ri.indelible..organization.{name}").parse().unwrap();
                watch.admit().is_ok() && watch.admit_organization(&organization).is_ok()
            };
            assert_eq!(
                (watch.admit().is_ok(), one("operator"), one("first"), one("other")),
                (all, operator, first, other),
                "{level:?}"
            );
        };
        check(Level::Free, true, true, true, true);
        check(Level::Filling, true, true, true, true);
        check(Level::Priority, true, true, true, false);
        check(Level::Full, false, false, false, false);
    }

    #[test]
    fn a_look_sets_the_reserve_aside_and_says_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let watch = watch(folder.path(), 64 << 10);
        let alarm = watch.look(folder.path());
        let space = Space::of(folder.path()).unwrap();
        assert_eq!(alarm.is_some(), level(space, &config::Disk::default()) > Level::Free, "{alarm:?}");
        assert_eq!(watch.reserve.is_held(), watch.level() < Level::Full);
        assert!(watch.look(&folder.path().join("missing")).unwrap().contains("cannot be asked"));
    }
}
