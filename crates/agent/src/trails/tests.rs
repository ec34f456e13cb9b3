//! Rotation as a story: a folder in memory to which things happen, and an agent that looks at it now and then.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use super::*;
use crate::identity::{HEAD_BYTES_MAX, tail};

/// Something that happens to the folder.
enum Happens {
    /// Text is appended to a file, which is created if absent.
    Write(&'static str, &'static str),
    /// The file takes another name.
    Rename(&'static str, &'static str),
    /// A new file with the same bytes appears.
    Copy(&'static str, &'static str),
    /// A new file with the first so many bytes appears.
    CopyPart(&'static str, &'static str, usize),
    /// The file has no bytes left.
    Truncate(&'static str),
    /// A new compressed file appears, and the old one goes.
    Compress(&'static str, &'static str),
    /// A compressed file of which only so many bytes can be decompressed appears; the old one stays.
    CompressPart(&'static str, &'static str, usize),
    Remove(&'static str),
    /// All that happened so far was too fast for the clock of the file system.
    SameTime,
    /// The agent looks and reads to the end; this is what it reads, in order.
    Reads(&'static [&'static str]),
    /// The agent looks, but the spool has no room.
    Looks,
    /// The agent is started again: it knows what it has written down.
    Restart,
}
use Happens::*;

#[derive(Clone)]
struct Stored {
    inode: u64,
    born_us: i64,
    text: String,
    modified_us: i64,
    /// How much of it can be decompressed.
    part: Option<usize>,
}

#[derive(Default)]
struct Folder {
    files: BTreeMap<&'static str, Stored>,
    clock: i64,
}

impl Folder {
    /// The lowest number that is free: a file may get that of one that was removed a moment ago.
    fn free_inode(&self) -> u64 {
        (1..).find(|inode| self.files.values().all(|file| file.inode != *inode)).unwrap()
    }

    fn create(&mut self, name: &'static str, text: &str, part: Option<usize>) {
        let (inode, now) = (self.free_inode(), self.clock);
        let file = Stored { inode, born_us: now, text: text.to_owned(), modified_us: now, part };
        self.files.insert(name, file);
    }

    fn happen(&mut self, what: &Happens) {
        self.clock += 1;
        let text = |name: &str| self.files[name].text.clone();
        match what {
            Write(name, text) if self.files.contains_key(name) => {
                let file = self.files.get_mut(name).unwrap();
                file.text.push_str(text);
                file.modified_us = self.clock;
            }
            Write(name, text) => self.create(name, text, None),
            Rename(from, to) => {
                let file = self.files.remove(from).unwrap();
                self.files.insert(to, file);
            }
            Copy(from, to) => self.create(to, &text(from), None),
            CopyPart(from, to, bytes) => self.create(to, &text(from)[..*bytes], None),
            Truncate(name) => {
                let file = self.files.get_mut(name).unwrap();
                file.text.clear();
                file.modified_us = self.clock;
            }
            Compress(from, to) => {
                let old = text(from);
                self.create(to, &old, Some(old.len()));
                self.files.remove(from);
            }
            CompressPart(from, to, bytes) => {
                let old = text(from);
                self.files.remove(to);
                self.create(to, &old, Some(*bytes));
            }
            Remove(name) => _ = self.files.remove(name),
            SameTime => self.files.values_mut().for_each(|file| file.modified_us = self.clock),
            Reads(_) | Looks | Restart => {}
        }
    }

    fn found(&self) -> Vec<Found> {
        let found = |(name, file): (&&str, &Stored)| Found {
            source: 0,
            path: (*name).to_owned(),
            key: Key { device: 1, inode: file.inode, born_us: Some(file.born_us) },
            stamp: Stamp { bytes: file.text.len() as u64, modified_us: file.modified_us },
            is_quiet: false,
        };
        self.files.iter().map(found).collect()
    }

    fn readable(&self, path: &str) -> &str {
        let file = &self.files[path];
        &file.text[..file.part.unwrap_or(file.text.len())]
    }
}

impl Contents for Folder {
    fn first(&self, file: &Found) -> io::Result<Vec<u8>> {
        let text = self.readable(&file.path);
        Ok(text.as_bytes()[..text.len().min(HEAD_BYTES_MAX)].to_vec())
    }
    fn tail(&self, file: &Found, at: u64) -> io::Result<Option<Digest>> {
        Ok(self.readable(&file.path).as_bytes().get(..usize::try_from(at).unwrap()).map(tail))
    }
    fn length(&self, file: &Found) -> io::Result<(u64, bool)> {
        let file = &self.files[file.path.as_str()];
        let readable = file.part.unwrap_or(file.text.len());
        Ok((readable as u64, readable == file.text.len()))
    }
}

/// Reads whole lines of all trails to their ends, as an agent does.
fn read(trails: &mut Trails, folder: &Folder) -> Vec<String> {
    let mut lines = Vec::new();
    for place in trails.in_order(0) {
        let trail = &mut trails.all[place];
        let text = folder.readable(&trail.found().unwrap().path).to_owned();
        let start = usize::try_from(trail.position).unwrap();
        let end = text.rfind('\n').map_or(0, |end| end + 1).max(start);
        lines.extend(text[start..end].lines().map(str::to_owned));
        let counts = Counts { records: 0, refused: 0 };
        trail.advance(end as u64, tail(&text.as_bytes()[..end]), &counts);
    }
    lines
}

fn check(name: &str, story: &[Happens]) {
    let mut folder = Folder::default();
    let mut trails = Trails::new("host", Vec::new());
    for (step, what) in story.iter().enumerate() {
        folder.happen(what);
        match what {
            Reads(expected) => {
                trails.assign("a", &folder.found(), &folder, 0);
                assert_eq!(read(&mut trails, &folder), *expected, "{name}, step {step}: {trails:#?}");
                // A second look finds nothing new.
                trails.assign("a", &folder.found(), &folder, 0);
                assert_eq!(read(&mut trails, &folder), [""; 0], "{name}, step {step}, again");
            }
            Looks => _ = trails.assign("a", &folder.found(), &folder, 0),
            Restart => {
                let written = trails.all.iter().map(|trail| serde_json::to_string(trail).unwrap());
                let all = written.map(|line| serde_json::from_str(&line).unwrap()).collect();
                trails = Trails::new("host", all);
            }
            _ => {}
        }
        let ids: HashSet<Digest> = trails.all.iter().map(|trail| trail.id).collect();
        assert_eq!(ids.len(), trails.all.len(), "{name}: every trail has an id of its own");
    }
}

#[test]
fn nothing_is_read_twice_and_nothing_is_left_out() {
    check(
        "growth",
        &[
            Reads(&[]),
            Write("log", "a\nb"),
            Reads(&["a"]),
            Write("log", "c\nd\n"),
            Reads(&["bc", "d"]),
            Restart,
            Reads(&[]),
            Write("log", "e\n"),
            Reads(&["e"]),
        ],
    );
    check("a first line that is not whole", &[Write("log", "a"), Reads(&[]), Write("log", "b\n"), Reads(&["ab"])]);
    check(
        "renamed and created",
        &[
            Write("log", "a\nb\n"),
            Reads(&["a", "b"]),
            Write("log", "c\n"),
            Rename("log", "log.1"),
            Write("log.1", "d\n"),
            Write("log", "e\n"),
            Reads(&["c", "d", "e"]),
            // The writer had not let go of it.
            Write("log.1", "f\n"),
            Write("log", "g\n"),
            Reads(&["f", "g"]),
            Rename("log.1", "log.2"),
            Rename("log", "log.1"),
            Write("log", "h\n"),
            Reads(&["h"]),
        ],
    );
    check(
        "renamed and compressed while the agent was off",
        &[
            Write("log", "a\nb\n"),
            Reads(&["a", "b"]),
            Write("log", "c\n"),
            Rename("log", "log.1"),
            Compress("log.1", "log.1.gz"),
            Write("log", "d\ne\n"),
            Restart,
            Reads(&["c", "d", "e"]),
        ],
    );
    check(
        "three rotations while the agent was off",
        &[
            Write("log", "a\nb\n"),
            Reads(&["a", "b"]),
            Write("log", "c\n"),
            Compress("log", "log.3.gz"),
            Write("log", "d\n"),
            Compress("log", "log.2.gz"),
            Write("log", "e\n"),
            Rename("log", "log.1"),
            Write("log", "f\n"),
            Restart,
            Reads(&["c", "d", "e", "f"]),
        ],
    );
    check(
        "eleven rotations in one tick of the clock",
        &[
            Write("log", "a\n"),
            Compress("log", "log.11.gz"),
            Write("log", "b\n"),
            Compress("log", "log.10.gz"),
            Write("log", "c\n"),
            Compress("log", "log.2.gz"),
            Write("log", "d\n"),
            Rename("log", "log.1"),
            Write("log", "e\n"),
            SameTime,
            Reads(&["a", "b", "c", "d", "e"]),
        ],
    );
    check(
        "an archive of what was read is not read again",
        &[
            Write("log", "a\nb\n"),
            Reads(&["a", "b"]),
            Rename("log", "log.1"),
            Write("log", "c\n"),
            Reads(&["c"]),
            CompressPart("log.1", "log.1.gz", 0),
            Reads(&[]),
            CompressPart("log.1", "log.1.gz", 3),
            Reads(&[]),
            CompressPart("log.1", "log.1.gz", 4),
            Reads(&[]),
            Remove("log.1"),
            Reads(&[]),
            Restart,
            Reads(&[]),
            Rename("log.1.gz", "log.2.gz"),
            Reads(&[]),
        ],
    );
    check(
        "an archive that is cut waits until it is whole",
        &[
            Write("log", "a\nb\nc\n"),
            Reads(&["a", "b", "c"]),
            Write("log", "d\n"),
            CompressPart("log", "log.gz", 3),
            Remove("log"),
            Reads(&[]),
            Write("log", "a\nb\nc\nd\n"),
            CompressPart("log", "log.gz", 8),
            Remove("log"),
            Reads(&["d"]),
        ],
    );
    check(
        "copied and truncated",
        &[
            Write("log", "a\nb\n"),
            Reads(&["a", "b"]),
            Copy("log", "log.1"),
            Reads(&[]),
            Truncate("log"),
            Reads(&[]),
            Write("log", "c\n"),
            Reads(&["c"]),
        ],
    );
    check(
        "copied and truncated before it was read to its end",
        &[
            Write("log", "a\nb\n"),
            Reads(&["a", "b"]),
            Write("log", "c\n"),
            Copy("log", "log.1"),
            Looks,
            Truncate("log"),
            Write("log", "d\ne\nf\ng\n"),
            Reads(&["c", "d", "e", "f", "g"]),
            Restart,
            Reads(&[]),
        ],
    );
    check(
        "seen while it is copied",
        &[
            Write("log", "a\nb\n"),
            Reads(&["a", "b"]),
            CopyPart("log", "log.1", 2),
            Reads(&[]),
            Write("log.1", "b\n"),
            Reads(&[]),
            Write("log", "c\n"),
            Reads(&["c"]),
            Write("log.1", "c\n"),
            Truncate("log"),
            Reads(&[]),
        ],
    );
    check(
        "truncated without a copy",
        &[
            Write("log", "a\nb\n"),
            Reads(&["a", "b"]),
            Truncate("log"),
            Write("log", "c\n"),
            Reads(&["c"]),
            Truncate("log"),
            Write("log", "d\ne\nf\n"),
            Reads(&["d", "e", "f"]),
        ],
    );
    check(
        "the number of a removed file is that of the next",
        &[
            Write("log", "a\nb\n"),
            Reads(&["a", "b"]),
            Remove("log"),
            Write("log", "c\nd\ne\n"),
            Reads(&["c", "d", "e"]),
        ],
    );
    check(
        "every file has the same first line",
        &[
            Write("log", "#head\na\n"),
            Reads(&["#head", "a"]),
            Rename("log", "log.1"),
            Write("log", "#head\n"),
            Reads(&["#head"]),
            Write("log", "b\n"),
            Reads(&["b"]),
            Write("log-2", "#head\n"),
            // It may be a copy that has begun.
            Reads(&[]),
            Write("log-2", "c\n"),
            Reads(&["#head", "c"]),
        ],
    );
    check(
        "the same lines again after renaming",
        &[
            Write("log", "x\nx\nx\n"),
            Reads(&["x", "x", "x"]),
            Rename("log", "log.1"),
            Write("log", "x\nx\n"),
            Reads(&["x", "x"]),
            Write("log", "x\nx\n"),
            Reads(&["x", "x"]),
            Compress("log.1", "log.1.gz"),
            Reads(&[]),
            Restart,
            Reads(&[]),
        ],
    );
    check(
        "the same lines again after compressing while the agent was off",
        &[
            Write("log", "x\nx\n"),
            Reads(&["x", "x"]),
            Write("log", "x\n"),
            Compress("log", "log.1.gz"),
            Write("log", "x\nx\nx\nx\n"),
            Restart,
            Reads(&["x", "x", "x", "x", "x"]),
        ],
    );
    check(
        "a longer file holds the same",
        &[
            Write("old", "a\n"),
            Reads(&["a"]),
            Write("new", "a\nb\n"),
            Reads(&["b"]),
            Write("new", "c\n"),
            Reads(&["c"]),
        ],
    );
    check(
        "a file for each day",
        &[
            Write("log-1", "a\n"),
            Reads(&["a"]),
            Write("log-1", "b\n"),
            Write("log-2", "c\n"),
            Reads(&["b", "c"]),
            Compress("log-1", "log-1.gz"),
            Write("log-2", "d\n"),
            Reads(&["d"]),
        ],
    );
    check(
        "removed and put back",
        &[
            Write("log", "a\n"),
            Reads(&["a"]),
            Rename("log", "elsewhere"),
            Rename("elsewhere", "log"),
            Write("log", "b\n"),
            Reads(&["b"]),
        ],
    );
}

#[test]
fn a_trail_is_forgotten_long_after_its_file() {
    let mut folder = Folder::default();
    let mut trails = Trails::new("host", Vec::new());
    folder.happen(&Write("log", "a\n"));
    trails.assign("a", &folder.found(), &folder, 0);
    trails.forget(REMEMBERED_US * 2);
    assert_eq!(trails.all.len(), 1, "its file is there");
    trails.assign("a", &[], &folder, 0);
    trails.forget(REMEMBERED_US - 1);
    assert_eq!(trails.all.len(), 1);
    trails.forget(REMEMBERED_US);
    assert!(trails.all.is_empty());
}

#[test]
fn adapters_do_not_share_trails() {
    let mut folder = Folder::default();
    let mut trails = Trails::new("host", Vec::new());
    folder.happen(&Write("log", "a\n"));
    trails.assign("a", &folder.found(), &folder, 0);
    assert_eq!(read(&mut trails, &folder), ["a"]);
    trails.assign("b", &folder.found(), &folder, 0);
    assert_eq!(read(&mut trails, &folder), ["a"]);
}
