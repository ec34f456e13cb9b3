//! Audit events: what a service emits, checked, made canonical and cut into its two parts.
//!
//! [`admit`] takes one line of JSON and answers the canonical bytes of its infrastructure and content part, or a
//! [`Refusal`] that says what to repair. [`entry`] hashes the parts into the bytes that stand in an organization's
//! tree, [`parts`] reads them back, [`catalogue`] knows the categories. Formats: `docs/formats/event.md` and
//! `docs/formats/entry.md`.
//!
//! There is no clock, disk, network or random number in here, and no knowledge of journals or trees: an auditor can
//! rebuild every hash with this crate alone.

mod admit;
pub mod catalogue;
mod check;
pub mod content_key;
pub mod control;
pub mod entry;
mod envelope;
mod fault;
#[doc(hidden)]
pub mod fuzz;
mod json;
mod organization;
pub mod parts;
pub mod pseudonym;
mod refusal;
pub mod scope;
mod time;
pub mod uuid;

pub use admit::{Admitted, Intake, Kind, Limits, OrganizationClaim, Scratch, admit};
pub use content_key::{ContentKey, KeyId};
pub use organization::{InvalidOrganization, Organization, RID_BYTES_MAX};
pub use refusal::{Refusal, RefusalCode};
pub use scope::{OperatorScope, Part, Reach, Scope};
pub use time::{InvalidTime, Time};

#[cfg(test)]
mod properties;

#[cfg(test)]
mod golden;
