//! The entries of one log in their order: those in log files, then those in the tail.

use std::ops::RangeInclusive;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use futures::StreamExt;
use indelible_archive::log_file::{FileContent, read_entries};
use indelible_archive::rows::RowDecoder;
use indelible_archive::{ContentKeys, LogFile};
use indelible_event::entry::{Digest, SaltKey, content_hash};
use indelible_event::{ContentKey, Organization, Scope};
use indelible_intake::{TailError, TailSnapshot, content_error};
use indelible_ledger::OrganizationLog;
use tokio::runtime::Handle;

use crate::app::App;

/// An entry as it was stored.
pub(crate) struct Entry<'a> {
    pub(crate) seq: u64,
    pub(crate) received_at_us: i64,
    pub(crate) infrastructure: &'a str,
    /// `{}` if it is erased; if it is redacted, the mark that says so.
    pub(crate) content: &'a str,
    /// The key under which its content is encrypted at rest.
    pub(crate) key: Option<&'a ContentKey>,
    /// The hash of its content, if that is erased or redacted.
    pub(crate) erased: Option<Digest>,
    /// Whether it is redacted.
    pub(crate) redacted: bool,
}

impl Entry<'_> {
    /// The salt of its content hash; `salt_key` is that of its log.
    pub(crate) fn salt(&self, salt_key: &SaltKey) -> [u8; 32] {
        match self.key {
            Some(key) => salt_key.under(key).salt(self.seq),
            None => salt_key.salt(self.seq),
        }
    }

    /// The hash of its content.
    pub(crate) fn content_hash(&self, salt_key: &SaltKey) -> Digest {
        self.erased.unwrap_or_else(|| content_hash(&self.salt(salt_key), self.content.as_bytes()))
    }
}

/// What is acknowledged of one log at one moment. Its journal segments stay until it is dropped, so take no more of it than is
/// needed.
pub(crate) struct Entries {
    app: Arc<App>,
    /// Number of the log in the journal.
    number: u32,
    files: Vec<Arc<LogFile>>,
    /// The first `seq` that is in no file.
    archived: u64,
    tail: Option<TailSnapshot>,
}

impl Entries {
    pub(crate) fn new(app: &Arc<App>, log: &Arc<OrganizationLog>) -> Self {
        // The tail first: what is archived in between is in both, and read from the files.
        let tail = app.intake.tail().snapshot();
        Self { number: log.number, tail: Some(tail), ..Self::closed(app, &log.organization, log.generation) }
    }

    /// A generation that is closed: all that is left of it is in log files.
    pub(crate) fn closed(app: &Arc<App>, organization: &Organization, generation: u32) -> Self {
        let scope = Scope::new(vec![organization.clone()]);
        let (mut files, ends) = app.inventory.snapshot_with_ends(&scope);
        files.retain(|file| file.generation == generation);
        let archived = ends.get(&(organization.clone(), generation)).copied().unwrap_or(0);
        Self { app: Arc::clone(app), number: u32::MAX, files, archived, tail: None }
    }

    /// What `look` makes of the entry at `seq` of a generation of a log.
    pub(crate) async fn one<T: Send + 'static>(
        app: &Arc<App>,
        log: &Arc<OrganizationLog>,
        generation: u32,
        seq: u64,
        look: impl Fn(&Entry<'_>) -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        let mut entries = match generation == log.generation {
            true => Self::new(app, log),
            false => Self::closed(app, &log.organization, generation),
        };
        entries.only(&(seq..=seq));
        let read = move || {
            let mut seen = None;
            entries.visit(seq..=seq, |entry| {
                seen = Some(look(entry));
                Ok(())
            })?;
            seen.with_context(|| format!("entry {seq} is not there"))
        };
        tokio::task::spawn_blocking(read).await?
    }

    /// The first `seq` that is not acknowledged.
    pub(crate) fn end(&self) -> u64 {
        let stretches = self.tail.iter().flat_map(|tail| tail.stretches());
        let ends = stretches.filter_map(|stretch| Some(stretch.span(self.number)?.seqs.end));
        ends.max().unwrap_or(0).max(self.archived)
    }

    /// The first of the entries that retention has not dropped: a log only ever lacks its beginning.
    pub(crate) fn begin(&self) -> u64 {
        self.files.first().map_or(self.archived, |file| file.first)
    }

    /// Lets the journal go where `seqs` are all in log files.
    pub(crate) fn only(&mut self, seqs: &RangeInclusive<u64>) {
        if *seqs.end() < self.archived {
            self.tail = None;
        }
    }

    /// Calls `visit` for each of the entries `seqs`, in order; fails if one is missing. For a thread that may block.
    pub(crate) fn visit(
        &self,
        seqs: RangeInclusive<u64>,
        mut visit: impl FnMut(&Entry<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut next = *seqs.start();
        let mut visit = |entry: &Entry<'_>| {
            ensure!(entry.seq == next, "entry {next} is neither in the archive nor in the journal");
            next += 1;
            visit(entry)
        };
        let files = self.files.iter().filter(|file| file.last >= *seqs.start() && file.first <= *seqs.end());
        for file in files {
            self.visit_file(file, &seqs, &mut visit)?;
        }
        if *seqs.end() >= self.archived {
            self.visit_tail(&seqs, &mut visit)?;
        }
        ensure!(next == seqs.end() + 1, "entry {next} is neither in the archive nor in the journal");
        Ok(())
    }

    fn visit_file(
        &self,
        file: &LogFile,
        seqs: &RangeInclusive<u64>,
        visit: &mut impl FnMut(&Entry<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let handle = Handle::current();
        let reading = read_entries(&self.app.bucket, file, seqs.clone(), None, &self.app.content_keys);
        let (of_file, mut batches) = handle.block_on(reading).with_context(|| format!("read {}", file.object))?;
        let (mut infrastructure, mut content) = (Vec::new(), Vec::new());
        while let Some(batch) = handle.block_on(batches.next()) {
            let batch = batch.with_context(|| format!("read {}", file.object))?;
            let rows = RowDecoder::new(&batch)?;
            for row in 0..rows.rows() {
                infrastructure.clear();
                content.clear();
                rows.infrastructure(row, &mut infrastructure);
                let (key, erased) = match &of_file {
                    FileContent::Plain => (None, None),
                    FileContent::Opened(key) => (Some(key), None),
                    FileContent::Erased(_) => (None, rows.content_hash(row)),
                    FileContent::Closed(key) => bail!(
                        "{} is encrypted under key {key}, which is not in keys/content of the data folder",
                        file.object
                    ),
                };
                match erased {
                    None => rows.content(row, &mut content)?,
                    Some(_) => content.extend_from_slice(b"{}"),
                }
                let redacted = rows.redacted(row);
                visit(&Entry {
                    seq: rows.seq(row),
                    received_at_us: rows.received_at_us(row),
                    infrastructure: std::str::from_utf8(&infrastructure)?,
                    content: std::str::from_utf8(&content)?,
                    key,
                    erased: erased.or(redacted),
                    redacted: redacted.is_some(),
                })?;
            }
        }
        Ok(())
    }

    fn visit_tail(
        &self,
        seqs: &RangeInclusive<u64>,
        visit: &mut impl FnMut(&Entry<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let Some(tail) = &self.tail else { return Ok(()) };
        let mut contents = tail.contents();
        for stretch in tail.stretches() {
            let Some(span) = stretch.span(self.number) else { continue };
            if span.seqs.end <= self.archived.max(*seqs.start()) || span.seqs.start > *seqs.end() {
                continue;
            }
            tail.visit::<Stop>(stretch, |place, received_at_us, record| {
                let mine = place.number == self.number && place.seq >= self.archived && seqs.contains(&place.seq);
                if !mine {
                    return Ok(());
                }
                let sealed = record.content(place.number);
                let key = contents.key(&sealed).map_err(|source| content_error(place, source))?;
                let content = contents.read(&sealed).map_err(|source| content_error(place, source))?;
                let content = content.with_context(|| {
                    format!("entry {} is in the journal alone and its content key was erased", place.seq)
                })?;
                visit(&Entry {
                    seq: place.seq,
                    received_at_us,
                    infrastructure: std::str::from_utf8(record.infrastructure).map_err(anyhow::Error::from)?,
                    content: std::str::from_utf8(content).map_err(anyhow::Error::from)?,
                    key: key.as_ref(),
                    erased: None,
                    redacted: false,
                })?;
                Ok(())
            })
            .map_err(|Stop(error)| error)?;
        }
        Ok(())
    }

    /// The `seq` of the first entry below `size` that was received at `us` or later; `size` if there is none. For a thread that may
    /// block.
    pub(crate) fn first_received(&self, us: i64, size: u64) -> anyhow::Result<u64> {
        if let Some(file) = self.files.iter().find(|file| file.received_last_us >= us && file.first < size) {
            return Ok(self.first_in_file(file, us)?.min(size));
        }
        let Some(tail) = &self.tail else { return Ok(size) };
        for stretch in tail.stretches() {
            let Some(span) = stretch.span(self.number) else { continue };
            if span.received_at_us.1 < us || span.seqs.end <= self.archived {
                continue;
            }
            let mut found = size;
            tail.visit::<Stop>(stretch, |place, received_at_us, _| {
                if place.number == self.number && place.seq >= self.archived && received_at_us >= us {
                    found = found.min(place.seq);
                }
                Ok(())
            })
            .map_err(|Stop(error)| error)?;
            if found < size {
                return Ok(found);
            }
        }
        Ok(size)
    }

    fn first_in_file(&self, file: &LogFile, us: i64) -> anyhow::Result<u64> {
        let handle = Handle::current();
        let columns = ["seq", "received_at"];
        let keys = ContentKeys::none();
        let reading = read_entries(&self.app.bucket, file, file.first..=file.last, Some(&columns), &keys);
        let (_, mut batches) = handle.block_on(reading).with_context(|| format!("read {}", file.object))?;
        while let Some(batch) = handle.block_on(batches.next()) {
            let batch = batch.with_context(|| format!("read {}", file.object))?;
            let received = batch.column_by_name("received_at").context("a log file without received_at")?;
            let received = received.as_primitive::<TimestampMicrosecondType>();
            let seqs = batch.column_by_name("seq").context("a log file without seq")?.as_primitive::<Int64Type>();
            if let Some(row) = (0..batch.num_rows()).find(|row| received.value(*row) >= us) {
                return Ok(seqs.value(row).unsigned_abs());
            }
        }
        Ok(file.last + 1)
    }
}

/// Why a stretch of the tail was not read to its end.
struct Stop(anyhow::Error);

impl From<TailError> for Stop {
    fn from(error: TailError) -> Self {
        Self(error.into())
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self(error)
    }
}
