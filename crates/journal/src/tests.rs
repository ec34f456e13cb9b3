//! What a journal promises, checked over disks that fail, forget and lie.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod damage;
mod faults;
mod model;
mod power;
mod readers;
mod real_disk;
mod regressions;
