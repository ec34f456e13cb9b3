//! How long log files are kept, and what an organization's log says of those that went.
//!
//! An organization's retention is the history of its settings. What was promised for a file is never taken back: each is kept for
//! the longest retention that was set at any time since its last entry was received.

use indelible_event::control::{CONTROL_TYPE, Dropped};
use serde::Deserialize;

use crate::control;
use crate::inventory::LogFile;
use crate::source::Source;

const DAY_US: i64 = 86_400_000_000;

/// From when on log files are kept for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// When it was set, microseconds since 1970 UTC.
    pub since_us: i64,
    /// Days from when the last entry of a file was received; `None` for ever.
    pub days: Option<u32>,
}

/// When a log file whose last entry was received then may go; `None` if never. `history` is in order of time.
///
/// The first setting counts for older files too: before it nothing was promised.
pub fn expires_us(history: &[Setting], received_last_us: i64) -> Option<i64> {
    let before = history.partition_point(|setting| setting.since_us <= received_last_us);
    let settings = &history[before.saturating_sub(1)..];
    let days = settings.iter().map(|setting| setting.days).collect::<Option<Vec<_>>>()?.into_iter().max()?;
    Some(received_last_us.saturating_add(i64::from(days).saturating_mul(DAY_US)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Extra {
    retention: Payload,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    dropped: Vec<Dropped>,
}

/// Joins stretches that meet. `all` in any order.
pub fn joined(mut all: Vec<Dropped>) -> Vec<Dropped> {
    all.sort_unstable();
    let mut joined: Vec<Dropped> = Vec::with_capacity(all.len());
    for next in all {
        match joined.last_mut() {
            Some(last) if last.generation == next.generation && next.first <= last.last.saturating_add(1) => {
                last.last = last.last.max(next.last);
            }
            _ => joined.push(next),
        }
    }
    joined
}

/// Whether an entry of this `type` and `name` says which log files go.
pub fn is_retention(kind: &str, name: Option<&str>) -> bool {
    kind == CONTROL_TYPE && name == Some("RETENTION")
}

/// What a retention entry with this content part says is dropped.
///
/// # Errors
/// What is wrong with it.
pub fn read(content: &[u8]) -> Result<Vec<Dropped>, String> {
    let Extra { retention } = control::extra(content)?;
    Ok(retention.dropped)
}

/// Whether a retention entry at this generation and `seq`, which says that `dropped` went, accounts for a log file with the
/// entries `file`: it names all of them, and stands behind them.
pub fn accounts_for(at: (u32, u64), dropped: &Dropped, file: &Dropped) -> bool {
    dropped.generation == file.generation
        && dropped.first <= file.first
        && file.last <= dropped.last
        && at > (file.generation, file.last)
}

/// What the newest retention entry in `file` says is dropped; `None` if there is none. Reads all of it; blocks.
///
/// # Errors
/// When it cannot be read.
pub fn newest_in(source: &dyn Source, file: &LogFile) -> Result<Option<Vec<Dropped>>, String> {
    Ok(control::newest_in(source, file, is_retention, read)?.map(|(_, dropped)| dropped))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use indelible_event::control;

    use super::*;

    #[test]
    fn a_file_is_kept_for_the_longest_retention_since_it_was_received() {
        let set = |day: i64, days| Setting { since_us: day * DAY_US, days };
        for (history, received_day, expected_day) in [
            (vec![], 5, None),
            (vec![set(10, Some(30))], 5, Some(35)),
            (vec![set(10, Some(30))], 15, Some(45)),
            (vec![set(10, None)], 15, None),
            // Longer: also for what is there. Shorter: for what comes.
            (vec![set(10, Some(30)), set(20, Some(90))], 15, Some(105)),
            (vec![set(10, Some(90)), set(20, Some(30))], 15, Some(105)),
            (vec![set(10, Some(90)), set(20, Some(30))], 20, Some(50)),
            (vec![set(10, Some(90)), set(20, Some(30))], 5, Some(95)),
            (vec![set(10, Some(30)), set(20, None), set(30, Some(30))], 15, None),
            (vec![set(10, Some(30)), set(20, None), set(30, Some(30))], 31, Some(61)),
        ] {
            let found = expires_us(&history, received_day * DAY_US);
            assert_eq!(found, expected_day.map(|day: i64| day * DAY_US), "{history:?}, received on day {received_day}");
        }
    }

    #[test]
    fn what_the_server_writes_is_read() {
        let dropped = [Dropped { generation: 1, first: 3, last: 9 }];
        let entry = control::retention(&control::Retention {
            organization: &"ri.indelible..organization.acme".parse().unwrap(),
            generation: 2,
            dropped: &dropped,
            received_at_us: 0,
            product_version: "1",
        });
        assert_eq!(read(&entry.content).unwrap(), dropped);
        for wrong in
            ["{}", "{\"extra\":{\"retention\":{}}}", "{\"extra\":{\"retention\":{\"dropped\":[{\"first\":1}]}}}"]
        {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn stretches_that_meet_are_one() {
        let of = |all: &[(u32, u64, u64)]| {
            all.iter().map(|&(generation, first, last)| Dropped { generation, first, last }).collect::<Vec<_>>()
        };
        for (all, expected) in [
            (of(&[]), of(&[])),
            (of(&[(1, 5, 9), (1, 0, 4)]), of(&[(1, 0, 9)])),
            (of(&[(1, 0, 4), (1, 6, 9)]), of(&[(1, 0, 4), (1, 6, 9)])),
            (of(&[(1, 0, 4), (2, 5, 9)]), of(&[(1, 0, 4), (2, 5, 9)])),
            (of(&[(1, 0, 9), (1, 2, 3), (1, 10, 10)]), of(&[(1, 0, 10)])),
        ] {
            assert_eq!(joined(all.clone()), expected, "{all:?}");
        }
    }
}
