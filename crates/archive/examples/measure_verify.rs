//! What sealing and offline verification cost, beside plain SHA-256 of the same bytes.
//!
//! `measure_verify [EVENTS] [ORGANIZATIONS] [FOLDER]` keeps the archive in FOLDER; `measure_verify only FOLDER` verifies it
//! again, and its memory is that of nothing else.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use indelible_archive::rows::Row;
use indelible_archive::verify::{Options, verify};
use indelible_archive::{LedgerLog, Pushed, Sealer, upload};
use indelible_event::control::{Genesis, genesis};
use indelible_event::entry::{SaltKey, content_hash, entry_bytes, infrastructure_hash};
use indelible_ledger::Ledger;
use indelible_merkle::{Hash, leaf_hash};
use indelible_storage::Bucket;
use indelible_testkit::generator::{Generator, Settings};
use sha2::{Digest, Sha256};

const START_US: i64 = 1_767_571_200_000_000;

type Parts = (Vec<u8>, Vec<u8>);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [only, folder] = &arguments[..]
        && only == "only"
    {
        let cpu = cpu_seconds();
        let report = verify(&Path::new(folder).join("archive"), &Options::default(), &|_| ());
        print!("{report}");
        println!("{:.2} us of CPU each", (cpu_seconds() - cpu) * 1e6 / report.entries as f64);
        println!("memory: at most {} MiB", peak_kib() / 1024);
        return;
    }
    let kept = arguments.get(2).map(PathBuf::from);
    let mut arguments = arguments.iter().map(|argument| argument.parse::<u64>().unwrap());
    let mut next = |default: u64| arguments.next().unwrap_or(default);
    let (events, organizations) = (next(600_000), next(2));
    let folder = tempfile::tempdir().unwrap();
    let path = kept.as_deref().unwrap_or(folder.path());
    let ledger = Ledger::open(&path.join("ledger"), &path.join("keys"), "audit.example").unwrap();
    ledger.check_recovered().unwrap();
    let generator = Generator::new(Settings { organizations: organizations as usize, ..Settings::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bucket = Bucket::create_local(&path.join("archive")).unwrap();
    let mut canonical: Vec<Vec<u8>> = Vec::new();
    for (number, name) in generator.organizations().iter().enumerate() {
        let organization = name.parse().unwrap();
        let log = ledger.create(&organization).unwrap();
        let info = LedgerLog::new(&ledger, &log).unwrap();
        let key_id = format!("{:08x}", ledger.verifier_key(&log.origin).unwrap().id());
        let first = genesis(&Genesis {
            organization: &organization,
            origin: &log.origin,
            label: &log.label,
            generation: 1,
            key_id: &key_id,
            salt_key_commitment: log.salt_key.commitment(),
            previous: None,
            received_at_us: START_US,
            product_version: "0.1.0",
        });
        let mut entries = vec![(first.infrastructure, first.content)];
        entries.extend((number as u64..events).step_by(organizations as usize).map(|index| generator.parts(index)));
        let hashes: Vec<Hash> =
            entries.iter().enumerate().map(|(seq, parts)| leaf(name, seq as u64, parts, &log.salt_key)).collect();
        ledger.append(log.number, 0, &hashes).unwrap();

        let (mut first, mut previous) = (0, None);
        while first < entries.len() as u64 {
            let start = cpu_seconds();
            let mut sealer = Sealer::begin(&info, &path.join("sealing"), first, previous).unwrap();
            for seq in first..entries.len() as u64 {
                let (infrastructure, content) = &entries[seq as usize];
                let row = Row { organization: name, seq, received_at_us: received(seq), infrastructure, content };
                if sealer.push(&row).unwrap() == Pushed::RunEnds {
                    break;
                }
            }
            let run = sealer.finish(START_US).unwrap();
            let sealed = run.manifest().entries();
            println!("seal {sealed} entries: {:.2} us of CPU each", (cpu_seconds() - start) * 1e6 / sealed as f64);
            let start = cpu_seconds();
            runtime.block_on(upload(&bucket, &run, 0)).unwrap();
            println!("upload: {:.2} us of CPU each", (cpu_seconds() - start) * 1e6 / sealed as f64);
            (first, previous) = (first + sealed, Some(run.manifest_sha256()));
            run.remove().unwrap();
        }
        canonical.extend(entries.into_iter().map(|(infrastructure, content)| [infrastructure, content].concat()));
    }

    let bytes: usize = canonical.iter().map(Vec::len).sum();
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let sum = canonical.iter().fold(0_u8, |sum, entry| sum ^ Sha256::digest(entry)[0]);
    let plain = start.elapsed().as_secs_f64();
    let plain_cpu = cpu_seconds() - cpu;
    println!(
        "SHA-256 of {bytes} canonical bytes: {:.0} MB/s, {plain_cpu:.2} s of CPU ({sum:02x})",
        bytes as f64 / plain / 1e6
    );
    drop(canonical);
    for threads in [1, 2] {
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let report = verify(&path.join("archive"), &Options { threads, ..Options::default() }, &|_| ());
        let seconds = start.elapsed().as_secs_f64();
        let cpu = cpu_seconds() - cpu;
        assert_eq!(report.entries, events + organizations);
        println!(
            "verify, {threads} threads: {:.0} events/s, {:.0} MB/s, {:.0} % of SHA-256; {:.2} us of CPU each, {:.0} % of SHA-256's",
            report.entries as f64 / seconds,
            bytes as f64 / seconds / 1e6,
            plain / seconds * 100.0,
            cpu * 1e6 / report.entries as f64,
            plain_cpu / cpu * 100.0
        );
        println!("{}", report.summary);
    }
}

fn received(seq: u64) -> i64 {
    START_US + (seq as i64 / 300) * 15_000
}

fn leaf(organization: &str, seq: u64, parts: &Parts, salt_key: &SaltKey) -> Hash {
    let mut entry = Vec::new();
    let content = content_hash(&salt_key.salt(seq), &parts.1);
    entry_bytes(&mut entry, organization, seq, received(seq), &infrastructure_hash(&parts.0), &content);
    leaf_hash(&entry)
}

/// CPU time of this process: other work on the machine does not count.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn status_kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

fn peak_kib() -> u64 {
    status_kib("VmHWM")
}
