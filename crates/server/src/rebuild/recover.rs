//! What was acknowledged and had come as far as a copy of the journal, but into no log file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indelible_archive::JournalCopy;
use indelible_archive::journal_copy::{CopiedFrame, CopiedFrames, CopiedLog, CopyFacts, list};
use indelible_archive::layout::CopyName;
use indelible_archive::rebuild::Survey;
use indelible_archive::redaction;
use indelible_archive::verify::{Report, Trust};
use indelible_event::control::{self, Dropped};
use indelible_event::parts::{Attributed, Intake as Sender, string};
use indelible_event::uuid::Uuid;
use indelible_event::{Organization, Time};
use indelible_intake::record::{self, Record};
use indelible_intake::{Answer, Batch, ContentReader, Intake, Status, StoredEvent};
use indelible_ledger::{ContentKeys, Ledger};
use indelible_merkle::{MAX_NOTE_BYTES, VerifierKey};
use indelible_storage::{Bucket, durable};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::folder::Folder;
use super::generation_of;

/// How the source of an event begins that is admitted again.
const SOURCE_PREFIX: &str = "rebuild/";
/// Longest source in bytes, as of every string of the infrastructure part.
const SOURCE_BYTES_MAX: usize = 256;
/// Events and bytes of one batch.
const BATCH_EVENTS: usize = 1000;
const BATCH_BYTES: usize = 4 << 20;

/// The copies of the journal in an archive, as their notes describe them.
pub(super) struct Copies {
    /// In order; those of which nothing is left to recover too.
    known: Vec<(CopyName, CopyFacts)>,
    /// Entries that are archived of each closed log.
    archived: BTreeMap<String, u64>,
    /// The latest `received_at` in any of them.
    pub(super) received_last_us: i64,
    /// Those that cannot be used, and why.
    unusable: Vec<String>,
}

/// What was admitted again.
#[derive(Default)]
pub(super) struct Recovered {
    /// Events by the number of the log that has them now.
    pub(super) by_log: BTreeMap<u32, u64>,
    /// The list of places, if there are any.
    pub(super) replaced: Option<PathBuf>,
    /// Copies that could not be used, and why.
    pub(super) unusable: Vec<String>,
    /// What only the copies know to be redacted, where it stands now.
    pub(super) redacted: BTreeMap<Organization, Vec<Dropped>>,
}

impl Copies {
    /// Reads the notes of all copies. Those that are damaged, or signed by a stranger, are listed as unusable.
    pub(super) async fn read(
        bucket: &Bucket,
        report: &Report,
        survey: &Survey,
        trusted: &[VerifierKey],
    ) -> anyhow::Result<Self> {
        let archived = report.logs.iter().filter_map(|log| {
            let key: VerifierKey = log.key.parse().ok()?;
            Some((key.name().to_owned(), log.entries))
        });
        let mut copies =
            Self { known: Vec::new(), archived: archived.collect(), received_last_us: i64::MIN, unusable: Vec::new() };
        let (Trust::Given(named) | Trust::Archive(named)) = &report.trust;
        let named = named.iter().filter_map(|key| key.parse::<VerifierKey>().ok());
        let signers: Vec<VerifierKey> = match trusted {
            [] => named.chain(survey.claim_keys.iter().cloned()).collect(),
            trusted => trusted.to_vec(),
        };
        for name in list(bucket).await.context("list the copies of the journal")? {
            match read_facts(bucket, &name, &signers).await {
                Ok(facts) => {
                    copies.received_last_us = copies.received_last_us.max(facts.received_us.1);
                    copies.known.push((name, facts));
                }
                Err(error) => copies.unusable.push(format!("{}: {error:#}", name.object())),
            }
        }
        Ok(copies)
    }

    /// The newest log of every organization that is named.
    pub(super) fn newest_logs(&self) -> BTreeMap<&Organization, &str> {
        // In order of generations, so that the last one stays.
        let logs = self.known.iter().flat_map(|(_, facts)| &facts.logs);
        logs.map(|log| (&log.organization, log.origin.as_str())).collect()
    }

    /// How far the entries of a log go that are in copies; 0 if there are none.
    pub(super) fn end(&self, origin: &str) -> u64 {
        let logs = self.known.iter().flat_map(|(_, facts)| &facts.logs).filter(|log| log.origin == origin);
        logs.map(|log| log.last + 1).max().unwrap_or(0)
    }

    /// Admits again what is archived nowhere, in the order in which it had been acknowledged, and lists what replaces which
    /// receipt.
    pub(super) async fn recover(
        self,
        bucket: &Bucket,
        intake: &Intake,
        ledger: &Ledger,
        keys: &Arc<ContentKeys>,
        folder: &Folder,
    ) -> anyhow::Result<Recovered> {
        let path = folder.replaced();
        let unfinished = path.with_extension("unfinished");
        let list = File::create(&unfinished).with_context(|| format!("create {}", unfinished.display()))?;
        let contents = ContentReader::new(Arc::clone(keys));
        let mut again = Again {
            intake,
            ledger,
            contents,
            closed: BTreeMap::new(),
            batch: None,
            list: BufWriter::new(list),
            by_log: BTreeMap::new(),
            redacted: BTreeMap::new(),
        };
        let mut unusable = self.unusable;
        for (name, facts) in &self.known {
            let end = |log: &CopiedLog| self.archived.get(&log.origin).copied().unwrap_or(0);
            if facts.logs.iter().all(|log| log.last < end(log)) {
                continue;
            }
            match read_frames(bucket, name, facts).await {
                Ok(frames) => {
                    let recovered = recover_frames(frames, facts, end, &mut again).await;
                    recovered.with_context(|| format!("admit again what is in {}", name.object()))?;
                }
                Err(error) => unusable.push(format!("{}: {error:#}", name.object())),
            }
        }
        again.submit().await?;
        let Again { list, by_log, closed, mut redacted, .. } = again;
        unusable.extend(closed.iter().map(|(organization, count)| {
            format!("{count} entries of {organization}: their content is encrypted and its key was not given (--keys)")
        }));
        let list = list.into_inner().context("list the receipts that were replaced")?;
        list.sync_all().context("list the receipts that were replaced")?;
        std::fs::rename(&unfinished, &path)
            .and_then(|()| durable::sync_dir(folder.path()))
            .context("list the receipts that were replaced")?;
        if !redacted.is_empty() {
            follow(&mut redacted, &path, ledger.generation())?;
        }
        let replaced = (!by_log.is_empty()).then_some(path);
        Ok(Recovered { by_log, replaced, unusable, redacted })
    }
}

/// Adds to what is redacted where `list` says that it stands now.
fn follow(redacted: &mut BTreeMap<Organization, Vec<Dropped>>, list: &Path, generation: u32) -> anyhow::Result<()> {
    let lines = BufReader::new(File::open(list)?).lines();
    for line in lines {
        let line = line.with_context(|| format!("read {}", list.display()))?;
        let moved: Moved = serde_json::from_str(&line).with_context(|| format!("read {}", list.display()))?;
        let Some(stretches) = redacted.get_mut(&moved.organization) else { continue };
        let former = generation_of(&moved.from.origin);
        let holds = |stretch: &Dropped| {
            Some(stretch.generation) == former && (stretch.first..=stretch.last).contains(&moved.from.seq)
        };
        if stretches.iter().any(holds) {
            stretches.push(Dropped { generation, first: moved.to.seq, last: moved.to.seq });
        }
    }
    Ok(())
}

/// The frames of a copy, once they are known to be those that were signed.
async fn read_frames(bucket: &Bucket, name: &CopyName, facts: &CopyFacts) -> anyhow::Result<CopiedFrames> {
    let (copy, _) = JournalCopy::parse(bucket.get(&name.object()).await?)?;
    ensure!(copy.name() == *name && copy.facts() == facts, "it was changed: its bytes are not those it is named for");
    Ok(copy.frames()?)
}

/// Admits again those entries that are beyond the `end` of what is archived of their log.
async fn recover_frames(
    frames: CopiedFrames,
    facts: &CopyFacts,
    end: impl Fn(&CopiedLog) -> u64,
    again: &mut Again<'_>,
) -> anyhow::Result<()> {
    for frame in frames {
        let CopiedFrame { received_at_us, body, .. } = frame?;
        for record in record::records(&body) {
            let record = record?;
            for record::Place { number, seq } in record.places() {
                let log = facts.logs.iter().find(|log| log.number == number);
                let log = log.context("it holds an entry of a log that its note does not name")?;
                if seq >= end(log) {
                    again.push(&record, log, facts.generation, seq, received_at_us).await?;
                }
            }
        }
    }
    Ok(())
}

/// Reads the note of a copy, without its frames.
async fn read_facts(bucket: &Bucket, name: &CopyName, signers: &[VerifierKey]) -> anyhow::Result<CopyFacts> {
    let object = name.object();
    let length = bucket.head(&object).await?.map_or(0, |info| info.bytes);
    let head = bucket.get_range(&object, 0..length.min(12 + MAX_NOTE_BYTES as u64)).await?;
    let (copy, note) = JournalCopy::parse(head)?;
    let key = &copy.facts().key;
    ensure!(
        signers.iter().any(|signer| signer.public() == key.public()),
        "it is signed with {key}, which did not sign the archive"
    );
    note.verify(std::slice::from_ref(key))?;
    Ok(copy.facts().clone())
}

/// Events on their way into the new logs.
struct Again<'a> {
    intake: &'a Intake,
    ledger: &'a Ledger,
    contents: ContentReader,
    /// Entries whose content cannot be read, by organization.
    closed: BTreeMap<Organization, u64>,
    /// Of one producer.
    batch: Option<(String, Batch, Vec<Former>)>,
    list: BufWriter<File>,
    by_log: BTreeMap<u32, u64>,
    /// What the newest entry of each log that says so says is redacted.
    redacted: BTreeMap<Organization, Vec<Dropped>>,
}

/// Where an event stood.
struct Former {
    origin: String,
    seq: u64,
    organization: Organization,
    log_entry_id: [u8; 16],
    number: u32,
}

/// A line of the list of receipts that were replaced.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replaced<'a> {
    organization: &'a Organization,
    log_entry_id: String,
    /// The receipt that is not fulfilled.
    from: Entry<'a>,
    /// The one that stands for it.
    to: Entry<'a>,
    leaf_hash: String,
}

#[derive(Serialize)]
struct Entry<'a> {
    origin: &'a str,
    seq: u64,
}

/// What is read again of such a line.
#[derive(Deserialize)]
struct Moved {
    organization: Organization,
    from: Place,
    to: Place,
}

#[derive(Deserialize)]
struct Place {
    origin: String,
    seq: u64,
}

impl Again<'_> {
    async fn push(
        &mut self,
        record: &Record<'_>,
        log: &CopiedLog,
        generation: u32,
        seq: u64,
        received_at_us: i64,
    ) -> anyhow::Result<()> {
        let parts = Attributed::read(record.infrastructure)?;
        // It tells of the log alone whose first entry it is.
        let control = control_name(&parts);
        if control.as_deref() == Some("GENESIS") {
            return Ok(());
        }
        let Ok(Some(content)) = self.contents.read(&record.content(log.number)) else {
            *self.closed.entry(log.organization.clone()).or_default() += 1;
            return Ok(());
        };
        if control.as_deref() == Some(control::REDACTION) {
            let stretches = redaction::read(content).map_err(anyhow::Error::msg)?;
            self.redacted.insert(log.organization.clone(), stretches);
        }
        // Waiting for what was sent before borrows all of this.
        let content = content.to_vec();
        let number = self.ledger.find(&log.organization).context("an organization has no log")?.number;
        let producer = parts.intake.producer.clone().into_owned();
        let is_other = |(known, batch, _): &(String, Batch, Vec<Former>)| {
            *known != producer || batch.len() >= BATCH_EVENTS || batch.size_bytes() >= BATCH_BYTES
        };
        if self.batch.as_ref().is_some_and(is_other) {
            self.submit().await?;
        }
        let source = source(generation, seq, received_at_us, &parts.intake.source);
        let mut infrastructure = Vec::with_capacity(record.infrastructure.len() + source.len());
        parts.write(&Sender { source: source.into(), ..parts.intake.clone() }, &mut infrastructure);
        let (_, batch, former) = self.batch.get_or_insert_with(|| {
            let batch = self.intake.batch(&producer);
            (producer, batch, Vec::new())
        });
        let event = StoredEvent {
            infrastructure: &infrastructure,
            content: &content,
            time_us: record.time_us,
            time_nanos: record.time_nanos,
            log_entry_id: record.log_entry_id,
        };
        batch.push_again(&event, number)?;
        former.push(Former {
            origin: log.origin.clone(),
            seq,
            organization: log.organization.clone(),
            log_entry_id: record.log_entry_id,
            number,
        });
        Ok(())
    }

    /// Submits the batch and lists the new places.
    async fn submit(&mut self) -> anyhow::Result<()> {
        let Some((_, batch, former)) = self.batch.take() else { return Ok(()) };
        let (reply, answer) = oneshot::channel();
        self.intake.submit(batch, Box::new(move |result| drop(reply.send(result))));
        let answer: Answer = answer.await.context("admit events again")??;
        for (outcome, former) in answer.outcomes.iter().zip(former) {
            ensure!(outcome.status != Status::Reused, "two events have the id {}", Uuid(former.log_entry_id));
            // Without a receipt it is archived in an earlier generation: an earlier rebuild admitted it again.
            let Some(receipt) = answer.receipts[outcome.receipts.clone()].first() else { continue };
            let log = self.ledger.get(former.number).context("an organization has no log")?;
            let line = serde_json::to_string(&Replaced {
                organization: &former.organization,
                log_entry_id: Uuid(former.log_entry_id).to_string(),
                from: Entry { origin: &former.origin, seq: former.seq },
                to: Entry { origin: &log.origin, seq: receipt.seq },
                leaf_hash: STANDARD.encode(receipt.leaf.as_bytes()),
            })?;
            writeln!(self.list, "{line}").context("list the receipts that were replaced")?;
            *self.by_log.entry(former.number).or_default() += 1;
        }
        Ok(())
    }
}

/// The name of an entry that a log says of itself.
fn control_name(parts: &Attributed<'_>) -> Option<String> {
    let value = |wanted: &str| {
        let whole = [b"{", parts.tail].concat();
        let mut members = indelible_event::parts::members(&whole);
        let found =
            members.find_map(|member| member.ok().filter(|(key, _)| key == wanted).map(|(_, value)| value.to_vec()));
        found.and_then(|value| string(&value).ok().map(std::borrow::Cow::into_owned))
    };
    value("type").filter(|kind| kind == control::CONTROL_TYPE).and_then(|_| value("name"))
}

/// Says where the event stood, before what it said itself; of several former places as many as fit.
fn source(generation: u32, seq: u64, received_at_us: i64, before: &str) -> String {
    let received = Time { micros: received_at_us, nanos: 0 };
    let whole = format!("{SOURCE_PREFIX}{generation}/{seq}/{received}/{before}");
    if whole.len() <= SOURCE_BYTES_MAX {
        return whole;
    }
    let first = before.rsplit('/').next().unwrap_or_default();
    format!("{SOURCE_PREFIX}{generation}/{seq}/{received}/{first}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_keeps_where_the_event_stood() {
        let source = |before: &str| source(1, 17, 1_767_571_200_000_250, before);
        assert_eq!(source("http"), "rebuild/1/17/2026-01-05T00:00:00.00025Z/http");
        let mut long = "http".to_owned();
        for _ in 0..20 {
            long = source(&long);
            assert!(long.len() <= SOURCE_BYTES_MAX && long.ends_with("/http"), "{long}");
        }
    }
}
