//! How an event looks to a destination. Pure functions from an entry to bytes.

mod cef;
pub mod ocsf;
#[cfg(test)]
mod tests;

use indelible_event::parts::{Delivery, Malformed, merge};
use serde::{Deserialize, Serialize};

use crate::entry::{Batch, Entry};

/// How an event looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// audit.3 JSON as it is delivered everywhere, with `organization` and `seq`.
    #[default]
    #[serde(rename = "audit.3")]
    Audit3,
    /// JSON of the Open Cybersecurity Schema Framework, version [`ocsf::VERSION`].
    Ocsf,
    /// ArcSight Common Event Format, version 0: a line of text.
    Cef,
}

impl Format {
    /// Whether the result is a JSON object.
    pub fn is_json(self) -> bool {
        self != Format::Cef
    }

    /// Appends `entry` to `out`, on one line without its end. What is appended holds no control character.
    ///
    /// # Errors
    /// When the stored parts are damaged; then `out` is as before.
    pub fn write(self, batch: &Batch, entry: &Entry, out: &mut Vec<u8>) -> Result<(), Malformed> {
        let start = out.len();
        let written = match self {
            Format::Audit3 => {
                let delivery =
                    Delivery { organization: Some(&batch.log.organization), seq: Some(entry.seq), intake: false };
                merge(&entry.infrastructure, &entry.content, &delivery, out)
            }
            Format::Ocsf => ocsf::write(batch, entry, out),
            Format::Cef => cef::write(batch, entry, out),
        };
        if written.is_err() {
            out.truncate(start);
        }
        written
    }
}
