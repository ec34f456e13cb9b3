//! The promises of the crate, on real and on faulty disks. Those about a server are in `crates/cli/tests/it/sdk.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod delivery;
mod events;
mod faults;
mod full;
mod requests;

use std::path::Path;
use std::sync::Arc;

use indelible_journal::{FrameNumber, Journal};
use indelible_storage::RealDisk;
use serde_json::Value;

use crate::spool::record::Record;
use crate::{Auditor, Product, Server, Settings};

/// Settings of a spool in `dir` whose server is away.
fn settings(dir: &Path) -> Settings {
    // Nobody listens on port 1.
    Settings::new(Server::new("http://127.0.0.1:1", "token"), Product::new("tests", "1"), dir)
        .spool_bytes_max(Settings::SPOOL_BYTES_MIN)
}

fn auditor(dir: &Path) -> Auditor {
    Auditor::open(settings(dir)).unwrap()
}

/// The events in the spool in `dir`, which nobody has open: adapters and lines.
fn spooled(dir: &Path) -> Vec<(String, Value)> {
    let (reader, _) = Journal::inspect(Arc::new(RealDisk), &dir.join("journal")).unwrap();
    let frames = reader.frames(FrameNumber(0));
    frames
        .map(|frame| {
            let frame = frame.unwrap();
            let record = Record::decode(&frame.body).unwrap();
            (record.adapter.to_owned(), serde_json::from_slice(record.line).unwrap())
        })
        .collect()
}

/// Name and result of each.
fn outcomes(dir: &Path) -> Vec<(String, String)> {
    let text = |event: &Value, field: &str| event[field].as_str().unwrap().to_owned();
    spooled(dir).iter().map(|(_, event)| (text(event, "name"), text(event, "result"))).collect()
}
