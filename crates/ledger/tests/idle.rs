//! What organizations at rest cost. A process of its own, because memory is counted for the whole of it.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use indelible_ledger::Ledger;
use indelible_merkle::leaf_hash;
use std::{fs, path::Path, time::Instant};
use tempfile::TempDir;

/// Fewer where signatures are not optimised.
const ORGANIZATIONS: u32 = if cfg!(debug_assertions) { 200 } else { 1_000 };

/// Resident memory of this process in KiB.
fn resident_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()
}

#[test]
fn an_idle_organization_costs_less_than_50_kib() {
    let memory = Path::new("/dev/shm");
    let data = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap();
    let open = || Ledger::open(&data.path().join("ledger"), &data.path().join("keys"), "logs.example").unwrap();
    let leaves: Vec<_> = (0..1_000_u64).map(|i| leaf_hash(&i.to_be_bytes())).collect();
    let took =
        |what: &str, start: Instant| println!("{ORGANIZATIONS} organizations: {what} in {:.0?}", start.elapsed());

    let before = resident_kib();
    let start = Instant::now();
    let ledger = open();
    for i in 0..ORGANIZATIONS {
        ledger.create(&format!("ri.indelible..organization.o{i}").parse().unwrap()).unwrap();
    }
    took("created", start);
    let start = Instant::now();
    (0..ORGANIZATIONS).for_each(|number| _ = ledger.append(number, 0, &leaves).unwrap());
    took("1,000 leaves appended to each", start);
    let start = Instant::now();
    assert_eq!(ledger.publish().unwrap().len() as u32, ORGANIZATIONS);
    took("published", start);
    let start = Instant::now();
    ledger.persist().unwrap();
    took("persisted", start);
    let start = Instant::now();
    assert!(ledger.publish().unwrap().is_empty());
    ledger.persist().unwrap();
    took("found at rest", start);
    if let (Some(before), Some(after)) = (before, resident_kib()) {
        let each = after.saturating_sub(before) as f64 / f64::from(ORGANIZATIONS);
        println!("{each:.1} KiB of resident memory for each");
        assert!(each < 50.0);
    }
    drop(ledger);

    let start = Instant::now();
    let ledger = open();
    took("opened again", start);
    let start = Instant::now();
    ledger.check_recovered().unwrap();
    took("checked", start);
    assert_eq!(ledger.organizations().len() as u32, ORGANIZATIONS);
}
