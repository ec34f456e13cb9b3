//! Random operations, compared with a model that is a few maps. `INDELIBLE_SEED` repeats a run, `INDELIBLE_CASES` makes it longer.

use rand::seq::IteratorRandom;

use super::*;

const PRODUCERS: [&str; 2] = ["p", "q"];
const ORGANIZATIONS: u32 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    /// `None` for the genesis entry.
    id: Option<u64>,
    received_at_us: i64,
    leaf: Hash,
}

/// What intake should know.
#[derive(Clone, Default)]
struct Model {
    /// By organization number.
    logs: BTreeMap<u32, Vec<Entry>>,
    /// Where an id of a producer stands in an organization's log, and in which of its two forms.
    known: BTreeMap<(u32, &'static str, u64), (u64, bool)>,
    /// The last `received_at` that was assigned, and the last that was written.
    now_us: i64,
    written_us: i64,
    /// Entries that are archived, by organization number.
    archived: BTreeMap<u32, u64>,
}

/// An event as it is sent.
struct Sent {
    id: u64,
    other: bool,
    organizations: Vec<u32>,
}

struct Run {
    bench: Bench,
    model: Model,
    random: StdRng,
    /// Data folders, the last one in use. Those before it were left as a kill leaves them.
    folders: Vec<tempfile::TempDir>,
}

#[test]
fn random_operations_agree_with_a_model() {
    let operations: u32 = std::env::var("INDELIBLE_OPERATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(250);
    eprintln!("INDELIBLE_OPERATIONS={operations}");
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run {
        // An archive that knows the time: before the first entry, a clock that goes back is not followed either.
        bench: Bench::open_at(folder.path(), Arc::new(RealDisk), 1_000, 1_000),
        model: Model { now_us: 1_000, ..Model::default() },
        random: StdRng::seed_from_u64(indelible_testkit::seed::seed()),
        folders: vec![folder],
    };
    let mut counts = BTreeMap::<&str, u32>::new();
    for _ in 0..operations {
        *counts.entry(run.step()).or_default() += 1;
    }
    run.check();
    let counts: Vec<String> = counts.iter().map(|(step, count)| format!("{step} {count}")).collect();
    let entries: usize = run.model.logs.values().map(Vec::len).sum();
    eprintln!("RESULT operations against a model: {entries} entries, {}", counts.join(", "));
}

impl Run {
    /// Does one thing and says which.
    fn step(&mut self) -> &'static str {
        match self.random.random_range(0..20) {
            0 => {
                let folder = self.bench.folder.clone();
                self.reopen(&folder);
                "restart"
            }
            1 => {
                self.kill();
                "kill"
            }
            2 => {
                self.bench.ledger.publish().unwrap();
                "publish"
            }
            3 => {
                self.bench.ledger.persist().unwrap();
                "persist"
            }
            4 => {
                self.release();
                "release"
            }
            5 => {
                self.check();
                "check"
            }
            6 | 7 => {
                let step = self.random.random_range(-2_000_000..2_000_000);
                if step < 0 {
                    self.bench.clock.step(step)
                } else {
                    self.bench.clock.pass(step)
                }
                if step < 0 { "clock goes back" } else { "clock goes on" }
            }
            _ => {
                self.emit();
                "batch"
            }
        }
    }

    fn emit(&mut self) {
        let producer = PRODUCERS[self.random.random_range(0..PRODUCERS.len())];
        let sent: Vec<Sent> = (0..self.random.random_range(1..40))
            .map(|_| {
                let count = self.random.random_range(1..=3);
                Sent {
                    id: self.random.random_range(1..2_000),
                    other: self.random.random_bool(0.1),
                    organizations: (0..ORGANIZATIONS).choose_multiple(&mut self.random, count),
                }
            })
            .collect();
        // Some events are long, so that segments fill up.
        let long = "b".repeat(200);
        let events: Vec<_> = sent
            .iter()
            .map(|event| (event.id, if event.other { long.as_str() } else { "a" }, event.organizations.clone()))
            .collect();
        let answer = self.bench.submit(producer, &events).unwrap();
        self.model.now_us = self.model.now_us.max(self.bench.clock.now_us());
        for (event, outcome) in sent.iter().zip(&answer.outcomes) {
            self.compare(producer, event, outcome.status, &answer.receipts[outcome.receipts.clone()]);
        }
    }

    /// Does in the model what intake did with one event, and compares status and receipts.
    fn compare(&mut self, producer: &'static str, event: &Sent, status: Status, receipts: &[Receipt]) {
        let numbers: Vec<u32> = event.organizations.iter().map(|o| self.bench.number(*o)).collect();
        let key = |number: u32| (number, producer, event.id);
        let known: Vec<_> = numbers.iter().filter_map(|number| self.model.known.get(&key(*number)).copied()).collect();
        if known.iter().any(|(_, other)| *other != event.other) {
            assert_eq!((status, receipts.len()), (Status::Reused, 0), "id {}", event.id);
            // A log that was met on the way may have begun all the same.
            numbers.iter().for_each(|number| self.begin(*number));
            return;
        }
        let expected = if known.len() == numbers.len() { Status::Duplicate } else { Status::New };
        assert_eq!((status, receipts.len()), (expected, numbers.len()), "id {}", event.id);
        for (number, receipt) in numbers.iter().zip(receipts) {
            assert_eq!(receipt.number, *number);
            if let Some((seq, _)) = self.model.known.get(&key(*number)) {
                let entry = self.model.logs[number][*seq as usize];
                assert_eq!((receipt.seq, receipt.leaf), (*seq, entry.leaf), "a repeat gets the same receipt");
                continue;
            }
            self.begin(*number);
            let (received_at_us, leaf) = (self.model.now_us, receipt.leaf);
            self.model.written_us = received_at_us;
            let log = self.model.logs.get_mut(number).unwrap();
            assert_eq!(receipt.seq, log.len() as u64, "the next place");
            self.model.known.insert(key(*number), (receipt.seq, event.other));
            log.push(Entry { id: Some(event.id), received_at_us, leaf });
        }
    }

    /// The genesis entry of a log, if it was written by now.
    fn begin(&mut self, number: u32) {
        if self.bench.ledger.size(number) > 0 && !self.model.logs.contains_key(&number) {
            let leaf = self.bench.ledger.leaf(number, 0).unwrap();
            let received_at_us = self.model.now_us;
            self.model.written_us = received_at_us;
            self.model.logs.insert(number, vec![Entry { id: None, received_at_us, leaf }]);
        }
    }

    /// Starts on `folder`, after a clean stop of the running server, which may be on the same folder.
    fn reopen(&mut self, folder: &Path) {
        let clock_us = self.bench.clock.now_us();
        self.bench.intake.close().unwrap();
        self.bench = Bench::open_at(folder, Arc::new(RealDisk), clock_us, self.model.archived_us());
        // What was assigned and never written is forgotten.
        self.model.now_us = self.model.written_us;
    }

    /// Goes on with what a kill at this moment would leave.
    fn kill(&mut self) {
        let copy = tempfile::tempdir().unwrap();
        copy_at_rest(&self.bench.folder, copy.path());
        self.reopen(copy.path());
        self.folders.push(copy);
    }

    /// Archives a part of each log and lets the journal forget what it may.
    fn release(&mut self) {
        for (number, log) in &self.model.logs {
            let archived = self.model.archived.entry(*number).or_default();
            *archived = self.random.random_range(*archived..=log.len() as u64);
        }
        let archived = self.model.archived.clone();
        let (done, released) = channel();
        let end = |number: u32| archived.get(&number).copied().unwrap_or(0);
        self.bench.intake.release(end, i64::MAX, Box::new(move |result| done.send(result).unwrap()));
        released.recv().unwrap().unwrap();
    }

    /// Reads the tail and the trees: they hold what the model holds, from where the archive ends at the latest.
    fn check(&mut self) {
        let mut found: BTreeMap<u32, BTreeMap<u64, (Option<u64>, i64)>> = BTreeMap::new();
        let tail = self.bench.intake.tail().snapshot();
        for stretch in tail.stretches() {
            let visited = tail.visit::<TailError>(stretch, |place, received_at_us, record| {
                let id = u64::from_be_bytes(record.log_entry_id[8..].try_into().unwrap()) & 0xffff_ffff_ffff;
                let id = (record.producer != 0).then_some(id);
                let before = found.entry(place.number).or_default().insert(place.seq, (id, received_at_us));
                assert_eq!(before, None, "seq {} of {} twice", place.seq, place.number);
                Ok(())
            });
            visited.unwrap();
        }
        for (number, log) in &self.model.logs {
            assert_eq!(self.bench.ledger.size(*number), log.len() as u64);
            let found = found.remove(number).unwrap_or_default();
            let first = found.keys().next().copied().unwrap_or(log.len() as u64);
            let archived = self.model.archived.get(number).copied().unwrap_or(0);
            assert!(first <= archived, "{number}: entries before {first} are gone, {archived} are archived");
            let there = (first..).zip(&log[first as usize..]);
            let expected = there.map(|(seq, entry)| (seq, (entry.id, entry.received_at_us)));
            assert_eq!(found, expected.collect(), "log {number}");
            let mut frontier = Frontier::new();
            log.iter().for_each(|entry| frontier.push(entry.leaf));
            assert_eq!(frontier.root(), self.bench.ledger.root_at(*number, log.len() as u64).unwrap());
            assert!(log.is_sorted_by_key(|entry| entry.received_at_us), "received_at never goes back");
        }
        assert!(found.is_empty(), "{found:?}");
    }
}

impl Model {
    /// The newest `received_at` in the archive.
    fn archived_us(&self) -> i64 {
        let last = |(number, end): (&u32, &u64)| Some(self.logs[number][end.checked_sub(1)? as usize].received_at_us);
        self.archived.iter().filter_map(last).max().unwrap_or(0)
    }
}

/// Copies the data folder at a moment when no segment is being prepared or taken back.
fn copy_at_rest(from: &Path, to: &Path) {
    let names = || {
        let entries = std::fs::read_dir(from.join("journal")).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect::<std::collections::BTreeSet<_>>()
    };
    loop {
        let before = names();
        if before.iter().all(|name| name.ends_with(".segment")) && copy_folder(from, to).is_ok() && names() == before {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
        std::fs::remove_dir_all(to).unwrap();
        std::fs::create_dir(to).unwrap();
    }
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            std::fs::create_dir(&target)?;
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
