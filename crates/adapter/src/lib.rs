//! Foreign audit logs turned into audit.3 events.
//!
//! An [`Adapter`] is one file: a comment that says what it reads and documents what becomes of it, and a VRL program.
//! A [`Reader`] cuts an input into records, a [`Converter`] turns each into events or refuses it. It runs in the client of an
//! import, which hands in finished events, and in the server for what other systems send it. `docs/guides/adapters.md` tells how to write one.
//!
//! Not here: files, networks and clocks. The caller opens the input, says what time it is, and sends the events.

mod adapter;
mod columns;
mod event;
mod functions;
mod header;
mod identity;
mod json;
mod lift;
mod plain;
mod reader;
mod refused;
mod suggest;
mod time;
mod trial;

pub use adapter::{Adapter, AdapterError, Converter, Described, Options, RECORD_BYTES_MAX};
pub use header::Input;
pub use identity::Occurrence;
pub use reader::{Framing, Place, Reader, Record, Unreadable};
pub use refused::{Code, Refused};
pub use suggest::{Guess, NoSuggestion, Suggestion, Sure, suggest};
pub use trial::{Finding, Flow, Outcome, Report, TableUse, Trial};

#[cfg(test)]
mod tests;
