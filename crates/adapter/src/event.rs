//! From what a program leaves to an audit.3 event.

use std::collections::{BTreeMap, BTreeSet};

use indelible_event::catalogue::{self, Category, Classification, Field, FieldMap};
use jiff::Timestamp;
use vrl::value::{KeyString, ObjectMap, Value};

use crate::adapter::EVENTS_MAX;
use crate::columns;
use crate::identity;
use crate::json;
use crate::lift::{Lifter, is_nothing, text};
use crate::refused::{Code, Refused};
use crate::time::Clock;

/// Bytes of the documentation that a refusal quotes.
const WHERE_BYTES: usize = 160;

/// What the host knows of a record beside its content.
pub(crate) struct Setting<'a> {
    pub(crate) adapter: &'a str,
    pub(crate) clock: &'a Clock,
    /// The organization every event belongs to, whatever the record says.
    pub(crate) organization: Option<&'a str>,
    /// Whether a record without a time is dated to the beginning of 1970 instead of refused.
    pub(crate) dates_undated: bool,
    /// Where the adapter looks for the time, in the words of its documentation.
    pub(crate) time_from: Option<&'a str>,
}

/// An event without its ids, as JSON members.
pub(crate) struct Draft {
    pub(crate) members: BTreeMap<&'static str, Value>,
    /// The record's own id, in the words of the source.
    pub(crate) source_id: Option<String>,
    /// How many times the event happened.
    pub(crate) repeat: u32,
    /// Whether the record named no time, so that the event is dated to the beginning of 1970.
    pub(crate) is_undated: bool,
}

impl Draft {
    /// Makes the event that `left`, the value a program left in `.`, describes.
    pub(crate) fn new(left: Value, setting: &Setting<'_>) -> Result<Self, Refused> {
        let Value::Object(left) = left else {
            return Err(fault(format!(
                "the program left {} in `.`, not an event or a list of events",
                left.kind_str()
            )));
        };
        let mut left = Left(left);
        let mut members = BTreeMap::new();
        members.insert("type", Value::from("audit.3"));
        let time = time(left.take("time"), setting)?;
        let is_undated = time.is_none();
        members.insert("time", time.unwrap_or(Timestamp::UNIX_EPOCH).to_string().into());

        let result = left.text("result").unwrap_or_else(|| "SUCCESS".to_owned());
        if !["SUCCESS", "ERROR", "UNAUTHORIZED", "PARTIAL"].contains(&result.as_str()) {
            return Err(fault(format!("result cannot be {:?}", json::short(&result))));
        }
        let producer_type = left.text("producerType").unwrap_or_else(|| "SERVER".to_owned());
        members.insert("producerType", producer_type.into());

        let mut pass_through = left.object("passThrough")?;
        let source_id = left.text("sourceId");
        if let Some(id) = source_id.as_ref().filter(|id| identity::uuid(id).is_none()) {
            pass_through.insert("sourceId".into(), id.as_str().into());
        }
        if is_undated {
            pass_through.insert("undated".into(), true.into());
        }
        let infrastructure = columns::take(&mut left, setting, &mut pass_through)?;
        members.extend(infrastructure);

        let product = members.get("product").map(|product| product.to_string_lossy().into_owned());
        let product = product.unwrap_or_default();
        let uid = members.get("uid").map(|uid| uid.to_string_lossy().into_owned());
        let mut fields = Fields {
            lifter: Lifter { product: &product, clock: setting.clock, entities: BTreeSet::new() },
            request: ObjectMap::new(),
            result: ObjectMap::new(),
        };
        let mut categories = categories(left.take("categories"))?;
        let about = About {
            subjects: left.list("subjects"),
            description: left.text("description"),
            result: &result,
            uid: uid.as_deref(),
        };
        fields.given(left.object("fields")?, &categories)?;
        for category in &categories {
            fields.complete(category, &about);
        }
        fields.lifter.lift(&identifiers(), Value::Array(about.subjects));

        let pass_through_result = left.object("passThroughResult")?;
        fields.pass_through("passThroughRequestParams", pass_through);
        fields.pass_through("passThroughResponseParams", pass_through_result);
        if let Some(category) = catalogue::category("passThrough").filter(|_| fields.has_pass_through()) {
            categories.push(category);
        }

        let names: BTreeSet<_> = categories.iter().map(|category| category.name).collect();
        members.insert("categories", names.into_iter().map(Value::from).collect());
        members.insert("result", result.into());
        let entities: Vec<_> = fields.lifter.entities.into_iter().map(Value::from).collect();
        for (name, value) in [
            ("requestFields", Value::Object(fields.request)),
            ("resultFields", Value::Object(fields.result)),
            ("entities", Value::Array(entities)),
        ] {
            if !is_nothing(&value) {
                members.insert(name, value);
            }
        }
        let repeat = match left.take("repeat") {
            Value::Null => 1,
            Value::Integer(times) if (1..=i64::from(EVENTS_MAX)).contains(&times) => times as u32,
            _ => return Err(fault(format!("repeat is a number from 1 to {EVENTS_MAX}"))),
        };
        left.finish()?;
        Ok(Self { members, source_id, repeat, is_undated })
    }
}

fn fault(message: impl Into<String>) -> Refused {
    Refused::new(Code::Program, message)
}

/// When it happened; nothing for a record without a time where such are taken.
fn time(value: Value, setting: &Setting<'_>) -> Result<Option<Timestamp>, Refused> {
    if is_nothing(&value) {
        if setting.dates_undated {
            return Ok(None);
        }
        let from = setting.time_from.map(|from| format!("; the adapter looks in {}", json::cut(from, WHERE_BYTES)));
        let message = format!(
            "the record has no time{}; have the adapter take it from the field that holds it",
            from.unwrap_or_default()
        );
        return Err(Refused::new(Code::NoTime, message));
    }
    match setting.clock.instant(&value) {
        Some(time) => Ok(Some(time)),
        None => {
            let shown = value.to_string_lossy().into_owned();
            Err(Refused::new(Code::BadTime, format!("the time {:?} cannot be read", json::short(&shown))))
        }
    }
}

/// The categories a program named, as a list or with commas between; `internal` if it named none.
fn categories(value: Value) -> Result<Vec<&'static Category>, Refused> {
    let names: Vec<String> = match value {
        Value::Array(names) => names.into_iter().filter_map(text).collect(),
        value => text(value).unwrap_or_default().split(',').map(|name| name.trim().to_owned()).collect(),
    };
    let mut categories: Vec<&Category> = Vec::new();
    for name in names.iter().filter(|name| !name.is_empty()) {
        let Some(category) = catalogue::category(name) else {
            return Err(fault(format!("there is no category {:?}", json::short(name))));
        };
        if !categories.iter().any(|known| known.name == category.name) {
            categories.push(category);
        }
    }
    if categories.is_empty() {
        categories.extend(catalogue::category("internal"));
    }
    Ok(categories)
}

/// The type of a list of identifiers.
fn identifiers() -> catalogue::Type {
    catalogue::field("loadedSecretIdentifiers").map_or(catalogue::Type::Any, |field| field.ty)
}

/// What a program left, taken apart name by name.
pub(crate) struct Left(ObjectMap);

impl Left {
    pub(crate) fn take(&mut self, name: &str) -> Value {
        self.0.remove(name).unwrap_or(Value::Null)
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        text(self.take(name)).filter(|text| !text.is_empty())
    }

    fn list(&mut self, name: &str) -> Vec<Value> {
        match self.take(name) {
            Value::Null => Vec::new(),
            Value::Array(items) => items,
            item => vec![item],
        }
    }

    fn object(&mut self, name: &str) -> Result<ObjectMap, Refused> {
        match self.take(name) {
            Value::Null => Ok(ObjectMap::new()),
            Value::Object(object) => Ok(object),
            other => Err(fault(format!("{name} is an object, not {}", other.kind_str()))),
        }
    }

    fn finish(self) -> Result<(), Refused> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(fault(format!(
                "the program left {:?}, which is no part of an event; put it under passThrough",
                json::short(name)
            ))),
        }
    }
}

/// What an event was about, in general terms.
struct About<'a> {
    subjects: Vec<Value>,
    description: Option<String>,
    result: &'a str,
    uid: Option<&'a str>,
}

/// The two maps of an event being filled.
struct Fields<'a> {
    lifter: Lifter<'a>,
    request: ObjectMap,
    result: ObjectMap,
}

impl Fields<'_> {
    /// Takes the fields a program named; the catalogue says which map each belongs to and what form it has.
    fn given(&mut self, fields: ObjectMap, categories: &[&'static Category]) -> Result<(), Refused> {
        for (name, value) in fields {
            let declared = categories.iter().flat_map(|category| category.fields());
            let Some(field) = declared.into_iter().find(|field| field.name == name.as_str()) else {
                return Err(fault(format!("no category of this event declares the field {:?}", json::short(&name))));
            };
            self.put(field, value);
        }
        Ok(())
    }

    fn put(&mut self, field: &'static Field, value: Value) {
        if let Some(value) = self.lifter.lift(&field.ty, value) {
            self.map(field).insert(field.name.into(), value);
        }
    }

    fn map(&mut self, field: &Field) -> &mut ObjectMap {
        match field.map() {
            FieldMap::Request => &mut self.request,
            FieldMap::Result => &mut self.result,
        }
    }

    fn has(&mut self, field: &Field) -> bool {
        self.map(field).contains_key(field.name)
    }

    /// Fills what the program left open and the general terms answer.
    fn complete(&mut self, category: &'static Category, about: &About<'_>) {
        let success = about.result == "SUCCESS";
        let is_failure = matches!(about.result, "ERROR" | "UNAUTHORIZED");
        for field in category.fields() {
            if self.has(field) {
                continue;
            }
            let role = role(category, field);
            let value = match role {
                Role::Subject if field.map() == FieldMap::Request || success => Value::Array(about.subjects.clone()),
                Role::Allowed if success => Value::Array(about.subjects.clone()),
                Role::Denied if is_failure => Value::Array(about.subjects.clone()),
                Role::Description => about.description.clone().map_or(Value::Null, Value::from),
                Role::Passed => Value::Boolean(success),
                Role::User if success => about.uid.map_or(Value::Null, Value::from),
                _ => Value::Null,
            };
            self.put(field, value);
            if field.is_demanded() && !self.has(field) {
                let fallback = self.fallback(field);
                self.put(field, fallback);
            }
        }
    }

    /// A value for a field that may not be absent and that the record does not tell: what is not known, said so.
    fn fallback(&self, field: &Field) -> Value {
        match field.ty.to_string().as_str() {
            "SecretType" | "SecretOperation" => "UNKNOWN".into(),
            "LlmInferenceContext" => Value::Object(ObjectMap::from([("modelId".into(), Value::Null)])),
            _ => self.lifter.product.into(),
        }
    }

    fn pass_through(&mut self, name: &'static str, values: ObjectMap) {
        let Some(field) = catalogue::field(name) else { return };
        let tagged: ObjectMap = values
            .into_iter()
            .filter(|(_, value)| !is_nothing(value))
            .map(|(name, payload)| (name, tagged(payload)))
            .collect();
        if !tagged.is_empty() {
            self.map(field).insert(name.into(), Value::Object(tagged));
        }
    }

    fn has_pass_through(&self) -> bool {
        self.request.contains_key("passThroughRequestParams") || self.result.contains_key("passThroughResponseParams")
    }
}

fn tagged(payload: Value) -> Value {
    Value::Object(ObjectMap::from([
        (KeyString::from("level"), Value::Array(vec!["METADATA".into()])),
        (KeyString::from("payload"), payload),
    ]))
}

/// Which of the general terms answers a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The subjects.
    Subject,
    /// The subjects, if the event succeeded.
    Allowed,
    /// The subjects, if it failed.
    Denied,
    /// The description.
    Description,
    /// Whether the event succeeded.
    Passed,
    /// The user.
    User,
    /// Nothing: only the program knows.
    None,
}

/// The role of `field` in `category`: the first required field that names resources holds the subjects; where that is
/// not the sensible one, the exceptions say so.
pub(crate) fn role(category: &Category, field: &Field) -> Role {
    match field.name {
        "executedResourceEnvironment" | "createdRequestIds" | "mergedResult" | "llmInferenceResponseContext" => {
            Role::None
        }
        "executedResources"
        | "importResourceId"
        | "bulkImportDestinations"
        | "createdInfraResources"
        | "launchedContainerIds"
        | "loadedContainerLoadIds"
        | "requestedContainerIdsToLaunch"
        | "authenticationCheckTargets"
        | "authorizationCheckTargets"
        | "managedUserIds"
        | "groupPatches"
        | "llmInferenceContext" => Role::Subject,
        "authorizationCheckSucceededTargets" => Role::Allowed,
        "authorizationCheckFailedTargets" => Role::Denied,
        "authenticationCheckResult" => Role::Passed,
        "loginUserId" | "logoutUserId" => Role::User,
        name if name.contains("Description") && field.classification == Some(Classification::Constant) => {
            Role::Description
        }
        name => {
            let names_resources =
                |field: &&Field| field.required && field.classification == Some(Classification::Resource);
            match category.fields().find(names_resources) {
                Some(first) if first.name == name => Role::Subject,
                _ => Role::None,
            }
        }
    }
}
