//! Sinks: what pushes an organization's events to destinations outside, such as a SIEM.
//!
//! * [`format`]: how an event looks there. Pure.
//! * [`destination`]: protocols, one module each. Each answers what became of the events it was given.
//! * [`engine`]: what a sink does next, as a state machine. Pure.
//! * [`store`]: its cursor and dead letters on disk.
//! * [`delivery`]: all of it together, over a [`Source`](delivery::Source) of events.
//!
//! The promise: every event from where a sink began is delivered at least once, in order, under an id that never changes; or it is a dead letter,
//! which is counted, kept and can be sent again. It does not know where events come from, who may make a sink, or when to run.

pub mod delivery;
pub mod destination;
pub mod engine;
mod entry;
#[cfg(test)]
mod fixture;
pub mod format;
mod json;
mod secret;
mod settings;
pub mod store;

pub use delivery::{Delivery, Limits, Replayed, Source, SourceError, Turn, test};
pub use destination::{AddressError, Deliver, Outcome, Reach, Receiver};
pub use engine::{Cursor, DeadLetter, Engine, Health, Policy, State};
pub use entry::{Batch, Entry, Log, Position};
pub use format::Format;
pub use secret::Secret;
pub use settings::{BatchSettings, Destination, InvalidSettings, Layout, Settings};
pub use store::{Store, StoreError};
