//! Drives the real program: server and commands, as its users do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounting;
mod buckets;
mod bundle;
mod crash;
mod disk;
mod doctor;
mod encryption;
mod end_to_end;
mod exports;
mod faults;
mod harness;
mod import;
mod intake;
mod proof;
mod pull;
mod reads;
mod rebuild;
mod receipts;
mod retention;
mod rotation;
mod self_check;
mod sinks;
mod tiles;
mod tokens;
mod witness;
