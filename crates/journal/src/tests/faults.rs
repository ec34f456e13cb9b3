//! Each operation of a scripted run fails in each way.

use indelible_testkit::disk::{Fault, FaultyDisk};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::model::{Action, Caller, Stop};
use crate::OpenError;

/// Fills several segments, rolls by size and on demand, releases, recycles, and reopens in good and bad order.
fn script() -> Vec<Action> {
    use Action::{Buffer, CloseAndReopen, ReleaseAllBut, Renew, Reopen, Roll, Sync, Write};
    let mut script = vec![Write, Sync, Write, Write, Sync, Write, Reopen];
    for _ in 0..6 {
        script.extend([Write, Write, Sync]);
    }
    script.extend([Roll, Write, Sync, ReleaseAllBut(4), Write, Write, Sync, Write, CloseAndReopen]);
    for _ in 0..5 {
        script.extend([Write, Write, Write, Sync, ReleaseAllBut(6)]);
    }
    script.extend([Write, Renew, Write, Sync, ReleaseAllBut(1), Write, Renew, Write, Sync]);
    script.extend([Write, Roll, Reopen, Reopen, Write, Sync]);
    script.extend([Buffer, Buffer, Sync, Write, Buffer, Buffer, Sync, Buffer, Reopen, Buffer, Roll, Buffer, Buffer]);
    script.extend([Buffer; 12]);
    script.extend([Sync, Buffer, Renew, Buffer, CloseAndReopen]);
    script
}

/// Runs the script on a disk whose operation `nth` fails, and checks what is found afterwards: by a process started
/// again on the same machine, after power loss at that moment, and after power loss once it had recovered.
fn check(nth: u64, fault: Fault) {
    let disk = FaultyDisk::new();
    let mut caller = Caller::default();
    disk.fail_at(nth, fault);
    match caller.run(&disk, &script()) {
        Err(Stop::Open(OpenError::Damaged(damage))) => panic!("operation {nth} {fault:?}: {damage}"),
        Ok(()) | Err(Stop::Open(_) | Stop::Append(_)) => disk.heal(),
    }
    for seed in 0..2 {
        let mut random = SmallRng::seed_from_u64(nth * 100 + seed);
        caller.clone().recover(&disk.cut_power(&mut random));
    }
    let mut restarted = caller.clone();
    restarted.recover(&disk);
    let mut random = SmallRng::seed_from_u64(nth * 100 + 50);
    restarted.recover(&disk.cut_power(&mut random));
}

/// Operations of the script when nothing fails.
fn operations() -> u64 {
    let disk = FaultyDisk::new();
    Caller::default().run(&disk, &script()).unwrap();
    disk.operations()
}

fn check_all(fault: Fault) {
    let operations = operations();
    assert!(operations > 100, "the script does only {operations} operations");
    (0..operations).for_each(|nth| check(nth, fault));
}

#[test]
fn nothing_acknowledged_is_lost_when_any_operation_is_lost() {
    check_all(Fault::Lost);
}

#[test]
fn nothing_acknowledged_is_lost_when_any_operation_is_done_but_reported_as_failed() {
    check_all(Fault::Done);
}

#[test]
fn nothing_acknowledged_is_lost_when_any_write_is_cut_short() {
    check_all(Fault::Half);
}

#[test]
fn nothing_acknowledged_is_lost_when_the_disk_dies_before_any_operation() {
    check_all(Fault::Dead);
}

#[test]
fn nothing_acknowledged_is_lost_when_the_disk_dies_after_any_operation() {
    check_all(Fault::LastGasp);
}
