//! The protocols in which other systems hand in audit events, as pure functions.
//!
//! Each protocol turns the body of a request into [`Record`]s, or says with a [`Failure`] why the whole of it cannot be read;
//! and turns the [`Outcome`]s of those records, or a failure, into the [`Answer`] that its clients understand. Records that
//! are audit.3 events already come out as their JSON text; the others as a JSON object or a line for an adapter.
//!
//! Not here: sockets, compression, credentials, adapters, the journal. There is no clock and no state but that of a
//! [`syslog::Framer`]. What a stranger can make these functions do is bounded by [`Limits`].
//!
//! `docs/reference/receivers.md` says what becomes of each member of each protocol.

mod answer;
pub mod bulk;
pub mod cef;
#[doc(hidden)]
pub mod fuzz;
pub mod hec;
mod json;
pub mod kubernetes;
pub mod otlp;
mod record;
pub mod syslog;

pub use answer::{Answer, Failure, Outcome, Refusal};
pub use record::{Facts, Limits, Payload, Record, View};

#[cfg(test)]
mod tests;
