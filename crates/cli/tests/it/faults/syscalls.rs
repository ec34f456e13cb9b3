//! Every file operation of a server's life fails once, in every way.

use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::sync::Mutex;

use rand::seq::SliceRandom;

use super::book::Book;
use super::load;
use super::shim::{self, EIO, ENOSPC, Fault, Operation, Places, Shim};
use super::{CONFIG, number, seeded};
use crate::harness::{Client, Launch};

/// Ways in which an operation fails. `dead` with "no space left" is a disk that is full from then on.
const WAYS: [(&str, u8); 5] = [("lost", EIO), ("done", EIO), ("half", ENOSPC), ("dead", ENOSPC), ("gasp", EIO)];

#[test]
fn no_file_operation_that_fails_costs_an_acknowledged_event() {
    let wanted = number("INDELIBLE_FAULTS", 12) as usize;
    let workers = number("INDELIBLE_WORKERS", 2);
    let Some(shim) = Shim::build() else { return };
    let undisturbed = check(&shim, None);
    assert!(undisturbed.len() > 300, "a life of only {} operations", undisturbed.len());
    let writes = |name: &str| name == "write" || name == "truncate";
    let mut cases: Vec<Fault> = WAYS
        .iter()
        .flat_map(|&(how, error)| (0..undisturbed.len()).map(move |at| Fault { at: at as u64, how, error }))
        .filter(|fault| fault.how != "half" || writes(&undisturbed[fault.at as usize].name))
        .collect();
    if wanted < cases.len() {
        cases.shuffle(&mut seeded());
        cases.truncate(wanted);
    }
    // All of them take long: with 3/8 only the third of every eight, counted from 0.
    if let Ok(part) = std::env::var("INDELIBLE_FAULTS_PART") {
        let (part, of) = part.split_once('/').expect("a part, such as 3/8");
        let (part, of): (usize, usize) = (part.parse().unwrap(), of.parse().unwrap());
        cases = cases.into_iter().skip(part).step_by(of).collect();
    }
    eprintln!("{} cases", cases.len());
    let queue = Mutex::new(cases.into_iter().enumerate());
    let failed = Mutex::new(BTreeMap::<String, u64>::new());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((done, fault)) = { queue.lock().unwrap().next() } {
                    if done % 100 == 0 {
                        eprintln!("{done} cases begun");
                    }
                    let operations = check(&shim, Some(fault));
                    let Some(first) = operations.iter().find(|operation| operation.failed) else { continue };
                    *failed.lock().unwrap().entry(format!("{} {}", first.name, fault.how)).or_default() += 1;
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    let kinds: Vec<String> = failed.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    let total: u64 = failed.values().sum();
    eprintln!("RESULT failed file operations: {total} of a life of {}: {}", undisturbed.len(), kinds.join(", "));
}

/// Lives through the script with one operation failing, then starts again on a good disk and compares. Returns what was done.
fn check(shim: &Shim, fault: Option<Fault>) -> Vec<Operation> {
    let places = Places::new();
    let launch = || Launch::new(&places.data).config(CONFIG);
    let mut book = Book::default();
    let first = shim.apply(launch(), &places.data, &places.operations, fault);
    let ended = match first.try_start() {
        Ok(server) => {
            live(&server, &mut book, &places);
            Some(server.ask_to_stop())
        }
        Err(log) => {
            assert!(fault.is_some() && !log.contains("panicked"), "{fault:?}\n{log}");
            None
        }
    };
    let operations = shim::operations(&places.operations);
    let log = || std::fs::read_to_string(places.data.with_extension("log")).unwrap();
    assert!(!log().contains("panicked"), "{fault:?}\n{}", log());
    if let Some(status) = ended {
        check_end(fault, status, &operations);
    }
    let context = format!("{fault:?} {:?}", operations.iter().find(|operation| operation.failed));
    let survived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let server = launch().start();
        book.check(&server);
        book.resend(&server);
        book.repeat(&server, 3);
        book.emit(&server, 5);
        book.verify_archive(server);
    }));
    assert!(survived.is_ok(), "{context}\n{}", log());
    operations
}

/// Takes the log through all that writes: new organizations, full memories, full segments, seals and releases.
fn live(server: &Client, book: &mut Book, places: &Places) {
    let emit = |book: &mut Book, count| {
        let answer = book.emit(server, count);
        let poisoned = is_poisoned(&shim::operations(&places.operations));
        assert!(answer.receipts.is_none() || !poisoned, "acknowledged after the journal failed");
    };
    emit(book, 30);
    emit(book, 40);
    emit(book, 150);
    load::seal(server);
    book.emit_large(server, 10);
    emit(book, 20);
    load::seal(server);
    emit(book, 20);
}

/// A write or sync of the open segment failed: what the disk holds is unknown from here on.
fn is_poisoned(operations: &[Operation]) -> bool {
    operations.iter().any(|operation| {
        operation.failed
            && operation.path.starts_with("journal/")
            && operation.path.ends_with(".segment")
            && ["write", "fdatasync"].contains(&operation.name.as_str())
    })
}

fn check_end(fault: Option<Fault>, status: ExitStatus, operations: &[Operation]) {
    assert!(fault.is_some() || status.success(), "an undisturbed server ended with {status}");
    if is_poisoned(operations) {
        assert!(
            !status.success() && status.code().is_some(),
            "{fault:?}: ended with {status} after its journal failed"
        );
    }
}
