//! Who sent an event, apart from the event.

use super::Malformed;
use super::reader::{Reader, utf8};
use super::row::{Intake, read_intake, write_intake};

/// An infrastructure part taken apart at `intake`, which says how the event came in and not what it is.
#[derive(Debug, Clone)]
pub struct Attributed<'a> {
    /// What stands before `intake`, with the comma.
    pub head: &'a [u8],
    /// Who sent the event.
    pub intake: Intake<'a>,
    /// What stands behind `intake` and its comma.
    pub tail: &'a [u8],
}

impl<'a> Attributed<'a> {
    /// Takes a canonical infrastructure part apart. `head` and `tail` are what
    /// [`Admitted::intake_at`](crate::Admitted::intake_at) leaves.
    pub fn read(infrastructure: &'a [u8]) -> Result<Attributed<'a>, Malformed> {
        let text = utf8(infrastructure)?;
        let mut reader = Reader::over_text(text);
        loop {
            let start = reader.at();
            let Some(member) = reader.next_member() else { return Err(Malformed { at: start }) };
            let (key, value) = member?;
            if key == "intake" {
                // Before the member stands a bracket or a comma, and something always follows.
                let (head, tail) = (infrastructure.get(..start + 1), infrastructure.get(reader.at() + 1..));
                let (head, tail) = head.zip(tail).ok_or(Malformed { at: start })?;
                return Ok(Attributed { head, intake: read_intake(value)?, tail });
            }
        }
    }

    /// Appends the infrastructure part with this `intake` in place of its own.
    pub fn write(&self, intake: &Intake<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(self.head);
        out.extend_from_slice(b"\"intake\":");
        write_intake(out, intake);
        out.push(b',');
        out.extend_from_slice(self.tail);
    }
}
