//! Which of the newest entries of a log are the server's own.
//!
//! A log file of nothing but the traces of the client that fetched the last one would be fetched again, and so on for ever.
//! So such entries alone are no reason to hurry.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// For each log, the newest run of entries that are all own, as far as it is known. After a start nothing is.
#[derive(Default)]
pub(crate) struct OwnEntries(Mutex<HashMap<u32, Range<u64>>>);

impl OwnEntries {
    /// These entries, logs by number, are own.
    pub(crate) fn note(&self, entries: impl Iterator<Item = (u32, u64)>) {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (number, seq) in entries {
            let run = runs.entry(number).or_insert(seq..seq);
            match seq {
                _ if seq == run.end => run.end += 1,
                // Answers may overtake each other.
                _ if seq + 1 == run.start => run.start -= 1,
                _ if seq > run.end => *run = seq..seq + 1,
                _ => {}
            }
        }
    }

    /// Whether all of the entries `seqs` of a log are known to be own.
    pub(crate) fn are_all(&self, number: u32, seqs: &Range<u64>) -> bool {
        let runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        runs.get(&number).is_some_and(|run| run.start <= seqs.start && seqs.end <= run.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_own_entries_ends_where_somebody_elses_begin() {
        let own = OwnEntries::default();
        let check = |seqs: Range<u64>, expected| assert_eq!(own.are_all(1, &seqs), expected, "{seqs:?}");
        check(0..1, false);
        own.note([(1, 5), (1, 7), (1, 6), (2, 8)].into_iter());
        check(5..8, false);
        check(6..8, true);
        check(7..8, true);
        check(6..9, false);
        own.note([(1, 8)].into_iter());
        check(6..9, true);
        own.note([(1, 10)].into_iter());
        check(6..11, false);
        check(10..11, true);
    }
}
