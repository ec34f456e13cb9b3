//! The thread that turns written frames into answers: hashes, trees, tail, replies, in this order.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use indelible_event::KeyId;
use indelible_event::entry::{self, SaltKey};
use indelible_journal::FramePosition;
use indelible_ledger::{ContentKeys, Ledger, OrganizationLog};
use indelible_merkle::{Hash, leaf_hash};

use crate::Failure;
use crate::batch::{Answer, Outcome, Receipt, Status, SubmitError};
use crate::content::{ContentError, ContentReader};
use crate::queue::Reply;
use crate::record::{self, Content, Place, Record};
use crate::stats::Stats;
use crate::tail::{Span, Spans, Tail};

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
    pub(crate) reused_in: Vec<u32>,
    pub(crate) reply: Reply,
}

/// The positions of a group's frames, fewer if the disk had no room for the last ones; or that they may not be durable.
pub(crate) type Synced = Result<Vec<FramePosition>, ()>;

pub(crate) struct Applier {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) stats: Arc<Stats>,
    pub(crate) keys: Arc<ContentKeys>,
}

impl Applier {
    /// Applies groups until the sequencer hangs up.
    pub(crate) fn run(self, groups: &Receiver<Group>, synced: &Receiver<Synced>) -> Result<(), Failure> {
        let mut hasher = Hasher::new(Arc::clone(&self.keys));
        while let Ok(group) = groups.recv() {
            let (mut leaves, spans) = self.hash(&mut hasher, &group.frames, group.received_at_us)?;
            let Ok(Ok(positions)) = synced.recv() else {
                for pending in group.pending {
                    (pending.reply)(Err(SubmitError::Unknown));
                }
                return Err(Failure::Applier);
            };
            let is_cut = positions.len() < group.frames.len();
            if is_cut {
                leaves = self.hash(&mut hasher, &group.frames[..positions.len()], group.received_at_us)?.0;
            }
            leaves.append_to(&self.ledger)?;
            for ((position, spans), frame) in positions.into_iter().zip(spans).zip(group.frames.iter()) {
                self.tail.push(position, frame.len() as u64, spans);
            }
            for pending in group.pending {
                let has_all = || pending.receipts.iter().all(|receipt| receipt.seq < self.ledger.size(receipt.number));
                match is_cut && !has_all() {
                    true => (pending.reply)(Err(SubmitError::NoRoom)),
                    false => self.answer(pending, &leaves)?,
                }
            }
        }
        Ok(())
    }

    /// The leaves of all frames together, and what each frame spans.
    fn hash(
        &self,
        hasher: &mut Hasher,
        frames: &[Vec<u8>],
        received_at_us: i64,
    ) -> Result<(Leaves, Vec<Vec<Span>>), Failure> {
        let mut leaves = Leaves::default();
        let mut spans = Vec::with_capacity(frames.len());
        for frame in frames {
            spans.push(hasher.frame(&self.ledger, frame, received_at_us, |_| true, &mut leaves)?);
        }
        Ok((leaves, spans))
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
        let Pending { outcomes, receipts, reused_in, reply } = pending;
        reply(Ok(Answer { outcomes, receipts, reused_in }));
        Ok(())
    }
}

/// Leaf hashes of one group, by organization; those of one organization are contiguous.
#[derive(Default)]
pub(crate) struct Leaves(HashMap<u32, (u64, Vec<Hash>)>);

impl Leaves {
    fn push(&mut self, place: Place, leaf: Hash) {
        self.0.entry(place.number).or_insert_with(|| (place.seq, Vec::new())).1.push(leaf);
    }

    fn get(&self, number: u32, seq: u64) -> Option<Hash> {
        let (first, hashes) = self.0.get(&number)?;
        hashes.get(usize::try_from(seq.checked_sub(*first)?).ok()?).copied()
    }

    /// Adds them to the trees.
    pub(crate) fn append_to(&self, ledger: &Ledger) -> Result<(), Failure> {
        for (number, (first, hashes)) in &self.0 {
            ledger.append(*number, *first, hashes)?;
        }
        Ok(())
    }
}

/// Computes leaf hashes; remembers organizations' salt keys and the last infrastructure hash, which the places of one
/// event share.
pub(crate) struct Hasher {
    logs: HashMap<u32, Arc<OrganizationLog>>,
    /// Salt keys of encrypted entries, by number and key.
    salts: HashMap<(u32, KeyId), SaltKey>,
    contents: ContentReader,
    /// The state of the keys that `salts` was made from: of what is erased nothing is kept.
    changes: u64,
    keys: Arc<ContentKeys>,
    entry: Vec<u8>,
}

impl Hasher {
    pub(crate) fn new(keys: Arc<ContentKeys>) -> Self {
        Self {
            logs: HashMap::new(),
            salts: HashMap::new(),
            changes: keys.changes(),
            contents: ContentReader::new(Arc::clone(&keys)),
            keys,
            entry: Vec::new(),
        }
    }

    /// Adds the leaves of a frame's records, as far as `is_new` says, and returns what the frame spans.
    pub(crate) fn frame(
        &mut self,
        ledger: &Ledger,
        body: &[u8],
        received_at_us: i64,
        is_new: impl Fn(Place) -> bool,
        leaves: &mut Leaves,
    ) -> Result<Vec<Span>, Failure> {
        let changes = self.keys.changes();
        if self.changes != changes {
            self.changes = changes;
            self.salts.clear();
        }
        let mut spans = Spans::default();
        for record in record::records(body) {
            let record = record?;
            for place in record.places() {
                spans.add(place, received_at_us, &record);
                let log = self.log(ledger, place.number)?;
                if is_new(place) {
                    leaves.push(place, self.leaf(&log, place.seq, received_at_us, &record)?);
                }
            }
        }
        Ok(spans.finish())
    }

    fn log(&mut self, ledger: &Ledger, number: u32) -> Result<Arc<OrganizationLog>, Failure> {
        if let Some(log) = self.logs.get(&number) {
            return Ok(Arc::clone(log));
        }
        let log = ledger.get(number).ok_or(Failure::UnknownOrganization(number))?;
        self.logs.insert(number, Arc::clone(&log));
        Ok(log)
    }

    fn leaf(
        &mut self,
        log: &OrganizationLog,
        seq: u64,
        received_at_us: i64,
        record: &Record<'_>,
    ) -> Result<Hash, Failure> {
        let failed = |source: ContentError| Failure::Content { organization: log.organization.clone(), seq, source };
        let infrastructure = entry::infrastructure_hash(record.infrastructure);
        let content = record.content(log.number);
        let salt = match content.key() {
            None => log.salt_key.salt(seq),
            Some(key) => match self.salt_key(log, key, &content).map_err(failed)? {
                Some(salt_key) => salt_key.salt(seq),
                None => return Err(Failure::Erased { organization: log.organization.clone(), seq, key }),
            },
        };
        // Its key was there a moment ago.
        let text = self.contents.read(&content).map_err(failed)?.unwrap_or_default();
        let content = entry::content_hash(&salt, text);
        self.entry.clear();
        entry::entry_bytes(&mut self.entry, log.organization.as_str(), seq, received_at_us, &infrastructure, &content);
        Ok(leaf_hash(&self.entry))
    }

    /// The salt key of an encrypted content; `None` if its key was erased.
    fn salt_key(
        &mut self,
        log: &OrganizationLog,
        id: KeyId,
        content: &Content<'_>,
    ) -> Result<Option<&SaltKey>, ContentError> {
        let place = (log.number, id);
        if !self.salts.contains_key(&place) {
            let Some(key) = self.contents.key(content)? else { return Ok(None) };
            self.salts.insert(place, log.salt_key.under(&key));
        }
        Ok(self.salts.get(&place))
    }
}
