//! Which file carries what was written to a file, through renaming, copying, truncation and compression.
//!
//! A *trail* is what was written to one file, in order, wherever it stands now. A *carrier* is the file that it stands in at the moment. A
//! file is found by what it is (device and inode), known again by what it holds (its beginning, and what stands before the position up to
//! which it was read), and never by its name: that only tells a file that was renamed and replaced from one that was copied.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::io;

use serde::{Deserialize, Serialize};

use crate::agent::Counts;
use crate::identity::{self, Beginning, Digest, Head, trail_id};
use crate::pattern::unpacked;

/// How long a trail is remembered whose file is gone, in microseconds: 30 days.
const REMEMBERED_US: i64 = 30 * 24 * 3600 * 1_000_000;
/// Trails that are remembered at most, those of files that are there not counted.
const TRAILS_MAX: usize = 10_000;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Key {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// When it was created, where the file system knows: the number of a removed file is given to the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) born_us: Option<i64>,
}

/// What changes when a file is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stamp {
    /// Bytes on the disk.
    pub(crate) bytes: u64,
    pub(crate) modified_us: i64,
}

/// A file that is there.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Which of the configured sources means it.
    pub(crate) source: usize,
    pub(crate) path: String,
    pub(crate) key: Key,
    pub(crate) stamp: Stamp,
    /// Nobody has written to it for a while.
    pub(crate) is_quiet: bool,
}

/// Digits at the end of a name that count rotations; more are a date.
const COUNT_DIGITS: usize = 4;

impl Found {
    /// Sorts files that the file system's clock cannot tell apart: the one with the larger number, as in `x.2.gz` beside `x.1`, is
    /// the older.
    fn rotations(&self) -> Reverse<u32> {
        let digits = unpacked(&self.path).rsplit('.').next().filter(|digits| digits.len() <= COUNT_DIGITS);
        Reverse(digits.and_then(|digits| digits.parse().ok()).unwrap_or(0))
    }
}

/// Looks into files.
pub(crate) trait Contents {
    /// The first bytes, decompressed, as many as a head may have.
    fn first(&self, file: &Found) -> io::Result<Vec<u8>>;
    /// Of what stands before `at`; nothing if there are fewer bytes, or they cannot be decompressed.
    fn tail(&self, file: &Found, at: u64) -> io::Result<Option<Digest>>;
    /// Decompressed bytes, and whether all of it could be decompressed.
    fn length(&self, file: &Found) -> io::Result<(u64, bool)>;
}

/// The file that a trail stands in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Carrier {
    #[serde(flatten)]
    pub(crate) key: Key,
    pub(crate) path: String,
    /// It is compressed and was read to its end, as it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<Stamp>,
    /// It holds the trail, as it was then.
    #[serde(skip)]
    pub(crate) checked: Option<Stamp>,
    /// It is compressed and cannot be read on, as it is now.
    #[serde(skip)]
    pub(crate) broken: Option<(Stamp, String)>,
    /// It was read to its end, as it was then.
    #[serde(skip)]
    pub(crate) read: Option<Stamp>,
    /// As it was found last, if it was.
    #[serde(skip)]
    pub(crate) found: Option<Found>,
}

impl Carrier {
    fn of(file: &Found) -> Self {
        let (path, found) = (file.path.clone(), Some(file.clone()));
        Self { key: file.key, path, ended: None, checked: Some(file.stamp), broken: None, read: None, found }
    }
}

/// What was written to one file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trail {
    /// What its events' ids are made from, beside the offset.
    pub(crate) id: Digest,
    pub(crate) adapter: String,
    pub(crate) head: Head,
    /// Where it was first seen.
    pub(crate) home: String,
    /// Everything before is in the spool.
    pub(crate) position: u64,
    /// Of what stands before the position.
    pub(crate) tail: Digest,
    pub(crate) carrier: Option<Carrier>,
    /// When its file was last there, about a day exact.
    pub(crate) seen_us: i64,
    /// Records that were read, and how many of them were refused.
    pub(crate) records: u64,
    pub(crate) refused: u64,
}

impl Trail {
    /// Its file, if that is there.
    pub(crate) fn found(&self) -> Option<&Found> {
        self.carrier.as_ref()?.found.as_ref()
    }

    /// Whether there is nothing to read in its file, as that is now.
    pub(crate) fn is_read(&self, file: &Found) -> bool {
        self.carrier.as_ref().is_some_and(|carrier| {
            let broken = carrier.broken.as_ref().map(|(stamp, _)| *stamp);
            [carrier.ended, carrier.read, broken].contains(&Some(file.stamp))
        })
    }

    /// Notes that its file was read to the end, as it was then. A compressed one is not opened again as long as it is so.
    pub(crate) fn set_read(&mut self, stamp: Stamp, is_compressed: bool) {
        if let Some(carrier) = &mut self.carrier {
            carrier.read = Some(stamp);
            carrier.ended = is_compressed.then_some(stamp);
        }
    }

    /// Notes that everything before `position` is settled.
    pub(crate) fn advance(&mut self, position: u64, tail: Digest, counts: &Counts) {
        self.position = position;
        self.tail = tail;
        self.records += counts.records;
        self.refused += counts.refused;
    }

    /// Whether the file begins as the trail does and holds what was read of it.
    fn is_in(&self, file: &Found, contents: &dyn Contents) -> io::Result<bool> {
        Ok(self.head.begins(&contents.first(file)?) && contents.tail(file, self.position)? == Some(self.tail))
    }
}

/// All trails.
#[derive(Debug)]
pub(crate) struct Trails {
    /// Name of this machine: trails of others that begin alike are others.
    name: String,
    pub(crate) all: Vec<Trail>,
    /// Copies of the file that carries a trail, as they were when that was found.
    copies: HashMap<Key, (Stamp, Digest)>,
}

/// Something that happened to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// It was not known.
    New { path: String },
    /// It has another name.
    Renamed { from: String, to: String },
    /// It no longer holds what was read from it.
    Replaced { path: String },
    /// It holds what stood in another file, and more, or in the place of that.
    Continued { path: String, position: u64 },
}

/// A file that could not be looked into, or not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) path: String,
    pub(crate) message: String,
}

/// What came of looking at files.
#[derive(Debug, Default)]
pub(crate) struct Assigned {
    pub(crate) notices: Vec<Notice>,
    pub(crate) problems: Vec<Problem>,
    /// Files whose first line is not whole yet.
    pub(crate) unnamed: usize,
}

impl Assigned {
    fn problem(&mut self, file: &Found, error: &io::Error) {
        // What was there a moment ago is looked for again in a moment.
        if error.kind() != io::ErrorKind::NotFound {
            self.problems.push(Problem { path: file.path.clone(), message: error.to_string() });
        }
    }
}

/// What a file is to a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// Something else.
    None,
    /// Its carrier from now on.
    Carrier,
    /// Another file holds the same, and perhaps more.
    Copy,
    /// It cannot be told until more of it can be read.
    Unknown,
}

impl Trails {
    pub(crate) fn new(name: &str, all: Vec<Trail>) -> Self {
        Self { name: name.to_owned(), all, copies: HashMap::new() }
    }

    /// Finds the carrier of each trail of `adapter` among the files that are there, and makes trails of files that carry none.
    pub(crate) fn assign(&mut self, adapter: &str, files: &[Found], contents: &dyn Contents, now_us: i64) -> Assigned {
        let mut assigned = Assigned::default();
        let taken = self.keep_carriers(adapter, files, contents, now_us, &mut assigned);
        let homes: HashSet<&str> = self.of(adapter).map(|trail| trail.home.as_str()).collect();
        let mut others: Vec<&Found> = files.iter().filter(|file| !taken.contains(&file.key)).collect();
        // Where two files hold the same, what stands where the trail began is the newer one.
        others.sort_by(|a, b| {
            let order = |file: &Found| (homes.contains(file.path.as_str()), file.stamp.modified_us, file.rotations());
            order(a).cmp(&order(b)).then_with(|| a.path.cmp(&b.path))
        });
        for file in others {
            if let Err(error) = self.place(adapter, file, contents, now_us, &mut assigned) {
                assigned.problem(file, &error);
            }
        }
        assigned
    }

    fn of(&self, adapter: &str) -> impl Iterator<Item = &Trail> {
        self.all.iter().filter(move |trail| trail.adapter == adapter)
    }

    /// Looks whether the carriers are there and are what they were. Answers the files that need no further look.
    fn keep_carriers(
        &mut self,
        adapter: &str,
        files: &[Found],
        contents: &dyn Contents,
        now_us: i64,
        assigned: &mut Assigned,
    ) -> HashSet<Key> {
        let by_key: HashMap<Key, &Found> = files.iter().map(|file| (file.key, file)).collect();
        let mut taken = HashSet::new();
        for trail in self.all.iter_mut().filter(|trail| trail.adapter == adapter) {
            let Some(mut carrier) = trail.carrier.take() else { continue };
            carrier.found = None;
            let Some(file) = by_key.get(&carrier.key) else {
                trail.carrier = Some(carrier);
                continue;
            };
            let is_same = match carrier.checked == Some(file.stamp) || carrier.ended == Some(file.stamp) {
                true => Ok(true),
                false => trail.is_in(file, contents),
            };
            match is_same {
                Err(error) => {
                    assigned.problem(file, &error);
                    taken.insert(file.key);
                    trail.carrier = Some(carrier);
                }
                Ok(false) => assigned.notices.push(Notice::Replaced { path: carrier.path }),
                Ok(true) => {
                    taken.insert(file.key);
                    if carrier.path != file.path {
                        let from = std::mem::replace(&mut carrier.path, file.path.clone());
                        assigned.notices.push(Notice::Renamed { from, to: file.path.clone() });
                    }
                    carrier.checked = Some(file.stamp);
                    carrier.found = Some((*file).clone());
                    trail.carrier = Some(carrier);
                    trail.seen_us = now_us;
                }
            }
        }
        taken
    }

    /// Finds out what a file is that carries no trail yet.
    fn place(
        &mut self,
        adapter: &str,
        file: &Found,
        contents: &dyn Contents,
        now_us: i64,
        assigned: &mut Assigned,
    ) -> io::Result<()> {
        if let Some((stamp, id)) = self.copies.get(&file.key)
            && *stamp == file.stamp
            && self.all.iter().any(|trail| trail.id == *id && trail.found().is_some())
        {
            return Ok(());
        }
        self.copies.remove(&file.key);
        let first = contents.first(file)?;
        if first.is_empty() {
            return Ok(());
        }
        let mut beginning = Beginning::new(&first);
        let alike = |place: &usize| self.all[*place].adapter == adapter && beginning.is(&self.all[*place].head);
        let mut alike: Vec<usize> = (0..self.all.len()).filter(alike).collect();
        // Those whose files are gone need one.
        alike.sort_by_key(|place| self.all[*place].found().is_some());
        for place in alike {
            let trail = &mut self.all[place];
            match relation(trail, file, contents)? {
                Relation::None => continue,
                Relation::Carrier => {
                    let position = trail.position;
                    assigned.notices.push(Notice::Continued { path: file.path.clone(), position });
                    if trail.found().is_some() {
                        // The other file is no more than an old copy.
                        trail.home = file.path.clone();
                    }
                    trail.carrier = Some(Carrier::of(file));
                    trail.seen_us = now_us;
                }
                Relation::Copy => _ = self.copies.insert(file.key, (file.stamp, trail.id)),
                Relation::Unknown => {
                    let message = "the compressed file is cut or still being written; it is read on when it is whole";
                    assigned.problems.push(Problem { path: file.path.clone(), message: message.to_owned() });
                }
            }
            return Ok(());
        }
        let head = Head::of_first_line(&first).or_else(|| file.is_quiet.then(|| Head::of_all(&first)));
        let Some(head) = head else {
            assigned.unnamed += 1;
            return Ok(());
        };
        assigned.notices.push(Notice::New { path: file.path.clone() });
        self.begin(adapter, file, head, now_us);
        Ok(())
    }

    fn begin(&mut self, adapter: &str, file: &Found, head: Head, now_us: i64) {
        let mut ids = (0..).map(|ordinal| trail_id(&self.name, &head, ordinal));
        let Some(id) = ids.find(|id| self.all.iter().all(|trail| trail.id != *id)) else { return };
        self.all.push(Trail {
            id,
            adapter: adapter.to_owned(),
            head,
            home: file.path.clone(),
            position: 0,
            tail: identity::tail(&[]),
            carrier: Some(Carrier::of(file)),
            seen_us: now_us,
            records: 0,
            refused: 0,
        });
    }

    /// The trails of a source whose files are there, in the order in which they are to be read: the one that is being written last.
    pub(crate) fn in_order(&self, source: usize) -> Vec<usize> {
        let mut order: Vec<_> = self
            .all
            .iter()
            .enumerate()
            .filter_map(|(place, trail)| {
                let file = trail.found().filter(|file| file.source == source)?;
                Some((file.stamp.modified_us, file.path == trail.home, file.rotations(), place))
            })
            .collect();
        order.sort_unstable();
        order.into_iter().map(|(.., place)| place).collect()
    }

    /// Forgets trails whose files have been gone for long, and the oldest of them if there are too many.
    pub(crate) fn forget(&mut self, now_us: i64) {
        self.all.retain(|trail| trail.found().is_some() || now_us - trail.seen_us < REMEMBERED_US);
        let gone = self.all.iter().filter(|trail| trail.found().is_none());
        let mut seen: Vec<i64> = gone.map(|trail| trail.seen_us).collect();
        if seen.len() > TRAILS_MAX {
            seen.sort_unstable();
            let oldest = seen[seen.len() - TRAILS_MAX];
            self.all.retain(|trail| trail.found().is_some() || trail.seen_us >= oldest);
        }
        let known: HashSet<Digest> = self.all.iter().map(|trail| trail.id).collect();
        self.copies.retain(|_, (_, id)| known.contains(id));
    }
}

/// What a file that begins as the trail does is to it.
fn relation(trail: &Trail, file: &Found, contents: &dyn Contents) -> io::Result<Relation> {
    let Some(carrier) = trail.found() else {
        return Ok(match contents.tail(file, trail.position)? {
            Some(tail) if tail == trail.tail => Relation::Carrier,
            None if !contents.length(file)?.1 => Relation::Unknown,
            _ => Relation::None,
        });
    };
    // The trail's file was renamed, and this one took its place.
    if file.path == trail.home && carrier.path != trail.home {
        return Ok(Relation::None);
    }
    let ((own, _), (other, _)) = (contents.length(carrier)?, contents.length(file)?);
    let common = own.min(other);
    if contents.tail(file, common)? != contents.tail(carrier, common)? {
        return Ok(Relation::None);
    }
    Ok(if other > own { Relation::Carrier } else { Relation::Copy })
}

#[cfg(test)]
mod tests;
