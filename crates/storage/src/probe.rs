//! Whether a store keeps the promises that the archive rests on, found out by trying.
//!
//! * [`probe`]: a name is given once, also to many who ask at the same moment. Some stores that speak S3 pass over the
//!   condition, or check it and then write; they would lose entries without a word, so a bucket in one is refused.
//! * [`canary`]: a locked object stays, whatever is tried on it. The answer is the [`Tier`] of the bucket.
//!
//! All objects of both are below [`PREFIX`], which is no part of an archive. The probe writes six objects of a few bytes and
//! removes them, with about a hundred requests. The canary writes two, with about twenty requests, and one of them stays for
//! [`CANARY_RETENTION`]: the next canary removes it. At the price of Amazon, a canary a day costs less than a cent a year.

mod canary;

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, ObjectStore, PutMode, PutPayload, UpdateVersion};

pub use canary::{Attempt, CANARY_RETENTION, Canary, Outcome, Tier, canary};

use crate::bucket::{Bucket, BucketError, Created, failed, object_path};

/// The folder of all objects that are written to try a bucket.
pub const PREFIX: &str = "probe";

/// Creators of one name at the same moment.
const CREATORS: usize = 16;

/// Names that are raced for. A store that checks and then writes loses the race only now and then.
const ROUNDS: usize = 4;

/// Why a bucket is refused, or could not be tried.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The bucket could not be reached or denied something. Nothing is known of its promises.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// It is not fit.
    #[error(
        "the bucket {bucket} is not fit for an archive: {finding}. It would lose entries without a word; use a store whose \
         conditional puts (If-None-Match) hold, see docs/guides/buckets.md"
    )]
    Unfit {
        /// The bucket.
        bucket: String,
        /// What it did.
        finding: String,
    },
}

/// Tries whether names are given once. Errors if they are not, or if that cannot be found out.
pub async fn probe(bucket: &Bucket) -> Result<(), ProbeError> {
    let folder = format!("{PREFIX}/{}", fresh());
    let mut names = Vec::new();
    let result = try_all(bucket, &folder, &mut names).await;
    for name in names {
        // What was found out counts, also where the credentials may not remove anything.
        if let Err(error) = remove_all(bucket, &name).await {
            tracing::debug!(object = name, error = &error as &dyn std::error::Error, "object of the probe stays");
        }
    }
    result
}

/// Removes the versions of an object, of which the probe makes two at most.
async fn remove_all(bucket: &Bucket, name: &str) -> Result<(), BucketError> {
    for _ in 0..2 {
        bucket.remove(name).await?;
        if bucket.head(name).await?.is_none() {
            break;
        }
    }
    Ok(())
}

async fn try_all(bucket: &Bucket, folder: &str, names: &mut Vec<String>) -> Result<(), ProbeError> {
    let name = format!("{folder}/twice");
    names.push(name.clone());
    create_twice(bucket, &name).await?;
    for round in 0..ROUNDS {
        let name = format!("{folder}/race-{round}");
        names.push(name.clone());
        race(bucket, &name).await?;
    }
    let name = format!("{folder}/update");
    names.push(name.clone());
    update_stale(bucket, &name).await
}

async fn create_twice(bucket: &Bucket, name: &str) -> Result<(), ProbeError> {
    let unfit = |finding: &str| Err(ProbeError::Unfit { bucket: bucket.to_string(), finding: finding.to_owned() });
    let create = async |bytes: &'static [u8]| bucket.create(name, Bytes::from_static(bytes)).await;
    if create(b"first").await? != Created::Created {
        return unfit("an object of a name never used before was there already");
    }
    match create(b"first").await? {
        Created::AlreadySame => {}
        Created::Created => return unfit("it created the same object twice"),
    }
    match create(b"other").await {
        Err(BucketError::Taken { .. }) => {}
        Err(error) => return Err(error.into()),
        Ok(_) => return unfit("it replaced an object that was only to be created if its name was free"),
    }
    match bucket.get(name).await?.as_ref() {
        b"first" => Ok(()),
        _ => unfit("it refused to replace an object and then gave other bytes for it"),
    }
}

/// Many creators of one name. At most one may be told that it won (its answer can get lost), and its bytes are there.
async fn race(bucket: &Bucket, name: &str) -> Result<(), ProbeError> {
    let (store, ..) = bucket.parts();
    let path = object_path(name)?;
    let contents: Vec<Bytes> = (0..CREATORS).map(|number| Bytes::from(format!("creator {number}"))).collect();
    let creators = contents.iter().map(|bytes| create_once(store, &path, bytes.clone()));
    let mut winners = Vec::new();
    for (bytes, answer) in contents.iter().zip(futures::future::join_all(creators).await) {
        if answer.map_err(|error| failed("create", name, error))? {
            winners.push(bytes);
        }
    }
    let found = bucket.get(name).await?;
    let finding = match &winners[..] {
        [winner] if found == **winner => return Ok(()),
        [] if contents.contains(&found) => return Ok(()),
        [] | [_] => "it told a creator that it won and stored the bytes of another".to_owned(),
        _ => format!("it told {} of {CREATORS} creators of one name that they won", winners.len()),
    };
    Err(ProbeError::Unfit { bucket: bucket.to_string(), finding })
}

/// Whether the store says that the object was created.
async fn create_once(store: &dyn ObjectStore, path: &Path, bytes: Bytes) -> object_store::Result<bool> {
    match store.put_opts(path, PutPayload::from(bytes), PutMode::Create.into()).await {
        Ok(_) => Ok(true),
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A replacement of what is no longer there has to be refused, by a store that knows such replacements at all. A table of
/// another tool in the same store may rest on it.
async fn update_stale(bucket: &Bucket, name: &str) -> Result<(), ProbeError> {
    let (store, ..) = bucket.parts();
    let path = object_path(name)?;
    let put = async |bytes: &'static [u8], mode: PutMode| store.put_opts(&path, bytes.into(), mode.into()).await;
    let first = put(b"first", PutMode::Create).await.map_err(|error| failed("create", name, error))?;
    let stale = UpdateVersion { e_tag: first.e_tag, version: None };
    match put(b"second", PutMode::Update(stale.clone())).await {
        Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => return Ok(()),
        Err(error) => return Err(failed("update", name, error).into()),
        Ok(_) => {}
    }
    match put(b"third", PutMode::Update(stale)).await {
        Err(Error::Precondition { .. } | Error::AlreadyExists { .. }) => Ok(()),
        Err(error) => Err(failed("update", name, error).into()),
        Ok(_) => {
            let finding = "it replaced an object that was not what the replacement was for (If-Match)".to_owned();
            Err(ProbeError::Unfit { bucket: bucket.to_string(), finding })
        }
    }
}

/// A folder of our own: the time, so that leftovers can be told, and a random part.
fn fresh() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let random = getrandom::u64().unwrap_or(u64::from(since.subsec_nanos()));
    format!("{}-{random:016x}", since.as_secs())
}
