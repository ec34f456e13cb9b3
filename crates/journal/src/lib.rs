//! The journal: the on-disk log that an event is in before anyone is told that it was accepted.
//!
//! A journal is a folder of segment files. The one writer appends frames, whose bodies are opaque bytes here, and syncs;
//! what was synced survives a killed process and power loss, in order and unaltered, or the journal refuses to open and
//! says what is damaged. Frames leave it by whole segments, when the caller releases them.
//!
//! It is synchronous and knows nothing of events, organizations or time. Group commit, and who is told what, is the
//! caller's. Start reading at [`Journal`]; the bytes are described in `docs/formats/journal.md`, what recovery does with
//! them in `recovery.rs`.
//!
//! **Invariant:** no frame is ever overwritten while it counts. **Invariant:** nothing is written to a segment after a
//! write or sync of it failed, or after a restart. **Invariant:** a segment number is never used twice.

mod format;
mod journal;
mod reader;
mod recovery;
mod segment;
mod spares;

pub use format::{FrameNumber, LogId, SegmentId};
pub use journal::{AppendError, Journal, Options, Recovered};
pub use reader::{Frame, FramePosition, Frames, Hold, ReadError, Reader, SegmentInfo, Stats};
pub use recovery::{Cut, Damage, OpenError};

#[cfg(test)]
mod tests;
