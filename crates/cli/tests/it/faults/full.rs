//! A small disk, written to its end.

use std::time::{Duration, Instant};

use super::book::Book;
use super::file_system::FileSystem;
use super::load::Answer;
use super::{CONFIG, number};
use crate::harness::Launch;

/// How long a producer is refused before we believe that nothing more goes in, and waits at most for space to be noticed.
const PATIENCE: Duration = Duration::from_secs(2);
const SPACE_IS_NOTICED: Duration = Duration::from_secs(30);

#[test]
fn a_full_disk_refuses_loses_nothing_and_goes_on_when_there_is_room() {
    let mebibytes = number("INDELIBLE_DISK_MEBIBYTES", 96);
    let Some(disk) = FileSystem::make("ext4", mebibytes) else { return };
    // Somebody else's file, which takes two fifths of the disk and goes later.
    let filler = disk.folder().join("filler");
    std::fs::write(&filler, vec![1; (mebibytes as usize * 2 / 5) << 20]).unwrap();
    let log = disk.outside().join("server.log");
    let mut server = Launch::new(&disk.folder().join("data")).log(&log).config(CONFIG).start();
    let mut book = Book::default();
    let mut refusals = 0;
    let mut full_since = None;
    while full_since.is_none_or(|since: Instant| since.elapsed() < PATIENCE) {
        let answer = book.emit(&server, 200);
        book.emit_large(&server, 1);
        if answer.receipts.is_none() {
            check_refusal(&answer);
            refusals += 1;
            full_since.get_or_insert_with(Instant::now);
            std::thread::sleep(Duration::from_millis(20));
        } else {
            full_since = None;
        }
    }
    assert!(!server.has_ended(), "the server gave up:\n{}", std::fs::read_to_string(&log).unwrap());
    let accepted = book.counts.acknowledged;
    assert!(accepted > 5_000, "only {accepted} events went in");

    std::fs::remove_file(&filler).unwrap();
    let freed = Instant::now();
    while book.emit(&server, 10).receipts.is_none() {
        assert!(freed.elapsed() < SPACE_IS_NOTICED, "there is room and nothing is accepted");
        std::thread::sleep(Duration::from_millis(50));
    }
    book.resend(&server);
    book.check(&server);
    book.repeat(&server, 5);
    book.verify_archive(server);
    eprintln!("RESULT full disk of {mebibytes} MiB: {refusals} requests refused, {}", book.counts);
}

/// Whoever is refused is told that it is not their fault, and when to come back.
fn check_refusal(answer: &Answer) {
    assert!(matches!(answer.status, Some(429 | 503)), "{answer:?}");
    assert!(answer.retry_after, "{answer:?}");
}
