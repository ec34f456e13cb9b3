//! The archive: runs of entries sealed into objects of a bucket, and the proof that nothing in them was changed.
//!
//! Start at [`rows`], the columns.

pub mod rows;
