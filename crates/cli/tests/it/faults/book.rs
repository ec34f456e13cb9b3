//! What was sent, what was promised for it, and whether the log keeps the promises.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use indelible_merkle::{Checkpoint, Notes, Tile};
use serde_json::{Value, json};

use super::load::{self, Answer};
use crate::harness::{Client, Server, event, fetch, offline};

/// The organizations that events go to.
const ORGANIZATIONS: [&str; 3] = ["acme", "beta", "core"];

/// Whose logs event `number` belongs to.
fn organizations(number: u64) -> &'static [&'static str] {
    match number % 5 {
        0 => &ORGANIZATIONS[..2],
        1 | 2 => &ORGANIZATIONS[..1],
        3 => &ORGANIZATIONS[1..2],
        _ => &ORGANIZATIONS[2..],
    }
}

/// One event in 500 is large, so that journal segments fill up.
fn is_large(number: u64) -> bool {
    number % 500 == 499
}

const LARGE_BYTES: usize = 900_000;

fn rid(organization: &str) -> String {
    format!("ri.indelible..organization.{organization}")
}

/// The bytes of the events `numbers`, one a line. They depend on the numbers alone.
pub(super) fn lines(numbers: Range<u64>) -> Vec<u8> {
    let line = |number: u64| {
        let organizations: Vec<Value> = organizations(number).iter().map(|name| json!({"id": rid(name)})).collect();
        let filler = "x".repeat(if is_large(number) { LARGE_BYTES } else { (number * 37 % 900) as usize });
        let event = event(number, json!({"organizations": organizations, "filler": filler}));
        [serde_json::to_vec(&event).unwrap(), b"\n".to_vec()].concat()
    };
    numbers.flat_map(line).collect()
}

/// An event's place in an organization's log, as promised or as found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Receipt {
    pub(super) event: u64,
    pub(super) organization: String,
    pub(super) seq: u64,
    pub(super) leaf: String,
}

/// Events sent in one request: they are stored together or not at all.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) events: Range<u64>,
    pub(super) promised: Option<Vec<Receipt>>,
    found: Option<Vec<Receipt>>,
}

impl Post {
    pub(super) fn new(events: Range<u64>, promised: Option<Vec<Receipt>>) -> Self {
        let post = Self { events, promised, found: None };
        post.promised.iter().for_each(|promised| post.check_complete(promised));
        post
    }

    /// Every event has its receipt in every log it belongs to.
    fn check_complete(&self, receipts: &[Receipt]) {
        let places = receipts.iter().map(|receipt| (receipt.event, receipt.organization.clone()));
        let expected =
            self.events.clone().flat_map(|number| organizations(number).iter().map(move |o| (number, rid(o))));
        assert_eq!(places.collect::<BTreeSet<_>>(), expected.collect::<BTreeSet<_>>(), "{:?}", self.events);
    }

    /// What was promised and what was found are the same, where both are known.
    fn compare(&self) {
        if let (Some(promised), Some(found)) = (&self.promised, &self.found) {
            let sorted = |receipts: &[Receipt]| BTreeSet::from_iter(receipts.iter().cloned());
            assert_eq!(sorted(promised), sorted(found), "events {:?} are not where they were promised", self.events);
        }
    }
}

/// The life of one log, as its producers know it.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    pub(super) posts: Vec<Post>,
    /// Entries that were read and compared, by organization.
    read: BTreeMap<String, u64>,
    next: u64,
    /// Every checkpoint ever seen, as notes one after another.
    checkpoints: String,
    pub(super) counts: Counts,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Events that were answered.
    pub(super) acknowledged: u64,
    /// Requests without an answer whose events were all stored.
    pub(super) whole: u64,
    /// Requests without an answer none of whose events was stored.
    pub(super) absent: u64,
}

impl Counts {
    pub(super) fn add(&mut self, other: Counts) {
        self.acknowledged += other.acknowledged;
        self.whole += other.whole;
        self.absent += other.absent;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { acknowledged, whole, absent } = self;
        write!(
            f,
            "{acknowledged} events acknowledged, 0 lost; of requests without an answer {whole} stored whole, {absent} not at all"
        )
    }
}

impl Book {
    /// The number of the next event to be sent.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn add(&mut self, posts: impl IntoIterator<Item = Post>) {
        for post in posts {
            if post.promised.is_some() {
                self.counts.acknowledged += post.events.end - post.events.start;
            }
            self.next = self.next.max(post.events.end);
            self.posts.push(post);
        }
    }

    /// Sends `count` large events, each in a request of its own.
    pub(super) fn emit_large(&mut self, client: &Client, count: u64) {
        for _ in 0..count {
            self.next = self.next / 500 * 500 + 499;
            debug_assert!(is_large(self.next));
            self.emit(client, 1);
        }
    }

    /// Sends `count` events and keeps the answer.
    pub(super) fn emit(&mut self, client: &Client, count: u64) -> Answer {
        let events = self.next()..self.next() + count;
        let answer = load::post(client, events.clone());
        self.add([Post::new(events, answer.receipts.clone())]);
        answer
    }

    /// Reads what is in the log since the last time and compares it with what is known: everything promised is at its
    /// place with its leaf, every request is there wholly or not at all, and there is nothing that was not sent.
    pub(super) fn check(&mut self, server: &Client) {
        assert_eq!(self.check_except(server, u64::MAX), 0);
    }

    /// As `check`, but requests with events from `unsure` on may be lost although they were acknowledged. Returns how many are.
    pub(super) fn check_except(&mut self, server: &Client, unsure: u64) -> u64 {
        let mut lost = 0;
        let mut places: BTreeMap<(u64, String), Receipt> = BTreeMap::new();
        for receipt in self.read_new(server) {
            let key = (receipt.event, receipt.organization.clone());
            assert_eq!(places.insert(key, receipt), None, "an event is in one log twice");
        }
        for post in self.posts.iter_mut().filter(|post| post.found.is_none()) {
            let keys = post.events.clone().flat_map(|n| organizations(n).iter().map(move |o| (n, rid(o))));
            let found: Vec<Receipt> = keys.filter_map(|key| places.remove(&key)).collect();
            if post.events.start >= unsure && found.is_empty() && post.promised.take().is_some() {
                lost += 1;
            }
            let promised = post.promised.is_some();
            assert!(!promised || !found.is_empty(), "events {:?} were acknowledged and are lost", post.events);
            self.counts.whole += u64::from(!promised && !found.is_empty());
            self.counts.absent += u64::from(!promised && found.is_empty());
            if !found.is_empty() {
                post.check_complete(&found);
                post.found = Some(found);
                post.compare();
            }
        }
        assert!(places.is_empty(), "in the log and never sent: {places:?}");
        lost
    }

    /// Forgets what was read, and reads and compares everything.
    pub(super) fn check_whole(&mut self, server: &Client) {
        self.read.clear();
        let counts = self.counts;
        self.posts.iter_mut().for_each(|post| post.found = None);
        self.check(server);
        self.counts = counts;
    }

    /// Sends again what got no answer; what is stored already gets the receipts of its place.
    pub(super) fn resend(&mut self, server: &Client) {
        for post in self.posts.iter_mut().filter(|post| post.promised.is_none()) {
            let answer = load::post(server, post.events.clone());
            assert!(answer.receipts.is_some(), "sent again and refused: {answer:?}");
            assert!(answer.new == 0 || post.found.is_none(), "stored a second time: {answer:?}");
            post.promised = answer.receipts;
            post.check_complete(post.promised.as_deref().unwrap());
            post.compare();
            self.counts.acknowledged += post.events.end - post.events.start;
        }
    }

    /// Sends `count` answered requests once more: a repeat gets the receipts of the first time.
    pub(super) fn repeat(&self, server: &Client, count: usize) {
        let step = (self.posts.len() / count.max(1)).max(1);
        for post in self.posts.iter().filter(|post| post.promised.is_some()).step_by(step) {
            let answer = load::post(server, post.events.clone());
            assert_eq!((&answer.receipts, answer.new), (&post.promised, 0), "repeated");
        }
    }

    /// Archives everything, stops the server, and verifies the archive offline, against every checkpoint ever seen.
    pub(super) fn verify_archive(&mut self, server: Server) {
        server.seal();
        self.check_whole(&server);
        let archive = server.archive();
        server.stop();
        let scratch = tempfile::tempdir().unwrap();
        let since = scratch.path().join("checkpoints");
        std::fs::write(&since, &self.checkpoints).unwrap();
        verify(&archive, &since);
    }

    /// Every entry after those read before, with the leaf the tree has.
    fn read_new(&mut self, server: &Client) -> Vec<Receipt> {
        let mut receipts = Vec::new();
        for organization in ORGANIZATIONS.map(rid) {
            let from = self.read.get(&organization).copied().unwrap_or(0);
            let query = format!(
                "select seq, type, \"logEntryId\" as id from entries where organization = '{organization}' and seq >= {from} order by seq"
            );
            let rows = sql(server, &query);
            for (seq, row) in (from..).zip(&rows) {
                assert_eq!(row["seq"], seq, "{organization}: seq is dense");
            }
            let leaves = self.leaves(server, &organization, from..from + rows.len() as u64);
            for (row, (seq, leaf)) in rows.iter().zip((from..).zip(leaves)) {
                if row["type"] == "indelible.1" {
                    assert_eq!(seq, 0, "{organization}: a control entry that nobody asked for");
                    continue;
                }
                let id = row["id"].as_str().unwrap();
                let event = id.strip_prefix("10000000-0000-4000-8000-").and_then(|n| u64::from_str_radix(n, 16).ok());
                let event = event.unwrap_or_else(|| panic!("in the log and never sent: {id}"));
                receipts.push(Receipt { event, organization: organization.clone(), seq, leaf });
            }
            self.read.insert(organization, from + rows.len() as u64);
        }
        receipts
    }

    /// Leaf hashes from the tiles that anyone may read, once the checkpoint covers them.
    fn leaves(&mut self, server: &Client, organization: &str, range: Range<u64>) -> Vec<String> {
        if range.is_empty() {
            return Vec::new();
        }
        let asked = Instant::now();
        let checkpoint = loop {
            let path = format!("/api/v1/checkpoints?organization={organization}");
            let notes = get(server, &path);
            let note = Notes::new(std::str::from_utf8(&notes).unwrap()).next();
            let checkpoint = note.map(|note| note.unwrap().text().parse::<Checkpoint>().unwrap());
            match checkpoint {
                Some(checkpoint) if checkpoint.size >= range.end => {
                    self.checkpoints.push_str(&String::from_utf8(notes).unwrap());
                    break checkpoint;
                }
                _ => assert!(asked.elapsed() < Duration::from_secs(20), "{organization}: no checkpoint over {range:?}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(checkpoint.size, range.end, "{organization}: the checkpoint covers entries that cannot be read");
        let (_, log) = checkpoint.origin.split_once('/').unwrap();
        let mut leaves = Vec::new();
        for index in range.start / 256..=(range.end - 1) / 256 {
            let tile = Tile::of_size(0, index, checkpoint.size).unwrap();
            let bytes = get(server, &format!("/log/{log}/{tile}"));
            for (seq, hash) in tile.hashes().zip(bytes.as_chunks::<32>().0) {
                if range.contains(&seq) {
                    leaves.push(indelible_merkle::Hash(*hash).to_string());
                }
            }
        }
        leaves
    }
}

/// Verifies an archive offline against checkpoints kept from earlier.
pub(super) fn verify(archive: &Path, since: &Path) {
    let answer = offline(&["verify", archive.to_str().unwrap(), "--since", since.to_str().unwrap()]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
}

fn get(server: &Client, path: &str) -> Vec<u8> {
    let (status, body) = fetch(server.request(reqwest::Method::GET, path));
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    body
}

fn sql(server: &Client, query: &str) -> Vec<Value> {
    let request = server.request(reqwest::Method::POST, "/api/v1/sql").json(&json!({"query": query}));
    let (status, body) = fetch(request);
    assert_eq!(status, 200, "{query}: {}", String::from_utf8_lossy(&body));
    let rows = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    rows.map(|line| serde_json::from_slice(line).unwrap()).collect()
}
