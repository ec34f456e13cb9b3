//! Files as they stand in folders: found, looked into and read.

use std::collections::{HashMap, HashSet};
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek as _};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::{Duration, Instant, UNIX_EPOCH};

use flate2::read::MultiGzDecoder;

use crate::identity::{self, Digest, HEAD_BYTES_MAX, TAIL_BYTES_MAX};
use crate::lines::Lines;
use crate::pattern::Pattern;
use crate::trails::{Contents, Found, Key, Problem, Stamp, Trail};

/// Files that are followed at most.
const FILES_MAX: usize = 10_000;
/// Bytes that are read at once.
pub(crate) const PIECE_BYTES: usize = 256 << 10;

/// Finds files, and remembers since when they are as they are.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    since: HashMap<Key, (Stamp, Instant)>,
}

impl Scanner {
    /// The files of all sources. A file that several mean belongs to the first of those with the same adapter.
    pub(crate) fn scan(
        &mut self,
        sources: &[(&Pattern, &str)],
        patience: Duration,
        now_us: i64,
    ) -> (Vec<Found>, Vec<Problem>) {
        let mut files: Vec<Found> = Vec::new();
        let mut problems = Vec::new();
        let mut problem = |path: &Path, message: String| {
            problems.push(Problem { path: path.display().to_string(), message });
        };
        let mut claimed: HashSet<(Key, &str)> = HashSet::new();
        for (source, (pattern, adapter)) in sources.iter().enumerate() {
            let (paths, closed) = pattern.paths();
            closed.iter().for_each(|closed| problem(&closed.path, reason(&closed.error)));
            for path in paths {
                let metadata = match std::fs::metadata(&path) {
                    Ok(metadata) if metadata.is_file() => metadata,
                    Ok(_) => continue,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => {
                        problem(&path, reason(&error));
                        continue;
                    }
                };
                if files.len() == FILES_MAX {
                    problem(&path, format!("more than {FILES_MAX} files match; this one and others are not read"));
                    break;
                }
                let key = key(&metadata);
                if !claimed.insert((key, *adapter)) {
                    continue;
                }
                let stamp = stamp(&metadata);
                let is_quiet = self.quiet_for(key, stamp, now_us) >= patience;
                files.push(Found { source, path: path.display().to_string(), key, stamp, is_quiet });
            }
        }
        let there: HashSet<Key> = files.iter().map(|file| file.key).collect();
        self.since.retain(|key, _| there.contains(key));
        (files, problems)
    }

    /// For how long a file has been as it is: as far as was seen here, or as its time says.
    fn quiet_for(&mut self, key: Key, stamp: Stamp, now_us: i64) -> Duration {
        let (known, since) = self.since.entry(key).or_insert_with(|| (stamp, Instant::now()));
        if *known != stamp {
            (*known, *since) = (stamp, Instant::now());
        }
        let by_time = u64::try_from(now_us.saturating_sub(stamp.modified_us)).unwrap_or(0);
        since.elapsed().max(Duration::from_micros(by_time))
    }
}

/// What the system said, with the remedy.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "may not be read; give the agent's user the right, for example by the group adm or by setfacl".to_owned()
        }
        _ => error.to_string(),
    }
}

fn key(metadata: &Metadata) -> Key {
    let born = metadata.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let born_us = born.and_then(|since| i64::try_from(since.as_micros()).ok());
    Key { device: metadata.dev(), inode: metadata.ino(), born_us }
}

fn stamp(metadata: &Metadata) -> Stamp {
    let modified_us = metadata.mtime().saturating_mul(1_000_000).saturating_add(metadata.mtime_nsec() / 1000);
    Stamp { bytes: metadata.len(), modified_us }
}

/// The file at the path, if it is still the one that was found there.
fn open(path: &str, expected: Key) -> io::Result<File> {
    let file = File::open(path).map_err(|error| io::Error::new(error.kind(), reason(&error)))?;
    match key(&file.metadata()?) == expected {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::NotFound, "it was replaced a moment ago")),
    }
}

/// How a file is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Plain,
    Gzip,
    Zstd,
}

fn form(file: &File) -> io::Result<Form> {
    let mut magic = [0; 6];
    let count = read_at(file, &mut magic, 0)?;
    match &magic[..count] {
        [0x1f, 0x8b, ..] => Ok(Form::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Ok(Form::Zstd),
        [0xfd, b'7', b'z', b'X', b'Z', 0] | [b'B', b'Z', b'h', ..] => {
            let message = "is compressed by xz or bzip2; the agent reads gzip and zstd: set these for the rotation";
            Err(io::Error::new(io::ErrorKind::InvalidData, message))
        }
        _ => Ok(Form::Plain),
    }
}

/// Decompressed bytes, one after the other.
fn decompress(file: File, form: Form) -> io::Result<Box<dyn Read + Send>> {
    Ok(match form {
        Form::Plain => Box::new(file),
        Form::Gzip => Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(PIECE_BYTES, file))),
        Form::Zstd => Box::new(zstd::Decoder::new(file)?),
    })
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    fill(buffer, |part, done| file.read_at(part, offset + done as u64))
}

fn read(stream: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    fill(buffer, |part, _| stream.read(part))
}

/// Reads until the buffer is full or there is no more.
fn fill(buffer: &mut [u8], mut read: impl FnMut(&mut [u8], usize) -> io::Result<usize>) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match read(&mut buffer[done..], done) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Another handle to the file, with the same cursor, which stands at the file's beginning.
fn from_start(file: &mut File) -> io::Result<File> {
    file.rewind()?;
    file.try_clone()
}

/// As many bytes before `at` as a tail has; `None` if there are not that many.
fn before(file: File, form: Form, at: u64) -> io::Result<Option<(Vec<u8>, Box<dyn Read + Send>)>> {
    let mut bytes = vec![0; usize::try_from(at).unwrap_or(usize::MAX).min(TAIL_BYTES_MAX)];
    let from = at - bytes.len() as u64;
    let mut stream = decompress(file, form)?;
    if io::copy(&mut (&mut stream).take(from), &mut io::sink())? < from {
        return Ok(None);
    }
    Ok((read(&mut stream, &mut bytes)? == bytes.len()).then_some((bytes, stream)))
}

fn plain_before(file: &File, at: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; usize::try_from(at).unwrap_or(usize::MAX).min(TAIL_BYTES_MAX)];
    let from = at - bytes.len() as u64;
    let count = read_at(file, &mut bytes, from)?;
    Ok((count == bytes.len()).then_some(bytes))
}

/// Whether a stream of compressed bytes cannot be read on.
pub(crate) fn is_cut(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | Other | UnexpectedEof)
}

/// The files of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RealContents;

impl Contents for RealContents {
    fn first(&self, file: &Found) -> io::Result<Vec<u8>> {
        let opened = open(&file.path, file.key)?;
        let form = form(&opened)?;
        let mut stream = decompress(opened, form)?;
        let mut first = vec![0; HEAD_BYTES_MAX];
        let mut count = 0;
        // What can be read of a file that is still being compressed is its beginning all the same.
        let read = fill(&mut first, |part, _| stream.read(part).inspect(|read| count += read));
        match read {
            Err(error) if form == Form::Plain || !is_cut(&error) => Err(error),
            _ => {
                first.truncate(count);
                Ok(first)
            }
        }
    }

    fn tail(&self, file: &Found, at: u64) -> io::Result<Option<Digest>> {
        let opened = open(&file.path, file.key)?;
        let bytes = match form(&opened)? {
            Form::Plain => plain_before(&opened, at)?,
            form => match before(opened, form, at) {
                Err(error) if is_cut(&error) => None,
                read => read?.map(|(bytes, _)| bytes),
            },
        };
        Ok(bytes.map(|bytes| identity::tail(&bytes)))
    }

    fn length(&self, file: &Found) -> io::Result<(u64, bool)> {
        let opened = open(&file.path, file.key)?;
        match form(&opened)? {
            Form::Plain => Ok((opened.metadata()?.len(), true)),
            form => {
                let mut stream = decompress(opened, form)?;
                let mut piece = vec![0; PIECE_BYTES];
                let mut bytes = 0;
                loop {
                    match stream.read(&mut piece) {
                        Ok(0) => return Ok((bytes, true)),
                        Ok(count) => bytes += count as u64,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) if is_cut(&error) => return Ok((bytes, false)),
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }
}

/// A file that is being read. It can be read to its end after it was renamed or removed.
pub(crate) struct Reading {
    pub(crate) key: Key,
    /// Which of the configured sources means it.
    pub(crate) source: usize,
    pub(crate) lines: Lines,
    file: File,
    /// Of a compressed file.
    stream: Option<Box<dyn Read + Send>>,
    piece: Vec<u8>,
    /// Why it cannot be read on behind what was read.
    failed: Option<io::Error>,
    /// When there was something new.
    pub(crate) grown: Instant,
}

impl Reading {
    /// Opens the file that carries a trail where reading goes on; `None` if it no longer does.
    pub(crate) fn open(trail: &Trail, file: &Found) -> io::Result<Option<Self>> {
        Self::at_position(trail, file.key, file.source, open(&file.path, file.key)?)
    }

    /// Goes back to the position of the trail: what was read behind it comes again. The file need not be there any more.
    pub(crate) fn rewind(self, trail: &Trail) -> io::Result<Option<Self>> {
        let grown = self.grown;
        let reading = Self::at_position(trail, self.key, self.source, self.file)?;
        Ok(reading.map(|reading| Self { grown, ..reading }))
    }

    fn at_position(trail: &Trail, key: Key, source: usize, mut file: File) -> io::Result<Option<Self>> {
        let form = form(&file)?;
        let (before, stream) = match form {
            Form::Plain => (plain_before(&file, trail.position)?, None),
            form => match before(from_start(&mut file)?, form, trail.position)? {
                Some((bytes, stream)) => (Some(bytes), Some(stream)),
                None => (None, None),
            },
        };
        let Some(before) = before.filter(|bytes| identity::tail(bytes) == trail.tail) else { return Ok(None) };
        let lines = Lines::new(trail.position, before);
        Ok(Some(Self { key, source, lines, file, stream, piece: Vec::new(), failed: None, grown: Instant::now() }))
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.stream.is_some()
    }

    /// Reads on; answers how many bytes there were, or `None` if the file no longer holds the trail.
    pub(crate) fn fill(&mut self, trail: &Trail) -> io::Result<Option<usize>> {
        self.piece.resize(PIECE_BYTES, 0);
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let count = match &mut self.stream {
            Some(stream) => {
                let mut count = 0;
                let read = fill(&mut self.piece, |part, _| stream.read(part).inspect(|read| count += read));
                self.failed = read.err();
                count
            }
            None => read_at(&self.file, &mut self.piece, self.lines.end())?,
        };
        if count == 0
            && let Some(error) = self.failed.take()
        {
            return Err(error);
        }
        // After reading: what was cut off and written anew before is found out here, and thrown away.
        if self.stream.is_none() && !self.holds(trail)? {
            return Ok(None);
        }
        self.lines.push(&self.piece[..count]);
        match count {
            // A file that rests takes no memory.
            0 => self.piece = Vec::new(),
            _ => self.grown = Instant::now(),
        }
        Ok(Some(count))
    }

    fn holds(&self, trail: &Trail) -> io::Result<bool> {
        let mut first = vec![0; HEAD_BYTES_MAX];
        let count = read_at(&self.file, &mut first, 0)?;
        let before = plain_before(&self.file, trail.position)?;
        Ok(trail.head.begins(&first[..count]) && before.is_some_and(|bytes| identity::tail(&bytes) == trail.tail))
    }
}

#[cfg(test)]
mod tests;
