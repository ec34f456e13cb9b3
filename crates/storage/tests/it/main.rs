//! What a bucket promises, on every store there is: in memory, a local folder, and real servers.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_stores;
mod cases;
mod folder;
mod locks;
mod outage;
mod stores;
