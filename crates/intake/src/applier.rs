//! The thread that turns written frames into answers: hashes, trees, tail, replies, in this order.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use indelible_event::entry;
use indelible_journal::FramePosition;
use indelible_ledger::{Ledger, OrganizationLog};
use indelible_merkle::{Hash, leaf_hash};

use crate::Failure;
use crate::batch::{Answer, Outcome, Receipt, Status, SubmitError};
use crate::queue::Reply;
use crate::record::{self, Place, Record};
use crate::stats::Stats;
use crate::tail::{Spans, Tail};

/// Frames whose places are assigned and which are being written.
pub(crate) struct Group {
    pub(crate) frames: Arc<Vec<Vec<u8>>>,
    pub(crate) received_at_us: i64,
    pub(crate) pending: Vec<Pending>,
}

/// A submission whose answer lacks only the leaf hashes.
pub(crate) struct Pending {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) reply: Reply,
}

/// The positions of a group's frames, or that they may not be durable.
pub(crate) type Synced = Result<Vec<FramePosition>, ()>;

pub(crate) struct Applier {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) stats: Arc<Stats>,
}

impl Applier {
    /// Applies groups until the sequencer hangs up.
    pub(crate) fn run(self, groups: &Receiver<Group>, synced: &Receiver<Synced>) -> Result<(), Failure> {
        let mut hasher = Hasher::default();
        while let Ok(group) = groups.recv() {
            let mut leaves = Leaves::default();
            let mut spans = Vec::with_capacity(group.frames.len());
            for frame in group.frames.iter() {
                let mut frame_spans = Spans::default();
                for record in record::records(frame) {
                    let record = record?;
                    for place in record.places() {
                        let log = hasher.log(&self.ledger, place.number)?;
                        leaves.push(place, hasher.leaf(&log, place.seq, group.received_at_us, &record));
                        frame_spans.add(place, group.received_at_us, &record);
                    }
                }
                spans.push(frame_spans.finish());
            }
            let Ok(Ok(positions)) = synced.recv() else {
                for pending in group.pending {
                    (pending.reply)(Err(SubmitError::Unknown));
                }
                return Err(Failure::Applier);
            };
            for (number, first, hashes) in leaves.iter() {
                self.ledger.append(number, first, hashes)?;
            }
            for ((position, spans), frame) in positions.into_iter().zip(spans).zip(group.frames.iter()) {
                self.tail.push(position, frame.len() as u64, spans);
            }
            for pending in group.pending {
                self.answer(pending, &leaves)?;
            }
        }
        Ok(())
    }

    fn answer(&self, mut pending: Pending, leaves: &Leaves) -> Result<(), Failure> {
        for receipt in &mut pending.receipts {
            receipt.leaf = match leaves.get(receipt.number, receipt.seq) {
                Some(leaf) => leaf,
                None => self.ledger.leaf(receipt.number, receipt.seq)?,
            };
        }
        let count = |status| pending.outcomes.iter().filter(|outcome| outcome.status == status).count() as u64;
        self.stats.answered(count(Status::New), count(Status::Duplicate), count(Status::Reused));
        (pending.reply)(Ok(Answer { outcomes: pending.outcomes, receipts: pending.receipts }));
        Ok(())
    }
}

/// Leaf hashes of one group, by organization; those of one organization are contiguous.
#[derive(Default)]
pub(crate) struct Leaves(HashMap<u32, (u64, Vec<Hash>)>);

impl Leaves {
    pub(crate) fn push(&mut self, place: Place, leaf: Hash) {
        self.0.entry(place.number).or_insert_with(|| (place.seq, Vec::new())).1.push(leaf);
    }

    fn get(&self, number: u32, seq: u64) -> Option<Hash> {
        let (first, hashes) = self.0.get(&number)?;
        hashes.get(usize::try_from(seq.checked_sub(*first)?).ok()?).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, u64, &[Hash])> {
        self.0.iter().map(|(number, (first, hashes))| (*number, *first, hashes.as_slice()))
    }
}

/// Computes leaf hashes; remembers organizations' salt keys and the last infrastructure hash, which the places of one
/// event share.
#[derive(Default)]
pub(crate) struct Hasher {
    logs: HashMap<u32, Arc<OrganizationLog>>,
    entry: Vec<u8>,
}

impl Hasher {
    pub(crate) fn log(&mut self, ledger: &Ledger, number: u32) -> Result<Arc<OrganizationLog>, Failure> {
        if let Some(log) = self.logs.get(&number) {
            return Ok(Arc::clone(log));
        }
        let log = ledger.get(number).ok_or(Failure::UnknownOrganization(number))?;
        self.logs.insert(number, Arc::clone(&log));
        Ok(log)
    }

    pub(crate) fn leaf(&mut self, log: &OrganizationLog, seq: u64, received_at_us: i64, record: &Record<'_>) -> Hash {
        let infrastructure = entry::infrastructure_hash(record.infrastructure);
        let content = entry::content_hash(&log.salt_key.salt(seq), record.content);
        self.entry.clear();
        entry::entry_bytes(&mut self.entry, log.organization.as_str(), seq, received_at_us, &infrastructure, &content);
        leaf_hash(&self.entry)
    }
}
