//! An object store that fails when it is told to.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// What becomes of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails and nothing was done.
    Lost,
    /// It is done and reported as failed. What only reads just fails.
    Done,
}

/// When operations fail.
#[derive(Debug)]
pub(crate) enum Schedule {
    Never,
    /// The operation of this number fails, and if `dead` everything after it, as when the process ends there.
    At {
        number: u64,
        fault: Fault,
        dead: bool,
    },
    /// Each with this probability, one way or the other.
    Random {
        share: f64,
        random: Box<StdRng>,
    },
}

impl Schedule {
    pub(crate) fn random(share: f64, seed: u64) -> Schedule {
        Schedule::Random { share, random: Box::new(StdRng::seed_from_u64(seed)) }
    }
}

/// A process's way to a store that others reach without failures.
#[derive(Debug)]
pub(crate) struct Faulty {
    inner: Arc<InMemory>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    operations: u64,
    /// Numbers of those that change something.
    changes: Vec<u64>,
    schedule: Schedule,
}

impl Faulty {
    pub(crate) fn new(inner: &Arc<InMemory>, schedule: Schedule) -> Arc<Faulty> {
        let state = State { operations: 0, changes: Vec::new(), schedule };
        Arc::new(Faulty { inner: Arc::clone(inner), state: Mutex::new(state) })
    }

    /// Operations so far.
    pub(crate) fn operations(&self) -> u64 {
        self.state.lock().unwrap().operations
    }

    /// Numbers of those operations that change something.
    pub(crate) fn changes(&self) -> Vec<u64> {
        self.state.lock().unwrap().changes.clone()
    }

    fn next_change(&self) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        let now = state.operations;
        state.changes.push(now);
        drop(state);
        self.next()
    }

    fn next(&self) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        let now = state.operations;
        state.operations += 1;
        match &mut state.schedule {
            Schedule::Never => None,
            Schedule::At { number, fault, .. } if now == *number => Some(*fault),
            Schedule::At { number, dead: true, .. } if now > *number => Some(Fault::Lost),
            Schedule::At { .. } => None,
            Schedule::Random { share, random } => {
                let fault = if random.random_bool(0.5) { Fault::Lost } else { Fault::Done };
                random.random_bool(*share).then_some(fault)
            }
        }
    }
}

fn failed() -> Error {
    Error::Generic { store: "faulty", source: "told to fail".into() }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty store")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        match self.next_change() {
            None => self.inner.put_opts(location, payload, options).await,
            Some(Fault::Lost) => Err(failed()),
            Some(Fault::Done) => {
                self.inner.put_opts(location, payload, options).await?;
                Err(failed())
            }
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        match self.next_change() {
            None => self.inner.put_multipart_opts(location, options).await,
            Some(_) => Err(failed()),
        }
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        match self.next() {
            None => self.inner.get_opts(location, options).await,
            Some(_) => Err(failed()),
        }
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        match self.next() {
            None => self.inner.get_ranges(location, ranges).await,
            Some(_) => Err(failed()),
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.next_change() {
            None => self.inner.delete_stream(locations),
            Some(Fault::Lost) => futures::stream::once(async { Err(failed()) }).boxed(),
            Some(Fault::Done) => self.inner.delete_stream(locations).map(|_| Err(failed())).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.next() {
            None => self.inner.list(prefix),
            Some(_) => futures::stream::once(async { Err(failed()) }).boxed(),
        }
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.next() {
            None => self.inner.list_with_offset(prefix, offset),
            Some(_) => futures::stream::once(async { Err(failed()) }).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        match self.next() {
            None => self.inner.list_with_delimiter(prefix).await,
            Some(_) => Err(failed()),
        }
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        match self.next_change() {
            None => self.inner.copy_opts(from, to, options).await,
            Some(_) => Err(failed()),
        }
    }
}
