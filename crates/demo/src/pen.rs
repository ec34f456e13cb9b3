//! Writes audit.3 lines the way services do: each from one product, in the name of one caller, with
//! what the categories declare and nothing else.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::clock::{SECOND, rfc3339};
use crate::dice::{Dice, key};
use crate::world::{Account, Address, ORGANIZATIONS, World};

/// One line as a service writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened, in microseconds since 1970 UTC: the `time` of the line.
    pub time_us: i64,
    /// The product that writes it: `multipass`, `compass` or `blobster`.
    pub product: &'static str,
    /// The audit.3 line: one JSON object, without a newline.
    pub line: String,
}

/// A product as its lines show it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product {
    name: &'static str,
    version: &'static str,
    /// Name of its service; instances are numbered.
    service: &'static str,
    /// Third byte of its addresses inside the platform.
    rack: u8,
}

pub(crate) const MULTIPASS: Product =
    Product { name: "multipass", version: "4.212.0", service: "multipass", rack: 11 };
/// The gateway checks tokens before it passes calls on, and ships with multipass.
pub(crate) const GATEWAY: Product =
    Product { name: "multipass", version: "4.212.0", service: "api-gateway", rack: 12 };
pub(crate) const COMPASS: Product = Product { name: "compass", version: "2.87.3", service: "compass", rack: 21 };
pub(crate) const BLOBSTER: Product = Product { name: "blobster", version: "1.340.1", service: "blobster", rack: 31 };

/// Who calls and from where: the same for every call of a session.
#[derive(Debug, Clone)]
pub(crate) struct Caller<'w> {
    pub(crate) account: &'w Account,
    pub(crate) sid: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) address: Address,
    pub(crate) user_agent: &'w str,
}

/// One call of a user: its lines over all products share a trace.
pub(crate) struct Call<'c, 'w> {
    caller: &'c Caller<'w>,
    trace: String,
    instance: u64,
    /// Added to the times of its lines: nothing in life happens on the full second.
    fraction_us: i64,
    /// The organization whose resource is touched, where it is not the caller's.
    other_organization: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Outcome {
    Success,
    Error,
    Unauthorized,
    Partial,
}

/// A line in the making: what happened, without who and where.
pub(crate) struct Draft {
    time_us: i64,
    product: Product,
    name: &'static str,
    outcome: Outcome,
    categories: Vec<&'static str>,
    request: Map<String, Value>,
    result: Map<String, Value>,
    entities: Vec<String>,
    others: Vec<Account>,
    event: Option<(String, u32)>,
    from_client: bool,
}

impl Draft {
    pub(crate) fn new(time_us: i64, product: Product, name: &'static str, category: &'static str) -> Self {
        Draft {
            time_us,
            product,
            name,
            outcome: Outcome::Success,
            categories: vec![category],
            request: Map::new(),
            result: Map::new(),
            entities: Vec::new(),
            others: Vec::new(),
            event: None,
            from_client: false,
        }
    }

    /// The event is of this category too.
    pub(crate) fn and(mut self, category: &'static str) -> Self {
        self.categories.push(category);
        self
    }

    pub(crate) fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    pub(crate) fn request(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.request.insert(field.to_owned(), value.into());
        self
    }

    /// Dropped where the outcome is not a success: such a line has learnt nothing.
    pub(crate) fn result(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.result.insert(field.to_owned(), value.into());
        self
    }

    /// The line names this resource.
    pub(crate) fn entity(mut self, rid: &str) -> Self {
        self.entities.push(rid.to_owned());
        self
    }

    /// The line names this user, beside the caller.
    pub(crate) fn user(mut self, account: &Account) -> Self {
        self.others.push(account.clone());
        self
    }

    /// The line is the `number`th of an event that has several.
    pub(crate) fn part_of(mut self, event: &str, number: u32) -> Self {
        self.event = Some((event.to_owned(), number));
        self
    }

    /// Written by the front end in the browser.
    pub(crate) fn from_client(mut self) -> Self {
        self.from_client = true;
        self
    }
}

/// A resource of the kind most categories name: the RID, and the project it lies in as context.
pub(crate) fn resource(rid: &str, project: &str) -> Value {
    json!({"id": {"type": "rid", "rid": rid}, "context": [{"value": project, "description": "project"}]})
}

/// An identifier that is a RID.
pub(crate) fn rid(rid: &str) -> Value {
    json!({"type": "rid", "rid": rid})
}

/// An identifier that is not a RID.
pub(crate) fn other(value: &str, description: &str) -> Value {
    json!({"type": "other", "other": {"value": value, "description": description}})
}

/// Collects the lines of one actor. Ids come from a stream of their own, so that two runs which
/// end at different times never give one id to two lines.
pub(crate) struct Pen<'w> {
    pub(crate) world: &'w World,
    pub(crate) dice: Dice,
    ids: Dice,
    window: std::ops::Range<i64>,
    events: Vec<Event>,
}

impl<'w> Pen<'w> {
    pub(crate) fn new(world: &'w World, window: std::ops::Range<i64>, actor: u64, day: i64) -> Self {
        let stream = key(&[world.seed, window.end as u64, actor, day as u64]);
        Pen {
            world,
            dice: Dice::new(&[world.seed, 7, actor, day as u64]),
            ids: Dice::new(&[stream]),
            window,
            events: Vec::new(),
        }
    }

    /// An id for a session, a token or an event.
    pub(crate) fn id(&mut self) -> String {
        self.ids.uuid()
    }

    /// Begins a call; `owner` is the organization of the resource it is about.
    pub(crate) fn call<'c>(&mut self, caller: &'c Caller<'w>, owner: usize) -> Call<'c, 'w> {
        Call {
            caller,
            trace: format!("{:016x}", self.ids.next()),
            instance: self.dice.next(),
            fraction_us: self.dice.between(0, SECOND),
            other_organization: (owner != caller.account.organization).then_some(owner),
        }
    }

    /// Writes the line that the user's own request leaves.
    pub(crate) fn write(&mut self, call: &Call<'_, '_>, draft: Draft) {
        let address = dotted(call.caller.address);
        self.finish(call, draft, call.caller.user_agent, address, true);
    }

    /// Writes a line of a call that `from` makes in turn to serve the user's request.
    pub(crate) fn write_behind(&mut self, call: &Call<'_, '_>, from: Product, draft: Draft) {
        let user_agent = format!("{}/{}", from.instance(call), from.version);
        let address = format!("10.40.{}.{}", from.rack, 10 + call.instance % 3);
        self.finish(call, draft, &user_agent, address, false);
    }

    fn finish(&mut self, call: &Call<'_, '_>, draft: Draft, user_agent: &str, address: String, by_user: bool) {
        let time_us = draft.time_us + call.fraction_us;
        if !self.window.contains(&time_us) {
            return;
        }
        let account = call.caller.account;
        let organization = &ORGANIZATIONS[account.organization];
        let (event_id, number) = match draft.event {
            Some((event, number)) => (event, Some(number.to_string())),
            None => (self.ids.uuid(), None),
        };
        let mut categories = draft.categories;
        categories.sort_unstable();
        let mut entities = draft.entities;
        entities.sort_unstable();
        entities.dedup();
        let mut users: Vec<User<'_>> =
            draft.others.iter().chain([account]).map(|user| User { uid: &user.uid, user_name: &user.user_name }).collect();
        users.sort_unstable_by_key(|user| user.uid);
        users.dedup_by_key(|user| user.uid);
        let line = Line {
            kind: "audit.3",
            time: rfc3339(time_us),
            name: draft.name,
            result: draft.outcome,
            categories,
            request_fields: draft.request,
            result_fields: if draft.outcome == Outcome::Success { draft.result } else { Map::new() },
            entities,
            users,
            uid: &account.uid,
            sid: call.caller.sid.as_deref(),
            token_id: call.caller.token.as_deref(),
            org_id: organization.rid,
            organizations: call.other_organization.map(|other| {
                [
                    Attribution { id: organization.rid, reason: "ORIGINATING_USER" },
                    Attribution { id: ORGANIZATIONS[other].rid, reason: "TARGETED_RESOURCE" },
                ]
            }),
            trace_id: &call.trace,
            event_id,
            log_entry_id: self.ids.uuid(),
            sequence_id: number,
            producer_type: if draft.from_client { "CLIENT" } else { "SERVER" },
            product: draft.product.name,
            product_version: draft.product.version,
            service: draft.product.instance(call),
            host: format!("{}-node-{}", organization.stack, 1 + (call.instance >> 8) % 6),
            stack: organization.stack,
            environment: "production",
            user_agent,
            origins: by_user.then(|| [address.clone()]),
            source_origin: address.clone(),
            origin: address,
        };
        // A struct of strings and maps with string keys always has a JSON text.
        if let Ok(text) = serde_json::to_string(&line) {
            self.events.push(Event { time_us, product: draft.product.name, line: text });
        }
    }

    /// What was written, in order of time.
    pub(crate) fn into_events(mut self) -> Vec<Event> {
        self.events.sort_by_key(|event| event.time_us);
        self.events
    }
}

impl Product {
    fn instance(self, call: &Call<'_, '_>) -> String {
        format!("{}-{}", self.service, call.instance % 3)
    }
}

fn dotted([a, b, c, d]: Address) -> String {
    format!("{a}.{b}.{c}.{d}")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    time: String,
    name: &'static str,
    result: Outcome,
    categories: Vec<&'static str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    request_fields: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    result_fields: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entities: Vec<String>,
    users: Vec<User<'a>>,
    uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_id: Option<&'a str>,
    org_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    organizations: Option<[Attribution; 2]>,
    trace_id: &'a str,
    event_id: String,
    log_entry_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_id: Option<String>,
    producer_type: &'static str,
    product: &'static str,
    product_version: &'static str,
    service: String,
    host: String,
    stack: &'static str,
    environment: &'static str,
    user_agent: &'a str,
    origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    origins: Option<[String; 1]>,
    source_origin: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User<'a> {
    uid: &'a str,
    user_name: &'a str,
}

#[derive(Serialize)]
struct Attribution {
    id: &'static str,
    reason: &'static str,
}
