//! A bucket: named objects that are created once, never changed, and read back before they are believed.
//!
//! The bucket of a small installation is a local folder; the interface promises only what any object store keeps.
//! Names are paths of segments, such as `organizations/3f9a/1/manifest/000-127`.

use std::fmt;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use sha2::{Digest, Sha256};

use crate::durable;
use crate::local_store::LocalStore;

/// Longest name in bytes; object stores agree on 1,024, a prefix of the operator's takes some of them.
const NAME_BYTES_MAX: usize = 768;

/// Longest segment in bytes; local file systems take 255.
const SEGMENT_BYTES_MAX: usize = 240;

/// Named objects in a local folder or an object store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
}

/// What [`Bucket::create`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// The object was not there and is now.
    Created,
    /// An object of this name with exactly these bytes was there: an earlier attempt had succeeded.
    AlreadySame,
}

/// An object as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Full name within the bucket.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
}

/// Why an operation on a bucket failed. Every variant names the object.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// The name cannot be used in every store.
    #[error("object name {name:?} is not allowed: {reason}")]
    Name {
        /// The name as given.
        name: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// There is no such object.
    #[error("there is no object {name}")]
    Missing {
        /// The object.
        name: String,
    },
    /// An object of this name holds other bytes. Nothing was changed.
    #[error(
        "object {name} exists with other bytes ({found_bytes} bytes, new ones {new_bytes}); objects are never overwritten, find out who wrote it"
    )]
    Taken {
        /// The object.
        name: String,
        /// Length of what is there.
        found_bytes: u64,
        /// Length of what was to be created.
        new_bytes: u64,
    },
    /// The bytes read back are not those expected.
    #[error(
        "object {name} holds {found_bytes} bytes with SHA-256 {found_sha256}, expected {expected_bytes} with {expected_sha256}; do not delete the local copy"
    )]
    Differs {
        /// The object.
        name: String,
        /// Length read back.
        found_bytes: u64,
        /// SHA-256 read back, in hex.
        found_sha256: String,
        /// Length expected.
        expected_bytes: u64,
        /// SHA-256 expected, in hex.
        expected_sha256: String,
    },
    /// A range reaches beyond the end of the object.
    #[error("object {name} ends before byte {end}")]
    Short {
        /// The object.
        name: String,
        /// End of the range asked for.
        end: u64,
    },
    /// The folder of a local bucket is missing or cannot be used.
    #[error("open bucket in folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store failed. For a create it is unknown whether the object is there: repeat it with the same bytes.
    #[error("{action} object {name:?}")]
    Store {
        /// What was tried.
        action: &'static str,
        /// The object, or the prefix of a listing.
        name: String,
        /// What the store said.
        source: Box<object_store::Error>,
    },
}

impl Bucket {
    /// The bucket in the existing folder `path`.
    ///
    /// Files may be written by one process and read by others at the same time.
    pub fn local(path: &FilePath) -> Result<Bucket, BucketError> {
        let store = LocalStore::open(path)
            .map_err(|source| BucketError::Folder { path: path.to_owned(), source: Box::new(source) })?;
        Ok(Bucket::new(Arc::new(store)))
    }

    /// The bucket in the folder `path`, which is created durably if it is missing.
    pub fn create_local(path: &FilePath) -> Result<Bucket, BucketError> {
        durable::create_dir_durable(path)
            .map_err(|source| BucketError::Folder { path: path.to_owned(), source: Box::new(source) })?;
        Bucket::local(path)
    }

    /// A bucket in any store that can create an object only if its name is free, and whose answers are durable.
    pub fn new(store: Arc<dyn ObjectStore>) -> Bucket {
        Bucket { store }
    }

    /// The store itself, for a reader that speaks its interface. Do not write through it.
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store)
    }

    /// Creates the object `name`. On `Ok` it is durable and holds exactly `bytes`.
    ///
    /// May be repeated after any error with the same bytes. Never overwrites: [`BucketError::Taken`] when the name
    /// holds something else.
    pub async fn create(&self, name: &str, bytes: Bytes) -> Result<Created, BucketError> {
        let path = object_path(name)?;
        let payload = PutPayload::from(bytes.clone());
        match self.store.put_opts(&path, payload, PutMode::Create.into()).await {
            Ok(_) => Ok(Created::Created),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                self.compare(name, &path, &bytes).await
            }
            Err(error) => Err(failed("create", name, error)),
        }
    }

    async fn compare(&self, name: &str, path: &Path, bytes: &[u8]) -> Result<Created, BucketError> {
        let found = self.store.get(path).await.map_err(|error| failed("read", name, error))?;
        let found_bytes = found.meta.size;
        let taken = || BucketError::Taken { name: name.to_owned(), found_bytes, new_bytes: bytes.len() as u64 };
        let mut rest = bytes;
        let mut chunks = found.into_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| failed("read", name, error))?;
            rest = rest.strip_prefix(&chunk[..]).ok_or_else(taken)?;
        }
        if rest.is_empty() { Ok(Created::AlreadySame) } else { Err(taken()) }
    }

    /// All bytes of an object, in memory.
    pub async fn get(&self, name: &str) -> Result<Bytes, BucketError> {
        let found = self.store.get(&object_path(name)?).await.map_err(|error| failed("read", name, error))?;
        found.bytes().await.map_err(|error| failed("read", name, error))
    }

    /// The bytes of an object as they arrive, for objects larger than memory should hold.
    pub async fn stream(&self, name: &str) -> Result<BoxStream<'static, Result<Bytes, BucketError>>, BucketError> {
        let found = self.store.get(&object_path(name)?).await.map_err(|error| failed("read", name, error))?;
        let name = name.to_owned();
        Ok(found.into_stream().map_err(move |error| failed("read", &name, error)).boxed())
    }

    /// The bytes `range` of an object; [`BucketError::Short`] if it ends earlier.
    pub async fn get_range(&self, name: &str, range: Range<u64>) -> Result<Bytes, BucketError> {
        let path = object_path(name)?;
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let short = || BucketError::Short { name: name.to_owned(), end: range.end };
        match self.store.get_range(&path, range.clone()).await {
            Ok(bytes) if bytes.len() as u64 == range.end - range.start => Ok(bytes),
            Ok(_) => Err(short()),
            // Stores tell a range beyond the end in their own ways; ask for the length before blaming them.
            Err(error) => match self.head(name).await {
                Ok(Some(info)) if info.bytes < range.end => Err(short()),
                _ => Err(failed("read", name, error)),
            },
        }
    }

    /// The object's length, or `None` if there is no such object.
    pub async fn head(&self, name: &str) -> Result<Option<ObjectInfo>, BucketError> {
        match self.store.head(&object_path(name)?).await {
            Ok(meta) => Ok(Some(ObjectInfo { name: name.to_owned(), bytes: meta.size })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("look up", name, error)),
        }
    }

    /// All objects below the folder `prefix` (`""` for all), in no particular order.
    pub fn list(&self, prefix: &str) -> BoxStream<'static, Result<ObjectInfo, BucketError>> {
        let path = match prefix {
            "" => Ok(None),
            _ => object_path(prefix).map(Some),
        };
        let path = match path {
            Ok(path) => path,
            Err(error) => return futures::stream::once(async { Err(error) }).boxed(),
        };
        let prefix = prefix.to_owned();
        self.store
            .list(path.as_ref())
            .map_ok(|meta| ObjectInfo { name: meta.location.into(), bytes: meta.size })
            .map_err(move |error| failed("list", &prefix, error))
            .boxed()
    }

    /// As [`Bucket::list`], all at once and sorted by name.
    pub async fn list_sorted(&self, prefix: &str) -> Result<Vec<ObjectInfo>, BucketError> {
        let mut objects: Vec<ObjectInfo> = self.list(prefix).try_collect().await?;
        objects.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(objects)
    }

    /// Reads the object back from the store and checks its length and SHA-256. Holds no more than a chunk in memory.
    pub async fn read_back(&self, name: &str, sha256: &[u8; 32], bytes: u64) -> Result<(), BucketError> {
        let mut chunks = self.stream(name).await?;
        let mut hasher = Sha256::new();
        let mut found_bytes = 0;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            found_bytes += chunk.len() as u64;
            hasher.update(&chunk);
        }
        let found: [u8; 32] = hasher.finalize().into();
        if found == *sha256 && found_bytes == bytes {
            return Ok(());
        }
        Err(BucketError::Differs {
            name: name.to_owned(),
            found_bytes,
            found_sha256: hex::encode(found),
            expected_bytes: bytes,
            expected_sha256: hex::encode(sha256),
        })
    }

    /// Removes an object whose retention has ended, durably. No error if it is gone already.
    pub async fn remove(&self, name: &str) -> Result<(), BucketError> {
        match self.store.delete(&object_path(name)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("remove", name, error)),
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

fn failed(action: &'static str, name: &str, error: object_store::Error) -> BucketError {
    match error {
        object_store::Error::NotFound { .. } => BucketError::Missing { name: name.to_owned() },
        source => BucketError::Store { action, name: name.to_owned(), source: Box::new(source) },
    }
}

/// Accepts the names every store takes unescaped: segments of `A-Z a-z 0-9 . _ = -` that do not start with a dot.
fn object_path(name: &str) -> Result<Path, BucketError> {
    let refused = |reason| BucketError::Name { name: name.to_owned(), reason };
    if name.len() > NAME_BYTES_MAX {
        return Err(refused("it is longer than 768 bytes"));
    }
    for segment in name.split('/') {
        if segment.is_empty() {
            return Err(refused("a part between slashes is empty"));
        }
        if segment.len() > SEGMENT_BYTES_MAX {
            return Err(refused("a part between slashes is longer than 240 bytes"));
        }
        if segment.starts_with('.') {
            return Err(refused("a part begins with a dot"));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._=-".contains(&byte);
        if !segment.bytes().all(plain) {
            return Err(refused("only letters, digits and . _ = - may stand between slashes"));
        }
    }
    Path::parse(name).map_err(|_| refused("the object store refuses it"))
}

#[cfg(test)]
mod tests;
