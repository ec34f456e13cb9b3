//! What a sink delivers: runs of events of one log, each with its place.

use indelible_event::parts::{Malformed, Row};
use serde::{Deserialize, Serialize};

/// A place in an organization's log: the entry that comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Which generation of the log; counts from 1.
    pub generation: u32,
    /// The `seq` within the generation.
    pub seq: u64,
}

/// Which log a batch is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The organization's RID.
    pub organization: String,
    /// `<platform>/<label>/<generation>`, the origin of its checkpoints.
    pub origin: String,
    /// Which generation.
    pub generation: u32,
}

/// An event as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the generation.
    pub seq: u64,
    /// When it was received, microseconds since 1970 UTC.
    pub received_at_us: i64,
    /// The canonical infrastructure part.
    pub infrastructure: Vec<u8>,
    /// The canonical content part.
    pub content: Vec<u8>,
}

/// Events of one generation of one log, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Whose.
    pub log: Log,
    /// The events. Entries that the server writes about the log itself are not among them, so there are gaps in `seq`.
    pub entries: Vec<Entry>,
}

impl Batch {
    /// What a destination knows the event by: `<origin>/<seq>`.
    ///
    /// Not the event's `logEntryId`: that is chosen by producers, and two of them may choose the same.
    pub fn id(&self, entry: &Entry) -> String {
        format!("{}/{}", self.log.origin, entry.seq)
    }

    /// Where `entry` stands.
    pub fn position(&self, entry: &Entry) -> Position {
        Position { generation: self.log.generation, seq: entry.seq }
    }

    /// The entries at the places `which`.
    pub(crate) fn select<'a>(&'a self, which: &'a [usize]) -> impl Iterator<Item = &'a Entry> + Clone {
        which.iter().filter_map(|index| self.entries.get(*index))
    }
}

impl Entry {
    /// Its columns.
    pub(crate) fn row(&self) -> Result<Row<'_>, Malformed> {
        Row::read(&self.infrastructure, &self.content)
    }
}
