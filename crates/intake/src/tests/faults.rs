//! The journal's disk fails or is full: what producers are told is true, and nothing acknowledged is lost.

use indelible_testkit::disk::{Fault, FaultyDisk};

use super::*;

/// Ids from `first` on, in one organization, about a hundred kilobytes.
fn events(first: u64, count: u64, filler: &str) -> Vec<(u64, &str, Vec<u32>)> {
    (first..first + count).map(|id| (id, filler, vec![0])).collect()
}

/// Every id that is stored, in order of `seq`, without the genesis entry.
fn stored(bench: &Bench) -> Vec<u64> {
    let entries = bench.entries();
    entries.get(&0).map(|list| list[1..].iter().map(|entry| entry.0).collect()).unwrap_or_default()
}

#[test]
fn a_full_disk_is_answered_and_intake_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let bench = Bench::open_at(folder.path(), Arc::new(disk.clone()), 1_000, i64::MIN);
    let filler = "u".repeat(200);
    disk.fill_up();
    let mut acknowledged = Vec::new();
    let mut first = 1;
    let refused = loop {
        let batch = events(first, 200, &filler);
        match bench.submit("p", &batch) {
            Ok(_) => acknowledged.extend(batch.iter().map(|event| event.0)),
            Err(error) => break error,
        }
        first += 200;
        assert!(first < 100_000, "the disk was not full");
    };
    assert_eq!(refused, SubmitError::NoRoom);
    assert!(bench.intake.is_running());
    assert_eq!(bench.submit("p", &events(1, 1, &filler)).map(|a| statuses(&a)), Ok(vec![Status::Duplicate]));
    assert!(bench.submit("p", &events(first, 200, &filler)).is_err(), "still full");
    disk.heal();
    let answer = loop {
        match bench.submit("p", &events(first, 200, &filler)) {
            Ok(answer) => break answer,
            Err(error) => assert_eq!(error, SubmitError::NoRoom),
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(answer.outcomes.len(), 200);
    acknowledged.extend(first..first + 200);
    assert_eq!(stored(&bench), acknowledged);
    assert!(bench.intake.stats().no_room.load(Relaxed) >= 2);
}

#[test]
fn a_batch_that_fits_in_part_is_refused_and_sent_again_is_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let bench = Bench::open_at(folder.path(), Arc::new(disk.clone()), 1_000, i64::MIN);
    bench.number(0);
    let filler = "u".repeat(200);
    disk.fill_up();
    // Longer than the open segment and the spare one together, and in its first frame the genesis entry.
    let batch = events(1, 6_000, &filler);
    assert_eq!(bench.submit("p", &batch).err(), Some(SubmitError::NoRoom));
    let part = stored(&bench);
    assert!(!part.is_empty() && part.len() < 6_000, "{} stored", part.len());
    assert_eq!(bench.ledger.size(0), part.len() as u64 + 1, "what was not stored has no leaf");
    assert_eq!(bench.submit("p", &events(1, 1, &filler)).map(|a| statuses(&a)), Ok(vec![Status::Duplicate]));
    disk.heal();
    let answer = loop {
        match bench.submit("p", &batch) {
            Ok(answer) => break answer,
            Err(error) => assert_eq!(error, SubmitError::NoRoom),
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    let duplicates = answer.outcomes.iter().filter(|outcome| outcome.status == Status::Duplicate).count();
    assert!(duplicates >= part.len());
    assert_eq!(stored(&bench), (1..=6_000).collect::<Vec<_>>());
    let seqs: Vec<u64> = answer.receipts.iter().map(|receipt| receipt.seq).collect();
    assert_eq!(seqs, (1..=6_000).collect::<Vec<_>>());
}

#[test]
fn a_log_whose_first_frame_found_no_room_begins_with_its_genesis_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let bench = Bench::open_at(folder.path(), Arc::new(disk.clone()), 1_000, i64::MIN);
    let filler = "u".repeat(200);
    bench.submit("p", &events(1, 1, &filler)).unwrap();
    disk.fill_up();
    let mut first = 2;
    while bench.submit("p", &events(first, 200, &filler)).is_ok() {
        first += 200;
    }
    // The first ones may still fit into what is left of the segment.
    let full = |organization: &u32| bench.submit("p", &[(1, filler.as_str(), vec![*organization])]).is_err();
    let last = (1..2_000).find(full).unwrap();
    disk.heal();
    let answer = loop {
        if let Ok(answer) = bench.submit("p", &[(1, filler.as_str(), vec![last])]) {
            break answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert_eq!(answer.receipts[0].seq, 1);
    assert_eq!(bench.entries()[&bench.number(last)].len(), 2);
}

/// Every operation of the journal fails once, done or not, while producers wait.
#[test]
fn a_failed_write_or_sync_is_unknown_to_producers_stops_intake_and_loses_nothing_acknowledged() {
    let filler = "u".repeat(200);
    for fault in [Fault::Lost, Fault::Done, Fault::Half, Fault::Dead] {
        for nth in 0..6 {
            let folder = tempfile::tempdir().unwrap();
            let disk = FaultyDisk::new();
            let bench = Bench::open_at(folder.path(), Arc::new(disk.clone()), 1_000, i64::MIN);
            while bench.intake.journal_stats().spare_segments == 0 {
                std::thread::yield_now();
            }
            disk.fail_at(nth, fault);
            let mut acknowledged = Vec::new();
            let failed =
                (0..).map(|n| 1 + n * 10).find(|first| match bench.submit("p", &events(*first, 10, &filler)) {
                    Ok(answer) => {
                        acknowledged.extend(*first..first + 10);
                        assert_eq!(answer.outcomes.len(), 10);
                        false
                    }
                    Err(error) => {
                        assert_eq!(error, SubmitError::Unknown, "{fault:?} at {nth}");
                        true
                    }
                });
            assert_eq!(bench.submit("p", &events(1, 1, &filler)).err(), Some(SubmitError::Stopped));
            assert!(matches!(bench.intake.close(), Err(Failure::Append(_))));
            drop(bench);
            let after = disk.cut_power(&mut StdRng::seed_from_u64(nth));
            let bench = Bench::open_at(folder.path(), Arc::new(after), 1_000, i64::MIN);
            let found = stored(&bench);
            assert!(found.starts_with(&acknowledged), "{fault:?} at {nth}: {found:?}, acknowledged {acknowledged:?}");
            let again = bench.submit("p", &events(failed.unwrap(), 10, &filler)).unwrap();
            assert_eq!(again.receipts.len(), 10, "sent again they are stored once, or told as repeats");
            acknowledged.extend(failed.unwrap()..failed.unwrap() + 10);
            assert_eq!(stored(&bench), acknowledged);
        }
    }
}
