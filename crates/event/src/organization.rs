//! Organizations: the tenants whose logs are kept apart.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Longest resource identifier accepted, in bytes.
pub const RID_BYTES_MAX: usize = 256;

/// An organization, named by its resource identifier (RID), such as `ri.indelible..organization.acme`.
///
/// Any RID of the shape `ri.<service>.<instance>.<type>.<locator>` up to 256 bytes is accepted; the instance may be
/// empty. A clone copies a pointer. Ordering is by bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Organization(Arc<str>);

/// The text is not a resource identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a resource identifier; write ri.<service>.<instance>.<type>.<locator>, at most 256 bytes, such as ri.indelible..organization.acme"
)]
pub struct InvalidOrganization;

impl Organization {
    /// The RID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` has the shape of a RID.
    pub fn is_valid(text: &str) -> bool {
        let mut pieces = text.splitn(5, '.');
        text.len() <= RID_BYTES_MAX
            && pieces.next() == Some("ri")
            && pieces.next().is_some_and(is_word)
            && pieces.next().is_some_and(|instance| instance.is_empty() || is_instance(instance))
            && pieces.next().is_some_and(is_word)
            && pieces.next().is_some_and(is_locator)
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(is_word_byte)
}

fn is_instance(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()) && text.bytes().all(is_word_byte)
}

fn is_word_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')
}

fn is_locator(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

impl FromStr for Organization {
    type Err = InvalidOrganization;

    fn from_str(text: &str) -> Result<Self, InvalidOrganization> {
        if Self::is_valid(text) { Ok(Self(text.into())) } else { Err(InvalidOrganization) }
    }
}

impl fmt::Display for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl AsRef<str> for Organization {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Maps keyed by `Organization` can be asked with a `&str`.
impl Borrow<str> for Organization {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl serde::Serialize for Organization {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Organization {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
