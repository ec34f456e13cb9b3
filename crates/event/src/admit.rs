//! From a line of JSON to the canonical parts of an event.
//!
//! The steps of [`admit`], in order: parse into a tape, sort the top level into slots, check each slot, check the
//! fields against the catalogue, write the two parts. `docs/formats/event.md` states the rules.

use std::ops::Range;

use crate::catalogue::FieldMap;
use crate::check::{self, CategorySet, Checker, Lifted, invalid};
use crate::envelope::Slot;
use crate::fault::{Fault, quote};
use crate::json::tape::{Document, Id, Kind as Node, Tape, duplicate_key};
use crate::json::write::compare_keys;
use crate::parts::write_intake;
use crate::{Organization, Refusal, RefusalCode, Time, uuid};

/// What an event may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the line, and again of the canonical event made from it.
    pub event_bytes: usize,
    /// Containers around a value, the event itself being the first. Never more than 256.
    pub depth: usize,
    /// Object members in the whole event.
    pub fields: usize,
}

impl Default for Limits {
    /// 1 MiB, depth 64, 4,096 fields.
    fn default() -> Self {
        Self { event_bytes: 1 << 20, depth: 64, fields: 4096 }
    }
}

/// Who really sent an event; written into its infrastructure part as `intake`.
#[derive(Debug, Clone, Copy)]
pub struct Intake<'a> {
    /// The producer credential.
    pub producer: &'a str,
    /// The producer's epoch, if it counts; at most 2^53-1.
    pub producer_epoch: Option<u64>,
    /// The producer's number for the event, if it counts; at most 2^53-1.
    pub producer_seq: Option<u64>,
    /// The way in, such as `http` or `syslog`.
    pub source: &'a str,
    /// The adapter that made the event of a foreign record.
    pub adapter: Option<&'a str>,
}

/// Buffers that [`admit`] fills, kept from event to event so that a warm one allocates nothing. One per thread.
#[derive(Debug, Default)]
pub struct Scratch {
    tape: Tape,
    lifted: Lifted,
    extra: Vec<(Id, Id)>,
    users: Vec<(Id, Id)>,
    infrastructure: Vec<u8>,
    content: Vec<u8>,
    /// `orgId`, then `product`.
    texts: String,
    organizations: Vec<OrganizationClaim>,
}

/// Which schema an event follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `audit.3`
    Audit3,
    /// `audit.2`
    Audit2,
}

/// An organization a platform producer attributes the event to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationClaim {
    /// The organization.
    pub id: Organization,
    /// Why, in the producer's words.
    pub reason: Option<Box<str>>,
}

/// An event that was accepted, in canonical form.
#[derive(Debug, Clone)]
pub struct Admitted<'s> {
    /// The canonical infrastructure part, `intake` and `logEntryId` included.
    pub infrastructure: &'s [u8],
    /// The canonical content part; `{}` if the event has none.
    pub content: &'s [u8],
    /// Where `"intake":{...},` stands in `infrastructure`: identity is compared without it.
    pub intake_at: Range<usize>,
    /// The producer's time.
    pub time: Time,
    /// `logEntryId`
    pub log_entry_id: [u8; 16],
    /// The event had none and this one is from `fresh_id`.
    pub log_entry_id_made: bool,
    /// What `organizations` on the wire said, in its order, no organization twice.
    pub organizations: &'s [OrganizationClaim],
    /// `orgId`
    pub org_id: Option<&'s str>,
    /// `product`
    pub product: Option<&'s str>,
    /// The schema.
    pub kind: Kind,
    /// How many of the categories are legacy or deprecated.
    pub dated_categories: u16,
}

/// Most bytes of an infrastructure string.
const TEXT_BYTES_MAX: usize = 256;
/// Most bytes of `userAgent`.
const USER_AGENT_BYTES_MAX: usize = 1024;
/// Most bytes of `name`.
const NAME_BYTES_MAX: usize = 128;
/// Most addresses in `origins`.
const ORIGINS_MAX: usize = 64;
/// Most organizations one event may be attributed to.
const ORGANIZATIONS_MAX: usize = 64;
/// Largest integer a canonical event holds.
const COUNT_MAX: u64 = (1 << 53) - 1;

/// What `name` may hold.
static NAME_BYTES: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        allowed[byte] = matches!(byte as u8, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b':' | b'-');
        byte += 1;
    }
    allowed
};

/// Checks one event against the catalogue and makes it canonical.
///
/// `line` is one JSON object, without or with white space around it. `fresh_id` is asked for a `logEntryId` only if the
/// event has none. The answer borrows from `scratch` until the next call. Time and memory are linear in the length of
/// the line, which is looked at only if it is within the limits.
pub fn admit<'s>(
    scratch: &'s mut Scratch,
    line: &[u8],
    limits: &Limits,
    intake: &Intake<'_>,
    fresh_id: impl FnOnce() -> [u8; 16],
) -> Result<Admitted<'s>, Refusal> {
    admit_inner(scratch, line, limits, intake, fresh_id).map_err(Fault::into_refusal)
}

fn admit_inner<'s>(
    scratch: &'s mut Scratch,
    line: &[u8],
    limits: &Limits,
    intake: &Intake<'_>,
    fresh_id: impl FnOnce() -> [u8; 16],
) -> Result<Admitted<'s>, Fault> {
    let Scratch { tape, lifted, extra, users, infrastructure, content, texts, organizations } = scratch;
    let event_bytes_max = limits.event_bytes.min(u32::MAX as usize / 2);
    if line.len() > event_bytes_max {
        return Err(too_large("the line is", line.len(), event_bytes_max));
    }
    let Ok(line) = simdutf8::basic::from_utf8(line) else {
        return Err(Fault::new(RefusalCode::InvalidUtf8, "the line is not UTF-8; encode it as UTF-8"));
    };
    let document = tape.parse(line, limits)?;
    let mut event = Event::of(document, extra)?;

    let kind = event.kind()?;
    let is_audit3 = kind == Kind::Audit3;
    if is_audit3 {
        for slot in AUDIT3_REQUIRED {
            event.require(slot)?;
        }
    } else {
        event.demote(extra);
    }
    sort_extra(document, extra)?;
    let (time, time_kept) = event.time()?;
    let has_succeeded = event.one_of(Slot::Result, &["SUCCESS", "ERROR", "UNAUTHORIZED", "PARTIAL"])? == Some(0);
    event.one_of(Slot::ProducerType, &["SERVER", "CLIENT"])?;
    event.name()?;
    event.texts(is_audit3)?;
    event.sequence_id()?;
    event.origins()?;
    event.id(Slot::EventId)?;
    let sent_id = event.id(Slot::LogEntryId)?;
    event.organizations(organizations)?;

    let categories = match event.get(Slot::Categories) {
        Some(list) => check::categories(document, list).map_err(|fault| fault.at(Slot::Categories.name()))?,
        None if is_audit3 => return Err(missing(Slot::Categories)),
        None => CategorySet::default(),
    };
    lifted.entities.clear();
    lifted.users.clear();
    users.clear();
    event.sent_entities(lifted)?;
    event.sent_users(users)?;
    let mut maps = [None; 2];
    if is_audit3 {
        let are_entities_sent = event.get(Slot::Entities).is_some();
        let sent = lifted.entities.len();
        let mut checker = Checker::new(document, categories, lifted);
        for (map, fields, params) in [
            (FieldMap::Request, Slot::RequestFields, Slot::RequestParams),
            (FieldMap::Result, Slot::ResultFields, Slot::ResultParams),
        ] {
            maps[map as usize] = event.fields(&mut checker, map, fields, params)?;
        }
        checker.absences(has_succeeded)?;
        if are_entities_sent {
            lifted.entities.truncate(sent);
        } else {
            sort_unique(document, &mut lifted.entities);
        }
        if users.is_empty() {
            lifted.users.extend(event.get(Slot::Uid));
            sort_unique(document, &mut lifted.users);
        } else {
            lifted.users.clear();
        }
    }

    let log_entry_id = sent_id.unwrap_or_else(fresh_id);
    let intake_at = write_infrastructure(&event, categories, (time, time_kept), &log_entry_id, intake, infrastructure)?;
    write_content(&event, maps, lifted, users, extra, content);
    let canonical_bytes = infrastructure.len() - intake_at.len() + content.len();
    if canonical_bytes > event_bytes_max {
        return Err(too_large("in canonical form it is", canonical_bytes, event_bytes_max));
    }

    let dated_categories = categories.iter().filter(|category| category.is_dated()).count() as u16;
    texts.clear();
    let mut keep = |slot: Slot| {
        let start = texts.len();
        event.get(slot).map(|id| {
            texts.push_str(std::str::from_utf8(document.text(id)).unwrap_or_default());
            start..texts.len()
        })
    };
    let (org_id, product) = (keep(Slot::OrgId), keep(Slot::Product));
    Ok(Admitted {
        infrastructure,
        content,
        intake_at,
        time,
        log_entry_id,
        log_entry_id_made: sent_id.is_none(),
        organizations,
        org_id: org_id.map(|range| &texts[range]),
        product: product.map(|range| &texts[range]),
        kind,
        dated_categories,
    })
}

/// What `audit.3` wants beside `type`, `time`, `name`, `result` and `categories`.
const AUDIT3_REQUIRED: [Slot; 4] = [Slot::EventId, Slot::ProducerType, Slot::Product, Slot::ProductVersion];

/// What `audit.2` has in no checked form.
const DEMOTED: [Slot; 5] =
    [Slot::Categories, Slot::RequestFields, Slot::RequestParams, Slot::ResultFields, Slot::ResultParams];

/// The top level of an event, sorted into slots.
struct Event<'a> {
    document: Document<'a>,
    /// By `Slot as usize`; 0, which is the event itself, is absent.
    slots: [Id; Slot::COUNT],
}

impl<'a> Event<'a> {
    /// Sorts the top level. Null, an empty list and an empty object are absent. What is unknown goes to `extra`.
    fn of(document: Document<'a>, extra: &mut Vec<(Id, Id)>) -> Result<Self, Fault> {
        let mut slots = [0; Slot::COUNT];
        let mut seen = 0u64;
        extra.clear();
        for (key, value) in document.members(0) {
            match Slot::of(document.text(key)) {
                Some(slot) => {
                    if seen >> slot as u32 & 1 == 1 {
                        return Err(duplicate_key().at(slot.name()));
                    }
                    seen |= 1 << slot as u32;
                    if !document.is_empty(value) {
                        slots[slot as usize] = value;
                    }
                }
                None => extra.push((key, value)),
            }
        }
        if slots[Slot::Intake as usize] != 0 {
            let message = "only the server writes it; leave it out";
            return Err(Fault::new(RefusalCode::ReservedField, message).at(Slot::Intake.name()));
        }
        Ok(Self { document, slots })
    }

    #[inline]
    fn get(&self, slot: Slot) -> Option<Id> {
        match self.slots[slot as usize] {
            0 => None,
            id => Some(id),
        }
    }

    fn require(&self, slot: Slot) -> Result<Id, Fault> {
        self.get(slot).ok_or_else(|| missing(slot))
    }

    /// The string in `slot`.
    #[inline]
    fn string(&self, slot: Slot) -> Result<Option<&'a [u8]>, Fault> {
        match self.get(slot) {
            None => Ok(None),
            Some(id) if self.document.kind(id) == Node::String => Ok(Some(self.document.text(id))),
            Some(id) => Err(not_a_string(self.document.kind(id)).at(slot.name())),
        }
    }

    fn kind(&self) -> Result<Kind, Fault> {
        self.require(Slot::Type)?;
        match self.string(Slot::Type)? {
            Some(b"audit.3") => Ok(Kind::Audit3),
            Some(b"audit.2") => Ok(Kind::Audit2),
            other => {
                let message = format!("{:?} is not accepted; send audit.3", quote(other.unwrap_or_default()));
                Err(Fault::new(RefusalCode::UnsupportedType, message).at(Slot::Type.name()))
            }
        }
    }

    /// Moves to `extra` what is not checked in `audit.2`.
    fn demote(&mut self, extra: &mut Vec<(Id, Id)>) {
        for slot in DEMOTED {
            if let Some(value) = self.get(slot) {
                extra.push((value - 1, value));
                self.slots[slot as usize] = 0;
            }
        }
    }

    /// As [`Time::parse_bytes`].
    fn time(&self) -> Result<(Time, Option<usize>), Fault> {
        self.require(Slot::Time)?;
        let text = self.string(Slot::Time)?.unwrap_or_default();
        Time::parse_bytes(text).ok_or_else(|| invalid(crate::InvalidTime.to_string()).at(Slot::Time.name()))
    }

    /// The position in `values` of the string in `slot`.
    fn one_of(&self, slot: Slot, values: &[&str]) -> Result<Option<usize>, Fault> {
        if slot == Slot::Result {
            self.require(slot)?;
        }
        let Some(text) = self.string(slot)? else { return Ok(None) };
        match values.iter().position(|value| value.as_bytes() == text) {
            Some(position) => Ok(Some(position)),
            None => {
                let message = format!("must be one of {}, not {:?}", values.join(", "), quote(text));
                Err(invalid(message).at(slot.name()))
            }
        }
    }

    fn name(&self) -> Result<(), Fault> {
        self.require(Slot::Name)?;
        let text = self.string(Slot::Name)?.unwrap_or_default();
        if text.len() > NAME_BYTES_MAX {
            return Err(too_long(text.len(), NAME_BYTES_MAX).at(Slot::Name.name()));
        }
        if text.is_empty() || !text.iter().all(|&byte| NAME_BYTES[usize::from(byte)]) {
            let message = format!(
                "{:?} is not 1 to 128 of A-Z a-z 0-9 _ . : -; name the kind of event, put the rest into fields",
                quote(text)
            );
            return Err(invalid(message).at(Slot::Name.name()));
        }
        Ok(())
    }

    /// Checks every slot that holds a plain string.
    fn texts(&self, is_audit3: bool) -> Result<(), Fault> {
        const TEXTS: [Slot; 14] = [
            Slot::Product,
            Slot::ProductVersion,
            Slot::Uid,
            Slot::Sid,
            Slot::TokenId,
            Slot::OrgId,
            Slot::TraceId,
            Slot::Service,
            Slot::Host,
            Slot::Stack,
            Slot::Environment,
            Slot::UserAgent,
            Slot::Origin,
            Slot::SourceOrigin,
        ];
        for slot in TEXTS {
            let Some(id) = self.get(slot) else { continue };
            let bytes_max = if slot == Slot::UserAgent { USER_AGENT_BYTES_MAX } else { TEXT_BYTES_MAX };
            self.text(id, bytes_max).map_err(|fault| fault.at(slot.name()))?;
            let is_required = is_audit3 && matches!(slot, Slot::Product | Slot::ProductVersion);
            if is_required && self.document.text(id).is_empty() {
                return Err(invalid("must not be empty; name the software that emits the event").at(slot.name()));
            }
        }
        Ok(())
    }

    /// Checks a string of the infrastructure part.
    #[inline]
    fn text(&self, id: Id, bytes_max: usize) -> Result<(), Fault> {
        let kind = self.document.kind(id);
        if kind != Node::String {
            return Err(not_a_string(kind));
        }
        let text = self.document.text(id);
        if text.len() > bytes_max {
            return Err(too_long(text.len(), bytes_max));
        }
        // Without an escape there is no control character.
        if self.document.is_escaped(id) && text.iter().any(u8::is_ascii_control) {
            return Err(invalid("holds a control character; infrastructure fields are not free text, take it out"));
        }
        Ok(())
    }

    fn sequence_id(&self) -> Result<(), Fault> {
        let Some(id) = self.get(Slot::SequenceId) else { return Ok(()) };
        let is_integer = self.document.kind(id) == Node::Number
            && !self.document.text(id).iter().any(|byte| matches!(byte, b'.' | b'e'));
        if is_integer {
            return Ok(());
        }
        self.text(id, TEXT_BYTES_MAX).map_err(|fault| fault.at(Slot::SequenceId.name()))
    }

    fn origins(&self) -> Result<(), Fault> {
        let Some(list) = self.get(Slot::Origins) else { return Ok(()) };
        self.list(list, ORIGINS_MAX, |id| self.text(id, TEXT_BYTES_MAX)).map_err(|fault| fault.at(Slot::Origins.name()))
    }

    /// Checks that `list` is one of at most `length_max` elements, each good by `check`.
    fn list(&self, list: Id, length_max: usize, mut check: impl FnMut(Id) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.document.kind(list) != Node::Array {
            return Err(invalid(format!("must be a list, not {}", self.document.kind(list).describe())));
        }
        for (index, element) in self.document.elements(list).enumerate() {
            if index == length_max {
                return Err(Fault::new(RefusalCode::TooLong, format!("more than {length_max} elements; send fewer")));
            }
            check(element).map_err(|fault| fault.at_index(index))?;
        }
        Ok(())
    }

    /// The UUID in `slot`.
    fn id(&self, slot: Slot) -> Result<Option<[u8; 16]>, Fault> {
        let Some(text) = self.string(slot)? else { return Ok(None) };
        match uuid::parse(text) {
            Some(id) => Ok(Some(id)),
            None => {
                let message = format!(
                    "{:?} is not a UUID; send 32 hexadecimal digits with hyphens, as in 8-4-4-4-12",
                    quote(text)
                );
                Err(invalid(message).at(slot.name()))
            }
        }
    }

    fn organizations(&self, claims: &mut Vec<OrganizationClaim>) -> Result<(), Fault> {
        claims.clear();
        let Some(list) = self.get(Slot::Organizations) else { return Ok(()) };
        self.list(list, ORGANIZATIONS_MAX, |element| {
            let claim = self.claim(element)?;
            if claims.iter().any(|other| other.id == claim.id) {
                return Err(Fault::new(RefusalCode::RepeatedValue, "the organization stands twice; send it once"));
            }
            claims.push(claim);
            Ok(())
        })
        .map_err(|fault| fault.at(Slot::Organizations.name()))
    }

    fn claim(&self, element: Id) -> Result<OrganizationClaim, Fault> {
        let document = self.document;
        if document.kind(element) != Node::Object {
            return Err(invalid("must be an object {id, reason}"));
        }
        let mut organization = None;
        let mut reason = None;
        for (key, value) in document.members(element) {
            match document.text(key) {
                b"id" => {
                    let text = std::str::from_utf8(document.text(value)).unwrap_or_default();
                    let parsed = if document.kind(value) == Node::String { text.parse().ok() } else { None };
                    organization =
                        Some(parsed.ok_or_else(|| invalid(crate::InvalidOrganization.to_string()).at("id"))?);
                }
                b"reason" if document.kind(value) == Node::Null => {}
                b"reason" => {
                    self.text(value, TEXT_BYTES_MAX).map_err(|fault| fault.at("reason"))?;
                    reason = std::str::from_utf8(document.text(value)).ok().map(Box::from);
                }
                name => {
                    let message = "not a member of an organization claim; send {id, reason}";
                    return Err(Fault::new(RefusalCode::UndeclaredField, message).at_key(name));
                }
            }
        }
        let id = organization
            .ok_or_else(|| Fault::new(RefusalCode::MissingField, "required; send the organization's RID").at("id"))?;
        Ok(OrganizationClaim { id, reason })
    }

    /// Reads `entities` as sent.
    fn sent_entities(&self, lifted: &mut Lifted) -> Result<(), Fault> {
        let Some(list) = self.get(Slot::Entities) else { return Ok(()) };
        self.list(list, usize::MAX, |element| match self.document.kind(element) {
            Node::String => {
                lifted.entities.push(element);
                Ok(())
            }
            kind => Err(not_a_string(kind)),
        })
        .map_err(|fault| fault.at(Slot::Entities.name()))
    }

    /// Reads `users` as sent: pairs of the user's id and the user, sorted by the first.
    fn sent_users(&self, users: &mut Vec<(Id, Id)>) -> Result<(), Fault> {
        let Some(list) = self.get(Slot::Users) else { return Ok(()) };
        let document = self.document;
        self.list(list, usize::MAX, |element| {
            users.push((self.user(element)?, element));
            Ok(())
        })
        .map_err(|fault| fault.at(Slot::Users.name()))?;
        users.sort_unstable_by(|a, b| compare_keys(document.text(a.0), document.text(b.0)));
        if users.windows(2).any(|pair| document.text(pair[0].0) == document.text(pair[1].0)) {
            let message = "two users have one uid; send each user once";
            return Err(Fault::new(RefusalCode::RepeatedValue, message).at(Slot::Users.name()));
        }
        Ok(())
    }

    /// Checks one element of `users` and answers where its `uid` is.
    fn user(&self, element: Id) -> Result<Id, Fault> {
        let document = self.document;
        if document.kind(element) != Node::Object {
            return Err(invalid(format!("must be an object with a uid, not {}", document.kind(element).describe())));
        }
        let mut uid = None;
        for (key, value) in document.members(element) {
            let kind = document.kind(value);
            match document.text(key) {
                b"uid" if kind == Node::String && !document.text(value).is_empty() => uid = Some(value),
                b"uid" => return Err(invalid("must be a string that is not empty").at("uid")),
                b"userName" | b"firstName" | b"lastName" | b"realm" => {
                    if !matches!(kind, Node::String | Node::Null) {
                        return Err(not_a_string(kind).at_key(document.text(key)));
                    }
                }
                b"groups" if kind == Node::Null => {}
                b"groups" => {
                    self.list(value, usize::MAX, |group| match document.kind(group) {
                        Node::String => Ok(()),
                        kind => Err(not_a_string(kind)),
                    })
                    .map_err(|fault| fault.at("groups"))?;
                }
                name => {
                    let message = "not a member of a user; send uid, userName, firstName, lastName, groups, realm";
                    return Err(Fault::new(RefusalCode::UndeclaredField, message).at_key(name));
                }
            }
        }
        uid.ok_or_else(|| Fault::new(RefusalCode::MissingField, "required; send the user's id").at("uid"))
    }

    /// Checks one of the two maps and answers where it is. Without it, the fields are those of the older tagged form.
    fn fields(
        &self,
        checker: &mut Checker<'_>,
        map: FieldMap,
        fields: Slot,
        params: Slot,
    ) -> Result<Option<Fields>, Fault> {
        let document = self.document;
        let (id, slot) = match (self.get(fields), self.get(params)) {
            (Some(id), _) => (id, fields),
            (None, Some(id)) => (id, params),
            (None, None) => return Ok(None),
        };
        let is_tagged = slot == params;
        let mut check = || {
            if document.kind(id) != Node::Object {
                return Err(invalid(format!("must be an object, not {}", document.kind(id).describe())));
            }
            for (key, value) in document.members(id) {
                let value = if is_tagged {
                    payload(document, value).map_err(|fault| fault.at_key(document.text(key)))?
                } else {
                    value
                };
                checker.field(map, key, value)?;
            }
            Ok(Some(Fields { id, is_tagged }))
        };
        check().map_err(|fault| fault.at(slot.name()))
    }
}

/// Where one of the two maps is.
#[derive(Debug, Clone, Copy)]
struct Fields {
    id: Id,
    /// Each value is `{level, payload}`, of which the payload is kept.
    is_tagged: bool,
}

/// The payload of a value tagged with its sensitivity.
fn payload(document: Document<'_>, tagged: Id) -> Result<Id, Fault> {
    let found = match document.kind(tagged) {
        Node::Object => document.member(tagged, "payload"),
        _ => None,
    };
    found.ok_or_else(|| invalid("must be an object {level, payload}; or send the value itself in the ...Fields map"))
}

/// Drops what is absent, sorts the rest and refuses a name that stands twice.
fn sort_extra(document: Document<'_>, extra: &mut Vec<(Id, Id)>) -> Result<(), Fault> {
    if extra.is_empty() {
        return Ok(());
    }
    extra.sort_unstable_by(|a, b| compare_keys(document.text(a.0), document.text(b.0)));
    for pair in extra.windows(2) {
        let name = document.text(pair[0].0);
        if name == document.text(pair[1].0) {
            return Err(duplicate_key().at_key(name));
        }
    }
    extra.retain(|&(_, value)| !document.is_empty(value));
    Ok(())
}

/// Sorts string nodes by their text, as keys are sorted, and drops empty ones and repeats.
fn sort_unique(document: Document<'_>, ids: &mut Vec<Id>) {
    ids.retain(|&id| !document.text(id).is_empty());
    ids.sort_unstable_by(|&a, &b| compare_keys(document.text(a), document.text(b)));
    ids.dedup_by(|a, b| document.text(*a) == document.text(*b));
}

/// Writes the infrastructure part; answers where `"intake":{...},` stands.
fn write_infrastructure(
    event: &Event<'_>,
    categories: CategorySet,
    time: (Time, Option<usize>),
    log_entry_id: &[u8; 16],
    intake: &Intake<'_>,
    out: &mut Vec<u8>,
) -> Result<Range<usize>, Fault> {
    let mut part = Part::open(event, out);
    if !categories.is_empty() {
        let out = part.member(Slot::Categories);
        for (index, category) in categories.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"[\"" } else { b",\"" });
            out.extend_from_slice(category.name.as_bytes());
            out.push(b'"');
        }
        out.push(b']');
    }
    part.copy(Slot::Environment);
    if let Some(id) = event.get(Slot::EventId) {
        let out = part.member(Slot::EventId);
        let start = out.len();
        event.document.write(id, out);
        out[start..].make_ascii_lowercase();
    }
    part.copy(Slot::Host);
    // Something always follows, so the comma after `intake` is the next member's.
    let intake_start = part.out.len();
    part.intake(intake)?;
    let intake_at = intake_start + 1..part.out.len() + 1;
    let out = part.member(Slot::LogEntryId);
    out.push(b'"');
    uuid::write(out, log_entry_id);
    out.push(b'"');
    part.copy(Slot::Name);
    part.copy(Slot::OrgId);
    part.copy(Slot::Origin);
    part.copy(Slot::Origins);
    part.copy(Slot::ProducerType);
    part.copy(Slot::Product);
    part.copy(Slot::ProductVersion);
    part.copy(Slot::Result);
    match event.get(Slot::SequenceId) {
        Some(id) if event.document.kind(id) == Node::Number => {
            let out = part.member(Slot::SequenceId);
            out.push(b'"');
            event.document.write(id, out);
            out.push(b'"');
        }
        _ => part.copy(Slot::SequenceId),
    }
    part.copy(Slot::Service);
    part.copy(Slot::Sid);
    part.copy(Slot::SourceOrigin);
    part.copy(Slot::Stack);
    let out = part.member(Slot::Time);
    match (event.get(Slot::Time), time) {
        (Some(id), (_, Some(kept))) => {
            out.push(b'"');
            out.extend_from_slice(&event.document.text(id)[..kept]);
            out.extend_from_slice(b"Z\"");
        }
        (_, (time, _)) => {
            out.push(b'"');
            time.write(out);
            out.push(b'"');
        }
    }
    part.copy(Slot::TokenId);
    part.copy(Slot::TraceId);
    part.copy(Slot::Type);
    part.copy(Slot::Uid);
    part.copy(Slot::UserAgent);
    part.close();
    Ok(intake_at)
}

/// Writes the content part.
fn write_content(
    event: &Event<'_>,
    maps: [Option<Fields>; 2],
    lifted: &Lifted,
    users: &[(Id, Id)],
    extra: &[(Id, Id)],
    out: &mut Vec<u8>,
) {
    let document = event.document;
    let mut part = Part::open(event, out);
    if !lifted.entities.is_empty() {
        part.list(Slot::Entities, &lifted.entities, |&id, out| document.write(id, out));
    }
    if !extra.is_empty() {
        part.out.extend_from_slice(b",\"extra\":");
        document.write_members(extra.iter().copied(), part.out);
    }
    for (slot, map) in [Slot::RequestFields, Slot::ResultFields].into_iter().zip(maps) {
        let Some(Fields { id, is_tagged }) = map else { continue };
        let out = part.member(slot);
        if is_tagged {
            let members = document.sorted_members(id);
            // Every value was found to have a payload.
            let payloads = members.map(|(key, value)| (key, payload(document, value).unwrap_or(value)));
            document.write_members(payloads, out);
        } else {
            document.write(id, out);
        }
    }
    if !users.is_empty() {
        // Members that are null or empty are absent.
        part.list(Slot::Users, users, |&(_, user), out| {
            let members = document.sorted_members(user).filter(|&(_, value)| !document.is_empty(value));
            document.write_members(members, out);
        });
    } else if !lifted.users.is_empty() {
        part.list(Slot::Users, &lifted.users, |&uid, out| {
            out.extend_from_slice(b"{\"uid\":");
            document.write(uid, out);
            out.push(b'}');
        });
    }
    part.close();
}

/// A part being written. Every member begins with a comma; the first comma becomes the opening brace.
struct Part<'a> {
    event: &'a Event<'a>,
    out: &'a mut Vec<u8>,
}

impl<'a> Part<'a> {
    fn open(event: &'a Event<'a>, out: &'a mut Vec<u8>) -> Self {
        out.clear();
        Self { event, out }
    }

    /// Begins a member; the caller writes its value.
    #[inline]
    fn member(&mut self, slot: Slot) -> &mut Vec<u8> {
        self.out.extend_from_slice(slot.opening().as_bytes());
        self.out
    }

    /// Writes the member in `slot` as it is, if there is one.
    #[inline]
    fn copy(&mut self, slot: Slot) {
        if let Some(id) = self.event.get(slot) {
            self.out.extend_from_slice(slot.opening().as_bytes());
            self.event.document.write(id, self.out);
        }
    }

    /// Writes a list that is not empty.
    fn list<T>(&mut self, slot: Slot, elements: &[T], write: impl Fn(&T, &mut Vec<u8>)) {
        let out = self.member(slot);
        for (index, element) in elements.iter().enumerate() {
            out.push(if index == 0 { b'[' } else { b',' });
            write(element, out);
        }
        out.push(b']');
    }

    fn intake(&mut self, intake: &Intake<'_>) -> Result<(), Fault> {
        let counts = [("producerEpoch", intake.producer_epoch), ("producerSeq", intake.producer_seq)];
        for (name, count) in counts {
            if count.is_some_and(|count| count > COUNT_MAX) {
                let message = "beyond 2^53-1; count from 0 in a new epoch";
                return Err(Fault::new(RefusalCode::NumberOutOfRange, message).at(name).at(Slot::Intake.name()));
            }
        }
        let &Intake { producer, producer_epoch, producer_seq, source, adapter } = intake;
        let out = self.member(Slot::Intake);
        write_intake(
            out,
            &crate::parts::Intake {
                producer: producer.into(),
                producer_epoch,
                producer_seq,
                source: source.into(),
                adapter: adapter.map(Into::into),
            },
        );
        Ok(())
    }

    fn close(self) {
        match self.out.first_mut() {
            Some(first) => *first = b'{',
            None => self.out.push(b'{'),
        }
        self.out.push(b'}');
    }
}

#[cold]
fn missing(slot: Slot) -> Fault {
    let message = match slot {
        Slot::Type => "required; send \"audit.3\"",
        Slot::Time => "required; send when it happened, such as 2025-11-13T23:20:24.180Z",
        Slot::Name => "required; send the kind of event, such as GET_DATASET_AS_CSV",
        Slot::Result => "required; send SUCCESS, ERROR, UNAUTHORIZED or PARTIAL",
        Slot::Categories => "required; send at least one category of the catalogue",
        Slot::EventId => "required; send a UUID, the same for all lines of one event",
        Slot::ProducerType => "required; send SERVER for a back end or CLIENT for a front end",
        Slot::Product => "required; send the name of the software that emits the event",
        Slot::ProductVersion => "required; send the version of the software that emits the event",
        _ => "required; send it",
    };
    Fault::new(RefusalCode::MissingField, message).at(slot.name())
}

#[cold]
fn not_a_string(kind: Node) -> Fault {
    invalid(format!("must be a string, not {}", kind.describe()))
}

#[cold]
fn too_long(bytes: usize, bytes_max: usize) -> Fault {
    let message =
        format!("{bytes} bytes where {bytes_max} are allowed; infrastructure fields are not free text, shorten it");
    Fault::new(RefusalCode::TooLong, message)
}

#[cold]
fn too_large(what: &str, bytes: usize, bytes_max: usize) -> Fault {
    let message = format!("{what} {bytes} bytes, over the limit of {bytes_max}; split the event");
    Fault::new(RefusalCode::EventTooLarge, message)
}

#[cfg(test)]
mod tests;
