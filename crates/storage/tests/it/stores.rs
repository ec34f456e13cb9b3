//! The stores that the cases run on.

use std::sync::Arc;

use indelible_storage::{Bucket, BucketSettings, LockPolicy};
use indelible_testkit::servers::{Kind, Server};
use object_store::memory::InMemory;
use tempfile::TempDir;

pub(crate) const NAME: &str = "audit";

/// A store that gives out buckets.
pub(crate) enum Store {
    Memory,
    Folder(TempDir),
    Server(Box<Server>),
}

impl Store {
    pub(crate) fn folder() -> Store {
        Store::Folder(tempfile::tempdir().unwrap())
    }

    /// A server with the bucket [`NAME`].
    pub(crate) async fn server(kind: Kind, locks: bool) -> Store {
        let server = Server::start(kind);
        server.create_bucket(NAME, locks).await;
        Store::Server(Box::new(server))
    }

    /// An empty bucket; a folder of its own in that of the store.
    pub(crate) fn bucket(&self, prefix: &str) -> Bucket {
        self.bucket_with(prefix, None)
    }

    pub(crate) fn bucket_with(&self, prefix: &str, lock: Option<LockPolicy>) -> Bucket {
        match self {
            Store::Memory => Bucket::new(Arc::new(InMemory::new())),
            Store::Folder(folder) => Bucket::create_local(&folder.path().join(prefix)).unwrap(),
            Store::Server(server) => open(server, prefix, BucketSettings { lock, ..server.settings() }),
        }
    }
}

pub(crate) fn open(server: &Server, prefix: &str, settings: BucketSettings) -> Bucket {
    Bucket::open(&server.location(NAME, prefix), &settings).unwrap()
}
