//! What all handlers and background tasks share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};

use anyhow::Context;
use axum::http::{HeaderMap, header};
use indelible_api::{ErrorCode, OrganizationSummary};
use indelible_archive::Inventory;
use indelible_control::{Control, Operation, Principal};
use indelible_event::control::ControlEntry;
use indelible_event::{Limits, Organization};
use indelible_intake::{Answer, Batch, Clock, Intake, SubmitError};
use indelible_ledger::{ContentKeys, Ledger, OrganizationLog};
use indelible_merkle::VerifierKey;
use indelible_quarantine::Quarantine;
use indelible_query::Engine;
use indelible_storage::Bucket;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::adapters::Adapters;
use crate::alarms::Alarms;
use crate::archiver::Archiver;
use crate::audit::{Breaches, Observed, OwnEntries, Polls};
use crate::body::{self, Cut, Decoded};
use crate::bucket::BucketWatch;
use crate::config::Config;
use crate::copier::Copier;
use crate::disk::{DiskWatch, Level};
use crate::error::{self, ApiError};
use crate::exports::Exports;
use crate::listen::Listening;
use crate::metrics::Metrics;
use crate::operator::Pseudonyms;
use crate::platform_archive::PlatformArchive;
use crate::quarantine;
use crate::redaction::Redactions;
use crate::routes::events::INLINE_BYTES;
use crate::routes::receive::Acks;
use crate::self_check::Checker;
use crate::signin::SignIns;
use crate::sinks::Sinks;
use crate::syslog::Listeners;
use crate::witnesses::Witnesses;

/// Bundles made at the same time. Each holds a batch of rows and the journal segments it reads.
pub(crate) const BUNDLES_AT_ONCE: usize = 4;

/// The parts of a running server.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) event_limits: Limits,
    pub(crate) control: Control,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) intake: Intake,
    pub(crate) bucket: Bucket,
    /// Why the bucket has not been reached since the start, as long as that is so.
    pub(crate) bucket_away: Mutex<Option<String>>,
    pub(crate) bucket_watch: BucketWatch,
    pub(crate) inventory: Arc<Inventory>,
    pub(crate) archiver: Archiver,
    pub(crate) copier: Copier,
    pub(crate) checker: Checker,
    pub(crate) exports: Exports,
    /// Keys of generations that are closed, where they are others than the ledger's.
    pub(crate) closed_keys: Vec<VerifierKey>,
    /// Keys of the organizations whose content is encrypted.
    pub(crate) content_keys: Arc<ContentKeys>,
    pub(crate) platform_archive: PlatformArchive,
    pub(crate) engine: Engine,
    pub(crate) sinks: Sinks,
    pub(crate) adapters: Adapters,
    pub(crate) syslog: Listeners,
    pub(crate) acks: Acks,
    pub(crate) quarantine: Quarantine,
    pub(crate) quarantine_counts: quarantine::Counts,
    pub(crate) metrics: Metrics,
    pub(crate) listening: Arc<Listening>,
    pub(crate) sign_ins: SignIns,
    pub(crate) alarms: Alarms,
    pub(crate) witnesses: Witnesses,
    pub(crate) disk: DiskWatch,
    pub(crate) clock: Arc<dyn Clock>,
    /// Kibibytes of bodies that may be in memory.
    pub(crate) bodies: Arc<Semaphore>,
    /// Places for long bodies that are being read, one for each processor.
    pub(crate) readers: Semaphore,
    /// Places for bundles that are being made.
    pub(crate) bundles: Arc<Semaphore>,
    /// Places for contents of log files that are being read.
    pub(crate) contents: Arc<Semaphore>,
    pub(crate) redactions: Redactions,
    /// Held by who decides a request of an organization: what it asks for is done once.
    pub(crate) decisions: Mutex<BTreeMap<Organization, Arc<tokio::sync::Mutex<()>>>>,
    pub(crate) own_entries: OwnEntries,
    pub(crate) polls: Polls,
    pub(crate) observed: Observed,
    pub(crate) pseudonyms: Pseudonyms,
    pub(crate) breaches: Breaches,
    pub(crate) stopping: AtomicBool,
    /// Why this server must not be started again, once it has found out.
    pub(crate) retired: OnceLock<String>,
}

/// Bytes of a compressed body become so many at first; JSON of log records becomes 5 to 20.
const USUAL_RATIO: usize = 16;

/// Memory that a body has.
pub(crate) struct Room {
    bytes: usize,
    /// Absent only while more is waited for.
    permit: Option<OwnedSemaphorePermit>,
}

impl App {
    pub(crate) fn now_us(&self) -> i64 {
        self.clock.now_us()
    }

    /// Whether events can be taken in and read; else why not.
    pub(crate) fn ready(&self) -> Result<(), &'static str> {
        match () {
            () if !self.intake.is_running() || self.stopping.load(Relaxed) => Err("intake is stopped"),
            () if self.ledger.is_halted() => Err("the ledger is stopped"),
            () if self.intake.clock_stop().is_some() => Err("the clock jumped"),
            () if self.disk.level() == Level::Full => Err("the disk is full"),
            () => Ok(()),
        }
    }

    /// Whether events may come in at all, before anything of them is read.
    pub(crate) fn admit(&self) -> Result<(), ApiError> {
        self.disk.admit()?;
        self.intake.clock_stop().map_or(Ok(()), |stop| Err(error::clock_stopped(stop)))
    }

    /// Hands events in. On `Ok` they survive power loss.
    pub(crate) async fn submit(&self, batch: Batch) -> Result<Answer, ApiError> {
        if batch.is_empty() {
            return Ok(Answer::default());
        }
        let (reply, answer) = oneshot::channel();
        self.intake.submit(batch, Box::new(move |result| drop(reply.send(result))));
        match answer.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(error::submit_error(error, |number| {
                self.ledger.get(number).map_or_else(String::new, |log| log.organization.to_string())
            })),
            Err(_) => Err(error::submit_error(SubmitError::Unknown, |_| String::new())),
        }
    }

    /// Writes what the server says in a log about the log itself. Returns its `seq`; it survives power loss then.
    pub(crate) async fn record_control(
        &self,
        log: &OrganizationLog,
        entry: &ControlEntry,
        now_us: i64,
    ) -> anyhow::Result<u64> {
        let (reply, answer) = oneshot::channel();
        self.intake.record(log.number, entry, now_us, Box::new(move |result| drop(reply.send(result))));
        let answer = answer.await.context("intake has stopped")??;
        Ok(answer.receipts.first().context("the entry has no place")?.seq)
    }

    /// Creates an organization and its log. Returns false if it exists.
    pub(crate) async fn create_organization(
        &self,
        organization: &Organization,
        caller: &Principal,
    ) -> Result<bool, ApiError> {
        caller.require_platform(Operation::OperatorAdminister)?;
        self.control
            .create_organization(organization, caller, self.now_us())
            .await
            .map_err(|error| ApiError::internal("create the organization", error))
    }

    pub(crate) fn summary(&self, organization: &Organization) -> OrganizationSummary {
        let log = self.ledger.find(organization);
        OrganizationSummary {
            organization: organization.to_string(),
            origin: log.as_ref().map(|log| log.origin.clone()),
            size: log.as_ref().map_or(0, |log| self.ledger.size(log.number)),
            archived: log.as_ref().map_or(0, |log| self.inventory.archived_end(organization, log.generation)),
        }
    }

    /// Waits until there is room for the body of a request with these headers.
    pub(crate) async fn reserve_body(&self, headers: &HeaderMap) -> Result<Room, ApiError> {
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        self.reserve(announced.unwrap_or(self.config.limits.body_bytes), headers.contains_key(header::CONTENT_ENCODING))
            .await
    }

    /// Waits until there is room for a body of so many bytes, and for what it is before it is compressed.
    pub(crate) async fn reserve(&self, bytes: usize, is_compressed: bool) -> Result<Room, ApiError> {
        let limit = self.config.limits.body_bytes;
        if bytes > limit {
            return Err(ApiError::new(
                ErrorCode::BodyTooLarge,
                format!("the body is longer than {limit} bytes; send fewer events at a time"),
            ));
        }
        let bytes = if is_compressed { bytes.saturating_mul(USUAL_RATIO).min(limit) } else { bytes };
        let kibibytes = u32::try_from(bytes.div_ceil(1024).max(1)).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.bodies).acquire_many_owned(kibibytes).await;
        let permit = permit.map_err(|_| {
            ApiError::new(ErrorCode::IntakeStopped, "the server is stopping; send the events to it again in a moment")
        })?;
        Ok(Room { bytes, permit: Some(permit) })
    }

    /// Reads a body in place; a long one where others do not wait for it, and few at a time, as what is read may take many times
    /// its bytes.
    pub(crate) async fn interpret<'a, T>(&self, body: &'a [u8], read: impl FnOnce(&'a [u8]) -> T) -> T {
        if body.len() <= INLINE_BYTES {
            return read(body);
        }
        // Nobody closes it.
        let _place = self.readers.acquire().await;
        tokio::task::block_in_place(|| read(body))
    }

    /// Undoes a compression. A body that turns out to be longer than usual waits for as much room as one may have.
    pub(crate) async fn inflate(&self, encoding: &str, body: &[u8], room: &mut Room) -> Result<Decoded, ApiError> {
        let limit = self.config.limits.body_bytes;
        loop {
            let decoded =
                tokio::task::block_in_place(|| body::decode(encoding, body, room.bytes)).ok_or_else(|| {
                    ApiError::new(ErrorCode::UnreadableBody, "content-encoding must be gzip, zstd or identity")
                })?;
            if decoded.cut != Some(Cut::TooLarge) || room.bytes >= limit {
                return Ok(decoded);
            }
            drop(decoded);
            // Who kept some while waiting for more could wait for others who do the same.
            room.permit = None;
            *room = self.reserve(limit, false).await?;
        }
    }
}
