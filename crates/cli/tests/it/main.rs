//! Drives the real program: server and commands, as its users do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod crash;
mod faults;
mod harness;
mod import;
mod intake;
mod proof;
