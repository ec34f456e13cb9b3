//! JSON as RFC 8785 wants it: what is read, how it is ordered and how it is written.

pub(crate) mod write;
