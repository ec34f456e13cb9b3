//! `kill -9` under load, at random moments.

use std::time::Duration;

use rand::Rng;

use super::book::Book;
use super::load::Load;
use super::{CONFIG, number, seeded};
use crate::harness::Launch;

#[test]
fn acknowledged_events_survive_kills() {
    let kills = number("INDELIBLE_KILLS", 6);
    let mut random = seeded();
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("data");
    let start = || Launch::new(&folder).config(CONFIG).start();
    let mut book = Book::default();
    for _ in 0..kills {
        let server = start();
        book.check(&server);
        book.resend(&server);
        let load = Load::begin(&server, &book, 6);
        let sealing = random.random_ratio(1, 3).then(|| server.spawn(&["archive", "seal"]));
        std::thread::sleep(Duration::from_millis(random.random_range(1..300)));
        server.kill();
        load.end(&mut book);
        if let Some(mut sealing) = sealing {
            let _ = sealing.wait();
        }
    }
    let server = start();
    book.check(&server);
    book.resend(&server);
    book.repeat(&server, 10);
    book.verify_archive(server);
    eprintln!("RESULT kill -9: {kills} survived, {}", book.counts);
}
