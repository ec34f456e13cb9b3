//! One flipped bit somewhere in the data folder of a server that is not running.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use rand::Rng;
use rand::seq::IndexedRandom;

use super::book::Book;
use super::load;
use super::shim::{EIO, Fault, Places, Shim};
use super::{CONFIG, number, seeded};
use crate::harness::Launch;

/// A data folder to be harmed, and what its producers were promised.
struct Fixture {
    places: Places,
    book: Book,
    /// Events from here on were acknowledged by the last sync before a kill; after a clean stop there are none.
    last_sync: u64,
}

/// What came of a flip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Nothing is different.
    Harmless,
    /// The server does not start, and says why.
    Refused,
    /// It starts, and what cannot be trusted is not archived; it says why.
    NotArchived,
    /// The journal ends before the last sync, as its format page says it may.
    LastSyncCut,
}

#[test]
fn a_flipped_bit_is_found_or_harmless() {
    let flips = number("INDELIBLE_FLIPS", 10);
    let mut random = seeded();
    let mut outcomes = BTreeMap::<(&str, Outcome), u64>::new();
    for fixture in [Fixture::make(false), Fixture::make(true)].into_iter().flatten() {
        let files = fixture.files();
        for folder in ["journal", "ledger", "identity", "sealing", "keys"] {
            assert!(files.iter().any(|file| in_folder(file, folder)), "nothing in {folder}: {files:?}");
        }
        for flip in 0..flips {
            let folder = ["journal", "ledger", "journal", "identity", "sealing", "journal", "keys"][flip as usize % 7];
            let of_folder: Vec<_> = files.iter().filter(|file| in_folder(file, folder)).collect();
            let file = of_folder.choose(&mut random).unwrap();
            let bit = choose_bit(&fixture.places.data.join(file), &mut random);
            *outcomes.entry((folder, fixture.check(file, bit))).or_default() += 1;
        }
    }
    let counts: Vec<String> =
        outcomes.iter().map(|((folder, outcome), n)| format!("{folder} {outcome:?} {n}")).collect();
    eprintln!("RESULT flipped bits: {}, 0 wrong answers: {}", outcomes.values().sum::<u64>(), counts.join(", "));
}

impl Fixture {
    /// A log of which a part is archived, a part is sealed and could not be uploaded, and a part waits.
    fn make(killed: bool) -> Option<Self> {
        let shim = Shim::build()?;
        let places = Places::new();
        let launch = || Launch::new(&places.data).config(CONFIG);
        let mut book = Book::default();
        let server = launch().start();
        (0..12).for_each(|_| drop(book.emit(&server, 60)));
        server.seal();
        book.emit(&server, 300);
        server.stop();
        // From now on the bucket takes nothing.
        let dead = Fault { at: 0, how: "dead", error: EIO };
        let bucket = places.data.join("archive");
        let server = shim.apply(launch(), &bucket, &places.operations, Some(dead)).start();
        book.emit(&server, 100);
        assert_eq!(load::seal(&server), Some(500));
        book.emit_large(&server, 2);
        book.emit(&server, 50);
        book.check(&server);
        let mut last_sync = u64::MAX;
        if killed {
            last_sync = book.next();
            book.emit(&server, 20);
            server.kill();
        } else {
            server.stop();
        }
        Some(Self { places, book, last_sync })
    }

    /// What a flip may hit: all that is persisted but the archive, the SQL database, and the hashes of the trees. Of these
    /// only the newest are checked at the start; a proof made with a wrong one convinces nobody.
    fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.places.data.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found.sort();
        let below = found.iter().map(|path| path.strip_prefix(&self.places.data).unwrap().to_owned());
        below.filter(|path| path.file_name().is_none_or(|name| name.len() > 1)).collect()
    }

    /// Flips a bit of a copy, starts a server on it, and tells what it makes of it.
    fn check(&self, file: &Path, bit: u64) -> Outcome {
        let places = Places::new();
        let copied =
            Command::new("cp").args(["-r", "--sparse=always"]).arg(&self.places.data).arg(&places.data).status();
        assert!(copied.unwrap().success());
        let path = places.data.join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[bit as usize / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, bytes).unwrap();
        let log = || std::fs::read_to_string(places.data.with_extension("log")).unwrap();
        let judged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.judge(file, &places)));
        match judged {
            Ok(outcome) => {
                assert!(!log().contains("panicked"), "{} bit {bit}: {}", file.display(), log());
                outcome
            }
            Err(_) => panic!("bit {bit} of {}:\n{}", file.display(), log()),
        }
    }

    fn judge(&self, file: &Path, places: &Places) -> Outcome {
        let server = match Launch::new(&places.data).config(CONFIG).try_start() {
            Ok(server) => server,
            Err(log) => {
                assert!(log.lines().any(|line| line.starts_with("indelible: ")), "no reason is given:\n{log}");
                return Outcome::Refused;
            }
        };
        let mut book = self.book.clone();
        let lost = if in_folder(file, "journal") {
            book.check_except(&server, self.last_sync)
        } else {
            book.check_except(&server, u64::MAX)
        };
        book.repeat(&server, 10);
        book.emit(&server, 10);
        if load::seal(&server) != Some(200) {
            return Outcome::NotArchived;
        }
        book.verify_archive(server);
        if lost > 0 { Outcome::LastSyncCut } else { Outcome::Harmless }
    }
}

fn in_folder(file: &Path, folder: &str) -> bool {
    file.starts_with(folder)
}

/// A random bit, mostly of what stands before the zeros at the end of the file.
fn choose_bit(path: &Path, random: &mut impl Rng) -> u64 {
    let bytes = std::fs::read(path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(bytes.len(), |last| last + 1);
    let end = if random.random_ratio(9, 10) { used } else { bytes.len() };
    random.random_range(0..end as u64 * 8)
}
