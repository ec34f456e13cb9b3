//! The server's own audit events: who read audit data, and who changed who may.
//!
//! They go the way of every other event, into the logs of the organizations concerned, and are durable before the answer to
//! the request goes out: where that fails, the answer is that failure. A read is recorded after the snapshot it reads, so it
//! never finds itself. The server's own readers, such as archiving and self-checks, leave no trace. What stands in which
//! event is in `docs/reference/reads.md`.

mod breach;
mod observed;
mod own;
mod polls;

use std::sync::Arc;

use indelible_control::Principal;
use indelible_event::catalogue::typed::{
    AppConfigCreate, AppConfigCreateRequest, AppConfigCreateResult, AppConfigDelete, AppConfigDeleteRequest,
    AppConfigUpdate, AppConfigUpdateRequest, ApplicationResource, DataResource, Identifier,
    ManagementPermissionsRequest, NoFields, OtherIdentifier, Resource, ResourceContext, Token, TokenGeneration,
    TokenGenerationRequest, TokenGenerationResult, TypedCategory,
};
use indelible_event::uuid::Uuid;
use indelible_event::{Intake, Limits, Organization, Scope, Scratch, Time, admit};
use indelible_intake::record::PLACES_MAX;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::auth::{Agent, Caller};
use crate::error::ApiError;
use crate::ids::{self, FreshIds};

pub(crate) use breach::Breaches;
pub(crate) use observed::Observed;
pub(crate) use own::OwnEntries;
pub(crate) use polls::Polls;

/// What our events say they are from: their `product`, and the producer in their `intake`.
pub(crate) const INDELIBLE: &str = "indelible";
/// Bytes of a text of the caller's that an event holds at most. Queries that are run are not longer.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// Who asks for something.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    /// Id of the principal; empty if nobody knows.
    pub(crate) id: Arc<str>,
    /// Id of its token, if it presents one.
    pub(crate) token_id: Option<Arc<str>>,
    /// Id of its session, if it presents one.
    pub(crate) session_id: Option<Arc<str>>,
    /// How the request came.
    pub(crate) agent: Agent,
}

/// What somebody did, in the words of the catalogue.
pub(crate) struct AuditEvent {
    name: &'static str,
    categories: Vec<&'static str>,
    request_fields: Map<String, Value>,
    result_fields: Map<String, Value>,
    result: &'static str,
}

impl AuditEvent {
    /// An event of the category `C`.
    pub(crate) fn new<C: TypedCategory>(name: &'static str, request: C::Request, result: C::Result) -> Self {
        let empty = Self {
            name,
            categories: Vec::new(),
            request_fields: Map::new(),
            result_fields: Map::new(),
            result: "SUCCESS",
        };
        empty.and::<C>(request, result)
    }

    /// The same event under another name.
    pub(crate) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// The same event, of the category `C` too.
    pub(crate) fn and<C: TypedCategory>(mut self, request: C::Request, result: C::Result) -> Self {
        self.categories.push(C::NAME);
        self.request_fields.extend(members(&request));
        self.result_fields.extend(members(&result));
        self
    }

    /// How it ended.
    pub(crate) fn ended<T, E>(self, outcome: &Result<T, E>) -> Self {
        Self { result: if outcome.is_ok() { "SUCCESS" } else { "ERROR" }, ..self }
    }

    /// It was refused.
    pub(crate) fn refused(self) -> Self {
        Self { result: "UNAUTHORIZED", ..self }
    }

    fn to_json(&self, actor: &Actor, event_id: Uuid, now_us: i64) -> Value {
        let Agent { user_agent, origins, source_origin } = &actor.agent;
        json!({
            "type": "audit.3", "time": Time::from_us(now_us).to_string(), "name": self.name, "result": self.result,
            "categories": self.categories, "requestFields": self.request_fields, "resultFields": self.result_fields,
            "eventId": event_id.to_string(), "producerType": "SERVER", "product": INDELIBLE,
            "productVersion": env!("CARGO_PKG_VERSION"), "uid": Some(&*actor.id).filter(|id| !id.is_empty()),
            "sid": actor.session_id.as_deref(), "tokenId": actor.token_id.as_deref(),
            "userAgent": user_agent, "origin": origins.first(), "origins": origins, "sourceOrigin": source_origin,
        })
    }
}

fn members(fields: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(fields) {
        Ok(Value::Object(members)) => members,
        // The types of the catalogue are structs of texts, numbers and lists.
        _ => Map::new(),
    }
}

/// Something of ours that has no RID, by its id.
pub(crate) fn identifier(id: &str) -> Identifier {
    Identifier::Other(OtherIdentifier::new(shortened(id)))
}

/// The same as a resource.
pub(crate) fn resource(id: &str) -> DataResource {
    DataResource::new(identifier(id))
}

/// What became of a piece of configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is there now.
    Created,
    /// It is another, or was told to do something.
    Updated,
    /// It is gone, or over for good.
    Deleted,
}

/// That configuration was changed: `kind` says of what, `facts` are values with what they are.
pub(crate) fn configured(
    name: &'static str,
    change: Change,
    kind: &str,
    id: &str,
    facts: &[(&str, &str)],
) -> AuditEvent {
    let mut resource = ApplicationResource::new(identifier(id), INDELIBLE.to_owned());
    resource.context =
        facts.iter().map(|(what, value)| ResourceContext::new(shortened(value), (*what).to_owned())).collect();
    let (resources, kind) = (vec![resource], Some(kind.to_owned()));
    match change {
        Change::Created => {
            let result = AppConfigCreateResult::new(resources);
            AuditEvent::new::<AppConfigCreate>(name, AppConfigCreateRequest::new(kind), result)
        }
        Change::Updated => {
            AuditEvent::new::<AppConfigUpdate>(name, AppConfigUpdateRequest::new(resources, kind), NoFields {})
        }
        Change::Deleted => {
            AuditEvent::new::<AppConfigDelete>(name, AppConfigDeleteRequest::new(resources, kind), NoFields {})
        }
    }
}

/// That what somebody may do on `target` changed: `facts` are what with its value.
pub(crate) fn permissions(target: Identifier, facts: &[(&str, &str)]) -> ManagementPermissionsRequest {
    let mut request = ManagementPermissionsRequest::new(vec![Resource::Data(DataResource::new(target))]);
    request.permission_change_context =
        facts.iter().map(|(what, value)| ResourceContext::new((*value).to_owned(), (*what).to_owned())).collect();
    request
}

/// A token as events name it: never by its text.
pub(crate) fn named(principal: &Principal, expires_at_us: Option<i64>) -> Token {
    token(&principal.token_id, &principal.id, expires_at_us)
}

/// A token by its id, and that of whom it is for.
pub(crate) fn token(id: &str, user_id: &str, expires_at_us: Option<i64>) -> Token {
    let mut token = Token::new("Bearer".into());
    token.id = Some(identifier(id));
    token.expiration_time = expires_at_us.map(|us| Time::from_us(us).to_string());
    token.user_id = Some(user_id.to_owned());
    token
}

/// That a token was made, of which `description` says what for.
pub(crate) fn token_generation(
    name: &'static str,
    principal: &Principal,
    expires_at_us: Option<i64>,
    description: Option<String>,
) -> AuditEvent {
    let request = TokenGenerationRequest { generate_tokens_description: description };
    let result = TokenGenerationResult { generated_tokens: vec![named(principal, expires_at_us)] };
    AuditEvent::new::<TokenGeneration>(name, request, result)
}

/// A text of the caller's, cut where it is longer than an event should hold.
pub(crate) fn shortened(text: &str) -> String {
    match text.len() {
        ..=TEXT_BYTES_MAX => text.to_owned(),
        _ => format!("{}…", &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]),
    }
}

impl App {
    /// Records a read in the log of each organization of `scope` that has one. On `Ok` it survives power loss.
    pub(crate) async fn audit_read(&self, actor: &Actor, scope: &Scope, event: AuditEvent) -> Result<(), ApiError> {
        if !self.config.audit_reads {
            return Ok(());
        }
        let logs = scope.organizations().iter().filter_map(|organization| self.ledger.find(organization));
        self.write_own(actor, logs.map(|log| log.number).collect(), &event).await
    }

    /// Records what the operator read by an investigation, whatever the configuration says of reads. On `Ok` it survives power
    /// loss.
    pub(crate) async fn audit_investigation(
        &self,
        caller: &Caller,
        scope: &Scope,
        event: AuditEvent,
    ) -> Result<(), ApiError> {
        self.audit_changes(&caller.actor(), scope.organizations(), event).await
    }

    /// Records a change in the log of the organization, which is there from then on. On `Ok` it survives power loss.
    pub(crate) async fn audit_change(
        &self,
        actor: &Actor,
        organization: &Organization,
        event: AuditEvent,
    ) -> Result<(), ApiError> {
        self.audit_changes(actor, std::slice::from_ref(organization), event).await
    }

    /// Records a change in the logs of several organizations.
    pub(crate) async fn audit_changes(
        &self,
        actor: &Actor,
        organizations: &[Organization],
        event: AuditEvent,
    ) -> Result<(), ApiError> {
        let failed = |error: anyhow::Error| ApiError::internal("record what was asked for", error);
        let mut numbers = Vec::with_capacity(organizations.len());
        for organization in organizations {
            // The operator's own organization may not have been needed before.
            self.control.adopt_organization(organization, self.now_us()).await.map_err(|error| failed(error.into()))?;
            numbers.push(self.intake.organization(organization).map_err(|error| failed(error.into()))?.number);
        }
        self.write_own(actor, numbers, &event).await
    }

    async fn write_own(&self, actor: &Actor, numbers: Vec<u32>, event: &AuditEvent) -> Result<(), ApiError> {
        if numbers.is_empty() {
            return Ok(());
        }
        let line = event.to_json(actor, ids::fresh(), self.now_us()).to_string();
        let intake =
            Intake { producer: INDELIBLE, producer_epoch: None, producer_seq: None, source: "server", adapter: None };
        let mut batch = self.intake.batch(INDELIBLE);
        let (mut scratch, mut ids) = (Scratch::default(), FreshIds::default());
        for numbers in numbers.chunks(PLACES_MAX) {
            // Within the limits of the format, whatever the configuration allows others.
            let admitted = admit(&mut scratch, line.as_bytes(), &Limits::default(), &intake, || ids.next());
            let admitted = admitted.map_err(|refusal| {
                ApiError::internal("record what was asked for", anyhow::anyhow!("{}: {}", event.name, refusal.message))
            })?;
            batch.push(&admitted, numbers);
        }
        let answer = self.submit(batch).await?;
        self.own_entries.note(answer.receipts.iter().map(|receipt| (receipt.number, receipt.seq)));
        Ok(())
    }
}
