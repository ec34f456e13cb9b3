//! From lines of JSON to a batch: what every way in shares.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use indelible_api::{AlarmKind, EventRefusal};
use indelible_control::Attribution;
use indelible_event::{Admitted, Intake as IntakePart, Organization, Refusal, Scratch, admit};
use indelible_intake::{Answer, Batch};

use crate::app::App;
use crate::error::ApiError;

/// How long the alarm about a reused `logEntryId` stays on.
const REUSED_ALARM: Duration = Duration::from_secs(3600);

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// What happens to an event of an organization that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// The caller wants to create the organization, and admit everything once more.
    Collect,
    /// The event is refused.
    Refuse,
}

/// Admits the events of one producer, one after the other, into a batch.
pub(crate) struct Admission<'a> {
    resolver: Resolver<'a>,
    batch: Batch,
}

impl<'a> Admission<'a> {
    pub(crate) fn new(app: &'a App, producer: &str, attribution: &'a Attribution, otherwise: Unknown) -> Self {
        let resolver =
            Resolver { app, attribution, numbers: HashMap::new(), unknown: Vec::new(), not_now: None, otherwise };
        Self { resolver, batch: app.intake.batch(producer) }
    }

    /// Adds an event. Returns its id if it is from `fresh_id`, which is asked for one where the event has none.
    pub(crate) fn push(
        &mut self,
        line: &[u8],
        intake: &IntakePart<'_>,
        fresh_id: impl FnOnce() -> [u8; 16],
    ) -> Result<Option<[u8; 16]>, EventRefusal> {
        let Self { resolver, batch } = self;
        SCRATCH.with_borrow_mut(|scratch| {
            let event = admit(scratch, line, &resolver.app.event_limits, intake, fresh_id);
            let event = event.map_err(|refusal| shown(&refusal))?;
            let numbers = resolver.resolve(&event)?;
            batch.push(&event, &numbers);
            Ok(event.log_entry_id_made.then_some(event.log_entry_id))
        })
    }

    /// Whether an event would be added.
    pub(crate) fn check(&mut self, line: &[u8], intake: &IntakePart<'_>) -> Result<(), EventRefusal> {
        let resolver = &mut self.resolver;
        SCRATCH.with_borrow_mut(|scratch| {
            let event = admit(scratch, line, &resolver.app.event_limits, intake, || [0; 16]);
            resolver.resolve(&event.map_err(|refusal| shown(&refusal))?).map(drop)
        })
    }

    /// The batch, and organizations that have to be created before it counts. Fails if all of it has to come again later.
    pub(crate) fn finish(self) -> Result<(Batch, Vec<Organization>), ApiError> {
        match self.resolver.not_now {
            Some(later) => Err(later),
            None => Ok((self.batch, self.resolver.unknown)),
        }
    }
}

/// A refusal made here rather than by the event's own rules.
pub(crate) fn refuse(code: &str, field: Option<&str>, message: String) -> EventRefusal {
    EventRefusal { code: code.to_owned(), field: field.map(str::to_owned), category: None, message }
}

fn shown(refusal: &Refusal) -> EventRefusal {
    EventRefusal {
        code: refusal.code.as_str().to_owned(),
        field: refusal.field.clone(),
        category: refusal.category.map(str::to_owned),
        message: refusal.message.clone(),
    }
}

/// What became of an event whose id another one had.
pub(crate) fn reused() -> EventRefusal {
    let message =
        "this logEntryId was used before for an event with other bytes; every event needs its own id".to_owned();
    refuse("logEntryIdReused", Some("logEntryId"), message)
}

/// Finds the organizations an event belongs to.
struct Resolver<'a> {
    app: &'a App,
    attribution: &'a Attribution,
    numbers: HashMap<Organization, u32>,
    unknown: Vec<Organization>,
    /// Why all of it has to come again later: what is refused would not come again.
    not_now: Option<ApiError>,
    otherwise: Unknown,
}

impl Resolver<'_> {
    fn resolve(&mut self, event: &Admitted<'_>) -> Result<Vec<u32>, EventRefusal> {
        let claims = event.organizations;
        if let Attribution::One(only) = self.attribution {
            if let Some(other) = claims.iter().find(|claim| claim.id != *only) {
                return Err(not_allowed(&other.id));
            }
            return Ok(vec![self.number(only)?]);
        }
        if !claims.is_empty() {
            return claims.iter().map(|claim| self.number(&claim.id)).collect();
        }
        match event.org_id.map(str::parse::<Organization>) {
            Some(Ok(organization)) => Ok(vec![self.number(&organization)?]),
            _ => Ok(vec![self.number(&self.app.config.operator_organization.clone())?]),
        }
    }

    fn number(&mut self, organization: &Organization) -> Result<u32, EventRefusal> {
        if let Some(number) = self.numbers.get(organization) {
            return Ok(*number);
        }
        let allowed = match self.attribution {
            Attribution::One(only) => only == organization,
            Attribution::Some(list) => list.contains(organization),
            Attribution::Any => true,
        };
        if !allowed {
            return Err(not_allowed(organization));
        }
        if let Err(refusal) = self.app.disk.admit_organization(organization) {
            self.not_now.get_or_insert(refusal);
            return Ok(u32::MAX);
        }
        if !self.app.control.has_organization(organization) {
            if self.otherwise == Unknown::Refuse {
                return Err(unknown(organization));
            }
            if !self.unknown.contains(organization) {
                self.unknown.push(organization.clone());
            }
            return Ok(u32::MAX);
        }
        let log = match self.app.intake.organization(organization) {
            Ok(log) => log,
            Err(error) => {
                self.not_now.get_or_insert_with(|| ApiError::internal("create the organization's log", error));
                return Ok(u32::MAX);
            }
        };
        self.numbers.insert(organization.clone(), log.number);
        Ok(log.number)
    }
}

fn not_allowed(organization: &Organization) -> EventRefusal {
    let message = format!(
        "this token may not emit for {organization}; leave `organizations` out or use that organization's token"
    );
    refuse("organizationNotAllowed", Some("organizations"), message)
}

fn unknown(organization: &Organization) -> EventRefusal {
    let message = format!("there is no {organization}; its operator creates it with `indelible organization create`");
    refuse("organizationUnknown", Some("organizations"), message)
}

impl App {
    /// A reused id means that a producer takes two events for one, or that somebody else uses its credential.
    pub(crate) fn note_reused(&self, answer: &Answer) {
        for number in &answer.reused_in {
            let Some(log) = self.ledger.get(*number) else { continue };
            let total = self.intake.stats().reused.load(Relaxed);
            let message = format!(
                "a producer used a logEntryId a second time for another event, which was refused; {total} such events since the start"
            );
            let organization = Some(&log.organization);
            self.alarms.raise_for(REUSED_ALARM, AlarmKind::LogEntryIdReused, organization, self.now_us(), message);
        }
    }
}
