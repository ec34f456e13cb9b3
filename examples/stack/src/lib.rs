//! Three small services as a platform has them, which show how a service audits.
//!
//! | service | what it does |
//! |---|---|
//! | [`multipass`] | people sign in, programs get tokens, administrators keep users and groups; it tells the other two who calls and what they may |
//! | [`compass`] | projects and their folders: listings, search, permissions, requests for access |
//! | [`blobster`] | files: upload, view, download, reports, deletion |
//!
//! Start reading at [`blobster`]; `docs/guides/adding-audit.md` walks through it. Every handler has the same shape: who asks and may they,
//! begin the event, do it, say that it succeeded. Leaving in between by `?` is an event too: `UNAUTHORIZED` if the answer is 401 or 403,
//! else `ERROR`. What the three share is in `caller` (who calls, and how one service asks another) and `service` (the layer around all
//! handlers).
//!
//! They are examples: what they know is in memory and comes from a [`Seed`]. `README.md` drives them with curl; `indelible demo` lets a
//! simulated platform of 250 people work through them.

pub mod blobster;
mod caller;
mod clock;
pub mod compass;
pub mod multipass;
mod refusal;
mod secret;
mod seed;
mod service;

pub use caller::{Peers, Platform};
pub use clock::{Clock, SIMULATED_TIME};
pub use refusal::Refusal;
pub use seed::Seed;
pub use service::{PRODUCTS, Stack, run};

use indelible_sdk::catalogue::typed::{DataResource, ResourceContext};
use indelible_sdk::resource;

/// A folder or file as events name it: its id, with the project that it lies in where that is known.
fn in_project(id: &str, project: Option<&str>) -> DataResource {
    let context = project.map(|project| ResourceContext::new(project.to_owned(), "project".to_owned()));
    DataResource { context: context.into_iter().collect(), ..resource(id) }
}
