//! A witness: somebody other than the operator who remembers how large a log was and what its root was, and cosigns a newer
//! checkpoint only when its tree extends that one.
//!
//! It speaks C2SP `tlog-witness` and signs C2SP `tlog-cosignature`. It keeps one checkpoint for each log and sees no entry.
//! [`Witness`] holds the rules and the state, [`router`] answers HTTP.
//!
//! **Invariant:** nothing is cosigned that is not durable here first. **Invariant:** of two checkpoints of one log that do not
//! extend each other at most one is cosigned; both are kept as evidence where the log signed both.

mod evidence;
mod http;
mod key;
mod witness;

pub use http::router;
pub use key::{KeyFileError, read_or_create_key};
pub use witness::{Known, OpenError, Refusal, Witness};

#[cfg(test)]
mod tests;
