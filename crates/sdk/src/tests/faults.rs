//! Each operation of a spool's life fails in each way: what was said to be durable is there afterwards, once and in order.

use std::path::Path;
use std::sync::Arc;

use indelible_storage::Disk as _;
use indelible_testkit::disk::{Fault, FaultyDisk};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use crate::Durability;
use crate::progress::{Bounds, Progress};
use crate::spool::record::Header;
use crate::spool::{Size, Spool};
use crate::stats::Counters;

const DIR: &str = "/spool";
const SIZE: Size = Size { segment_bytes: 16 << 10, segments: 64, line_bytes_max: 1024 };
const BOUNDS: Bounds = Bounds { refused: 1 << 20, receipts: 1 << 20 };
/// Bytes of an event: a few dozen fill a segment.
const EVENT_BYTES: usize = 700;

/// What a service and its server know.
#[derive(Clone, Default)]
struct Model {
    /// By number, the events whose emitting succeeded.
    emitted: Vec<(u64, u32)>,
    /// Events below this number were answered for.
    settled: u64,
    /// The next event.
    next: u32,
}

fn event(number: u32) -> Vec<u8> {
    let mut event = number.to_be_bytes().to_vec();
    event.resize(EVENT_BYTES, b'x');
    event
}

/// What the server says of an event: every third is refused.
fn refused(number: u64) -> String {
    if number.is_multiple_of(3) { format!("refused {number}\n") } else { String::new() }
}

fn receipt(number: u64) -> String {
    format!("receipt {number}\n")
}

fn open(disk: &FaultyDisk) -> Option<(Spool, Progress)> {
    let disk: Arc<dyn indelible_storage::Disk> = Arc::new(disk.clone());
    let dir = Path::new(DIR);
    let (spool, events) =
        Spool::open(Arc::clone(&disk), &dir.join("journal"), SIZE, Arc::new(Counters::default())).ok()?;
    let progress = Progress::open(&disk, dir, BOUNDS, spool.shared.log(), (events.start, events.end)).ok()?;
    Some((spool, progress))
}

impl Model {
    fn emit(&mut self, spool: &Spool, count: usize) {
        // Together, so that they share a sync.
        let pushed: Vec<_> = (0..count)
            .map(|_| {
                self.next += 1;
                (self.next, spool.push(Header::NONE, event(self.next), [0; 16], Durability::Spool))
            })
            .collect();
        for (number, pushed) in pushed {
            if let Ok(Ok(emitted)) = pushed.map(|reply| reply.blocking_recv().unwrap()) {
                self.emitted.push((emitted.number, number));
            }
        }
    }

    fn settle(&mut self, spool: &Spool, progress: &mut Progress, count: u64) {
        let (from, until) = (progress.next(), (progress.next() + count).min(spool.shared.durable()));
        let all = |say: fn(u64) -> String| (from..until).map(say).collect::<String>();
        progress.settle(until, 0, all(refused).as_bytes(), &all(receipt));
        self.settled = self.settled.max(until);
        // A failure is tried again by the next call.
        if progress.write().is_ok() {
            spool.shared.release(progress.durable());
        }
    }

    /// A service's life: emits, is answered, is started again.
    fn live(&mut self, disk: &FaultyDisk) {
        let Some((spool, mut progress)) = open(disk) else { return };
        self.emit(&spool, 1);
        self.emit(&spool, 3);
        self.settle(&spool, &mut progress, 2);
        drop((spool, progress));
        let Some((spool, mut progress)) = open(disk) else { return };
        for _ in 0..4 {
            self.emit(&spool, 9);
            self.settle(&spool, &mut progress, 6);
        }
        self.settle(&spool, &mut progress, 100);
        self.emit(&spool, 5);
    }

    /// Opens the spool on a disk that works and holds it against what was promised.
    fn check(&mut self, disk: &FaultyDisk) {
        let (spool, mut progress) = open(disk).expect("the spool does not open on a disk that works");
        let (next, durable) = (progress.next(), spool.shared.durable());
        assert!(next <= self.settled, "answered up to {}, found {next}", self.settled);
        let mut frames = None;
        for &(number, event_number) in self.emitted.iter().filter(|(number, _)| *number >= next) {
            assert!(number < durable, "event {number} was emitted and is lost; found {durable}");
            let found = spool.shared.read(number, &mut frames).unwrap().unwrap();
            assert_eq!(found.line, event(event_number), "event {number}");
        }
        let kept = |folder: &str| {
            let folder = Path::new(DIR).join(folder);
            let mut names = disk.list(&folder).unwrap();
            names.sort();
            let read = |name: &String| {
                let file = disk.open(&folder.join(name)).unwrap();
                let mut bytes = vec![0; file.len().unwrap() as usize];
                file.read_at(&mut bytes, 0).unwrap();
                String::from_utf8(bytes).unwrap()
            };
            names.iter().filter(|name| !name.ends_with(".copy")).map(read).collect::<String>()
        };
        let said = |say: fn(u64) -> String| (0..next).map(say).collect::<String>();
        assert_eq!(kept("refused"), said(refused));
        assert_eq!(kept("receipts"), said(receipt));
        // What was not acknowledged and is not there will be emitted again, as something else.
        self.emitted.retain(|(number, _)| *number < durable);
        self.settled = next;
        // It goes on from there.
        self.emit(&spool, 2);
        assert_eq!(self.emitted.last().unwrap().0, durable + 1);
        self.settle(&spool, &mut progress, 3);
        assert_eq!(progress.durable(), (next + 3).min(durable + 2));
    }
}

fn check(nth: u64, fault: Fault) {
    let disk = FaultyDisk::new();
    let mut model = Model::default();
    disk.fail_at(nth, fault);
    model.live(&disk);
    disk.heal();
    for seed in 0..2 {
        let cut = disk.cut_power(&mut SmallRng::seed_from_u64(nth * 10 + seed));
        let mut model = model.clone();
        model.check(&cut);
        model.check(&cut.cut_power(&mut SmallRng::seed_from_u64(nth * 10 + seed + 5)));
    }
    model.check(&disk);
    model.check(&disk);
}

fn check_all(fault: Fault) {
    let disk = FaultyDisk::new();
    Model::default().live(&disk);
    let operations = disk.operations();
    assert!(operations > 80, "a life has only {operations} operations");
    (0..operations).for_each(|nth| check(nth, fault));
}

#[test]
fn nothing_emitted_is_lost_when_any_operation_is_lost() {
    check_all(Fault::Lost);
}

#[test]
fn nothing_emitted_is_lost_when_any_operation_is_done_but_reported_as_failed() {
    check_all(Fault::Done);
}

#[test]
fn nothing_emitted_is_lost_when_any_write_is_cut_short() {
    check_all(Fault::Half);
}

#[test]
fn nothing_emitted_is_lost_when_the_disk_dies_before_any_operation() {
    check_all(Fault::Dead);
}

#[test]
fn nothing_emitted_is_lost_when_the_disk_dies_after_any_operation() {
    check_all(Fault::LastGasp);
}
