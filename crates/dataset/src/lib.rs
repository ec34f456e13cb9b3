//! One Delta Lake table for each export.
