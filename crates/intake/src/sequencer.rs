//! The thread that owns the journal.
//!
//! It takes everything that waits, decides what is new, assigns `seq` and `received_at`, writes the frames and syncs
//! once. Meanwhile the [applier](crate::applier) hashes the same frames; it answers only after the sync.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Instant;

use indelible_event::control;
use indelible_journal::{AppendError, FrameNumber, FramePosition, Journal};
use indelible_ledger::{Ledger, Previous};
use indelible_merkle::Hash;

use crate::applier::{Applier, Group, Pending, Synced};
use crate::batch::{Answer, Batch, Event, Outcome, Receipt, Status, SubmitError};
use crate::clock::GuardedClock;
use crate::content::Sealer;
use crate::identity::{IN_CLOSED_GENERATION, IdentityMemory, Remembered};
use crate::queue::{Command, Queue, Reply, Submission, Work};
use crate::record::{self, Place};
use crate::stats::Stats;
use crate::{Failure, PRODUCT_VERSION};

/// Bytes taken from the queue for one sync.
const GROUP_BYTES: usize = 4 << 20;
/// Groups that may be hashed while the next is being written.
const GROUPS_IN_FLIGHT: usize = 2;

pub(crate) struct Sequencer {
    pub(crate) journal: Journal,
    pub(crate) identity: IdentityMemory,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) clock: Arc<GuardedClock>,
    pub(crate) stats: Arc<Stats>,
    pub(crate) frame_bytes_max: usize,
    /// `seq` of the next entry, by organization number.
    pub(crate) next_seq: Vec<u64>,
    /// Never decreases.
    pub(crate) received_at_us: i64,
    pub(crate) sealer: Sealer,
    /// Places of one event whose content is not encrypted there, and of those where it is; kept for their memory.
    pub(crate) plain: Vec<Place>,
    pub(crate) sealed: Vec<Place>,
}

impl Sequencer {
    /// Runs until the queue is closed and empty, or something fails that must stop intake.
    pub(crate) fn run(mut self, queue: &Queue, applier: Applier) -> Result<(), Failure> {
        let (groups, inbox) = sync_channel(GROUPS_IN_FLIGHT);
        let (synced, outcomes) = sync_channel(GROUPS_IN_FLIGHT);
        std::thread::scope(|scope| {
            let applier = std::thread::Builder::new()
                .name("applier".into())
                .spawn_scoped(scope, move || applier.run(&inbox, &outcomes))
                .map_err(Failure::Thread)?;
            let mut result = self.serve(queue, &groups, &synced);
            queue.halt();
            drop((groups, synced));
            let applied = applier.join().unwrap_or(Err(Failure::Applier));
            if result.is_ok() || matches!(result, Err(Failure::Applier)) {
                result = applied;
            }
            if result.is_ok() {
                self.settle()?;
            }
            result
        })
    }

    fn serve(&mut self, queue: &Queue, groups: &SyncSender<Group>, synced: &SyncSender<Synced>) -> Result<(), Failure> {
        while let Some(work) = queue.take(GROUP_BYTES) {
            match work {
                Work::Submissions(submissions) => self.commit(submissions, groups, synced)?,
                Work::Command(Command::Begin { numbers, done }) => {
                    let begun = self.begin_logs(&numbers, groups, synced);
                    done(match &begun {
                        Ok(true) => Ok(()),
                        Ok(false) => Err("the journal has no room".to_owned()),
                        Err(failure) => Err(failure.to_string()),
                    });
                    begun?;
                }
                Work::Command(Command::Release { first_needed, done }) => {
                    let released = self.release(first_needed);
                    done(released.as_ref().map(|n| *n).map_err(ToString::to_string));
                    released?;
                }
                Work::Command(Command::Renew { done }) => {
                    let renewed = self.journal.renew();
                    done(renewed.as_ref().copied().map_err(ToString::to_string));
                    // Without room the journal is as before.
                    match renewed {
                        Ok(()) | Err(AppendError::NoRoom { .. }) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Work::Command(Command::AcceptClock { number, reply }) => {
                    self.accept_clock(number, reply, groups, synced)?
                }
            }
        }
        Ok(())
    }

    /// Stores a group, unless the clock is not believed.
    fn commit(
        &mut self,
        submissions: Vec<Submission>,
        groups: &SyncSender<Group>,
        synced: &SyncSender<Synced>,
    ) -> Result<(), Failure> {
        match self.clock.now_us() {
            Ok(now_us) => self.store(now_us, submissions, groups, synced).map(drop),
            Err(stop) => {
                for submission in submissions {
                    (submission.reply)(Err(SubmitError::ClockStopped(stop)));
                }
                Ok(())
            }
        }
    }

    /// Assigns places, writes, syncs once, and hands the group to the applier. Returns whether there was room for all.
    fn store(
        &mut self,
        now_us: i64,
        submissions: Vec<Submission>,
        groups: &SyncSender<Group>,
        synced: &SyncSender<Synced>,
    ) -> Result<bool, Failure> {
        self.received_at_us = self.received_at_us.max(now_us);
        self.sealer.look();
        let mut frames = vec![Vec::with_capacity(GROUP_BYTES / 4)];
        let mut pending = Vec::with_capacity(submissions.len());
        for submission in submissions {
            pending.push(self.assign(submission, &mut frames)?);
        }
        self.write_group(frames, pending, groups, synced)
    }

    /// Writes the genesis entries of logs that have none. Returns whether there was room for all.
    fn begin_logs(
        &mut self,
        numbers: &[u32],
        groups: &SyncSender<Group>,
        synced: &SyncSender<Synced>,
    ) -> Result<bool, Failure> {
        // A clock that stopped does not matter: the time that was given last will do.
        self.received_at_us = self.received_at_us.max(self.clock.now_us().unwrap_or(i64::MIN));
        let mut frames = vec![Vec::new()];
        for &number in numbers {
            self.begin_log(number, &mut frames)?;
        }
        self.write_group(frames, Vec::new(), groups, synced)
    }

    /// Writes frames, syncs once, and hands the group to the applier. Returns whether there was room for all.
    fn write_group(
        &mut self,
        mut frames: Vec<Vec<u8>>,
        pending: Vec<Pending>,
        groups: &SyncSender<Group>,
        synced: &SyncSender<Synced>,
    ) -> Result<bool, Failure> {
        frames.retain(|frame| !frame.is_empty());
        let frames = Arc::new(frames);
        let group = Group { frames: Arc::clone(&frames), received_at_us: self.received_at_us, pending };
        groups.send(group).map_err(|_| Failure::Applier)?;
        let written = self.write(&frames);
        let outcome = written.as_ref().map(Clone::clone).map_err(|_| ());
        synced.send(outcome).map_err(|_| Failure::Applier)?;
        let stored = written?.len();
        self.take_back(&frames[stored..])?;
        if self.identity.is_full() {
            self.identity.flush(self.journal.reader().durable().0, self.received_at_us)?;
        }
        Ok(stored == frames.len())
    }

    /// Forgets the places and identities of records for which the disk had no room.
    fn take_back(&mut self, frames: &[Vec<u8>]) -> Result<(), Failure> {
        let seed = self.identity.seed();
        for record in frames.iter().flat_map(|frame| record::records(frame)) {
            let record = record?;
            for place in record.places() {
                let next = &mut self.next_seq[place.number as usize];
                *next = place.seq.min(*next);
                self.identity.remove(seed.identity(place.number, record.producer, &record.log_entry_id));
            }
        }
        Ok(())
    }

    /// Writes that the clock was accepted, as the first entry after it stopped; believes it once that is stored.
    fn accept_clock(
        &mut self,
        number: u32,
        reply: Reply,
        groups: &SyncSender<Group>,
        synced: &SyncSender<Synced>,
    ) -> Result<(), Failure> {
        let Err(stop) = self.clock.now_us() else {
            reply(Ok(Answer::default()));
            return Ok(());
        };
        let now_us = self.clock.shown_us();
        let log = self.ledger.get(number).ok_or(Failure::UnknownOrganization(number))?;
        let entry = control::clock_accept(&control::ClockAccept {
            organization: &log.organization,
            generation: log.generation.into(),
            reason: stop.reason.as_str(),
            expected_us: stop.expected_us,
            found_us: stop.found_us,
            received_at_us: now_us,
            product_version: PRODUCT_VERSION,
        });
        let batch = Batch::control(self.identity.seed(), number, &entry, now_us);
        if self.store(now_us, vec![Submission { batch, reply }], groups, synced)? {
            self.clock.accept();
        }
        Ok(())
    }

    /// Appends what is new of a submission to the frames.
    fn assign(&mut self, submission: Submission, frames: &mut Vec<Vec<u8>>) -> Result<Pending, Failure> {
        let batch = submission.batch;
        let mut pending = Pending {
            outcomes: Vec::with_capacity(batch.events.len()),
            receipts: Vec::with_capacity(batch.numbers.len()),
            reused_in: Vec::new(),
            reply: submission.reply,
        };
        let mut places = Vec::new();
        for event in &batch.events {
            let numbers = &batch.numbers[event.numbers_start as usize..event.numbers_end as usize];
            let first_receipt = pending.receipts.len();
            let status = self.place(event, batch.producer, numbers, &mut places, &mut pending, frames)?;
            if !places.is_empty() {
                let infrastructure = &batch.bytes[event.start..event.content_start];
                let content = &batch.bytes[event.content_start..event.end];
                self.encode(event, batch.producer, &places, infrastructure, content, frames)?;
            }
            pending.outcomes.push(Outcome { status, receipts: first_receipt..pending.receipts.len() });
        }
        Ok(pending)
    }

    /// Appends the record of an event, or two: one for the organizations whose content is encrypted and one for the others, in
    /// one frame, so that the event is in all of its logs or in none.
    fn encode(
        &mut self,
        event: &Event,
        producer: u64,
        places: &[Place],
        infrastructure: &[u8],
        content: &[u8],
        frames: &mut Vec<Vec<u8>>,
    ) -> Result<(), Failure> {
        self.plain.clear();
        self.sealed.clear();
        let may_seal = self.sealer.is_on() && !control::is_control(infrastructure);
        for place in places {
            match may_seal && self.sealer.seals(place.number, &self.ledger)? {
                true => self.sealed.push(*place),
                false => self.plain.push(*place),
            }
        }
        let lengths = (infrastructure.len(), content.len());
        let plain_bytes = match self.plain.len() {
            0 => 0,
            count => record::encoded_bytes(count, lengths.0, lengths.1),
        };
        let sealed_bytes = match self.sealed.len() {
            0 => 0,
            count => record::sealed_bytes(count, lengths.0, lengths.1),
        };
        let frame = self.frame_with_room(frames, plain_bytes + sealed_bytes);
        let head = |places| record::Head {
            time_us: event.time_us,
            time_nanos: event.time_nanos,
            log_entry_id: &event.log_entry_id,
            producer,
            digest: event.digest,
            places,
        };
        if plain_bytes > 0 {
            record::encode(frame, &head(&self.plain), infrastructure, content);
        }
        if sealed_bytes > 0 {
            record::encode_sealed(frame, &head(&self.sealed), infrastructure, content, &mut self.sealer)?;
        }
        Ok(())
    }

    /// Finds or assigns the event's place in each of its organizations; `places` gets the new ones.
    fn place(
        &mut self,
        event: &Event,
        producer: u64,
        numbers: &[u32],
        places: &mut Vec<Place>,
        pending: &mut Pending,
        frames: &mut Vec<Vec<u8>>,
    ) -> Result<Status, Failure> {
        places.clear();
        let seed = self.identity.seed();
        let receipts = &mut pending.receipts;
        let first_receipt = receipts.len();
        for &number in numbers {
            let identity = seed.identity(number, producer, &event.log_entry_id);
            let known = self.identity.find(identity)?;
            if known.is_some_and(|known| known.digest != event.digest) {
                // Places assigned above for other organizations were not written yet: give them back.
                for place in places.drain(..) {
                    self.next_seq[place.number as usize] = place.seq;
                }
                receipts.truncate(first_receipt);
                if !pending.reused_in.contains(&number) {
                    pending.reused_in.push(number);
                }
                return Ok(Status::Reused);
            }
            let seq = match known {
                Some(Remembered { seq: IN_CLOSED_GENERATION, .. }) => continue,
                Some(known) => known.seq,
                None => {
                    let seq = self.next_place(number, frames)?;
                    places.push(Place { number, seq });
                    seq
                }
            };
            receipts.push(Receipt { number, seq, leaf: Hash::default() });
        }
        for place in places.iter() {
            let identity = seed.identity(place.number, producer, &event.log_entry_id);
            self.identity.insert(identity, Remembered { seq: place.seq, digest: event.digest });
        }
        Ok(if places.is_empty() { Status::Duplicate } else { Status::New })
    }

    /// The next free `seq` of an organization. The first entry of a log is its genesis entry, written before it.
    fn next_place(&mut self, number: u32, frames: &mut Vec<Vec<u8>>) -> Result<u64, Failure> {
        self.begin_log(number, frames)?;
        let index = number as usize;
        let seq = self.next_seq[index];
        self.next_seq[index] += 1;
        Ok(seq)
    }

    /// Writes the genesis entry of a log that has none.
    fn begin_log(&mut self, number: u32, frames: &mut Vec<Vec<u8>>) -> Result<(), Failure> {
        let index = number as usize;
        if self.next_seq.get(index).is_none_or(|next| *next == 0) {
            let log = self.ledger.get(number).ok_or(Failure::UnknownOrganization(number))?;
            if self.next_seq.len() <= index {
                self.next_seq.resize(index + 1, 0);
            }
            let key_id = format!("{:08x}", self.ledger.verifier_key(&log.origin)?.id());
            let genesis = control::genesis(&control::Genesis {
                organization: &log.organization,
                origin: &log.origin,
                key_id: &key_id,
                label: &log.label,
                salt_key_commitment: log.salt_key.commitment(),
                generation: log.generation.into(),
                previous: log.previous.as_ref().map(Previous::as_generation),
                received_at_us: self.received_at_us,
                product_version: PRODUCT_VERSION,
            });
            let frame = self
                .frame_with_room(frames, record::encoded_bytes(1, genesis.infrastructure.len(), genesis.content.len()));
            let head = record::Head {
                time_us: self.received_at_us,
                time_nanos: 0,
                log_entry_id: &genesis.log_entry_id,
                producer: 0,
                digest: 0,
                places: &[Place { number, seq: 0 }],
            };
            record::encode(frame, &head, &genesis.infrastructure, &genesis.content);
            self.next_seq[index] = 1;
        }
        Ok(())
    }

    fn frame_with_room<'f>(&self, frames: &'f mut Vec<Vec<u8>>, bytes: usize) -> &'f mut Vec<u8> {
        let full = frames.last().is_none_or(|frame| !frame.is_empty() && frame.len() + bytes > self.frame_bytes_max);
        if full {
            frames.push(Vec::with_capacity(bytes.max(GROUP_BYTES / 4)));
        }
        let last = frames.len() - 1;
        &mut frames[last]
    }

    /// Writes the frames and syncs; on `Ok` those whose positions are returned survive power loss, and nothing is stored of
    /// the others, for which the disk had no room.
    fn write(&mut self, frames: &[Vec<u8>]) -> Result<Vec<FramePosition>, Failure> {
        if frames.is_empty() {
            return Ok(Vec::new());
        }
        let started = Instant::now();
        let mut positions = Vec::with_capacity(frames.len());
        for frame in frames {
            match self.journal.write(&[frame], self.received_at_us) {
                Ok(position) => positions.push(position),
                Err(AppendError::NoRoom { .. }) => {
                    self.stats.no_room();
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.journal.sync()?;
        self.stats.synced(started.elapsed(), frames[..positions.len()].iter().map(Vec::len).sum());
        Ok(positions)
    }

    /// Gives whole segments below `first_needed` back, after what they hold is durable elsewhere.
    fn release(&mut self, first_needed: FrameNumber) -> Result<usize, Failure> {
        let segments = self.journal.reader().segments();
        let releasable = segments.iter().filter(|segment| segment.closed && segment.next <= first_needed).count();
        if releasable > 0 {
            self.ledger.persist()?;
            self.identity.flush(self.journal.reader().durable().0, self.received_at_us)?;
            self.journal.release(first_needed);
        }
        Ok(releasable)
    }

    /// At a clean stop: what a restart would otherwise have to replay is made durable.
    fn settle(&mut self) -> Result<(), Failure> {
        self.ledger.persist()?;
        self.identity.flush(self.journal.reader().durable().0, self.received_at_us)?;
        Ok(())
    }
}
