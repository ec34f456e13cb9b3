//! The only crate below `server` that touches disks and buckets.
//!
//! * [`durable`]: files and folders that survive power loss once the call returns, and the lock of a data directory.
//! * [`disk`]: the few file operations the journal is built on, as a trait, so that tests can put a faulty disk in its place.
//! * [`cell`]: a file replaced as a whole, and only by whoever knows what it holds.
//! * [`space`]: how full a file system is, and a reserve of room on it.
//! * [`bucket`]: named objects that are created once and never changed, in a local folder or an object store.
//!
//! It knows nothing of events, frames or manifests: bytes and names come in, bytes and names go out.

pub mod bucket;
pub mod cell;
pub mod disk;
pub mod durable;
mod local_store;
pub mod space;

pub use bucket::{Bucket, BucketError, Created, ObjectInfo};
pub use cell::{Cell, CellError};
pub use disk::{Disk, DiskFile, RealDisk};
pub use durable::{LockError, LockFile};
pub use space::{Reserve, Space};
