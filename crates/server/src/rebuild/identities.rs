//! Which events are archived: a producer that sends one again is told so, as before the loss.

use std::collections::HashMap;

use anyhow::Context;
use indelible_archive::log_file::{LogFileReader, ReadLimits};
use indelible_archive::rows::RowDecoder;
use indelible_archive::{Inventory, LogFile};
use indelible_event::Scope;
use indelible_event::parts::{Attributed, members};
use indelible_event::uuid::Uuid;
use indelible_intake::identity::{IN_CLOSED_GENERATION, IdentityMemory, Remembered};

use super::Rebuild;
use crate::config::Config;
use crate::identity_options;

/// Remembers the events of all closed generations that the memory would still know.
pub(super) fn restore(rebuild: &Rebuild, inventory: &Inventory, config: &Config) -> anyhow::Result<()> {
    let options = identity_options(config);
    let since_us = rebuild.clock.now_us().saturating_sub(options.retention_us);
    let mut memory = IdentityMemory::open(&rebuild.folder.path().join("identity"), options)?;
    let logs = rebuild.ledger.organizations();
    let numbers: HashMap<&str, u32> = logs.iter().map(|log| (log.organization.as_str(), log.number)).collect();
    let scope = Scope::new(logs.iter().map(|log| log.organization.clone()).collect());
    for file in inventory.snapshot(&scope) {
        // What an earlier attempt has archived in the new generation its journal remembers.
        if file.generation >= rebuild.ledger.generation() || file.received_last_us < since_us {
            continue;
        }
        let number = numbers.get(file.organization.as_str()).copied().context("an organization has no log")?;
        let read = remember(rebuild, &file, number, &mut memory);
        read.with_context(|| format!("read {}", file.object))?;
    }
    // Without frames: the journal begins only now.
    memory.flush(0, rebuild.clock.now_us())?;
    Ok(())
}

fn remember(rebuild: &Rebuild, file: &LogFile, number: u32, memory: &mut IdentityMemory) -> anyhow::Result<()> {
    let (object, _) = rebuild.source.open(&file.object, file.bytes)?;
    let limits =
        ReadLimits { entries: file.rows, canonical_bytes: file.canonical_bytes, entry_bytes_max: file.entry_bytes_max };
    let seed = memory.seed();
    let (mut infrastructure, mut content) = (Vec::new(), Vec::new());
    let reader = LogFileReader::open(object, &limits, &rebuild.content_keys)?;
    // What an event said of which the content is gone is not known: if it comes again it is new.
    if !reader.content().is_readable() {
        return Ok(());
    }
    for batch in reader {
        let batch = batch?;
        let rows = RowDecoder::new(&batch)?;
        for row in (0..rows.rows()).filter(|row| rows.redacted(*row).is_none()) {
            infrastructure.clear();
            content.clear();
            rows.infrastructure(row, &mut infrastructure);
            rows.content(row, &mut content)?;
            let parts = Attributed::read(&infrastructure)?;
            let id = log_entry_id(&infrastructure)?;
            let digest = seed.digest(&[parts.head, parts.tail, &content]);
            let identity = seed.identity(number, seed.producer(&parts.intake.producer), &id);
            memory.insert(identity, Remembered { seq: IN_CLOSED_GENERATION, digest });
        }
        if memory.is_full() {
            memory.flush(0, rebuild.clock.now_us())?;
        }
    }
    Ok(())
}

/// The id in an infrastructure part.
fn log_entry_id(infrastructure: &[u8]) -> anyhow::Result<[u8; 16]> {
    for member in members(infrastructure) {
        let (name, value) = member?;
        if name == "logEntryId" {
            let text = indelible_event::parts::string(value)?;
            let Uuid(id) = text.parse()?;
            return Ok(id);
        }
    }
    anyhow::bail!("an entry has no logEntryId")
}
