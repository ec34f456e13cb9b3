//! How `indelible doctor --accept-clock` tells the server that the clock is right: by a file in the data folder, which
//! works for a server that runs and for one that is started later.

use std::io;
use std::path::Path;

use indelible_storage::durable;

const FILE: &str = "clock.accept";
/// First word of the file.
const FORMAT: &str = "indelible/clock-accept/v1";
/// A request is about the clock of its moment: one that lay about for longer accepts nothing.
const VALID_US: i64 = 3_600_000_000;

/// Asks the server of the data folder to accept the clock, which shows `now_us`.
pub(crate) fn request(data: &Path, now_us: i64) -> io::Result<()> {
    durable::write_atomic(&data.join(FILE), format!("{FORMAT} {now_us}\n").as_bytes(), 0o600)
}

/// Whether a request waits.
pub(crate) fn is_requested(data: &Path) -> bool {
    data.join(FILE).exists()
}

/// Takes the request away, if there is one. Returns whether there was one that holds at `now_us`.
pub(crate) fn take_request(data: &Path, now_us: i64) -> bool {
    let path = data.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return false,
        Err(error) => {
            tracing::error!(%error, path = %path.display(), "read the request to accept the clock");
            return false;
        }
    };
    // Removed first: a request that stayed would accept the next jump too.
    if let Err(error) = std::fs::remove_file(&path).and_then(|()| durable::sync_dir(data)) {
        tracing::error!(%error, path = %path.display(), "the request to accept the clock cannot be removed and is not heeded");
        return false;
    }
    let asked_us = text.strip_prefix(FORMAT).and_then(|rest| rest.trim().parse::<i64>().ok());
    let holds = asked_us.is_some_and(|asked_us| (0..=VALID_US).contains(&now_us.saturating_sub(asked_us)));
    if !holds {
        tracing::warn!("a request to accept the clock is too old, or of another clock, and is not heeded");
    }
    holds
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_request_holds_once_and_for_an_hour() {
        let folder = tempfile::tempdir().unwrap();
        let check = |asked_us: Option<i64>, now_us: i64, holds: bool| {
            if let Some(asked_us) = asked_us {
                request(folder.path(), asked_us).unwrap();
                assert!(is_requested(folder.path()));
            }
            assert_eq!(take_request(folder.path(), now_us), holds, "asked at {asked_us:?}, now {now_us}");
            assert!(!is_requested(folder.path()) && !take_request(folder.path(), now_us));
        };
        check(None, 0, false);
        check(Some(1_000), 1_000, true);
        check(Some(1_000), 1_000 + VALID_US, true);
        check(Some(1_000), 1_001 + VALID_US, false);
        check(Some(1_000), 999, false);
        std::fs::write(folder.path().join(FILE), "anything").unwrap();
        check(None, 0, false);
    }
}
