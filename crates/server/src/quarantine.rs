//! What is refused and cannot be told to its sender: kept, counted, and tried again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use indelible_adapter::Options;
use indelible_api::{AlarmKind, Quarantined, RefusedAgain, Replayed};
use indelible_control::Attribution;
use indelible_event::{ContentKey, KeyId, Organization, Time};
use indelible_quarantine::{Content, Item, Limits, Quarantine, Reach, Refused, SealError, State};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::admission::Unknown;
use crate::app::App;
use crate::config::Config;
use crate::error::ApiError;
use crate::metrics::Text;
use crate::pipeline::{Form, Incoming, Source, Stored};

/// How long the alarms stay on after what raised them.
const ALARM: Duration = Duration::from_secs(3600);
const HOUR_US: i64 = 3_600_000_000;

/// Counts since the process started, by source and code.
#[derive(Default)]
pub(crate) struct Counts {
    kept: Mutex<BTreeMap<(String, String), u64>>,
    gone: AtomicU64,
}

/// How a record is tried again.
#[derive(Clone)]
pub(crate) struct Trial {
    /// Whether the operator tries it, whose records may be other organizations' events.
    pub(crate) is_operator: bool,
    /// An adapter in place of its own.
    pub(crate) adapter: Option<String>,
}

/// Whose events a record may be: of no more organizations than when it came in.
fn reachable(item: &Item, is_operator: bool) -> Attribution {
    match &item.reach {
        Reach::Some(organizations) if is_operator => Attribution::Some(organizations.iter().cloned().collect()),
        Reach::Any if is_operator => Attribution::Any,
        _ => Attribution::One(item.organization.clone()),
    }
}

/// The quarantine of the data folder.
///
/// # Errors
/// When its file cannot be used.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Quarantine> {
    let limits = Limits { bytes: config.quarantine.bytes, organization_bytes: config.quarantine.organization_bytes };
    let path = config.data_dir.join("quarantine.sqlite");
    Quarantine::open(&path, limits).await.with_context(|| path.display().to_string())
}

impl App {
    /// Keeps refused records. On `Ok` they survive power loss. Returns of each whether it waits since now.
    pub(crate) async fn quarantine(&self, records: &[Refused]) -> Result<Vec<bool>, ApiError> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let failed = |error| ApiError::internal("keep what was refused", error);
        let kept =
            self.quarantine.keep(records, |organization| self.current_key(organization)).await.map_err(failed)?;
        self.quarantine_counts.note(records, kept.gone.values().sum());
        let now_us = self.now_us();
        for organization in kept.new.keys() {
            let count = self.quarantine.count_since(organization, now_us - HOUR_US).await.map_err(failed)?;
            if count >= self.config.quarantine.alarm_records {
                let message = format!(
                    "{count} records were refused within an hour and their senders cannot be told; `indelible quarantine list` shows them"
                );
                self.alarms.raise_for(ALARM, AlarmKind::QuarantineGrows, Some(organization), now_us, message);
            }
        }
        for (organization, count) in &kept.gone {
            let message = format!(
                "the quarantine is full and {count} of its oldest records had to go; repair or dismiss what waits, or raise quarantine.organization-bytes and quarantine.bytes"
            );
            self.alarms.raise_for(ALARM, AlarmKind::QuarantineFull, Some(organization), now_us, message);
        }
        Ok(kept.is_new)
    }

    fn current_key(&self, organization: &Organization) -> Option<ContentKey> {
        let log = self.ledger.find(organization)?;
        self.content_keys.current(&log.label)
    }

    fn key_of(&self, organization: &Organization, id: KeyId) -> Option<ContentKey> {
        let log = self.ledger.find(organization)?;
        self.content_keys.held(&log.label).into_iter().find(|key| key.id() == id)
    }

    /// A record with what it holds, if it waits.
    pub(crate) async fn quarantined(
        &self,
        organization: &Organization,
        id: &str,
    ) -> Result<Option<(Item, Option<Content>)>, ApiError> {
        let failed = |error| ApiError::internal("read the quarantine", error);
        let found =
            self.quarantine.get(organization, id, |key| self.key_of(organization, key)).await.map_err(failed)?;
        let Some((item, content)) = found else { return Ok(None) };
        match content.transpose() {
            // Nobody can read it any more: what is left is that it was there.
            Err(SealError::Missing(_)) => Ok(Some((item, None))),
            content => Ok(Some((item, content.map_err(|error| failed(error.into()))?))),
        }
    }

    /// Tries waiting records again, each as it would be taken in now.
    pub(crate) async fn replay(
        &self,
        organization: &Organization,
        items: &[Item],
        trial: &Trial,
    ) -> Result<Replayed, ApiError> {
        let mut replayed = Replayed::default();
        for item in items {
            let refusal = match self.quarantined(organization, &item.id).await? {
                Some((item, Some(content))) => self.replay_one(&item, &content, trial).await?,
                _ => Some(("unreadable".to_owned(), "its key was erased, or it does not wait any more".to_owned())),
            };
            self.note_replayed(&mut replayed, organization, &item.id, refusal).await?;
        }
        Ok(replayed)
    }

    /// Notes what became of a record: as soon as its events are in the log it does not wait any more.
    pub(crate) async fn note_replayed(
        &self,
        replayed: &mut Replayed,
        organization: &Organization,
        id: &str,
        refusal: Option<(String, String)>,
    ) -> Result<(), ApiError> {
        match refusal {
            Some((code, message)) => replayed.refused.push(RefusedAgain { id: id.to_owned(), code, message }),
            None => {
                let ended = self.quarantine.end(organization, &[id.to_owned()], State::Replayed, self.now_us()).await;
                replayed.replayed += ended.map_err(|error| ApiError::internal("end the record's wait", error))?;
            }
        }
        Ok(())
    }

    /// Returns why the record is refused again, if it is.
    async fn replay_one(
        &self,
        item: &Item,
        content: &Content,
        trial: &Trial,
    ) -> Result<Option<(String, String)>, ApiError> {
        if (content.record.len() as u64) < item.bytes {
            let message = format!("only the first {} of its {} bytes were kept", content.record.len(), item.bytes);
            return Ok(Some(("recordTooLarge".to_owned(), message)));
        }
        let adapter = match trial.adapter.as_ref().or(item.adapter.as_ref()).map(|name| self.adapters.find(name)) {
            Some(Err(why)) => return Ok(Some(("noAdapter".to_owned(), why))),
            Some(Ok(adapter)) => Some(adapter),
            None => None,
        };
        let form = match adapter {
            Some(_) => Form::Foreign(&content.record),
            None => Form::Event(&content.record),
        };
        let zone = self.timezone_of(item).and_then(|name| Options::zone(&name)).unwrap_or(TimeZone::UTC);
        let source = Source {
            name: item.source.clone(),
            producer: item.producer.as_str().into(),
            attribution: reachable(item, trial.is_operator),
            adapter,
            came_us: Some(item.year.and_then(|year| last_second(year, &zone)).unwrap_or(item.received_at_us)),
            zone,
            unknown: Unknown::Refuse,
            is_answered: true,
        };
        self.store_one(&source, form, item.occurrence, None).await
    }

    /// The zone of times that name none in a record: as its sender has said, or the listener that it came to.
    pub(crate) fn timezone_of(&self, item: &Item) -> Option<String> {
        let name = item.source.strip_prefix("syslog/");
        let listener = self.config.receive.syslog.iter().find(|listener| Some(&*listener.name) == name);
        item.timezone.clone().or_else(|| listener?.timezone.clone())
    }

    /// Stores one record. Returns why it is refused, if it is.
    pub(crate) async fn store_one(
        &self,
        source: &Source,
        form: Form<'_>,
        occurrence: u32,
        own_id: Option<String>,
    ) -> Result<Option<(String, String)>, ApiError> {
        let record = Incoming { form, occurrence, own_id };
        match self.store(source, &[record]).await?.pop() {
            Some(Stored::Refused(refusal)) => Ok(Some((refusal.code, refusal.message))),
            _ => Ok(None),
        }
    }

    /// Figures of the quarantine in the Prometheus text format.
    pub(crate) async fn render_quarantine(&self, text: &mut Text) {
        self.quarantine_counts.render(text);
        match self.quarantine.figures().await {
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "the quarantine cannot be counted"),
            Ok(figures) => {
                for figure in &figures {
                    let labels = [("source", figure.source.as_str()), ("code", figure.code.as_str())];
                    let help = "Records that wait in the quarantine.";
                    text.sample("indelible_quarantine_records", "gauge", help, &labels, figure.records as f64);
                }
            }
        }
        let taken = self.quarantine.taken_bytes().await;
        text.plain("indelible_quarantine_bytes", "gauge", "Bytes that the quarantine takes.", taken as f64);
    }
}

impl Counts {
    fn note(&self, records: &[Refused], gone: u64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            *kept.entry((record.source.clone(), record.code.clone())).or_default() += 1;
        }
        self.gone.fetch_add(gone, Relaxed);
    }

    fn render(&self, text: &mut Text) {
        for ((source, code), count) in self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let labels = [("source", source.as_str()), ("code", code.as_str())];
            let help = "Records that were refused and put into the quarantine.";
            text.sample("indelible_quarantined_total", "counter", help, &labels, *count as f64);
        }
        let gone = self.gone.load(Relaxed);
        let help = "Records that waited in the quarantine and had to go for want of room.";
        text.plain("indelible_quarantine_gone_total", "counter", help, gone as f64);
    }
}

/// The last second of a year: times without a year that are to be before it are of that year.
fn last_second(year: i16, zone: &TimeZone) -> Option<i64> {
    let end = Date::new(year, 12, 31).ok()?.at(23, 59, 59, 0);
    Some(end.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond())
}

/// A record, for people, without what it holds.
pub(crate) fn shown(item: Item) -> Quarantined {
    let time = |us: i64| Time::from_us(us).to_string();
    Quarantined {
        id: item.id,
        received: time(item.received_at_us),
        last: time(item.last_at_us),
        times: item.times,
        source: item.source,
        producer: item.producer,
        adapter: item.adapter,
        code: item.code,
        bytes: item.bytes,
        state: item.state.as_str().to_owned(),
        ended: item.ended_at_us.map(time),
    }
}

/// Where a listing goes on after a record.
pub(crate) fn cursor(item: &Item) -> String {
    format!("{}-{}", item.received_at_us, item.id)
}

/// The place that a cursor names.
pub(crate) fn parse_cursor(text: &str) -> Option<(i64, String)> {
    let (received_at_us, id) = text.split_once('-')?;
    Some((received_at_us.parse().ok()?, id.to_owned()))
}

/// The first ids of a list, for an audit event.
pub(crate) fn named<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for id in ids.take(100) {
        let _ = write!(text, "{}{id}", if text.is_empty() { "" } else { " " });
    }
    text
}
