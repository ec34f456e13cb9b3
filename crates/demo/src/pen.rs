//! Writes audit.3 lines the way services do: each from one product, in the name of one caller, with
//! what the categories declare and nothing else.

use serde_json::{Map, Value};

use crate::clock::{SECOND, rfc3339};
use crate::dice::{Dice, key};
use crate::json::{self, Object};
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

pub(crate) const MULTIPASS: Product = Product { name: "multipass", version: "4.212.0", service: "multipass", rack: 11 };
/// The gateway checks tokens before it passes calls on, and ships with multipass.
pub(crate) const GATEWAY: Product = Product { name: "multipass", version: "4.212.0", service: "api-gateway", rack: 12 };
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Error,
    Unauthorized,
    Partial,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Outcome::Success => "SUCCESS",
            Outcome::Error => "ERROR",
            Outcome::Unauthorized => "UNAUTHORIZED",
            Outcome::Partial => "PARTIAL",
        }
    }
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
    in_browser: bool,
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
            in_browser: false,
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
    pub(crate) fn in_browser(mut self) -> Self {
        self.in_browser = true;
        self
    }
}

/// A resource of the kind most categories name: the RID, and the project it lies in as context.
pub(crate) fn resource(rid: &str, project: &str) -> Value {
    serde_json::json!({"id": {"type": "rid", "rid": rid}, "context": [{"value": project, "description": "project"}]})
}

/// An identifier that is a RID.
pub(crate) fn rid(rid: &str) -> Value {
    serde_json::json!({"type": "rid", "rid": rid})
}

/// An identifier that is not a RID.
pub(crate) fn other(value: &str, description: &str) -> Value {
    serde_json::json!({"type": "other", "other": {"value": value, "description": description}})
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
        let Draft { product, mut categories, mut entities, .. } = draft;
        categories.sort_unstable();
        entities.sort_unstable();
        entities.dedup();
        let mut users: Vec<&Account> = draft.others.iter().chain([account]).collect();
        users.sort_unstable_by_key(|user| &user.uid);
        users.dedup_by_key(|user| &user.uid);

        let mut line = Object::new();
        line.text("type", "audit.3");
        line.text("time", &rfc3339(time_us));
        line.text("name", draft.name);
        line.text("result", draft.outcome.as_str());
        line.list("categories", categories, json::string);
        if !draft.request.is_empty() {
            line.value("requestFields", &Value::Object(draft.request));
        }
        if draft.outcome == Outcome::Success && !draft.result.is_empty() {
            line.value("resultFields", &Value::Object(draft.result));
        }
        line.list("entities", &entities, |out, entity| json::string(out, entity));
        line.list("users", users, |out, user| {
            let mut object = Object::new();
            object.text("uid", &user.uid);
            object.text("userName", &user.user_name);
            out.push_str(&object.finish());
        });
        line.text("uid", &account.uid);
        line.text_if("sid", call.caller.sid.as_deref());
        line.text_if("tokenId", call.caller.token.as_deref());
        line.text("orgId", organization.rid);
        if let Some(other) = call.other_organization {
            let claims = [(organization.rid, "ORIGINATING_USER"), (ORGANIZATIONS[other].rid, "TARGETED_RESOURCE")];
            line.list("organizations", claims, |out, (id, reason)| {
                let mut object = Object::new();
                object.text("id", id);
                object.text("reason", reason);
                out.push_str(&object.finish());
            });
        }
        line.text("traceId", &call.trace);
        line.text("eventId", &event_id);
        line.text("logEntryId", &self.ids.uuid());
        line.text_if("sequenceId", number.as_deref());
        line.text("producerType", if draft.in_browser { "CLIENT" } else { "SERVER" });
        line.text("product", product.name);
        line.text("productVersion", product.version);
        line.text("service", &product.instance(call));
        line.text("host", &format!("{}-node-{}", organization.stack, 1 + (call.instance >> 8) % 6));
        line.text("stack", organization.stack);
        line.text("environment", "production");
        line.text("userAgent", user_agent);
        line.text("origin", &address);
        line.list("origins", by_user.then_some(address.as_str()), json::string);
        line.text("sourceOrigin", &address);
        self.events.push(Event { time_us, product: product.name, line: line.finish() });
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
