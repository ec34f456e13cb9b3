#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod encryption;
mod model;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use indelible_event::{Intake as IntakePart, Limits, Scratch, admit};
use indelible_merkle::{Frontier, Hash};
use indelible_storage::RealDisk;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::clock::tests::FakeClock;

/// Intake with everything below it, in a folder that outlives it.
struct Bench {
    folder: PathBuf,
    clock: Arc<FakeClock>,
    ledger: Arc<Ledger>,
    intake: Intake,
    opened: Opened,
    keys: Arc<ContentKeys>,
}

fn options() -> Options {
    Options {
        journal: indelible_journal::Options { segment_bytes: 1 << 20, spare_segments: 1, frame_bytes_max: 64 << 10 },
        identity: identity::Options { memory_identities: 50, ..identity::Options::default() },
        queue_bytes: 1 << 20,
        ..Options::default()
    }
}

impl Bench {
    fn open(folder: &Path) -> Self {
        Self::open_at(folder, Arc::new(RealDisk), 1_000, i64::MIN)
    }

    /// With the journal on `disk`, when the clock shows `now_us`, and an archive whose newest entry was received at
    /// `archived_us`.
    fn open_at(folder: &Path, disk: Arc<dyn Disk>, now_us: i64, archived_us: i64) -> Self {
        let ledger = Arc::new(Ledger::open(&folder.join("ledger"), &folder.join("keys"), "test").unwrap());
        let clock = Arc::new(FakeClock { now: now_us.into(), ..FakeClock::default() });
        let keys = Arc::new(ContentKeys::in_folder(&folder.join("keys/content")).unwrap());
        let options = Options { content_keys: Arc::clone(&keys), ..options() };
        let (intake, opened) =
            Intake::open(disk, folder, Arc::clone(&ledger), Arc::clone(&clock) as _, &options, archived_us).unwrap();
        ledger.check_recovered().unwrap();
        Self { folder: folder.to_owned(), clock, ledger, intake, opened, keys }
    }

    fn reopen(self) -> Self {
        let folder = self.folder.clone();
        drop(self);
        Self::open(&folder)
    }

    fn number(&self, organization: u32) -> u32 {
        self.intake.organization(&rid(organization)).unwrap().number
    }

    /// Submits events and waits for the answer.
    fn submit(&self, producer: &str, events: &[(u64, &str, Vec<u32>)]) -> Result<Answer, SubmitError> {
        self.begin(producer, events).recv().unwrap()
    }

    fn begin(&self, producer: &str, events: &[(u64, &str, Vec<u32>)]) -> Receiver<Result<Answer, SubmitError>> {
        let mut batch = self.intake.batch(producer);
        let mut scratch = Scratch::default();
        for (id, uid, organizations) in events {
            let line = line(*id, uid);
            let part = IntakePart { producer, producer_epoch: None, producer_seq: None, source: "test", adapter: None };
            let event = admit(&mut scratch, line.as_bytes(), &Limits::default(), &part, || unreachable!()).unwrap();
            let numbers: Vec<u32> = organizations.iter().map(|o| self.number(*o)).collect();
            batch.push(&event, &numbers);
        }
        let (reply, answer) = channel();
        self.intake.submit(batch, Box::new(move |result| reply.send(result).unwrap()));
        answer
    }

    /// Accepts the clock for organization `number`.
    fn accept_clock(&self, number: u32) -> Result<Answer, SubmitError> {
        let (reply, answer) = channel();
        self.intake.accept_clock(number, Box::new(move |result| reply.send(result).unwrap()));
        answer.recv().unwrap()
    }

    /// Every entry of the tail, in order, by organization number: (logEntryId's last digits, uid, received_at).
    fn entries(&self) -> BTreeMap<u32, Vec<(u64, i64)>> {
        let tail = self.intake.tail().snapshot();
        let mut entries: BTreeMap<u32, Vec<(u64, i64)>> = BTreeMap::new();
        for stretch in tail.stretches() {
            tail.visit::<TailError>(stretch, |place, received_at_us, record| {
                let id = u64::from_be_bytes(record.log_entry_id[8..].try_into().unwrap()) & 0xffff_ffff_ffff;
                let list = entries.entry(place.number).or_default();
                assert_eq!(place.seq, list.len() as u64, "seq is dense");
                list.push((if record.producer == 0 { u64::MAX } else { id }, received_at_us));
                Ok(())
            })
            .unwrap();
        }
        entries
    }
}

fn rid(n: u32) -> Organization {
    format!("ri.indelible..organization.o{n}").parse().unwrap()
}

fn line(id: u64, uid: &str) -> String {
    format!(
        r#"{{"type":"audit.3","time":"2026-01-01T00:00:00Z","name":"X","result":"SUCCESS","categories":["internal"],"uid":"{uid}",
        "eventId":"00000000-0000-4000-8000-000000000001","logEntryId":"00000000-0000-4000-8000-{id:012x}","producerType":"SERVER","product":"p","productVersion":"1"}}"#
    )
}

fn statuses(answer: &Answer) -> Vec<Status> {
    answer.outcomes.iter().map(|outcome| outcome.status).collect()
}

#[test]
fn the_first_entry_is_genesis_and_receipts_name_place_and_leaf() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    let answer = bench.submit("p", &[(1, "a", vec![0]), (2, "a", vec![0, 1])]).unwrap();
    let places: Vec<_> = answer.receipts.iter().map(|r| (r.number, r.seq)).collect();
    assert_eq!(places, [(0, 1), (0, 2), (1, 1)]);
    for receipt in &answer.receipts {
        assert_eq!(bench.ledger.leaf(receipt.number, receipt.seq).unwrap(), receipt.leaf);
    }
    let entries = bench.entries();
    assert_eq!(entries[&0].iter().map(|e| e.0).collect::<Vec<_>>(), [u64::MAX, 1, 2]);
    assert_eq!(entries[&1].iter().map(|e| e.0).collect::<Vec<_>>(), [u64::MAX, 2]);
}

#[test]
fn a_repeat_gets_the_same_receipt_also_after_restarts_and_a_reuse_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::open(folder.path());
    let first = bench.submit("p", &[(1, "a", vec![0])]).unwrap();
    for round in 0..3 {
        let again = bench.submit("p", &[(1, "a", vec![0]), (1, "b", vec![0]), (100 + round, "a", vec![0])]).unwrap();
        assert_eq!(statuses(&again), [Status::Duplicate, Status::Reused, Status::New]);
        assert_eq!(again.receipts[0], first.receipts[0]);
        assert!(again.outcomes[1].receipts.is_empty());
        assert_eq!(again.reused_in, [0]);
        bench = bench.reopen();
    }
    assert_eq!(
        statuses(&bench.submit("q", &[(1, "b", vec![0])]).unwrap()),
        [Status::New],
        "another producer counts for itself"
    );
    assert_eq!(
        statuses(&bench.submit("p", &[(1, "b", vec![1])]).unwrap()),
        [Status::New],
        "and so does another organization"
    );
}

#[test]
fn an_event_that_reuses_an_id_in_one_organization_is_stored_in_none() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    assert_eq!((bench.number(0), bench.number(1)), (0, 1));
    bench.submit("p", &[(1, "a", vec![1])]).unwrap();
    let answer = bench.submit("p", &[(1, "b", vec![0, 1]), (2, "a", vec![0])]).unwrap();
    assert_eq!(statuses(&answer), [Status::Reused, Status::New]);
    assert_eq!((answer.receipts[0].number, answer.receipts[0].seq), (0, 1), "the place was given back");
    bench.entries();
}

#[test]
fn received_at_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::open(folder.path());
    for (id, now) in [(1, 5_000), (2, 4_000), (3, 6_000), (4, 1)] {
        bench.clock.now.store(now, Relaxed);
        bench.submit("p", &[(id, "a", vec![0])]).unwrap();
    }
    bench = bench.reopen();
    bench.clock.now.store(2, Relaxed);
    bench.submit("p", &[(5, "a", vec![0])]).unwrap();
    let times: Vec<i64> = bench.entries()[&0].iter().map(|e| e.1).collect();
    assert_eq!(times, [5_000, 5_000, 5_000, 6_000, 6_000, 6_000]);
}

/// Another thread gives the files of released segments back.
fn wait_until_given_back(bench: &Bench, before: usize, journal: &Path) {
    let begin = Instant::now();
    loop {
        let stats = bench.intake.journal_stats();
        let files = std::fs::read_dir(journal).unwrap().count();
        if stats.segments < before && files == stats.segments + stats.spare_segments {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{files} files, {stats:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn segments_are_released_after_archiving_and_what_is_left_still_replays() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::open(folder.path());
    let filler = "u".repeat(200);
    for round in 0..40u64 {
        let events: Vec<_> = (0..80).map(|n| (round * 80 + n + 1, filler.as_str(), vec![0])).collect();
        bench.submit("p", &events).unwrap();
    }
    let before = bench.intake.journal_stats().segments;
    assert!(before >= 2, "{before} segments");
    let release = |bench: &Bench, archived: u64| {
        let (done, released) = channel();
        bench.intake.release(|_| archived, i64::MAX, Box::new(move |result| done.send(result).unwrap()));
        released.recv().unwrap().unwrap()
    };
    assert_eq!(release(&bench, 10), 0, "nothing goes while its entries are needed");
    assert!(release(&bench, 3201) > 0);
    wait_until_given_back(&bench, before, &folder.path().join("journal"));
    bench = bench.reopen();
    assert!(bench.opened.entries < 3201);
    assert_eq!(bench.ledger.size(0), 3201);
    let answer = bench.submit("p", &[(1, filler.as_str(), vec![0]), (9_999, "a", vec![0])]).unwrap();
    assert_eq!(statuses(&answer), [Status::Duplicate, Status::New], "identities outlive the journal");
    assert_eq!(answer.receipts[1].seq, 3201);
}

#[test]
fn many_producers_at_once_get_dense_places() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    bench.number(0);
    std::thread::scope(|scope| {
        for producer in 0..8u64 {
            let bench = &bench;
            scope.spawn(move || {
                for n in 0..50 {
                    let id = producer * 1_000 + n;
                    loop {
                        match bench.submit(&format!("p{producer}"), &[(id, "a", vec![0])]) {
                            Ok(answer) => break assert_eq!(statuses(&answer), [Status::New]),
                            Err(SubmitError::Busy { .. } | SubmitError::OrganizationBusy { .. }) => {
                                std::thread::yield_now()
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            });
        }
    });
    assert_eq!(bench.entries()[&0].len(), 401);
    bench.intake.close().unwrap();
    assert_eq!(bench.submit("p", &[(1, "a", vec![0])]).err(), Some(SubmitError::Stopped));
}

#[test]
fn logs_are_begun_before_their_first_event_once() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path());
    let numbers = vec![bench.number(0), bench.number(1)];
    for _ in 0..2 {
        let (done, begun) = channel();
        bench.intake.begin(numbers.clone(), Box::new(move |result| done.send(result).unwrap()));
        begun.recv().unwrap().unwrap();
    }
    let answer = bench.submit("p", &[(1, "a", vec![1, 2])]).unwrap();
    let places: Vec<_> = answer.receipts.iter().map(|r| (r.number, r.seq)).collect();
    assert_eq!(places, [(1, 1), (2, 1)]);
    let lengths: Vec<_> = bench.entries().into_values().map(|entries| entries.len()).collect();
    assert_eq!(lengths, [1, 2, 2]);
    let bench = bench.reopen();
    assert_eq!(bench.opened.entries, 5);
    assert_eq!(bench.ledger.size(0), 1);
}

#[test]
fn what_stands_in_a_closed_generation_is_a_repeat_without_a_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let mut memory = IdentityMemory::open(&folder.path().join("identity"), options().identity).unwrap();
    let part = IntakePart { producer: "p", producer_epoch: None, producer_seq: None, source: "old", adapter: None };
    let mut scratch = Scratch::default();
    let old = line(1, "a");
    let event = admit(&mut scratch, old.as_bytes(), &Limits::default(), &part, || unreachable!()).unwrap();
    let seed = memory.seed();
    let parts = indelible_event::parts::Attributed::read(event.infrastructure).unwrap();
    let digest = seed.digest(&[parts.head, parts.tail, event.content]);
    let identity = seed.identity(0, seed.producer("p"), &event.log_entry_id);
    memory.insert(identity, identity::Remembered { seq: identity::IN_CLOSED_GENERATION, digest });
    memory.flush(0, 0).unwrap();
    drop(memory);

    let bench = Bench::open(folder.path());
    let answer =
        bench.submit("p", &[(1, "a", vec![0]), (1, "a", vec![0, 1]), (1, "b", vec![0]), (2, "a", vec![0])]).unwrap();
    assert_eq!(statuses(&answer), [Status::Duplicate, Status::New, Status::Reused, Status::New]);
    let places: Vec<_> = answer.receipts.iter().map(|r| (r.number, r.seq)).collect();
    assert_eq!(places, [(1, 1), (0, 1)]);

    // What stood in it and is not archived is stored again, with who sent it.
    let again = line(3, "a");
    let event = admit(&mut scratch, again.as_bytes(), &Limits::default(), &part, || unreachable!()).unwrap();
    let stored = StoredEvent {
        infrastructure: event.infrastructure,
        content: event.content,
        time_us: event.time.micros,
        time_nanos: event.time.nanos,
        log_entry_id: event.log_entry_id,
    };
    let mut batch = bench.intake.batch("p");
    batch.push_again(&stored, 0).unwrap();
    assert!(batch.push_again(&StoredEvent { infrastructure: b"{}", ..stored }, 0).is_err());
    let (reply, answer) = channel();
    bench.intake.submit(batch, Box::new(move |result| reply.send(result).unwrap()));
    assert_eq!(statuses(&answer.recv().unwrap().unwrap()), [Status::New]);
    // The producer may send it again, over whatever route.
    assert_eq!(statuses(&bench.submit("p", &[(3, "a", vec![0])]).unwrap()), [Status::Duplicate]);
}

mod clock;
mod faults;
