//! Adds audit to a service so that no field is forgotten, no event lost and no request slowed down.
//!
//! ```no_run
//! use axum::{Router, extract::Path, http::StatusCode, routing::get};
//! use indelible_sdk::catalogue::typed::{DataLoadRequest, NoFields};
//! use indelible_sdk::{Audit, AuditLayer, Auditor, Product, Server, Settings, resource};
//!
//! async fn load(audit: Audit, Path(id): Path<String>) -> Result<String, StatusCode> {
//!     let event = audit.begin("LOAD_FILE", DataLoadRequest::new(vec![resource(&id)]));
//!     let text = std::fs::read_to_string(&id).map_err(|_| StatusCode::NOT_FOUND)?; // leaving here says ERROR
//!     event.succeed(NoFields {});
//!     Ok(text) // goes out when the event is durable, else the answer is 500
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::new("https://audit.example", std::env::var("INDELIBLE_TOKEN")?);
//! let settings = Settings::new(server, Product::new("blobster", "1.4.2"), "/var/lib/blobster/audit");
//! let app: Router = Router::new().route("/{id}", get(load)).layer(AuditLayer::fail_closed(Auditor::open(settings)?));
//! # Ok(())
//! # }
//! ```
//!
//! An event is one category, or several in a tuple, with what each of them requires; how it ended is said on a [`Guard`], which says
//! `ERROR` by itself when it is dropped. An [`Auditor`] checks the event, writes it to a *spool* on this machine's disk and hands it to
//! the server from there, in order, for as long as that takes. The guide is `docs/guides/emitting.md`, the bytes in the spool's folder are
//! described in `docs/formats/spool.md`.
//!
//! # What does not compile
//!
//! An event without what its category requires:
//!
//! ```compile_fail,E0061
//! use indelible_sdk::catalogue::typed::DataLoadRequest;
//! let request = DataLoadRequest::new();
//! ```
//!
//! A success without the result fields of each category:
//!
//! ```compile_fail,E0308
//! use indelible_sdk::catalogue::typed::{AuthenticationCheckRequest, UserLogin, UserLoginResult};
//! use indelible_sdk::{Auditor, Context};
//! fn sign_in(auditor: &Auditor, context: &Context) {
//!     let event = auditor.begin(context, "LOGIN", (UserLogin, AuthenticationCheckRequest::default()));
//!     let _ = event.succeed(UserLoginResult::default());
//! }
//! ```
//!
//! Results of a category that the event does not have:
//!
//! ```compile_fail,E0308
//! use indelible_sdk::catalogue::typed::{AuthenticationCheckResult, UserLogin};
//! use indelible_sdk::{Auditor, Context};
//! fn sign_in(auditor: &Auditor, context: &Context) {
//!     let mut event = auditor.begin(context, "LOGIN", UserLogin);
//!     event.know(&AuthenticationCheckResult::new(Some(false)));
//! }
//! ```
//!
//! A category twice:
//!
//! ```compile_fail,E0080
//! use indelible_sdk::catalogue::typed::UserLogin;
//! use indelible_sdk::{Auditor, Context};
//! fn sign_in(auditor: &Auditor, context: &Context) {
//!     let _ = auditor.begin(context, "LOGIN", (UserLogin, UserLogin));
//! }
//! # fn main() { let _ = sign_in as fn(&Auditor, &Context); }
//! ```
//!
//! And an outcome said twice, since saying it takes the guard:
//!
//! ```compile_fail,E0382
//! use indelible_sdk::catalogue::typed::{UserLogin, UserLoginResult};
//! use indelible_sdk::{Auditor, Context};
//! fn sign_in(auditor: &Auditor, context: &Context) {
//!     let event = auditor.begin(context, "LOGIN", UserLogin);
//!     let _ = event.succeed(UserLoginResult::default());
//!     let _ = event.fail();
//! }
//! ```
//!
//! Whereas this does:
//!
//! ```
//! use indelible_sdk::catalogue::typed::{
//!     AuthenticationCheckRequest, AuthenticationCheckResult, UserLogin, UserLoginResult,
//! };
//! use indelible_sdk::{Auditor, Context, EmitError};
//! async fn sign_in(auditor: &Auditor, context: &Context) -> Result<(), EmitError> {
//!     let mut event = auditor.begin(context, "LOGIN", (UserLogin, AuthenticationCheckRequest::default()));
//!     event.know(&AuthenticationCheckResult::new(Some(true)));
//!     let user = UserLoginResult { login_user_id: Some("ann".to_owned()) };
//!     event.succeed((user, AuthenticationCheckResult::new(Some(true)))).await?;
//!     Ok(())
//! }
//! ```

mod answer;
mod auditor;
mod context;
mod delivery;
mod emission;
mod guard;
mod ids;
mod line;
mod progress;
#[cfg(feature = "axum")]
mod request;
mod settings;
mod spool;
mod stats;
#[cfg(feature = "tracing")]
mod subscriber;

pub use answer::InvalidServer;
pub use auditor::{Auditor, OpenAuditorError};
pub use context::{Context, InvalidNetwork, Network};
pub use emission::{Emission, EmitError, Emitted};
pub use guard::Guard;
pub use indelible_event::catalogue;
pub use line::RefusedRecord;
#[cfg(feature = "axum")]
pub use request::{Audit, AuditLayer, AuditService, NoAuditLayer, RequestGuard};
pub use settings::{Durability, Product, Server, Settings};
pub use stats::Stats;
#[cfg(feature = "tracing")]
pub use subscriber::AuditEvents;

use catalogue::typed::{DataResource, Identifier, OtherIdentifier};

/// Data as an event names it: by its RID (`ri.…`) if that is what `id` is, else by an id of the service's own.
pub fn resource(id: &str) -> DataResource {
    DataResource::new(identifier(id))
}

/// Anything as an event names it: by its RID (`ri.…`) if that is what `id` is, else by an id of the service's own.
pub fn identifier(id: &str) -> Identifier {
    match id.starts_with("ri.") {
        true => Identifier::Rid(id.to_owned()),
        false => Identifier::Other(OtherIdentifier::new(id.to_owned())),
    }
}

#[cfg(test)]
mod tests;
