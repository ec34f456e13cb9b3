//! The memory of event identities: which `logEntryId` an organization has already received from a producer.
//!
//! Recent identities are in a hash map; when it is full it becomes a *run*, an immutable sorted file with a Bloom filter
//! in memory. Runs of similar size are merged, runs older than the retention are dropped whole. A run says which journal
//! frames it covers, so that after a crash only newer frames have to be read again.
//!
//! Memory: about 50 bytes for each identity not yet in a run (at most [`Options::memory_identities`]) and 1.25 bytes for
//! each identity in a run.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use indelible_storage::durable;
use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_64_with_seed, xxh3_128_with_seed};

const MAGIC: &[u8; 16] = b"indelible/ids/v1";
const HEADER_BYTES: usize = 48;
const RECORD_BYTES: usize = 32;
/// At the end of a run and of the seed's file: XXH3-64 of all bytes before.
const CHECKSUM_BYTES: usize = 8;
/// Bits of the Bloom filter for each identity; with seven probes about one in 120 look-ups of an unknown identity
/// reads the file (Bloom 1970: (1 - e^(-7/10))^7).
const BLOOM_BITS: u64 = 10;
const BLOOM_PROBES: u64 = 7;

/// Settings of the memory.
#[derive(Clone, Debug)]
pub struct Options {
    /// Identities kept in the hash map before they become a run.
    pub memory_identities: usize,
    /// Identities kept at all; past it the oldest run is forgotten early.
    pub identities_max: u64,
    /// How long an identity is remembered, in microseconds of `received_at`.
    pub retention_us: i64,
}

impl Default for Options {
    fn default() -> Self {
        Self { memory_identities: 1_000_000, identities_max: 200_000_000, retention_us: 30 * 86_400 * 1_000_000 }
    }
}

/// One event of one producer in one organization, reduced to 128 bits under the installation's seed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Identity(u128);

/// In place of a `seq`: the entry stands in a generation of the log that is closed.
pub const IN_CLOSED_GENERATION: u64 = u64::MAX;

/// What is remembered of an identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remembered {
    /// The place of its entry in the organization's log, or [`IN_CLOSED_GENERATION`].
    pub seq: u64,
    /// Digest of the event's bytes, to tell a repeat from a reuse.
    pub digest: u64,
}

/// Why the memory could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file operation failed.
    #[error("{action} {path}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A run is not what was written.
    #[error(
        "identity run {path} is damaged ({what}); move it away: events it remembers will be accepted again if repeated"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The seed is not what was written. Under another one every identity would be a new one.
    #[error(
        "the seed {path} is damaged; put it back from a copy, or move the folder that holds it away: events received so far will be accepted again if repeated"
    )]
    SeedDamaged {
        /// The file.
        path: PathBuf,
    },
}

/// The seed under which identities and digests are computed; kept for the life of the data directory.
#[derive(Clone, Copy)]
pub struct Seed(u64);

impl Seed {
    /// Digest of an event's bytes, in pieces so that `intake` can be left out.
    pub fn digest(self, pieces: &[&[u8]]) -> u64 {
        pieces.iter().fold(self.0, |seed, piece| xxh3_64_with_seed(piece, seed))
    }

    /// Fingerprint of a producer's name.
    pub fn producer(self, producer: &str) -> u64 {
        xxh3_64_with_seed(producer.as_bytes(), self.0)
    }

    /// The identity of an event in the log of organization `number`.
    pub fn identity(self, number: u32, producer: u64, log_entry_id: &[u8; 16]) -> Identity {
        let mut key = [0u8; 28];
        key[..4].copy_from_slice(&number.to_le_bytes());
        key[4..12].copy_from_slice(&producer.to_le_bytes());
        key[12..].copy_from_slice(log_entry_id);
        Identity(xxh3_128_with_seed(&key, self.0))
    }
}

/// The memory itself. Owned by the thread that assigns `seq`.
pub struct IdentityMemory {
    directory: PathBuf,
    options: Options,
    seed: Seed,
    recent: HashMap<Identity, Remembered, BuildHasherDefault<Fold>>,
    /// Oldest first.
    runs: Vec<Run>,
    next_run: u64,
}

impl IdentityMemory {
    /// Opens or creates the memory in `directory`.
    ///
    /// # Errors
    /// When a file cannot be read or a run is damaged.
    pub fn open(directory: &Path, options: Options) -> Result<Self, IdentityError> {
        durable::create_dir_durable(directory).map_err(|source| io_error("create", directory, source))?;
        let seed = Seed(read_or_make_seed(directory)?);
        let mut runs = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(|e| io_error("list", directory, e))? {
            let path = entry.map_err(|e| io_error("list", directory, e))?.path();
            match path.extension().and_then(|e| e.to_str()) {
                Some("run") => runs.push(Run::open(path)?),
                Some("tmp") => std::fs::remove_file(&path).map_err(|e| io_error("remove", &path, e))?,
                _ => {}
            }
        }
        runs.sort_by_key(|run| run.number);
        // A merge that was cut short leaves its inputs beside its output; the output covers their numbers.
        let covered: Vec<(u64, u64)> = runs.iter().map(|run| (run.covers_from, run.number)).collect();
        let mut kept = Vec::new();
        for run in runs {
            let superseded = covered
                .iter()
                .any(|&(from, to)| run.number != to && from <= run.covers_from && run.number < to && from < to);
            if superseded {
                std::fs::remove_file(&run.path).map_err(|e| io_error("remove", &run.path, e))?;
            } else {
                kept.push(run);
            }
        }
        let next_run = kept.last().map_or(1, |run| run.number + 1);
        Ok(Self { directory: directory.to_owned(), options, seed, recent: HashMap::default(), runs: kept, next_run })
    }

    /// The seed of this data directory.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// Identities of journal frames below this number are durable without the journal.
    pub fn frames_covered(&self) -> u64 {
        self.runs.iter().map(|run| run.frames_covered).max().unwrap_or(0)
    }

    /// How many identities are remembered (a repeat across runs counts once each).
    pub fn len(&self) -> u64 {
        self.recent.len() as u64 + self.runs.iter().map(|run| run.count).sum::<u64>()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is remembered of `identity`.
    ///
    /// # Errors
    /// When a run cannot be read.
    pub fn find(&self, identity: Identity) -> Result<Option<Remembered>, IdentityError> {
        if let Some(found) = self.recent.get(&identity) {
            return Ok(Some(*found));
        }
        for run in self.runs.iter().rev() {
            if run.bloom.may_contain(identity)
                && let Some(found) = run.find(identity)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Remembers `identity`. Durable once the journal frame that holds the event is.
    pub fn insert(&mut self, identity: Identity, remembered: Remembered) {
        self.recent.insert(identity, remembered);
    }

    /// Forgets an identity inserted since the last [`flush`](Self::flush): its event was not stored after all.
    pub fn remove(&mut self, identity: Identity) {
        self.recent.remove(&identity);
    }

    /// Whether the hash map is full and [`flush`](Self::flush) is due.
    pub fn is_full(&self) -> bool {
        self.recent.len() >= self.options.memory_identities
    }

    /// Writes the recent identities as a run that covers the journal frames below `frames_covered`, merges runs of
    /// similar size, and forgets those past the retention at `now_us`. Afterwards those frames are not needed for
    /// identities.
    ///
    /// # Errors
    /// When a file cannot be written; the memory is unchanged then.
    pub fn flush(&mut self, frames_covered: u64, now_us: i64) -> Result<(), IdentityError> {
        if !self.recent.is_empty() {
            let mut sorted: Vec<(Identity, Remembered)> = self.recent.iter().map(|(k, v)| (*k, *v)).collect();
            sorted.sort_unstable_by_key(|(identity, _)| *identity);
            let header = RunHeader {
                number: self.next_run,
                covers_from: self.next_run,
                frames_covered,
                newest_us: now_us,
                count: sorted.len() as u64,
            };
            let run = write_run(&self.directory, &header, sorted.into_iter().map(Ok))?;
            self.next_run += 1;
            self.runs.push(run);
            self.recent = HashMap::default();
        }
        self.forget(now_us)?;
        self.merge()
    }

    fn forget(&mut self, now_us: i64) -> Result<(), IdentityError> {
        while let Some(oldest) = self.runs.first() {
            let total: u64 = self.runs.iter().map(|run| run.count).sum();
            let expired = oldest.newest_us.saturating_add(self.options.retention_us) < now_us;
            if self.runs.len() < 2 || !(expired || total > self.options.identities_max) {
                break;
            }
            std::fs::remove_file(&oldest.path).map_err(|e| io_error("remove", &oldest.path, e))?;
            self.runs.remove(0);
        }
        Ok(())
    }

    /// Merges the newest runs while four neighbours are within a factor of four of each other, so that a look-up
    /// passes few filters.
    fn merge(&mut self) -> Result<(), IdentityError> {
        const FAN_IN: usize = 4;
        while self.runs.len() >= FAN_IN {
            let inputs = &self.runs[self.runs.len() - FAN_IN..];
            let smallest = inputs.iter().map(|run| run.count).min().unwrap_or(0);
            let largest = inputs.iter().map(|run| run.count).max().unwrap_or(0);
            if largest > smallest.saturating_mul(4) {
                break;
            }
            let header = RunHeader {
                number: self.next_run,
                covers_from: inputs[0].covers_from,
                frames_covered: inputs.iter().map(|run| run.frames_covered).max().unwrap_or(0),
                newest_us: inputs.iter().map(|run| run.newest_us).max().unwrap_or(0),
                count: inputs.iter().map(|run| run.count).sum(),
            };
            let merged = write_run(&self.directory, &header, Merge::new(inputs)?)?;
            self.next_run += 1;
            for old in self.runs.drain(self.runs.len() - FAN_IN..).collect::<Vec<_>>() {
                std::fs::remove_file(&old.path).map_err(|e| io_error("remove", &old.path, e))?;
            }
            self.runs.push(merged);
        }
        Ok(())
    }
}

struct RunHeader {
    number: u64,
    /// The number of the oldest run merged into this one.
    covers_from: u64,
    frames_covered: u64,
    newest_us: i64,
    /// As written; identities repeated in several inputs of a merge are written once, so the file may hold fewer.
    count: u64,
}

struct Run {
    path: PathBuf,
    file: File,
    number: u64,
    covers_from: u64,
    frames_covered: u64,
    newest_us: i64,
    count: u64,
    bloom: Bloom,
}

impl Run {
    fn open(path: PathBuf) -> Result<Self, IdentityError> {
        let file = File::open(&path).map_err(|e| io_error("open", &path, e))?;
        let length = file.metadata().map_err(|e| io_error("stat", &path, e))?.len();
        let mut header = [0u8; HEADER_BYTES];
        let mut reader = BufReader::with_capacity(1 << 20, &file);
        let damaged = |what| IdentityError::Damaged { path: path.clone(), what };
        reader.read_exact(&mut header).map_err(|_| damaged("it ends inside its header"))?;
        if &header[..16] != MAGIC {
            return Err(damaged("it does not begin as a run does"));
        }
        let body = length.checked_sub((HEADER_BYTES + CHECKSUM_BYTES) as u64);
        let Some(body) = body.filter(|body| body.is_multiple_of(RECORD_BYTES as u64)) else {
            return Err(damaged("its length is not whole"));
        };
        let count = body / RECORD_BYTES as u64;
        let number = path
            .file_stem()
            .and_then(|s| s.to_str())
            .and_then(|s| s.parse().ok())
            .ok_or_else(|| damaged("its name is not a number"))?;
        let mut bloom = Bloom::new(count);
        let mut record = [0u8; RECORD_BYTES];
        let mut previous = None;
        let mut checksum = Xxh3::new();
        checksum.update(&header);
        for _ in 0..count {
            reader.read_exact(&mut record).map_err(|e| io_error("read", &path, e))?;
            checksum.update(&record);
            let identity = decode(&record).0;
            if previous.is_some_and(|p| p >= identity) {
                return Err(damaged("its identities are not in order"));
            }
            previous = Some(identity);
            bloom.insert(identity);
        }
        let mut stated = [0u8; CHECKSUM_BYTES];
        reader.read_exact(&mut stated).map_err(|e| io_error("read", &path, e))?;
        if u64::from_le_bytes(stated) != checksum.digest() {
            return Err(damaged("its checksum does not match"));
        }
        drop(reader);
        Ok(Self {
            number,
            covers_from: u64_at(&header, 16),
            frames_covered: u64_at(&header, 24),
            newest_us: u64_at(&header, 32) as i64,
            count,
            bloom,
            file,
            path,
        })
    }

    /// Interpolation search: identities are uniform, so a handful of reads of one page each suffice.
    fn find(&self, identity: Identity) -> Result<Option<Remembered>, IdentityError> {
        let (mut low, mut high) = (0u64, self.count);
        let (mut low_key, mut high_key) = (0u128, u128::MAX);
        let mut interpolate = true;
        while low < high {
            let middle = if interpolate {
                // In 64-bit fractions so that the product fits.
                let span = (high_key - low_key) >> 64;
                let offset = identity.0.saturating_sub(low_key) >> 64;
                let guess = if span == 0 { 0 } else { (offset * u128::from(high - low) / (span + 1)) as u64 };
                low + guess.min(high - low - 1)
            } else {
                low + (high - low) / 2
            };
            interpolate = !interpolate;
            let mut record = [0u8; RECORD_BYTES];
            self.file
                .read_exact_at(&mut record, HEADER_BYTES as u64 + middle * RECORD_BYTES as u64)
                .map_err(|e| io_error("read", &self.path, e))?;
            let (found, remembered) = decode(&record);
            match found.cmp(&identity) {
                std::cmp::Ordering::Equal => return Ok(Some(remembered)),
                std::cmp::Ordering::Less => (low, low_key) = (middle + 1, found.0),
                std::cmp::Ordering::Greater => (high, high_key) = (middle, found.0),
            }
        }
        Ok(None)
    }
}

/// Writes a run durably: it is either whole under its name or not there.
fn write_run(
    directory: &Path,
    header: &RunHeader,
    records: impl Iterator<Item = Result<(Identity, Remembered), IdentityError>>,
) -> Result<Run, IdentityError> {
    let path = directory.join(format!("{:020}.run", header.number));
    let temporary = path.with_extension("tmp");
    let file = File::create(&temporary).map_err(|e| io_error("create", &temporary, e))?;
    let mut writer = BufWriter::with_capacity(1 << 20, file);
    let mut head = [0u8; HEADER_BYTES];
    head[..16].copy_from_slice(MAGIC);
    head[16..24].copy_from_slice(&header.covers_from.to_le_bytes());
    head[24..32].copy_from_slice(&header.frames_covered.to_le_bytes());
    head[32..40].copy_from_slice(&header.newest_us.to_le_bytes());
    let mut bloom = Bloom::new(header.count);
    let mut count = 0;
    let mut checksum = Xxh3::new();
    let mut write = |bytes: &[u8]| {
        checksum.update(bytes);
        writer.write_all(bytes).map_err(|e| io_error("write", &temporary, e))
    };
    write(&head)?;
    for record in records {
        let (identity, remembered) = record?;
        let mut bytes = [0u8; RECORD_BYTES];
        bytes[..16].copy_from_slice(&identity.0.to_be_bytes());
        bytes[16..24].copy_from_slice(&remembered.seq.to_le_bytes());
        bytes[24..].copy_from_slice(&remembered.digest.to_le_bytes());
        write(&bytes)?;
        bloom.insert(identity);
        count += 1;
    }
    writer.write_all(&checksum.digest().to_le_bytes()).map_err(|e| io_error("write", &temporary, e))?;
    let file = writer.into_inner().map_err(|e| io_error("write", &temporary, e.into_error()))?;
    file.sync_all().map_err(|e| io_error("sync", &temporary, e))?;
    std::fs::rename(&temporary, &path).map_err(|e| io_error("rename", &temporary, e))?;
    durable::sync_dir(directory).map_err(|e| io_error("sync", directory, e))?;
    let file = File::open(&path).map_err(|e| io_error("open", &path, e))?;
    Ok(Run {
        path,
        file,
        number: header.number,
        covers_from: header.covers_from,
        frames_covered: header.frames_covered,
        newest_us: header.newest_us,
        count,
        bloom,
    })
}

/// Reads several runs as one sorted sequence; of a repeated identity the newest run's record is kept.
struct Merge<'a> {
    inputs: Vec<MergeInput<'a>>,
}

/// A run with its next record. What it reads is checked again: the merged run will vouch for it.
struct MergeInput<'a> {
    reader: BufReader<&'a File>,
    head: Option<(Identity, Remembered)>,
    left: u64,
    checksum: Xxh3,
    path: &'a Path,
}

impl<'a> MergeInput<'a> {
    fn new(run: &'a Run) -> Result<Self, IdentityError> {
        let mut reader = BufReader::with_capacity(1 << 18, &run.file);
        io::Seek::rewind(&mut reader).map_err(|e| io_error("seek", &run.path, e))?;
        let (left, checksum) = (run.count, Xxh3::new());
        let mut input = Self { reader, head: None, left, checksum, path: &run.path };
        input.read::<HEADER_BYTES>()?;
        input.advance()?;
        Ok(input)
    }

    fn advance(&mut self) -> Result<(), IdentityError> {
        self.head = None;
        if self.left > 0 {
            self.left -= 1;
            self.head = Some(decode(&self.read::<RECORD_BYTES>()?));
            return Ok(());
        }
        let found = self.checksum.digest();
        if u64::from_le_bytes(self.read::<CHECKSUM_BYTES>()?) != found {
            return Err(IdentityError::Damaged { path: self.path.to_owned(), what: "its checksum does not match" });
        }
        Ok(())
    }

    fn read<const N: usize>(&mut self) -> Result<[u8; N], IdentityError> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(|e| io_error("read", self.path, e))?;
        self.checksum.update(&bytes);
        Ok(bytes)
    }
}

impl<'a> Merge<'a> {
    fn new(runs: &'a [Run]) -> Result<Self, IdentityError> {
        Ok(Self { inputs: runs.iter().map(MergeInput::new).collect::<Result<_, _>>()? })
    }

    fn step(&mut self) -> Result<Option<(Identity, Remembered)>, IdentityError> {
        let Some(smallest) = self.inputs.iter().filter_map(|input| input.head.map(|head| head.0)).min() else {
            return Ok(None);
        };
        let mut newest = None;
        for input in &mut self.inputs {
            if input.head.is_some_and(|head| head.0 == smallest) {
                newest = input.head;
                input.advance()?;
            }
        }
        Ok(newest)
    }
}

impl Iterator for Merge<'_> {
    type Item = Result<(Identity, Remembered), IdentityError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

fn decode(record: &[u8; RECORD_BYTES]) -> (Identity, Remembered) {
    let mut identity = [0u8; 16];
    identity.copy_from_slice(&record[..16]);
    (Identity(u128::from_be_bytes(identity)), Remembered { seq: u64_at(record, 16), digest: u64_at(record, 24) })
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0u8; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

fn read_or_make_seed(directory: &Path) -> Result<u64, IdentityError> {
    let path = directory.join("seed");
    match std::fs::read(&path) {
        Ok(bytes) => match bytes.split_at_checked(8) {
            Some((seed, checksum)) if checksum == xxh3_64(seed).to_le_bytes() => Ok(u64_at(seed, 0)),
            _ => Err(IdentityError::SeedDamaged { path }),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let mut seed = [0u8; 8];
            getrandom::fill(&mut seed).map_err(|e| io_error("draw a seed for", &path, io::Error::other(e)))?;
            let file = [seed, xxh3_64(&seed).to_le_bytes()].concat();
            durable::write_atomic(&path, &file, 0o600).map_err(|e| io_error("write", &path, e))?;
            Ok(u64::from_le_bytes(seed))
        }
        Err(e) => Err(io_error("read", &path, e)),
    }
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> IdentityError {
    IdentityError::Io { action, path: path.to_owned(), source }
}

struct Bloom {
    words: Vec<u64>,
}

impl Bloom {
    fn new(count: u64) -> Self {
        Self { words: vec![0; (count * BLOOM_BITS).div_ceil(64).max(1) as usize] }
    }

    /// Bit positions by double hashing of the two halves of the fingerprint (Kirsch and Mitzenmacher 2006).
    fn bits(&self, identity: Identity) -> impl Iterator<Item = (usize, u64)> + use<> {
        let total = self.words.len() as u64 * 64;
        let (a, b) = ((identity.0 >> 64) as u64, identity.0 as u64 | 1);
        (0..BLOOM_PROBES).map(move |i| {
            let bit = a.wrapping_add(i.wrapping_mul(b)) % total;
            ((bit / 64) as usize, 1u64 << (bit % 64))
        })
    }

    fn insert(&mut self, identity: Identity) {
        for (word, mask) in self.bits(identity) {
            self.words[word] |= mask;
        }
    }

    fn may_contain(&self, identity: Identity) -> bool {
        self.bits(identity).all(|(word, mask)| self.words[word] & mask != 0)
    }
}

/// Fingerprints are uniform already: half of one is its hash.
#[derive(Default)]
struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }
    fn write_u128(&mut self, value: u128) {
        self.0 = value as u64;
    }
}

#[cfg(test)]
mod tests;
