//! Who opened a generation of a platform: an object that is created once and settles it.
//!
//! A server takes its generation before it signs anything in it. Of two servers that want the same one the second finds the
//! name taken, so no log ever has two histories under one origin, however often its server is rebuilt.

use std::str::FromStr;

use indelible_merkle::{Note, NoteError, VerifierKey};
use indelible_storage::{Bucket, BucketError};

use crate::layout;

/// First line of the text.
const FORMAT: &str = "indelible/generation/v1";

/// Longest claim in bytes, signature included.
pub const CLAIM_BYTES_MAX: usize = 4096;

/// What a claim says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// First part of the origin of all logs.
    pub platform: String,
    /// The generation of all logs this server opens.
    pub generation: u32,
    /// When it was taken, microseconds since 1970 UTC.
    pub opened_us: i64,
    /// Drawn at random: tells this server from every other.
    pub server: [u8; 16],
    /// The key this server began to sign with, under the name of [`key_name`](Self::key_name).
    pub key: VerifierKey,
}

/// Bytes are not a claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Longer than [`CLAIM_BYTES_MAX`].
    #[error("it has {0} bytes, a claim at most {CLAIM_BYTES_MAX}")]
    TooLong(usize),
    /// Not a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A line is missing, or is not as it is written.
    #[error("its line {0:?} is missing or wrong")]
    Line(&'static str),
    /// It is a claim, written in another way than the one way there is.
    #[error("it has lines too many, or numbers with zeros ahead")]
    NotCanonical,
}

impl Claim {
    /// The name under which claims of a platform are signed.
    pub fn key_name(platform: &str) -> String {
        format!("{platform}/generations")
    }

    /// The text to be signed.
    pub fn text(&self) -> String {
        let Self { platform, generation, opened_us, server, key } = self;
        let server = hex::encode(server);
        format!(
            "{FORMAT}\nplatform {platform}\ngeneration {generation}\nopened-us {opened_us}\nserver {server}\nkey {key}\n"
        )
    }

    /// Reads a claim and the note it stands in, from bytes of unknown origin. The signature is not checked.
    pub fn parse(bytes: &[u8]) -> Result<(Claim, Note), ClaimError> {
        if bytes.len() > CLAIM_BYTES_MAX {
            return Err(ClaimError::TooLong(bytes.len()));
        }
        let note = Note::from_bytes(bytes)?;
        let mut lines = note.text().lines();
        if lines.next() != Some(FORMAT) {
            return Err(ClaimError::Line(FORMAT));
        }
        let mut server = [0; 16];
        let claim = Claim {
            platform: value(lines.next(), "platform")?,
            generation: value(lines.next(), "generation")?,
            opened_us: value(lines.next(), "opened-us")?,
            server: {
                let text: String = value(lines.next(), "server")?;
                hex::decode_to_slice(text, &mut server).map_err(|_| ClaimError::Line("server"))?;
                server
            },
            key: value(lines.next(), "key")?,
        };
        if claim.generation == 0 {
            return Err(ClaimError::Line("generation"));
        }
        if claim.key.name() != Self::key_name(&claim.platform) {
            return Err(ClaimError::Line("key"));
        }
        let is_canonical = claim.text() == note.text() && note.to_string().as_bytes() == bytes;
        if is_canonical { Ok((claim, note)) } else { Err(ClaimError::NotCanonical) }
    }
}

/// What stands behind `name` on a line.
fn value<T: FromStr>(line: Option<&str>, name: &'static str) -> Result<T, ClaimError> {
    let text = line.and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
    text.and_then(|text| text.parse().ok()).ok_or(ClaimError::Line(name))
}

/// The generations that are taken, ascending.
pub async fn claimed(bucket: &Bucket) -> Result<Vec<u32>, BucketError> {
    let objects = bucket.list_sorted(layout::GENERATIONS).await?;
    let mut numbers: Vec<u32> = objects.iter().filter_map(|object| layout::parse_claim(&object.name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Takes a generation with the signed claim `bytes`; taking it again with the same bytes changes nothing, and needs no room.
///
/// # Errors
/// [`BucketError::Taken`] if another server has it.
pub async fn take(bucket: &Bucket, generation: u32, bytes: &[u8]) -> Result<(), BucketError> {
    let name = layout::claim(generation);
    match bucket.get(&name).await {
        Ok(found) if found == bytes => return Ok(()),
        Ok(found) => {
            let (found_bytes, new_bytes) = (found.len() as u64, bytes.len() as u64);
            return Err(BucketError::Taken { name, found_bytes, new_bytes });
        }
        Err(BucketError::Missing { .. }) => {}
        Err(error) => return Err(error),
    }
    bucket.archive(&name, bytes.to_vec().into()).await?;
    Ok(())
}

/// One line for people.
impl std::fmt::Display for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let opened = indelible_event::Time { micros: self.opened_us, nanos: 0 };
        write!(f, "generation {} of {}, opened {opened} by server ", self.generation, self.platform)?;
        self.server[..4].iter().try_for_each(|byte| f.write_fmt(format_args!("{byte:02x}")))
    }
}

#[cfg(test)]
mod tests;
