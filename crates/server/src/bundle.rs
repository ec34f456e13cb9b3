//! Proof bundles: what they are about, and writing them as the entries are read.
//!
//! The proofs are taken at one moment, of one epoch, before the first row; the rows follow from the archive and the journal. Each
//! is compared with the leaf that the ledger has: what is handed out is what was promised, or the answer breaks off.

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use bytes::Bytes;
use indelible_archive::bundle::{
    BundleRow, BundleWriter, CHECKPOINT, Claim, ConsistencyProof, Filter, GENESIS, GENESIS_PROOF, MAP_PROOF,
    PLATFORM_PROOF, POLICY, Predicate, RANGE_PROOF, RangeProofText, SINCE_PROOF, Shown, Sink, Term, write_row,
};
use indelible_event::Scope;
use indelible_ledger::{Bound, OrganizationLog};
use indelible_merkle::{Checkpoint, Hash, Notes};
use indelible_query::{SearchRequest, exact_terms};
use tokio::sync::mpsc;

use crate::app::App;
use crate::entries::{Entries, Entry};
use crate::error::ApiError;
use crate::retention::Genesis;

/// How long a bundle waits for the cosignatures of witnesses.
const WITNESS_PATIENCE: Duration = Duration::from_secs(10);
/// Leaves read from the ledger at a time.
const LEAVES: u64 = 4096;
/// Most checkpoints of a reader's that a bundle proves it continues.
const SINCE_MAX: usize = 64;

/// Everything about a bundle but its rows.
pub(crate) struct Plan {
    log: Arc<OrganizationLog>,
    entries: Entries,
    claim: Claim,
    files: Vec<(&'static str, Vec<u8>)>,
    /// Where a filter looked into the content: the entries it found.
    found: Option<Places>,
}

/// A set of places, a bit for each from the first on.
struct Places {
    first: u64,
    bits: Vec<u64>,
}

impl Places {
    fn new(seqs: &RangeInclusive<u64>) -> Self {
        let count = seqs.end() - seqs.start() + 1;
        Self { first: *seqs.start(), bits: vec![0; count.div_ceil(64) as usize] }
    }

    fn add(&mut self, seq: u64) {
        let at = seq.wrapping_sub(self.first);
        if let Some(word) = self.bits.get_mut((at / 64) as usize) {
            *word |= 1 << (at % 64);
        }
    }

    fn has(&self, seq: u64) -> bool {
        let at = seq.wrapping_sub(self.first);
        self.bits.get((at / 64) as usize).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }
}

/// What is asked for, understood.
pub(crate) struct Ask {
    pub(crate) entries: AskedEntries,
    pub(crate) query: String,
    pub(crate) rows: indelible_archive::bundle::RowFormat,
    /// Notes of checkpoints kept from earlier.
    pub(crate) since: String,
}

/// Which entries.
pub(crate) enum AskedEntries {
    /// From the first to the last, or to the end.
    Range(u64, Option<u64>),
    /// Received from the first on, before the second; microseconds since 1970.
    Window(i64, i64),
}

impl App {
    /// Settles what a bundle is about and takes its proofs.
    pub(crate) async fn plan_bundle(
        self: &Arc<Self>,
        scope: &Scope,
        log: &Arc<OrganizationLog>,
        ask: Ask,
    ) -> Result<Plan, ApiError> {
        let failed = |error: anyhow::Error| ApiError::internal("make the bundle", error);
        // What was acknowledged a moment ago is to be in it.
        if self.ledger.checkpoint(log.number).is_none_or(|newest| newest.checkpoint.size < self.ledger.size(log.number))
        {
            self.publish().await?;
        }
        let bound =
            self.ledger.map_proof(log.number).ok_or_else(|| ApiError::not_found("entry of that organization"))?;
        let size = bound.checkpoint.checkpoint.size;
        let mut entries = Entries::new(self, log);
        let begin = entries.begin();
        let (first, last, window_us) = match ask.entries {
            AskedEntries::Range(first, last) => {
                // Who asks for everything gets all there is.
                let (first, last) = (if first == 0 { begin } else { first }, last.unwrap_or(size - 1));
                if first > last || last >= size {
                    return Err(ApiError::new(
                        indelible_api::ErrorCode::InvalidRequest,
                        format!(
                            "the log has the entries 0 to {}; there is no range {first} to {last} of them",
                            size - 1
                        ),
                    ));
                }
                (first, last, None)
            }
            AskedEntries::Window(from, to) => {
                let place = |us: i64| tokio::task::block_in_place(|| entries.first_received(us, size)).map_err(failed);
                let (begin, end) = (place(from)?, place(to)?);
                (begin.saturating_sub(1), end.min(size - 1), Some((from, to)))
            }
        };
        if first < begin {
            return Err(ApiError::new(
                indelible_api::ErrorCode::InvalidRequest,
                format!(
                    "the entries before {begin} are gone by the organization's retention; ask for what comes after them"
                ),
            ));
        }
        entries.only(&(first..=last));
        let filter = filter_of(&ask.query)?;
        let found = match &filter {
            Some(Filter::Trusted(query)) => Some(self.find_places(scope, log, query, first..=last).await?),
            _ => None,
        };
        let claim = Claim {
            organization: log.organization.clone(),
            origin: log.origin.clone(),
            key: self.ledger.verifier_key(&log.origin).map_err(|error| failed(error.into()))?,
            made_us: self.now_us(),
            size,
            root: bound.checkpoint.checkpoint.root,
            first,
            last,
            window_us,
            filter,
            rows: ask.rows,
        };
        let files = self.proofs(log, &bound, &claim, &ask.since).await.map_err(failed)?;
        Ok(Plan { log: Arc::clone(log), entries, claim, files, found })
    }

    /// The events among `seqs` that a search finds.
    async fn find_places(
        self: &Arc<Self>,
        scope: &Scope,
        log: &OrganizationLog,
        query: &str,
        seqs: RangeInclusive<u64>,
    ) -> Result<Places, ApiError> {
        let mut snapshot = self.snapshot(scope);
        snapshot.files.retain(|file| file.generation == log.generation);
        let search = SearchRequest { query: query.to_owned(), now_us: self.now_us(), ..SearchRequest::default() };
        let mut places = Places::new(&seqs);
        let mut answer = self.engine.places(scope, snapshot, &search, &log.organization, seqs).await?;
        while let Some(batch) = futures::StreamExt::next(&mut answer).await {
            let batch = batch?;
            let seqs = batch.column(0).as_primitive::<Int64Type>();
            seqs.iter().flatten().for_each(|seq| places.add(seq.unsigned_abs()));
        }
        if answer.is_truncated() {
            return Err(ApiError::internal("find what the search finds", anyhow::anyhow!("the answer was cut")));
        }
        Ok(places)
    }

    /// All files but rows and leaves.
    async fn proofs(
        self: &Arc<Self>,
        log: &OrganizationLog,
        bound: &Bound,
        claim: &Claim,
        since: &str,
    ) -> anyhow::Result<Vec<(&'static str, Vec<u8>)>> {
        let epoch = bound.proof.epoch;
        let checkpoint =
            self.cosigned_checkpoint(epoch + 1, WITNESS_PATIENCE).await?.context("the epoch is not signed")?;
        let platform: Checkpoint = checkpoint.text().parse()?;
        let app = Arc::clone(self);
        let (number, size, first, end) = (log.number, claim.size, claim.first, claim.last + 1);
        let note = bound.checkpoint.note.clone();
        let map = bound.proof.to_string();
        let (origin, since) = (log.origin.clone(), since.to_owned());
        tokio::task::spawn_blocking(move || {
            let range = |first: u64, end: u64| {
                let proof = app.ledger.range_proof(number, first..end, size)?;
                anyhow::Ok(RangeProofText { size, first, end, proof }.to_string().into_bytes())
            };
            let tlog_proof = app.ledger.platform_log().tlog_proof(epoch, platform.size, checkpoint)?;
            let mut files = vec![
                (CHECKPOINT, note.into_bytes()),
                (MAP_PROOF, map.into_bytes()),
                (PLATFORM_PROOF, tlog_proof.to_string().into_bytes()),
                (POLICY, app.witnesses.policy_text().as_bytes().to_vec()),
                (RANGE_PROOF, range(first, end)?),
                (GENESIS_PROOF, range(0, 1)?),
            ];
            let proofs = app.consistency_proofs(&since, (&origin, number, size), &platform)?;
            if !proofs.is_empty() {
                files.push((SINCE_PROOF, ConsistencyProof::write(&proofs).into_bytes()));
            }
            Ok(files)
        })
        .await?
    }

    /// That the log and the platform log continue the checkpoints in `since`, as far as these are of them and older.
    fn consistency_proofs(
        &self,
        since: &str,
        (origin, number, size): (&str, u32, u64),
        platform: &Checkpoint,
    ) -> anyhow::Result<Vec<ConsistencyProof>> {
        let mut proofs: Vec<ConsistencyProof> = Vec::new();
        for note in Notes::new(since) {
            let Ok(old) = note.context("the checkpoints to compare with")?.text().parse::<Checkpoint>() else {
                continue;
            };
            let (path, new) = match old.origin.as_str() {
                of if of == origin && old.size <= size => {
                    (self.ledger.consistency_proof(number, old.size, size)?, size)
                }
                of if of == platform.origin && old.size <= platform.size => {
                    (self.ledger.platform_log().consistency_proof(old.size, platform.size)?, platform.size)
                }
                _ => continue,
            };
            let proof = ConsistencyProof { origin: old.origin, old: old.size, new, path };
            if proofs.len() < SINCE_MAX && !proofs.contains(&proof) {
                proofs.push(proof);
            }
        }
        Ok(proofs)
    }
}

/// What a bundle says of the search `query`; nothing of one that finds everything.
fn filter_of(query: &str) -> Result<Option<Filter>, ApiError> {
    let text = query.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() || text == "*" {
        return Ok(None);
    }
    let terms = exact_terms(query).map_err(indelible_query::QueryError::from)?;
    let terms = terms.map(|terms| {
        let field = |name: &str| if name == "categories" { "category" } else { name }.to_owned();
        terms
            .into_iter()
            .map(|term| Term { negated: term.negated, field: field(term.field), value: term.value })
            .collect()
    });
    match terms.map(Predicate::new) {
        Some(Ok(predicate)) => Ok(Some(Filter::Complete(predicate))),
        // White space inside of quotes is not what it was: the text is for people, and what was found is what counts.
        _ => Ok(Some(Filter::Trusted(query.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()))),
    }
}

impl Plan {
    /// Writes the bundle in pieces into `pieces`, for a thread that may block. When nobody takes them any more, or something
    /// fails, it ends without the statement, and what was written is no bundle.
    pub(crate) fn write(self, app: &App, pieces: mpsc::Sender<Result<Bytes, io::Error>>) -> anyhow::Result<()> {
        let Self { log, entries, claim, files, found } = self;
        let seqs = claim.first..=claim.last;
        let (window_us, filter) = (claim.window_us, claim.filter.clone());
        let organization = log.organization.as_str();
        let mut writer = BundleWriter::new(claim, Frames(pieces))?;
        for (name, bytes) in files {
            writer.file(name, &bytes)?;
        }
        let mut genesis = Vec::new();
        entries.visit_genesis(app, &log, |entry| {
            write_row(&full_row(&log, entry), &mut genesis);
            Ok(())
        })?;
        writer.file(GENESIS, &genesis)?;
        let mut leaves = Leaves { app, number: log.number, end: seqs.end() + 1, first: 0, leaves: Vec::new() };
        let mut scratch = Vec::new();
        entries.visit(seqs, |entry| {
            let full = full_row(&log, entry);
            let leaf = full.leaf(organization, &mut scratch);
            ensure!(
                leaf == leaves.at(entry.seq)?,
                "entry {} of {organization} is not the one in the tree; run `indelible verify` on the archive",
                entry.seq
            );
            let outside = window_us.is_some_and(|(from, to)| !(from..to).contains(&entry.received_at_us));
            let is_erased = entry.erased.is_some() && !entry.redacted;
            let row = match &filter {
                _ if outside => full.boundary(),
                Some(Filter::Complete(predicate))
                    if !predicate.holds(entry.infrastructure).map_err(anyhow::Error::msg)? =>
                {
                    full.stub()
                }
                Some(Filter::Trusted(_)) if found.as_ref().is_none_or(|found| !found.has(entry.seq)) => {
                    BundleRow { seq: entry.seq, shown: Shown::Leaf(leaf) }
                }
                _ if is_erased => anyhow::bail!(
                    "the content of entry {} of {organization} is erased, and a bundle shows it; leave the entry out",
                    entry.seq
                ),
                _ => full,
            };
            Ok(writer.row(&row, leaf)?)
        })?;
        writer.finish(|text| app.ledger.sign_note(&log.origin, text).map_err(|error| error.to_string()))?;
        Ok(())
    }
}

impl Entries {
    fn visit_genesis(
        &self,
        app: &App,
        log: &OrganizationLog,
        mut visit: impl FnMut(&Entry<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if self.begin() == 0 {
            return self.visit(0..=0, visit);
        }
        let Genesis { received_at_us, infrastructure, content } = app.kept_genesis(log)?;
        let (infrastructure, content) = (&*infrastructure, &*content);
        visit(&Entry { seq: 0, received_at_us, infrastructure, content, key: None, erased: None, redacted: false })
    }
}

fn full_row<'a>(log: &OrganizationLog, entry: &'a Entry<'a>) -> BundleRow<'a> {
    let (received_at_us, infrastructure) = (entry.received_at_us, entry.infrastructure.into());
    let shown = match entry.erased {
        Some(content) => Shown::Stub { received_at_us, infrastructure, content },
        None => Shown::Full {
            received_at_us,
            infrastructure,
            content: entry.content.into(),
            salt: entry.salt(&log.salt_key),
        },
    };
    BundleRow { seq: entry.seq, shown }
}

/// The leaves of a log, read from the ledger some at a time.
struct Leaves<'a> {
    app: &'a App,
    number: u32,
    end: u64,
    first: u64,
    leaves: Vec<Hash>,
}

impl Leaves<'_> {
    fn at(&mut self, seq: u64) -> anyhow::Result<Hash> {
        let known = seq.checked_sub(self.first).and_then(|at| self.leaves.get(at as usize));
        if let Some(leaf) = known {
            return Ok(*leaf);
        }
        let end = (seq + LEAVES).min(self.end);
        (self.first, self.leaves) = (seq, self.app.ledger.hashes(self.number, 0, seq..end)?);
        self.leaves.first().copied().context("a leaf is missing in the ledger")
    }
}

/// Files cut into frames: name, length, a newline, the bytes.
struct Frames(mpsc::Sender<Result<Bytes, io::Error>>);

/// Whoever asked for the bundle has gone away.
#[derive(Debug, thiserror::Error)]
#[error("nobody takes the bundle any more")]
struct Gone;

impl Sink for Frames {
    type Error = Gone;

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Gone> {
        let mut frame = format!("{name} {}\n", bytes.len()).into_bytes();
        frame.extend_from_slice(bytes);
        self.0.blocking_send(Ok(frame.into())).map_err(|_| Gone)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_search_becomes_a_filter_that_readers_can_do_again_where_that_is_possible() {
        let check = |query: &str, expected: Option<(&str, bool)>| {
            let filter = filter_of(query).unwrap();
            let found = filter.map(|filter| (filter.text(), matches!(filter, Filter::Complete(_))));
            assert_eq!(found.as_ref().map(|(text, complete)| (text.as_str(), *complete)), expected, "{query}");
        };
        check("", None);
        check(" * ", None);
        check("category:dataExport -user:Ann", Some(("category:\"dataExport\" -uid:\"Ann\"", true)));
        check("uid:ann\n word", Some(("uid:ann  word", false)));
        check("requestFields.n:5", Some(("requestFields.n:5", false)));
        check("sourceOrigin:10.0.0.1", Some(("sourceOrigin:10.0.0.1", false)));
        assert!(filter_of("nofield:x").is_err());
    }

    #[test]
    fn places_are_kept_as_bits() {
        let mut places = Places::new(&(1000..=1130));
        let set = [1000, 1063, 1064, 1130];
        set.iter().for_each(|seq| places.add(*seq));
        places.add(999);
        places.add(1500);
        assert_eq!((990..1200).filter(|seq| places.has(*seq)).collect::<Vec<u64>>(), set);
    }
}
