//! An archive as whoever verifies it reads it: a folder, or a bucket of which one object at a time is fetched.

use std::error::Error as _;
use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use indelible_storage::{Bucket, BucketError};
use tokio::runtime::Handle;

use crate::verify::Problem;

/// Small objects that are fetched at the same moment.
const FETCHES: usize = 16;

/// Something in a folder of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Name within the folder that was asked for.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// What something in a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A folder.
    Folder,
    /// An object of so many bytes.
    Object(u64),
    /// Something that does not belong into an archive, such as a link.
    Other,
}

/// Which entries of a folder are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Those directly in it.
    Here,
    /// All below it that are no folders.
    Below,
}

/// Reads an archive. Names are those within it, `""` is all of it. Calls block, and may come from several threads.
pub trait Source: fmt::Display + Send + Sync {
    /// The entries of a folder, in no particular order; none if there is no such folder. What cannot be read is a problem.
    fn entries(&self, folder: &str, depth: Depth, problems: &mut Vec<Problem>) -> Vec<Entry>;

    /// An object as a file to be read from its beginning, with its length. Of one with more than `bytes_max` bytes the length
    /// alone counts: the file may end early.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such object.
    fn open(&self, name: &str, bytes_max: u64) -> io::Result<(File, u64)>;

    /// The first `bytes_max` bytes of each object and one more, which shows that there are more.
    fn read(&self, names: &[String], bytes_max: u64) -> Vec<io::Result<Vec<u8>>>;

    /// Where an object or a folder is, for people.
    fn shown(&self, name: &str) -> String;
}

/// An archive in a folder, whose files are read in place.
#[derive(Debug, Clone)]
pub struct FolderSource {
    path: PathBuf,
}

impl FolderSource {
    /// The archive in `path`.
    pub fn new(path: &Path) -> FolderSource {
        FolderSource { path: path.to_owned() }
    }

    fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.path.clone() } else { self.path.join(name) }
    }
}

impl fmt::Display for FolderSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

impl Source for FolderSource {
    fn entries(&self, folder: &str, depth: Depth, problems: &mut Vec<Problem>) -> Vec<Entry> {
        let mut found = Vec::new();
        let mut left = vec![String::new()];
        while let Some(prefix) = left.pop() {
            let path = self.path(format!("{folder}/{prefix}").trim_matches('/'));
            let mut problem = |error: io::Error| {
                problems.push(Problem { path: path.display().to_string(), message: error.to_string() })
            };
            let entries = match fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound && path != self.path => continue,
                Err(error) => {
                    problem(error);
                    continue;
                }
            };
            for entry in entries {
                match entry.and_then(|entry| Ok((kind_of(&entry)?, entry))) {
                    Ok((kind, entry)) => {
                        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                        match (kind, depth) {
                            (EntryKind::Folder, Depth::Below) => left.push(name + "/"),
                            _ => found.push(Entry { name, kind }),
                        }
                    }
                    // It was removed meanwhile.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => problem(error),
                }
            }
        }
        found
    }

    fn open(&self, name: &str, _bytes_max: u64) -> io::Result<(File, u64)> {
        let file = File::open(self.path(name))?;
        let length = file.metadata()?.len();
        Ok((file, length))
    }

    fn read(&self, names: &[String], bytes_max: u64) -> Vec<io::Result<Vec<u8>>> {
        let read = |name: &String| {
            let mut bytes = Vec::new();
            File::open(self.path(name))?.take(bytes_max + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        names.iter().map(read).collect()
    }

    fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

fn kind_of(entry: &fs::DirEntry) -> io::Result<EntryKind> {
    let kind = entry.file_type()?;
    match () {
        () if kind.is_dir() => Ok(EntryKind::Folder),
        () if kind.is_file() => Ok(EntryKind::Object(entry.metadata()?.len())),
        () => Ok(EntryKind::Other),
    }
}

/// An archive in any bucket. An object that is read as a file is fetched into one without a name, which is gone once it is
/// closed: at most as many as there are threads, each of the size of a log file.
#[derive(Debug)]
pub struct BucketSource {
    bucket: Bucket,
    runtime: Handle,
    scratch: PathBuf,
}

impl BucketSource {
    /// The archive in `bucket`. Its requests are made on `runtime`, so the calls must come from threads that are none of
    /// its workers, or may block. Fetched objects are in the folder `scratch`, which should be on a disk and not in memory.
    pub fn new(bucket: Bucket, runtime: Handle, scratch: &Path) -> BucketSource {
        BucketSource { bucket, runtime, scratch: scratch.to_owned() }
    }

    async fn list(&self, folder: &str, depth: Depth) -> Result<Vec<Entry>, BucketError> {
        if depth == Depth::Here {
            let (folders, objects) = self.bucket.folder(folder).await?;
            let folders = folders.into_iter().map(|name| Entry { name, kind: EntryKind::Folder });
            let objects = objects.into_iter().map(|(name, bytes)| Entry { name, kind: EntryKind::Object(bytes) });
            return Ok(folders.chain(objects).collect());
        }
        let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let objects = self.bucket.list(folder).map_ok(|object| Entry {
            name: object.name.strip_prefix(&below).unwrap_or(&object.name).to_owned(),
            kind: EntryKind::Object(object.bytes),
        });
        objects.try_collect().await
    }

    async fn fetch(&self, name: &str, bytes_max: u64) -> io::Result<(File, u64)> {
        let length = self.bucket.head(name).await.map_err(io_error)?;
        let length = length.ok_or_else(|| io::Error::from(ErrorKind::NotFound))?.bytes;
        let mut file = tempfile::tempfile_in(&self.scratch)?;
        if length <= bytes_max {
            let mut chunks = self.bucket.stream(name).await.map_err(io_error)?;
            while let Some(chunk) = chunks.next().await {
                file.write_all(&chunk.map_err(io_error)?)?;
            }
            file.seek(SeekFrom::Start(0))?;
        }
        Ok((file, length))
    }

    async fn fetch_small(&self, name: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut chunks = self.bucket.stream(name).await.map_err(io_error)?;
        while let Some(chunk) = chunks.next().await {
            let chunk: Bytes = chunk.map_err(io_error)?;
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > bytes_max {
                bytes.truncate(usize::try_from(bytes_max + 1).unwrap_or(usize::MAX));
                break;
            }
        }
        Ok(bytes)
    }
}

impl fmt::Display for BucketSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bucket.fmt(f)
    }
}

impl Source for BucketSource {
    fn entries(&self, folder: &str, depth: Depth, problems: &mut Vec<Problem>) -> Vec<Entry> {
        self.runtime.block_on(self.list(folder, depth)).unwrap_or_else(|error| {
            problems.push(Problem { path: self.shown(folder), message: io_error(error).to_string() });
            Vec::new()
        })
    }

    fn open(&self, name: &str, bytes_max: u64) -> io::Result<(File, u64)> {
        self.runtime.block_on(self.fetch(name, bytes_max))
    }

    fn read(&self, names: &[String], bytes_max: u64) -> Vec<io::Result<Vec<u8>>> {
        let fetches = names.iter().map(|name| self.fetch_small(name, bytes_max));
        self.runtime.block_on(futures::stream::iter(fetches).buffered(FETCHES).collect())
    }

    fn shown(&self, name: &str) -> String {
        if name.is_empty() { self.bucket.to_string() } else { format!("{}/{name}", self.bucket) }
    }
}

fn io_error(error: BucketError) -> io::Error {
    if let BucketError::Missing { .. } = error {
        return io::Error::from(ErrorKind::NotFound);
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        // Errors of object stores often repeat their causes.
        if !text.contains(&cause) {
            // Writing to a string does not fail.
            _ = write!(text, ": {cause}");
        }
        source = error.source();
    }
    io::Error::other(text)
}
