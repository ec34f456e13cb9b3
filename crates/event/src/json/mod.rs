//! JSON as RFC 8785 wants it: what is read, how it is ordered and how it is written.
//!
//! [`tape`] parses a line in one pass into flat reusable arrays; [`write`] has canonical strings and their order.

pub(crate) mod number;
pub(crate) mod tape;
pub(crate) mod write;

/// Deepest nesting any limit can allow: reading and writing recurse once per level.
pub(crate) const DEPTH_MAX: usize = 256;

#[cfg(test)]
mod tests;
