//! The only crate below `server` that touches disks and buckets.
//!
//! * [`durable`]: files and folders that survive power loss once the call returns, and the lock of a data directory.
//! * [`disk`]: the few file operations the journal is built on, as a trait, so that tests can put a faulty disk in its place.
//! * [`cell`]: a file replaced as a whole, and only by whoever knows what it holds.
//! * [`kept`]: bytes that are only appended, bounded by giving up the oldest.
//! * [`space`]: how full a file system is, and a reserve of room on it.
//! * [`bucket`]: named objects that are created once and never changed, in a local folder or an object store.
//! * [`location`], [`credentials`], [`connect`]: where a bucket is, who we are there, and how it is reached.
//! * [`lock`]: until when a store itself refuses to let go of an object.
//! * [`probe`]: whether a store keeps the promises that all this rests on.
//!
//! It knows nothing of events, frames or manifests: bytes and names come in, bytes and names go out.

pub mod bucket;
pub mod cell;
pub mod connect;
pub mod credentials;
pub mod disk;
pub mod durable;
pub mod kept;
mod local_store;
pub mod location;
pub mod lock;
pub mod probe;
pub mod space;

pub use bucket::{Bucket, BucketError, Created, ObjectInfo, Stored};
pub use cell::{Cell, CellError};
pub use connect::BucketSettings;
pub use credentials::{Credentials, CredentialsError, Secret};
pub use disk::{Disk, DiskFile, RealDisk};
pub use durable::{LockError, LockFile};
pub use location::{Location, LocationError};
pub use lock::{Lock, LockMode, LockPolicy, Locked, Retention};
pub use space::{Reserve, Space};
