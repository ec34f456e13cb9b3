//! The whole of a sink on a disk that fails at every single step, with a destination that remembers what it was given.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indelible_testkit::disk::{Fault, FaultyDisk};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::fixture;
use crate::store::DEAD_LETTERS_MAX;

const FOLDER: &str = "/sinks/one";
const EVENTS: u64 = 23;
/// The destination refuses these.
const POISON: [u64; 2] = [5, 17];

/// A log of [`EVENTS`] events behind an entry of the server's own.
struct Made;

impl Source for Made {
    async fn read(&self, from: Position, limits: Limits) -> Result<Option<(Batch, Position)>, SourceError> {
        let until = limits.until.map_or(EVENTS + 1, |until| until.seq);
        let end = until.min(from.seq + limits.events as u64);
        if from.seq >= end {
            return Ok(None);
        }
        let entries = (from.seq.max(1)..end).map(fixture::event).collect();
        Ok(Some((Batch { log: fixture::log(), entries }, Position { generation: 1, seq: end })))
    }
}

/// Remembers the ids it took, in order.
#[derive(Clone, Default)]
struct Recorder {
    taken: Arc<Mutex<Vec<String>>>,
    heals: bool,
}

impl Deliver for Recorder {
    async fn deliver(&self, batch: &Batch, which: &[usize]) -> Outcome {
        let entries: Vec<&Entry> = batch.select(which).collect();
        if !self.heals && entries.iter().any(|entry| POISON.contains(&entry.seq)) {
            return Outcome::Refused { reason: "poison".to_owned() };
        }
        self.taken.lock().unwrap().extend(entries.iter().map(|entry| batch.id(entry)));
        Outcome::all()
    }
}

fn policy(settle: bool) -> Policy {
    Policy {
        events_max: 7,
        bytes_max: 1 << 20,
        wait_us: 0,
        settle,
        backoff: (Duration::from_secs(1), Duration::from_secs(4)),
        idle: Duration::from_secs(1),
    }
}

fn start() -> Cursor {
    Cursor { next: Position { generation: 1, seq: 0 }, ..Cursor::default() }
}

fn open(disk: &FaultyDisk, recorder: &Recorder, settle: bool) -> Result<Delivery<Made, Recorder>, StoreError> {
    let (store, cursor) = Store::open(Arc::new(disk.clone()), Path::new(FOLDER))?;
    Ok(Delivery::new(Made, recorder.clone(), store, policy(settle), cursor.unwrap_or(start())))
}

/// Runs until everything is delivered or, on a dead disk, `turns` are over.
async fn run(delivery: &mut Delivery<Made, Recorder>, turns: usize) {
    let mut now = 1_800_000_000_000_000;
    for _ in 0..turns {
        match delivery.turn(|| now, 0).await {
            Turn::Wait(_) if delivery.engine().cursor().next.seq > EVENTS => return,
            Turn::Wait(until) => now = until,
            Turn::Done => {}
        }
    }
}

/// Every event at least once, first times in order, all others repeats, poison among the dead letters.
fn check(delivery: &Delivery<Made, Recorder>, recorder: &Recorder, what: &str) {
    assert_eq!(delivery.engine().cursor().next.seq, EVENTS + 1, "{what}");
    let taken = recorder.taken.lock().unwrap();
    let mut seen = BTreeSet::new();
    let first: Vec<&String> = taken.iter().filter(|id| seen.insert((*id).clone())).collect();
    let expected: Vec<String> = (1..=EVENTS)
        .filter(|seq| !POISON.contains(seq))
        .map(|seq| format!("{}/{seq}", fixture::log().origin))
        .collect();
    assert_eq!(first, expected.iter().collect::<Vec<_>>(), "{what}");
    let dead: Vec<u64> = delivery.store().dead_letters().map(|letter| letter.position.seq).collect();
    assert_eq!(dead, POISON, "{what}");
}

#[tokio::test]
async fn each_event_arrives_whatever_step_of_the_disk_fails() {
    for settle in [false, true] {
        let disk = FaultyDisk::new();
        let recorder = Recorder::default();
        let mut delivery = open(&disk, &recorder, settle).unwrap();
        run(&mut delivery, 1000).await;
        check(&delivery, &recorder, "no fault");
        assert_eq!(recorder.taken.lock().unwrap().len() as u64, EVENTS - POISON.len() as u64);
        for step in 0..disk.operations() {
            for fault in Fault::ALL {
                fails_at(settle, step, fault).await;
            }
        }
    }
}

/// One operation fails; then the process goes on if it can, or is killed, or the power is cut.
async fn fails_at(settle: bool, step: u64, fault: Fault) {
    for after in 0..4 {
        let what = format!("settle {settle}, step {step}, {fault:?}, then {after}");
        let (disk, recorder) = (FaultyDisk::new(), Recorder::default());
        disk.fail_at(step, fault);
        let first = open(&disk, &recorder, settle);
        let disk = match (after, first) {
            (0, Ok(mut delivery)) => {
                run(&mut delivery, 40).await;
                disk.heal();
                run(&mut delivery, 1000).await;
                check(&delivery, &recorder, &what);
                continue;
            }
            (_, Ok(mut delivery)) => {
                run(&mut delivery, 40).await;
                disk
            }
            (_, Err(_)) => disk,
        };
        let disk = match after {
            0 | 1 => disk,
            seed => disk.cut_power(&mut StdRng::seed_from_u64(seed * 1000 + step)),
        };
        disk.heal();
        let mut delivery = open(&disk, &recorder, settle).unwrap();
        run(&mut delivery, 1000).await;
        check(&delivery, &recorder, &what);
    }
}

#[tokio::test]
async fn a_kill_between_any_two_turns_loses_nothing() {
    for turns in 0..60 {
        let (disk, recorder) = (FaultyDisk::new(), Recorder::default());
        let mut delivery = open(&disk, &recorder, false).unwrap();
        run(&mut delivery, turns).await;
        let mut delivery = open(&disk, &recorder, false).unwrap();
        run(&mut delivery, 1000).await;
        check(&delivery, &recorder, &format!("killed after {turns} turns"));
    }
}

#[tokio::test]
async fn dead_letters_are_sent_again_once_the_destination_takes_them() {
    let (disk, mut recorder) = (FaultyDisk::new(), Recorder::default());
    let mut delivery = open(&disk, &recorder, false).unwrap();
    run(&mut delivery, 1000).await;
    assert_eq!(delivery.replay().await.unwrap(), Replayed { delivered: 0, left: 2 });
    recorder.heals = true;
    recorder.taken.lock().unwrap().clear();
    let mut delivery = open(&disk, &recorder, false).unwrap();
    assert_eq!(delivery.replay().await.unwrap(), Replayed { delivered: 2, left: 0 });
    assert_eq!(*recorder.taken.lock().unwrap(), POISON.map(|seq| format!("{}/{seq}", fixture::log().origin)));
    assert_eq!(open(&disk, &recorder, false).unwrap().store().dead_letters().len(), 0);
}

#[tokio::test]
async fn a_sink_moved_back_sends_again_under_the_same_ids() {
    let (disk, recorder) = (FaultyDisk::new(), Recorder::default());
    let mut delivery = open(&disk, &recorder, false).unwrap();
    run(&mut delivery, 1000).await;
    let before = std::mem::take(&mut *recorder.taken.lock().unwrap());
    delivery.move_to(Position { generation: 1, seq: 10 }).unwrap();
    // A restart in between does not forget it.
    let mut delivery = open(&disk, &recorder, false).unwrap();
    run(&mut delivery, 1000).await;
    let again = recorder.taken.lock().unwrap().clone();
    assert_eq!(again, before[before.len() - again.len()..]);
    assert_eq!(again.first(), Some(&format!("{}/10", fixture::log().origin)));
}

#[test]
fn dead_letters_are_bounded_and_none_is_dropped() {
    let letter = |seq| DeadLetter { position: Position { generation: 1, seq }, reason: "no".to_owned(), at_us: 0 };
    let (mut store, _) = Store::open(Arc::new(FaultyDisk::new()), Path::new(FOLDER)).unwrap();
    store.bury((0..DEAD_LETTERS_MAX as u64).map(letter)).unwrap();
    assert!(matches!(store.bury([letter(5000)]), Err(StoreError::Full)));
    store.bury([letter(3)]).unwrap();
    assert_eq!(store.dead_letters().len(), DEAD_LETTERS_MAX);
    store.exhume(|letter| letter.position.seq < 10).unwrap();
    let (store, _) = store.reopen().unwrap();
    assert_eq!(store.dead_letters().len(), DEAD_LETTERS_MAX - 10);
}

#[test]
fn files_of_another_version_are_refused() {
    for content in ["", "{}", r#"{"version":2,"kept":{"next":{"generation":1,"seq":0}}}"#, "x"] {
        let disk = FaultyDisk::new();
        let (store, _) = Store::open(Arc::new(disk.clone()), Path::new(FOLDER)).unwrap();
        store.save(&start()).unwrap();
        disk.tamper(&Path::new(FOLDER).join("cursor"), |bytes| *bytes = content.into());
        let error = Store::open(Arc::new(disk), Path::new(FOLDER)).unwrap_err();
        assert!(matches!(error, StoreError::Format { .. }), "{content}: {error}");
    }
}

#[tokio::test]
async fn a_test_event_says_so() {
    struct Shown(Mutex<String>);
    impl Deliver for Shown {
        async fn deliver(&self, batch: &Batch, which: &[usize]) -> Outcome {
            let entry = batch.select(which).next().unwrap();
            let mut out = Vec::new();
            crate::Format::Audit3.write(batch, entry, &mut out).unwrap();
            *self.0.lock().unwrap() = format!("{} {}", batch.id(entry), String::from_utf8(out).unwrap());
            Outcome::all()
        }
    }
    let shown = Shown(Mutex::default());
    assert_eq!(test(&shown, "ri.a..b.c", 1_800_000_000_000_000).await, Outcome::all());
    let shown = shown.0.into_inner().unwrap();
    assert!(
        shown.starts_with("test/1800000000000000 {") && shown.contains(r#""name":"INDELIBLE_SINK_TEST""#),
        "{shown}"
    );
    assert!(shown.contains(r#""test":true"#) && shown.contains(r#""organization":"ri.a..b.c""#), "{shown}");
}
