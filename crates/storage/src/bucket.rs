//! A bucket: named objects that are created once, never changed, and read back before they are believed.
//!
//! The bucket of a small installation is a local folder; the interface promises only what any object store keeps.
//! Names are paths of segments, such as `organizations/3f9a/1/manifest/000-127`.

use std::fmt;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{GetOptions, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use sha2::{Digest, Sha256};

use crate::durable;
use crate::local_store::LocalStore;
use crate::lock::{Lock, LockApi, LockMode, LockPolicy, Locked, Retention};

/// Longest name in bytes; object stores agree on 1,024, a prefix of the operator's takes some of them.
const NAME_BYTES_MAX: usize = 768;

/// Longest segment in bytes; local file systems take 255.
const SEGMENT_BYTES_MAX: usize = 240;

/// Times a create is sent to a store that says that the name is taken and then knows no such object.
const CREATES_MAX: u32 = 5;

/// Wait before the second of them; doubles with each.
const CREATE_BACKOFF: Duration = Duration::from_millis(50);

/// Named objects in a local folder or an object store. Cheap to clone.
#[derive(Clone)]
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
    name: Arc<str>,
    /// Where the store has locks on objects, the requests about them.
    locks: Option<Locks>,
    policy: Option<LockPolicy>,
}

/// What [`Bucket::create`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// The object was not there and is now.
    Created,
    /// An object of this name with exactly these bytes was there: an earlier attempt had succeeded.
    AlreadySame,
}

/// An object that is in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Whether it was there before.
    pub created: Created,
    /// The version that holds the bytes, in a store and a bucket that keep versions.
    pub version: Option<String>,
}

/// An object as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Full name within the bucket.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// When the store took it, by its own clock, microseconds since 1970 UTC.
    pub stored_us: i64,
}

impl ObjectInfo {
    fn of(name: String, meta: &ObjectMeta) -> ObjectInfo {
        ObjectInfo { name, bytes: meta.size, stored_us: meta.last_modified.timestamp_micros() }
    }
}

type Locks = Arc<dyn LockApi>;

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
    /// The settings of the bucket cannot work.
    #[error("settings of the bucket {bucket}")]
    Settings {
        /// The bucket.
        bucket: String,
        /// What is wrong.
        source: Box<object_store::Error>,
    },
    /// The store has no locks on objects.
    #[error("the bucket {bucket} has no locks on objects, {action} {name} is not possible")]
    NoLocks {
        /// The bucket.
        bucket: String,
        /// What was tried.
        action: &'static str,
        /// The object.
        name: String,
    },
    /// The store refuses: a lock holds the object, or the credentials lack the right. Repeating it does not help.
    #[error("the store refuses to {action} object {name:?}: it is locked, or the credentials lack the right")]
    Denied {
        /// What was tried.
        action: &'static str,
        /// The object, or the prefix of a listing.
        name: String,
        /// What the store said.
        source: Box<object_store::Error>,
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
        Bucket { name: store.to_string().into(), store, locks: None, policy: None }
    }

    pub(crate) fn remote(
        name: String,
        store: Arc<dyn ObjectStore>,
        locks: Arc<dyn LockApi>,
        policy: Option<LockPolicy>,
    ) -> Bucket {
        Bucket { name: name.into(), store, locks: Some(locks), policy }
    }

    /// The store itself, for a reader that speaks its interface. Only a table format writes through it, which has rules of its
    /// own for what is created once and what replaced.
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store)
    }

    /// Creates the object `name`, without a lock. On `Ok` it is durable and holds exactly `bytes`.
    ///
    /// May be repeated after any error with the same bytes. Never overwrites: [`BucketError::Taken`] when the name
    /// holds something else.
    pub async fn create(&self, name: &str, bytes: Bytes) -> Result<Created, BucketError> {
        Ok(self.put(name, bytes, None).await?.created)
    }

    /// As [`Bucket::create`], and on `Ok` the object has at least the lock given, from its first moment where it is new.
    pub async fn create_locked(&self, name: &str, bytes: Bytes, lock: &Lock) -> Result<Stored, BucketError> {
        let stored = self.put(name, bytes, Some(lock)).await?;
        if stored.created == Created::AlreadySame {
            self.extend(name, stored.version.as_deref(), lock).await?;
        }
        Ok(stored)
    }

    /// The lock, where the bucket's policy has a retention at all, that keeps an object from `since` on for `days` days, or as
    /// long as the policy wants if that is longer.
    pub fn lock_for(&self, since: Timestamp, days: u32) -> Option<Lock> {
        let longer =
            |policy: LockPolicy| LockPolicy { days: if policy.days > 0 { policy.days.max(days) } else { 0 }, ..policy };
        self.policy.map(longer).and_then(|policy| policy.lock(since))
    }

    /// Days of retention of the bucket's policy; 0 if it has none.
    pub fn policy_days(&self) -> u32 {
        self.policy.map_or(0, |policy| policy.days)
    }

    /// Creates the object as the bucket's policy wants it, reads the version that was written back and compares it.
    pub async fn archive(&self, name: &str, bytes: Bytes) -> Result<Stored, BucketError> {
        self.archive_for(name, bytes, 0).await
    }

    /// The same, with a retention of at least `days` days where the policy has one.
    pub async fn archive_for(&self, name: &str, bytes: Bytes, days: u32) -> Result<Stored, BucketError> {
        let (sha256, length): ([u8; 32], _) = (Sha256::digest(&bytes).into(), bytes.len() as u64);
        let stored = match self.lock_for(Timestamp::now(), days) {
            Some(lock) => self.create_locked(name, bytes, &lock).await?,
            None => self.put(name, bytes, None).await?,
        };
        self.read_back_version(name, stored.version.as_deref(), &sha256, length).await?;
        Ok(stored)
    }

    async fn put(&self, name: &str, bytes: Bytes, lock: Option<&Lock>) -> Result<Stored, BucketError> {
        let path = object_path(name)?;
        let extensions = match (lock, &self.locks) {
            (Some(lock), Some(locks)) => locks.on_put(lock),
            (Some(_), None) => return Err(self.no_locks("create a locked object", name)),
            (None, _) => Default::default(),
        };
        let mut creates = 1;
        loop {
            let payload = PutPayload::from(bytes.clone());
            let options = PutOptions { mode: PutMode::Create, extensions: extensions.clone(), ..Default::default() };
            match self.store.put_opts(&path, payload, options).await {
                Ok(put) => return Ok(Stored { created: Created::Created, version: put.version }),
                Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {}
                Err(error) => return Err(failed("create", name, error)),
            }
            match self.compare(name, &path, &bytes).await {
                // A create that raced with this one was ahead of it and then failed.
                Err(BucketError::Missing { .. }) if creates < CREATES_MAX => {
                    tokio::time::sleep(CREATE_BACKOFF * 2u32.pow(creates - 1)).await;
                    creates += 1;
                }
                compared => {
                    let version = compared?;
                    return Ok(Stored { created: Created::AlreadySame, version });
                }
            }
        }
    }

    /// Compares what is there with `bytes` and returns its version.
    async fn compare(&self, name: &str, path: &Path, bytes: &[u8]) -> Result<Option<String>, BucketError> {
        let found = self.store.get(path).await.map_err(|error| failed("read", name, error))?;
        let (found_bytes, version) = (found.meta.size, found.meta.version.clone());
        let taken = || BucketError::Taken { name: name.to_owned(), found_bytes, new_bytes: bytes.len() as u64 };
        let mut rest = bytes;
        let mut chunks = found.into_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| failed("read", name, error))?;
            rest = rest.strip_prefix(&chunk[..]).ok_or_else(taken)?;
        }
        if rest.is_empty() { Ok(version) } else { Err(taken()) }
    }

    /// All bytes of an object, in memory.
    pub async fn get(&self, name: &str) -> Result<Bytes, BucketError> {
        let found = self.store.get(&object_path(name)?).await.map_err(|error| failed("read", name, error))?;
        found.bytes().await.map_err(|error| failed("read", name, error))
    }

    /// The bytes of an object as they arrive, for objects larger than memory should hold.
    pub async fn stream(&self, name: &str) -> Result<BoxStream<'static, Result<Bytes, BucketError>>, BucketError> {
        self.stream_version(name, None).await
    }

    async fn stream_version(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> Result<BoxStream<'static, Result<Bytes, BucketError>>, BucketError> {
        let options = GetOptions { version: version.map(str::to_owned), ..Default::default() };
        let found: GetResult =
            self.store.get_opts(&object_path(name)?, options).await.map_err(|error| failed("read", name, error))?;
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
            Ok(meta) => Ok(Some(ObjectInfo::of(name.to_owned(), &meta))),
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
            .map_ok(|meta| ObjectInfo::of(meta.location.to_string(), &meta))
            .map_err(move |error| failed("list", &prefix, error))
            .boxed()
    }

    /// What is directly in the folder `name` (`""` for the top): the names of folders, and of objects with their lengths.
    pub async fn folder(&self, name: &str) -> Result<(Vec<String>, Vec<(String, u64)>), BucketError> {
        let path = if name.is_empty() { None } else { Some(object_path(name)?) };
        let found = self.store.list_with_delimiter(path.as_ref()).await.map_err(|error| failed("list", name, error))?;
        let last = |path: &Path| path.filename().unwrap_or_default().to_owned();
        let objects = found.objects.iter().map(|meta| (last(&meta.location), meta.size));
        Ok((found.common_prefixes.iter().map(last).collect(), objects.collect()))
    }

    /// As [`Bucket::list`], all at once and sorted by name.
    pub async fn list_sorted(&self, prefix: &str) -> Result<Vec<ObjectInfo>, BucketError> {
        let mut objects: Vec<ObjectInfo> = self.list(prefix).try_collect().await?;
        objects.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(objects)
    }

    /// Reads the object back from the store and checks its length and SHA-256. Holds no more than a chunk in memory.
    pub async fn read_back(&self, name: &str, sha256: &[u8; 32], bytes: u64) -> Result<(), BucketError> {
        self.read_back_version(name, None, sha256, bytes).await
    }

    /// As [`Bucket::read_back`], of one version: what somebody puts over it does not come between.
    pub async fn read_back_version(
        &self,
        name: &str,
        version: Option<&str>,
        sha256: &[u8; 32],
        bytes: u64,
    ) -> Result<(), BucketError> {
        let mut chunks = self.stream_version(name, version).await?;
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
    ///
    /// Where the bucket keeps versions, the newest is removed and not hidden.
    pub async fn remove(&self, name: &str) -> Result<(), BucketError> {
        let path = object_path(name)?;
        let removed = match &self.locks {
            None => self.store.delete(&path).await,
            Some(locks) => match locks.look(&path, None).await {
                Ok(Locked { version, .. }) => locks.delete(&path, version.as_deref(), false).await,
                Err(error) => Err(error),
            },
        };
        match removed {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("remove", name, error)),
        }
    }

    /// The lock of an object, of its newest version where none is named.
    pub async fn lock_of(&self, name: &str, version: Option<&str>) -> Result<Locked, BucketError> {
        let locks = self.locks("look up the lock of", name)?;
        locks.look(&object_path(name)?, version).await.map_err(|error| failed("look up the lock of", name, error))
    }

    /// Sees to it that the object has at least the lock given. What it has beyond that stays.
    pub async fn extend(&self, name: &str, version: Option<&str>, lock: &Lock) -> Result<(), BucketError> {
        const ACTION: &str = "lock";
        let locks = self.locks(ACTION, name)?;
        let path = object_path(name)?;
        let found = locks.look(&path, version).await.map_err(|error| failed(ACTION, name, error))?.lock;
        if let Some(wanted) = lock.retention
            && !found.covers(&Lock { retention: Some(wanted), legal_hold: false })
        {
            let retention = found.retention.map_or(wanted, |found| stronger(found, wanted));
            locks.retain(&path, version, retention).await.map_err(|error| failed(ACTION, name, error))?;
        }
        if lock.legal_hold && !found.legal_hold {
            locks.hold(&path, version, true).await.map_err(|error| failed(ACTION, name, error))?;
        }
        Ok(())
    }

    /// Takes the legal hold from an object. Its retention goes on.
    pub async fn release(&self, name: &str, version: Option<&str>) -> Result<(), BucketError> {
        const ACTION: &str = "take the legal hold from";
        let locks = self.locks(ACTION, name)?;
        locks.hold(&object_path(name)?, version, false).await.map_err(|error| failed(ACTION, name, error))
    }

    fn locks(&self, action: &'static str, name: &str) -> Result<&Locks, BucketError> {
        self.locks.as_ref().ok_or_else(|| self.no_locks(action, name))
    }

    fn no_locks(&self, action: &'static str, name: &str) -> BucketError {
        BucketError::NoLocks { bucket: self.to_string(), action, name: name.to_owned() }
    }

    /// For the probe alone, which has to try what nothing else may.
    pub(crate) fn parts(&self) -> (&Arc<dyn ObjectStore>, Option<&Locks>, Option<LockPolicy>) {
        (&self.store, self.locks.as_ref(), self.policy)
    }
}

/// The retention that covers both.
fn stronger(a: Retention, b: Retention) -> Retention {
    let mode = if a.mode == LockMode::Compliance { a.mode } else { b.mode };
    Retention { mode, until: a.until.max(b.until) }
}

/// The store's own `Debug` may show credentials.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("name", &self.name).field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

pub(crate) fn failed(action: &'static str, name: &str, error: object_store::Error) -> BucketError {
    match error {
        object_store::Error::NotFound { .. } => BucketError::Missing { name: name.to_owned() },
        source @ (object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. }) => {
            BucketError::Denied { action, name: name.to_owned(), source: Box::new(source) }
        }
        source => BucketError::Store { action, name: name.to_owned(), source: Box::new(source) },
    }
}

/// Accepts the names every store takes unescaped: segments of `A-Z a-z 0-9 . _ = -` that do not start with a dot.
pub(crate) fn object_path(name: &str) -> Result<Path, BucketError> {
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
