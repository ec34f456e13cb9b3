//! Copies the journal to the bucket, so that what is acknowledged outlives the disk within about a minute.
//!
//! Frames are copied once they are old enough or many, in order. Frames whose entries are all in log files already are left
//! out; a copy whose entries are has served, and is removed after a while. The bucket's own list says how far copying had
//! come when the server starts. `docs/decisions/0005` says why frames are copied and not segment files.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indelible_api::JournalCopies;
use indelible_archive::journal_copy::{COPY_BYTES, COPY_LOGS_MAX, CopiedLog, CopyFacts};
use indelible_archive::layout::CopyName;
use indelible_archive::{CopyWriter, JournalCopy};
use indelible_intake::record::{self, Place};
use indelible_intake::{Stretch, TailSnapshot};
use indelible_journal::FrameNumber;
use indelible_ledger::Ledger;

use crate::app::App;
use crate::behind_remedy;
use crate::generation::ensure_newest;
use crate::outage::{Outage, Say};

/// How often it looks for what is due.
const TURN: Duration = Duration::from_secs(1);
/// How long a stop waits for the last copy.
const LAST_COPY: Duration = Duration::from_secs(10);

/// How far the journal is copied.
pub(crate) struct Copier {
    generation: u32,
    /// When this generation was opened, seconds since 1970: copies of earlier ones count from here at the earliest.
    opened_s: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The first frame that is in no copy.
    next: FrameNumber,
    /// The copies in the bucket, of this generation and earlier ones.
    copies: Vec<CopyName>,
    /// `received_at` of the oldest frame that is neither copied nor archived, microseconds since 1970.
    oldest_uncopied_us: Option<i64>,
    /// Age of the oldest entry of the newest copy when that was read back, seconds.
    last_lag_s: Option<f64>,
    outage: Outage,
}

impl Copier {
    /// Of a generation that was opened then.
    pub(crate) fn new(generation: u32, opened_us: i64) -> Self {
        let opened_s = u64::try_from(opened_us / 1_000_000).unwrap_or(0);
        Self { generation, opened_s, state: Mutex::default() }
    }

    /// Notes which copies are in the bucket, and so how far copying had come.
    pub(crate) fn found(&self, copies: Vec<CopyName>) {
        let own = copies.iter().filter(|copy| copy.generation == self.generation);
        let next = FrameNumber(own.map(|copy| copy.frames.1 + 1).max().unwrap_or(0));
        let mut state = self.lock();
        (state.next, state.copies) = (next, copies);
    }

    /// Refuses a journal that is behind its own copies: it would hand out again what was acknowledged once.
    pub(crate) fn check_journal(&self, journal_next: FrameNumber, data: &Path) -> anyhow::Result<()> {
        let copied = self.lock().next;
        ensure!(
            copied <= journal_next,
            "the archive holds copies of the journal up to frame {copied}, the journal ends at frame {journal_next}: {}",
            behind_remedy(data)
        );
        Ok(())
    }

    /// The copies that are older than `kept_s` seconds and whose entries are in log files. Those of an earlier generation
    /// are: the rebuild that opened this one archived what it found in them before it ended.
    fn served(&self, first_needed: FrameNumber, now_s: u64, kept_s: u64) -> Vec<CopyName> {
        let has_served = |copy: &&CopyName| {
            let is_closed = copy.generation < self.generation;
            let since_s = if is_closed { copy.received_s.max(self.opened_s) } else { copy.received_s };
            (is_closed || copy.frames.1 < first_needed.0) && now_s.saturating_sub(since_s) >= kept_s
        };
        self.lock().copies.iter().filter(has_served).cloned().collect()
    }

    /// How many copies may hold entries of generations that were received at these times or later, microseconds since 1970 UTC,
    /// and, of this generation, before the frame `until`.
    pub(crate) fn copies_of(&self, times: &[(u32, i64)], until: u64) -> u64 {
        let may_hold = |copy: &&CopyName| {
            let end_us = i64::try_from(copy.received_s + 1).unwrap_or(i64::MAX).saturating_mul(1_000_000);
            let is_before = copy.generation != self.generation || copy.frames.0 < until;
            is_before && times.iter().any(|(generation, first_us)| *generation == copy.generation && *first_us < end_us)
        };
        self.lock().copies.iter().filter(may_hold).count() as u64
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Runs until the server stops; then copies what is left, if the bucket answers soon.
    pub(crate) async fn copy_forever(self: Arc<Self>) {
        while !self.stopping.load(Relaxed) {
            tokio::time::sleep(TURN).await;
            self.copy_turn(false).await;
        }
        if tokio::time::timeout(LAST_COPY, self.copy_turn(true)).await.is_err() {
            tracing::warn!("the newest entries were not copied to the bucket before the stop; they are in the journal");
        }
    }

    /// Copies what is due, or everything, and removes the copies that have served.
    async fn copy_turn(self: &Arc<Self>, everything: bool) {
        let result = async {
            self.ensure_bucket()?;
            while self.copy_next(everything).await? {}
            self.remove_copies().await
        };
        let result = result.await;
        let error = result.err().map(|error| {
            self.note_retired(&error);
            format!("{error:#}")
        });
        if error.is_some() {
            self.metrics.copy_failures.fetch_add(1, Relaxed);
        }
        let mut state = self.copier.lock();
        match state.outage.note(error, Instant::now()) {
            Say::Nothing => {}
            Say::Fails => {
                tracing::error!(
                    error = state.outage.error(),
                    "copying the journal failed; it is tried again every second"
                );
            }
            Say::WorksAgain => tracing::info!("copying the journal works again"),
        }
    }

    /// Makes and stores one copy. False if none is due.
    async fn copy_next(self: &Arc<Self>, everything: bool) -> anyhow::Result<bool> {
        let app = Arc::clone(self);
        let copy =
            tokio::task::spawn_blocking(move || app.make_copy(everything)).await.context("copy the journal")??;
        let Some(copy) = copy else { return Ok(false) };
        ensure_newest(&self.bucket, self.copier.generation).await?;
        copy.store(&self.bucket).await.context("store a copy of the journal")?;
        let lag_s = (self.now_us() - copy.facts().received_us.0).max(0) as f64 / 1e6;
        self.metrics.copied(copy.bytes(), lag_s);
        let mut state = self.copier.lock();
        state.next = FrameNumber(copy.facts().frames.1 + 1);
        state.copies.push(copy.name());
        state.last_lag_s = Some(lag_s);
        Ok(true)
    }

    /// The next copy, if it is due.
    fn make_copy(&self, everything: bool) -> anyhow::Result<Option<JournalCopy>> {
        let tail = self.intake.tail().snapshot();
        let ends = self.archived_ends();
        let waiting = Waiting::find(&tail, &ends, self.copier.lock().next)?;
        self.copier.lock().oldest_uncopied_us = waiting.as_ref().map(|waiting| waiting.oldest_us);
        let Some(waiting) = waiting else { return Ok(None) };
        let age_us = self.now_us().saturating_sub(waiting.oldest_us);
        let due_us =
            i64::try_from(self.config.archive.journal_copy_seconds).unwrap_or(i64::MAX / 1_000_000) * 1_000_000;
        if everything || waiting.bytes >= COPY_BYTES || age_us >= due_us {
            waiting.copy(&self.ledger).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Removes the copies that have served.
    async fn remove_copies(&self) -> anyhow::Result<()> {
        let first_needed = first_needed(&self.intake.tail().snapshot(), &self.archived_ends());
        let now_s = u64::try_from(self.now_us() / 1_000_000).unwrap_or(0);
        let kept_s = u64::from(self.config.archive.journal_copy_hours) * 3600;
        let served = self.copier.served(first_needed, now_s, kept_s);
        for copy in served {
            self.bucket.remove(&copy.object()).await.context("remove a copy of the journal that has served")?;
            self.copier.lock().copies.retain(|known| *known != copy);
        }
        Ok(())
    }

    /// Age of the oldest acknowledged entry that is neither copied nor archived, seconds; 0 if there is none.
    pub(crate) fn copy_lag_seconds(&self) -> f64 {
        let oldest_us = self.copier.lock().oldest_uncopied_us;
        oldest_us.map_or(0.0, |oldest_us| (self.now_us() - oldest_us).max(0) as f64 / 1e6)
    }

    /// State of the copies at this moment, for people.
    pub(crate) fn journal_copies(&self) -> JournalCopies {
        let (tail, ends, next) = (self.intake.tail().snapshot(), self.archived_ends(), self.copier.lock().next);
        if let Ok(waiting) = Waiting::find(&tail, &ends, next) {
            self.copier.lock().oldest_uncopied_us = waiting.map(|waiting| waiting.oldest_us);
        }
        let lag = self.copy_lag_seconds();
        let state = self.copier.lock();
        JournalCopies {
            copies: state.copies.len() as u64,
            oldest_uncopied_seconds: state.oldest_uncopied_us.map(|_| lag),
            last_copy_lag_seconds: state.last_lag_s,
            last_error: state.outage.error().cloned(),
        }
    }
}

/// How far each log is archived, by number.
type Ends = BTreeMap<u32, u64>;

fn is_archived(stretch: &Stretch, ends: &Ends) -> bool {
    stretch.is_archived(|number| ends.get(&number).copied().unwrap_or(0))
}

/// The first frame of which something is in no log file; all below need no copy, nor do those that have one.
pub(crate) fn first_needed(tail: &TailSnapshot, ends: &Ends) -> FrameNumber {
    let needed = tail.stretches().iter().find(|stretch| !is_archived(stretch, ends));
    needed.and_then(|stretch| stretch.frames()).map_or(FrameNumber(u64::MAX), |(first, _)| first)
}

/// What of the tail is neither copied nor in log files, oldest first.
pub(crate) struct Waiting<'t> {
    tail: &'t TailSnapshot,
    stretches: Vec<&'t Arc<Stretch>>,
    from: FrameNumber,
    bytes: u64,
    oldest_us: i64,
}

impl<'t> Waiting<'t> {
    /// What waits, where frames below `next` are copied. `None` if nothing does.
    pub(crate) fn find(tail: &'t TailSnapshot, ends: &Ends, next: FrameNumber) -> anyhow::Result<Option<Self>> {
        let is_uncopied = |stretch: &&Arc<Stretch>| stretch.frames().is_some_and(|(_, last)| last >= next);
        let stretches = tail.stretches().iter().skip_while(|stretch| is_archived(stretch, ends));
        let stretches: Vec<_> = stretches.filter(is_uncopied).collect();
        let Some(first) = stretches.first() else { return Ok(None) };
        let from = first.frames().map_or(next, |(first, _)| first.max(next));
        // A stretch may be copied in part, so that only the frame itself knows.
        let oldest = tail.frames(first, from).next().transpose()?;
        let oldest_us = oldest.map_or_else(|| first.oldest_us(), |frame| frame.received_at_us);
        let bytes = stretches.iter().map(|stretch| stretch.bytes()).sum();
        Ok(Some(Self { tail, stretches, from, bytes, oldest_us }))
    }

    /// A copy of it, or of as much as one copy takes.
    pub(crate) fn copy(&self, ledger: &Ledger) -> anyhow::Result<JournalCopy> {
        let mut writer = CopyWriter::new().context("begin a copy of the journal")?;
        let mut logs: BTreeMap<u32, CopiedLog> = BTreeMap::new();
        'stretches: for stretch in &self.stretches {
            for frame in self.tail.frames(stretch, self.from) {
                if writer.is_full() || logs.len() >= COPY_LOGS_MAX {
                    break 'stretches;
                }
                let frame = frame?;
                for record in record::records(&frame.body) {
                    for place in record?.places() {
                        note_place(&mut logs, place, ledger)?;
                    }
                }
                writer.push(frame.number.0, frame.received_at_us, &frame.body).context("compress the journal")?;
            }
        }
        let platform = ledger.platform();
        let key = ledger.verifier_key(&CopyFacts::key_name(platform))?;
        let sign = |name: &str, text: &str| ledger.sign_note(name, text);
        Ok(writer.finish(platform, ledger.generation(), key, logs.into_values().collect(), sign)?)
    }
}

/// Takes up that the entry at `place` is in the copy.
fn note_place(logs: &mut BTreeMap<u32, CopiedLog>, place: Place, ledger: &Ledger) -> anyhow::Result<()> {
    let Place { number, seq } = place;
    if let Some(log) = logs.get_mut(&number) {
        log.last = seq;
        return Ok(());
    }
    let log = ledger.get(number).context("the journal names an unknown organization")?;
    let (origin, organization) = (log.origin.clone(), log.organization.clone());
    logs.insert(number, CopiedLog { number, origin, organization, first: seq, last: seq });
    Ok(())
}

#[cfg(test)]
mod tests;
