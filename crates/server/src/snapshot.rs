//! One consistent view of what is archived and what is not yet.
//!
//! The tail is taken first and the inventory second: an entry that is archived in between is in both, and the tail's copy
//! is left out by its `seq`. The tail forgets an entry only after the inventory holds it, so none is in neither.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use indelible_archive::rows::{Row, RowEncoder};
use indelible_event::{Organization, Reach};
use indelible_intake::{Stretch, TailSnapshot, content_error};
use indelible_ledger::OrganizationLog;
use indelible_query::{Snapshot, TailBatches, TailChunk, TailError};

use crate::app::App;

/// Rows after which a batch of the tail ends.
const BATCH_ROWS: usize = 8192;

impl App {
    /// What a reader with `scope` may see now.
    pub(crate) fn snapshot(&self, scope: &impl Reach) -> Snapshot {
        let tail = self.intake.tail().snapshot();
        let (files, ends) = self.inventory.snapshot_with_ends(scope);
        let mut wanted: HashMap<u32, Wanted> = HashMap::new();
        for organization in scope.organizations() {
            if let Some(log) = self.ledger.find(organization) {
                // Of the generations that are closed nothing is in the tail.
                let from = ends.get(&(organization.clone(), log.generation)).copied().unwrap_or(0);
                wanted.insert(log.number, Wanted { log, from });
            }
        }
        let wanted = Arc::new(wanted);
        let chunks = tail.stretches().iter().filter_map(|stretch| Chunk::new(&tail, stretch, &wanted));
        Snapshot { tail: chunks.map(|chunk| Arc::new(chunk) as Arc<dyn TailChunk>).collect(), files }
    }
}

/// What is wanted of one organization's entries in the tail.
struct Wanted {
    log: Arc<OrganizationLog>,
    /// The first `seq` that is not in the files.
    from: u64,
}

/// A stretch of the tail, decoded when it is read.
struct Chunk {
    tail: TailSnapshot,
    stretch: Arc<Stretch>,
    wanted: Arc<HashMap<u32, Wanted>>,
    organizations: Vec<Organization>,
    rows: u64,
    time_us: Option<(i64, i64)>,
}

impl Chunk {
    /// `None` if nothing in the stretch is wanted.
    fn new(tail: &TailSnapshot, stretch: &Arc<Stretch>, wanted: &Arc<HashMap<u32, Wanted>>) -> Option<Self> {
        let (mut rows, mut time_us, mut organizations) = (0, None, Vec::new());
        for span in stretch.spans() {
            let Some(wanted) = wanted.get(&span.number) else { continue };
            let new = span.seqs.end.saturating_sub(span.seqs.start.max(wanted.from));
            if new > 0 {
                rows += new;
                let (first, last) = time_us.unwrap_or(span.time_us);
                time_us = Some((first.min(span.time_us.0), last.max(span.time_us.1)));
                organizations.push(wanted.log.organization.clone());
            }
        }
        let chunk = Self {
            tail: tail.clone(),
            stretch: Arc::clone(stretch),
            wanted: Arc::clone(wanted),
            organizations,
            rows,
            time_us,
        };
        (rows > 0).then_some(chunk)
    }

    fn decode(&self, projection: &[usize]) -> Result<Vec<RecordBatch>, TailError> {
        // Whoever does not ask for columns of the content has none of it read.
        let infrastructure = indelible_archive::rows::infrastructure_columns();
        let with_content = projection.iter().any(|column| !infrastructure.contains(column));
        let mut encoder = RowEncoder::new(Some(projection))?;
        let mut batches = Vec::new();
        let mut contents = self.tail.contents();
        self.tail.visit::<TailError>(&self.stretch, |place, received_at_us, record| {
            let Some(wanted) = self.wanted.get(&place.number).filter(|wanted| place.seq >= wanted.from) else {
                return Ok(());
            };
            let content = match with_content {
                true => contents.read(&record.content(place.number)).map_err(|source| content_error(place, source))?,
                false => None,
            };
            encoder.push(&Row {
                organization: wanted.log.organization.as_str(),
                seq: place.seq,
                received_at_us,
                infrastructure: record.infrastructure,
                content: content.unwrap_or(b"{}"),
            })?;
            if encoder.rows() >= BATCH_ROWS {
                batches.push(encoder.finish()?);
            }
            Ok(())
        })?;
        if encoder.rows() > 0 {
            batches.push(encoder.finish()?);
        }
        Ok(batches)
    }
}

impl std::fmt::Debug for Chunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunk")
            .field("rows", &self.rows)
            .field("organizations", &self.organizations)
            .finish_non_exhaustive()
    }
}

impl TailChunk for Chunk {
    fn organizations(&self) -> &[Organization] {
        &self.organizations
    }

    fn rows(&self) -> u64 {
        self.rows
    }

    fn row_bytes(&self) -> u64 {
        let rows: u64 = self.stretch.spans().iter().map(|span| span.seqs.end - span.seqs.start).sum();
        self.stretch.bytes() / rows.max(1)
    }

    fn time_range_us(&self) -> Option<(i64, i64)> {
        self.time_us
    }

    fn batches(&self, projection: &[usize]) -> Result<TailBatches, TailError> {
        // What is wanted was made from the same scope.
        Ok(Box::new(self.decode(projection)?.into_iter().map(Ok)))
    }
}
