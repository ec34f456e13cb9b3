//! What being provable costs: hashes, trees and signatures of a million events, in CPU seconds.
//!
//! The steps are those of the thread that answers producers, over the same canonical texts, without journal and HTTP. What
//! the server needs for all of B1 stands in that table; the difference is what it would need without.

use std::ops::Range;

use anyhow::{Context as _, Result};
use indelible_event::entry::{content_hash, entry_bytes, infrastructure_hash};
use indelible_event::{Intake, Limits, Organization, Scratch, admit};
use indelible_ledger::Ledger;
use indelible_merkle::{Hash, leaf_hash};

use super::Context;
use crate::process::Folder;
use crate::report::{Aim, Report, Section, number};

const EVENTS: u64 = 1_000_000;
/// Events answered together, as B1 sends them.
const BATCH: u64 = 1_000;
/// Events between two rounds of checkpoints: those of half a second at the rate B1 aims at.
const PUBLISHED: u64 = 125_000;

/// The texts of some events, one behind the other.
struct Texts {
    bytes: Vec<u8>,
    /// Infrastructure and content part of each.
    parts: Vec<(Range<usize>, Range<usize>)>,
}

/// Hashes, trees and checkpoints of a million events, each timed by the CPU it takes.
pub(crate) fn integrity(context: &Context<'_>, report: &mut Report) -> Result<()> {
    let folder = Folder::create(&context.places.work, "integrity")?;
    let ledger = Ledger::open(&folder.path().join("ledger"), &folder.path().join("keys"), "bench.example")?;
    ledger.check_recovered()?;
    let organization: Organization = context.generator.organizations()[0].parse().context("an organization")?;
    let log = ledger.create(&organization)?;
    let (mut hashing, mut growing, mut signing) = (0.0, 0.0, 0.0);
    let mut entry = Vec::new();
    for first in (0..EVENTS).step_by(BATCH as usize) {
        let texts = admitted(context, first)?;
        let mut leaves: Vec<Hash> = Vec::with_capacity(BATCH as usize);
        hashing += cpu(|| {
            for (seq, (infrastructure, content)) in (first..).zip(&texts.parts) {
                let infrastructure = infrastructure_hash(&texts.bytes[infrastructure.clone()]);
                let content = content_hash(&log.salt_key.salt(seq), &texts.bytes[content.clone()]);
                entry.clear();
                entry_bytes(&mut entry, organization.as_str(), seq, 0, &infrastructure, &content);
                leaves.push(leaf_hash(&entry));
            }
            Ok(())
        })?;
        growing += cpu(|| Ok(ledger.append(log.number, first, &leaves).map(drop)?))?;
        if (first + BATCH).is_multiple_of(PUBLISHED) {
            signing += cpu(|| Ok(ledger.publish().map(drop)?))?;
        }
    }
    growing += cpu(|| Ok(ledger.persist()?))?;

    let title = format!("Integrity: CPU seconds for {} events", number(EVENTS as f64));
    let mut section = Section::new(title, &["step", "CPU seconds"]);
    for (step, seconds) in [
        ("two parts, salt, entry, leaf (SHA-256)", hashing),
        ("tree, written to disk once", growing),
        ("checkpoints, one for each half second at 250,000 events/s", signing),
    ] {
        section.row(vec![step.to_owned(), number(seconds)]);
    }
    section.note(
        "One thread. B1's table has the CPU seconds of the whole server for as many events; without these steps it would need so much less.",
    );
    report.section(section);
    let total = hashing + growing + signing;
    let shown = format!("{} s", number(total));
    report.verdict("Integrity", "CPU seconds per million events", total, Aim::AtMost(1.3), &shown);
    Ok(())
}

fn admitted(context: &Context<'_>, first: u64) -> Result<Texts> {
    let lines = context.generator.batch(first, BATCH);
    let intake = Intake { producer: "bench", producer_epoch: None, producer_seq: None, source: "http", adapter: None };
    let (mut scratch, limits) = (Scratch::default(), Limits::default());
    let mut texts = Texts { bytes: Vec::with_capacity(lines.len() * 2), parts: Vec::with_capacity(BATCH as usize) };
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let event = admit(&mut scratch, line, &limits, &intake, || [0; 16])
            .map_err(|refusal| anyhow::anyhow!("a generated event is refused: {}", refusal.message))?;
        let mut put = |text: &[u8]| {
            let begin = texts.bytes.len();
            texts.bytes.extend_from_slice(text);
            begin..texts.bytes.len()
        };
        let parts = (put(event.infrastructure), put(event.content));
        texts.parts.push(parts);
    }
    Ok(texts)
}

/// CPU seconds of this thread that `step` takes.
fn cpu(step: impl FnOnce() -> Result<()>) -> Result<f64> {
    let begin = thread_nanoseconds()?;
    step()?;
    Ok((thread_nanoseconds()? - begin) as f64 / 1e9)
}

/// Time that this thread has run on a processor.
fn thread_nanoseconds() -> Result<u64> {
    let path = "/proc/thread-self/schedstat";
    let text = std::fs::read_to_string(path)?;
    text.split(' ').next().and_then(|ran| ran.parse().ok()).with_context(|| format!("read {path}"))
}
