//! The Open Cybersecurity Schema Framework: which class an event becomes, and the event in it.
//!
//! [`mapping::MAPPINGS`] is the table, also in `docs/reference/ocsf.md`. What has no place in the class stands in `unmapped` under its own
//! name, so that nothing of the event is lost but `intake`.

mod class;
pub mod mapping;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::LazyLock;

use indelible_event::parts::{Columns, List, Malformed, Row, Text};

use crate::entry::{Batch, Entry};
use crate::json::Object;
pub use class::Class;
use mapping::{MAPPINGS, Mapping, UNCATEGORISED};

/// The version of the schema, `metadata.version`.
pub const VERSION: &str = "1.8.0";

/// What is written where a class demands something that the event does not say.
const UNKNOWN: &str = "unknown";

/// Where each category stands in the table.
static PLACES: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| MAPPINGS.iter().enumerate().map(|(place, mapping)| (mapping.category, place)).collect());

/// What an event with these categories becomes.
pub fn map<'a>(categories: impl Iterator<Item = &'a str>) -> &'static Mapping {
    let place = categories.filter_map(|category| PLACES.get(category)).min();
    place.and_then(|place| MAPPINGS.get(*place)).unwrap_or(&UNCATEGORISED)
}

/// Of the categories of an event the one that tells most.
pub(crate) fn leading(categories: &[Cow<'_, str>]) -> Option<&'static str> {
    Some(map(categories.iter().map(AsRef::as_ref)).category).filter(|category| !category.is_empty())
}

pub(super) fn write(batch: &Batch, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let row = entry.row()?;
    let categories: Vec<Cow<'_, str>> = row.list(List::Categories).collect();
    let mapping = map(categories.iter().map(AsRef::as_ref));
    let event = Event { batch, entry, row: &row, mapping, entities: row.list(List::Entities).collect() };
    let mut object = Object::open(out);
    event.base(&mut object);
    event.metadata(&mut object);
    event.who(&mut object);
    event.what(&mut object);
    event.unmapped(&mut object, &categories);
    object.close();
    Ok(())
}

struct Event<'a> {
    batch: &'a Batch,
    entry: &'a Entry,
    row: &'a Row<'a>,
    mapping: &'static Mapping,
    entities: Vec<Cow<'a, str>>,
}

impl Event<'_> {
    fn text(&self, column: Text) -> Option<&str> {
        self.row.text(column)
    }

    fn name(&self) -> &str {
        self.text(Text::Name).unwrap_or(UNKNOWN)
    }

    fn product(&self) -> &str {
        self.text(Text::Product).unwrap_or(UNKNOWN)
    }

    /// Whether the class has `http_request`.
    fn has_http_request(&self) -> bool {
        !matches!(self.mapping.class, Class::EventLogActivity | Class::ApplicationLifecycle)
    }

    /// Whether the class has `src_endpoint`.
    fn has_source(&self) -> bool {
        self.mapping.class != Class::ApplicationLifecycle
    }

    /// Whether the class has `actor` only by the profile `host`, which is then named.
    fn is_actor_of_profile(&self) -> bool {
        matches!(self.mapping.class, Class::WebResourcesActivity | Class::ApplicationLifecycle)
    }

    fn base(&self, object: &mut Object<'_>) {
        let Mapping { class, activity, other, .. } = *self.mapping;
        let activity_name = if other.is_empty() { class.activity_name(activity) } else { other };
        object.number("activity_id", activity);
        object.string("activity_name", activity_name);
        object.number("category_uid", class.category_uid());
        object.string("category_name", class.category_name());
        object.number("class_uid", class.uid());
        object.string("class_name", class.name());
        object.number("type_uid", class.uid() * 100 + u32::from(activity));
        object.string("type_name", &format!("{}: {activity_name}", class.name()));
        object.number("time", self.row.time().micros.div_euclid(1000));
        let result = self.text(Text::Result).unwrap_or_default();
        let (severity_id, severity) = if result == "UNAUTHORIZED" { (2, "Low") } else { (1, "Informational") };
        object.number("severity_id", severity_id);
        object.string("severity", severity);
        let (status_id, status) = match result {
            "SUCCESS" => (1, "Success"),
            "ERROR" | "UNAUTHORIZED" => (2, "Failure"),
            "" => (0, "Unknown"),
            _ => (99, result),
        };
        object.number("status_id", status_id);
        object.string("status", status);
        if !result.is_empty() {
            object.string("status_code", result);
        }
        object.string("message", self.name());
    }

    fn metadata(&self, object: &mut Object<'_>) {
        object.object("metadata", |metadata| {
            metadata.string("version", VERSION);
            metadata.string("uid", &self.batch.id(self.entry));
            metadata.optional("original_event_uid", self.text(Text::LogEntryId));
            metadata.string("event_code", self.name());
            metadata.optional("correlation_uid", self.text(Text::TraceId));
            metadata.string("tenant_uid", &self.batch.log.organization);
            metadata.number("sequence", self.entry.seq);
            metadata.number("logged_time", self.entry.received_at_us.div_euclid(1000));
            metadata.string("original_time", &self.row.time().to_string());
            metadata.string("log_provider", "Indelible");
            metadata.string("log_version", self.row.kind());
            if self.is_actor_of_profile() {
                metadata.strings("profiles", ["host"].into_iter());
            }
            metadata.object("product", |product| {
                product.string("name", self.product());
                product.optional("version", self.text(Text::ProductVersion));
                if let Some(service) = self.text(Text::Service) {
                    product.object("feature", |feature| feature.string("name", service));
                }
            });
        });
    }

    fn who(&self, object: &mut Object<'_>) {
        object.object("actor", |actor| {
            actor.string("app_name", self.product());
            if let Some(uid) = self.text(Text::Uid) {
                actor.object("user", |user| user.string("uid", uid));
            }
            let (sid, token) = (self.text(Text::Sid), self.text(Text::TokenId));
            if sid.or(token).is_some() {
                actor.object("session", |session| {
                    session.optional("uid", sid);
                    session.optional("credential_uid", token);
                });
            }
        });
        let origin = self.text(Text::Origin).or((self.mapping.class == Class::ApiActivity).then_some(UNKNOWN));
        if let Some(origin) = origin.filter(|_| self.has_source()) {
            let key = if origin.parse::<IpAddr>().is_ok() { "ip" } else { "name" };
            object.object("src_endpoint", |endpoint| endpoint.string(key, origin));
        }
        if let Some(agent) = self.text(Text::UserAgent).filter(|_| self.has_http_request()) {
            object.object("http_request", |request| request.string("user_agent", agent));
        }
    }

    /// What the class is about.
    fn what(&self, object: &mut Object<'_>) {
        let service = self.text(Text::Service).unwrap_or_else(|| self.product());
        match self.mapping.class {
            Class::Authentication => {
                object.object("user", |user| self.affected_user(user));
                object.object("service", |object| object.string("name", service));
            }
            Class::AccountChange => object.object("user", |user| self.affected_user(user)),
            Class::GroupManagement => object.object("group", |group| self.first_entity(group)),
            Class::EntityManagement => object.object("entity", |entity| {
                self.first_entity(entity);
                entity.number("type_id", 99);
                entity.string("type", self.mapping.entity);
            }),
            Class::WebResourcesActivity if self.entities.is_empty() => {
                object.objects("web_resources", [self.name()].into_iter(), |resource, name| {
                    resource.string("name", name);
                });
            }
            Class::WebResourcesActivity => {
                object.objects("web_resources", self.entities.iter(), |resource, uid| resource.string("uid", uid));
            }
            Class::ApplicationLifecycle => object.object("app", |app| self.first_entity(app)),
            Class::ApiActivity => {
                object.object("api", |api| {
                    api.string("operation", self.name());
                    api.object("service", |object| object.string("name", service));
                });
                object.objects("resources", self.entities.iter(), |resource, uid| resource.string("uid", uid));
            }
            Class::EventLogActivity => {
                object.string("log_name", self.entities.first().map_or("audit", AsRef::as_ref));
                object.number("log_type_id", 2);
                object.string("log_type", "Application");
            }
        }
    }

    /// The user that something was done to: the first of `users` who did not do it, else who did.
    fn affected_user(&self, user: &mut Object<'_>) {
        let actor = self.text(Text::Uid);
        let other = self.row.users().find(|user| Some(&*user.uid) != actor);
        let known = other.or_else(|| self.row.users().next());
        match (known, actor) {
            (Some(known), _) => {
                user.string("uid", &known.uid);
                user.optional("name", known.user_name.as_deref());
            }
            (None, Some(uid)) => user.string("uid", uid),
            (None, None) => user.string("name", UNKNOWN),
        }
    }

    fn first_entity(&self, object: &mut Object<'_>) {
        match self.entities.first() {
            Some(uid) => object.string("uid", uid),
            None => object.string("name", self.name()),
        }
    }

    fn unmapped(&self, object: &mut Object<'_>, categories: &[Cow<'_, str>]) {
        object.object("unmapped", |unmapped| {
            unmapped.strings("categories", categories.iter());
            for column in [
                Text::OrgId,
                Text::EventId,
                Text::SequenceId,
                Text::ProducerType,
                Text::Host,
                Text::Stack,
                Text::Environment,
                Text::SourceOrigin,
            ] {
                unmapped.optional(column.name(), self.text(column));
            }
            if !self.has_http_request() {
                unmapped.optional("userAgent", self.text(Text::UserAgent));
            }
            if !self.has_source() {
                unmapped.optional("origin", self.text(Text::Origin));
            }
            unmapped.strings("origins", self.row.list(List::Origins));
            unmapped.strings("entities", self.entities.iter());
            unmapped.objects("users", self.row.users(), |object, user| {
                object.string("uid", &user.uid);
                object.optional("userName", user.user_name.as_deref());
                object.optional("firstName", user.first_name.as_deref());
                object.optional("lastName", user.last_name.as_deref());
                object.strings("groups", user.groups.iter());
                object.optional("realm", user.realm.as_deref());
            });
            for column in [Text::RequestFields, Text::ResultFields, Text::Extra] {
                if let Some(json) = self.text(column) {
                    unmapped.raw(column.name(), json.as_bytes());
                }
            }
        });
    }
}
