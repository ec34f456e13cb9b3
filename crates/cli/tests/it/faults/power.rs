//! Power cuts under load, on real file systems.

use std::time::Duration;

use rand::Rng;

use super::book::{Book, Counts};
use super::file_system::FileSystem;
use super::load::Load;
use super::{CONFIG, number, seeded};
use crate::harness::Launch;

/// Cuts that one log lives through before its archive is verified and another begins.
const CUTS_OF_A_LOG: u64 = 15;

#[test]
fn acknowledged_events_survive_power_cuts() {
    let cuts = number("INDELIBLE_CUTS", 4);
    let kinds = std::env::var("INDELIBLE_FILE_SYSTEMS").unwrap_or_else(|_| "ext4".into());
    let mut random = seeded();
    for kind in kinds.split(',') {
        let Some(disk) = FileSystem::make(kind, 600) else { continue };
        let mut counts = Counts::default();
        let mut done = 0;
        while done < cuts {
            let of_this_log = CUTS_OF_A_LOG.min(cuts - done);
            counts.add(live(&disk, of_this_log, &mut random));
            done += of_this_log;
            std::fs::remove_dir_all(disk.folder().join("data")).unwrap();
        }
        eprintln!("RESULT power cuts on {kind}: {cuts} survived, {counts}");
    }
}

/// The life of one log, from an empty folder to a verified archive.
fn live(disk: &FileSystem, cuts: u64, random: &mut impl Rng) -> Counts {
    let mut book = Book::default();
    for _ in 0..cuts {
        if random.random_ratio(1, 4) {
            cut_while_starting(disk, random);
        } else {
            cut_under_load(disk, &mut book, random);
        }
        disk.remount();
    }
    let server = launch(disk).start();
    book.check(&server);
    book.resend(&server);
    book.repeat(&server, 10);
    book.verify_archive(server);
    book.counts
}

fn cut_under_load(disk: &FileSystem, book: &mut Book, random: &mut impl Rng) {
    let server = launch(disk).start();
    book.check(&server);
    book.resend(&server);
    let load = Load::begin(&server, book, 6);
    // Some cuts fall into sealing, uploading and releasing.
    let sealing = random.random_ratio(1, 3).then(|| server.spawn(&["archive", "seal"]));
    std::thread::sleep(Duration::from_millis(random.random_range(1..500)));
    disk.cut_power();
    server.kill();
    load.end(book);
    if let Some(mut sealing) = sealing {
        let _ = sealing.kill();
        let _ = sealing.wait();
    }
}

fn cut_while_starting(disk: &FileSystem, random: &mut impl Rng) {
    let mut server = launch(disk).spawn();
    std::thread::sleep(Duration::from_millis(random.random_range(1..150)));
    disk.cut_power();
    let _ = server.kill();
    let _ = server.wait();
}

fn launch(disk: &FileSystem) -> Launch {
    let log = disk.outside().join("server.log");
    Launch::new(&disk.folder().join("data")).log(&log).config(CONFIG)
}
