use super::*;
use indelible_merkle::{verify_consistency, verify_inclusion};
use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

const LOGS: u32 = 4;
const LEAVES: u64 = 20_000;

#[test]
fn logs_grow_while_others_publish_persist_and_prove() {
    let bench = Bench::new();
    let ledger = bench.open();
    for i in 0..LOGS {
        ledger.create(&organization(&format!("o{i}"))).unwrap();
    }
    let done = AtomicBool::new(false);
    let until_done = |work: &mut dyn FnMut()| {
        while !done.load(Ordering::Relaxed) {
            work();
        }
        work();
    };
    thread::scope(|scope| {
        let appenders: Vec<_> = (0..LOGS)
            .map(|number| {
                let ledger = &ledger;
                scope.spawn(move || {
                    for first in (0..LEAVES).step_by(97) {
                        let end = (first + 97).min(LEAVES);
                        ledger.append(number, first, &leaves(number.into(), first..end)).unwrap();
                    }
                })
            })
            .collect();
        scope.spawn(|| until_done(&mut || ledger.persist().unwrap()));
        let publisher = scope.spawn(|| {
            let mut history = HashMap::<u32, Vec<_>>::new();
            until_done(&mut || {
                for published in ledger.publish().unwrap() {
                    history.entry(published.number).or_default().push(published.signed.checkpoint.clone());
                }
            });
            history
        });
        // Whatever is published can be proved at once.
        scope.spawn(|| {
            until_done(&mut || {
                for number in 0..LOGS {
                    let Some(signed) = ledger.checkpoint(number) else { continue };
                    let (size, root) = (signed.checkpoint.size, signed.checkpoint.root);
                    let index = size / 2;
                    let proof = ledger.inclusion_proof(number, index, size).unwrap();
                    verify_inclusion(&leaf(number.into(), index), index, size, &proof, &root).unwrap();
                }
            });
        });
        scope.spawn(|| {
            for i in 0..50 {
                ledger.create(&organization(&format!("late{}", i / 2))).unwrap();
            }
        });
        appenders.into_iter().for_each(|appender| appender.join().unwrap());
        done.store(true, Ordering::Relaxed);
        for (number, history) in publisher.join().unwrap() {
            for pair in history.windows(2) {
                let proof = ledger.consistency_proof(number, pair[0].size, pair[1].size).unwrap();
                verify_consistency(pair[0].size, pair[1].size, &proof, &pair[0].root, &pair[1].root).unwrap();
            }
            assert_eq!(history.last().unwrap().size, LEAVES);
        }
    });
    assert_eq!(ledger.organizations().len() as u32, LOGS + 25);
    drop(ledger);
    let ledger = bench.open();
    ledger.check_recovered().unwrap();
    for number in 0..LOGS {
        assert_eq!(ledger.root_at(number, LEAVES).unwrap(), naive_root(&leaves(number.into(), 0..LEAVES)));
    }
}
