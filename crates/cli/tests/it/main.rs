//! Drives the real program: server and commands, as its users do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounting;
mod approvals;
mod buckets;
mod bundle;
mod crash;
mod demo;
mod disk;
mod doctor;
mod encryption;
mod end_to_end;
mod exports;
mod faults;
mod hardening;
mod harness;
mod import;
mod intake;
mod operator;
mod proof;
mod pull;
mod reads;
mod rebuild;
mod receipts;
mod retention;
mod rotation;
mod sdk;
mod self_check;
mod signin;
mod sinks;
mod stack;
mod tenancy;
mod tiles;
mod tokens;
mod witness;
