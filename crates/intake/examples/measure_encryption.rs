//! What encrypting content in the journal costs: CPU and bytes per event, side by side.
//!
//! `measure_encryption [EVENTS]`

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

use indelible_event::Organization;
use indelible_event::uuid::Uuid;
use indelible_intake::{ContentReader, Intake, Options, StoredEvent, SystemClock, TailError};
use indelible_ledger::{ContentKeys, Ledger};
use indelible_storage::RealDisk;
use indelible_testkit::generator::{Generator, Settings};

const BATCH: usize = 1_000;

fn main() {
    let events = std::env::args().nth(1).map_or(200_000, |events| events.parse().unwrap());
    let generator = Generator::new(Settings::default());
    let entry = |index| {
        let Uuid(id) = generator.log_entry_id(index).parse().unwrap();
        (generator.parts(index), id)
    };
    let entries: Vec<_> = (0..events).map(entry).collect();
    for round in 0..3 {
        for is_on in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            measure(folder.path(), &entries, is_on, round);
        }
    }
}

type Entry = ((Vec<u8>, Vec<u8>), [u8; 16]);

fn measure(folder: &Path, entries: &[Entry], is_on: bool, round: u32) {
    let ledger = Arc::new(Ledger::open(&folder.join("ledger"), &folder.join("keys"), "measure").unwrap());
    let keys = Arc::new(ContentKeys::in_folder(&folder.join("keys/content")).unwrap());
    let options = Options { content_keys: Arc::clone(&keys), ..Options::default() };
    let clock = Arc::new(SystemClock::default());
    let (intake, _) = Intake::open(Arc::new(RealDisk), folder, Arc::clone(&ledger), clock, &options, i64::MIN).unwrap();
    let organization: Organization = "ri.indelible..organization.acme".parse().unwrap();
    let log = intake.organization(&organization).unwrap();
    if is_on {
        keys.create(&log.label).unwrap();
    }
    let start = cpu_seconds();
    for entries in entries.chunks(BATCH) {
        let mut batch = intake.batch("p");
        for ((infrastructure, content), log_entry_id) in entries {
            let event = StoredEvent { infrastructure, content, time_us: 0, time_nanos: 0, log_entry_id: *log_entry_id };
            batch.push_again(&event, log.number).unwrap();
        }
        let (reply, answer) = channel();
        intake.submit(batch, Box::new(move |result| reply.send(result).unwrap()));
        answer.recv().unwrap().unwrap();
    }
    let took_in = cpu_seconds() - start;
    let tail = intake.tail().snapshot();
    let bytes: u64 = tail.stretches().iter().map(|stretch| stretch.bytes()).sum();
    let mut contents = ContentReader::new(keys);
    let (mut read, start) = (0, cpu_seconds());
    for stretch in tail.stretches() {
        let visited = tail.visit::<TailError>(stretch, |place, _, record| {
            read += contents.read(&record.content(place.number)).unwrap().unwrap().len();
            Ok(())
        });
        visited.unwrap();
    }
    let each = |seconds: f64| seconds * 1e6 / entries.len() as f64;
    println!(
        "round {round}, encrypted {is_on}: {:.3} us of CPU per event taken in, {:.3} read back; {:.1} bytes in the journal, {:.1} of content",
        each(took_in),
        each(cpu_seconds() - start),
        bytes as f64 / entries.len() as f64,
        read as f64 / entries.len() as f64
    );
}

/// CPU time of this process: other work on the machine does not count.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}
