//! Follows log files and hands their records to a server, each exactly once.
//!
//! An [`Agent`] looks at files again and again, cuts what is new into lines, turns each into events by an adapter, and puts these into the
//! spool of the SDK, which delivers them in order for as long as that takes. Then, and only then, it writes down how far it has read. A
//! crash in between repeats records under the same ids, which the server recognises. When the spool is full, files are not read on: they
//! are the buffer.
//!
//! * `pattern`, `files`: which files are meant, what is there, and reading it.
//! * `identity`, `trails`: knowing again what was written to a file, wherever rotation has put it.
//! * `lines`: lines out of bytes.
//! * `positions`: how far was read, durably.
//! * `agent`: joins them. `config` and `status` are what it is told and what it tells.
//!
//! The guide is `docs/guides/agent.md`.

mod agent;
mod config;
mod files;
mod identity;
mod lines;
mod pattern;
mod positions;
mod status;
mod trails;

pub use agent::{Agent, AgentError, Ended};
pub use config::{Config, ConfigError, FileConfig};
pub use pattern::InvalidPath;
pub use status::{FileStatus, LastError, Status};
