//! What must hold for any bytes that come from elsewhere: one function for each kind.
//!
//! A function gets bytes that a stranger chose and panics if our code breaks a promise about them, which is mostly: no
//! panic, no unbounded work, and what is accepted is written back as it was read. `fuzz/` looks for bytes that break one;
//! `tests/corpora.rs` runs each over its corpus, so that what was once found stays found.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a case says no")]

mod bundle;
mod input;
mod ledger;
mod rows;
mod segment;
mod text;

/// A function of bytes.
pub type Case = fn(&[u8]);

/// All cases by the name of their fuzz target and their corpus.
pub const CASES: [(&str, Case); 26] = [
    ("bulk", indelible_receive::fuzz::bulk),
    ("bundle", bundle::bundle),
    ("bundle_text", bundle::bundle_text),
    ("cef", indelible_receive::fuzz::cef),
    ("checkpoint", text::checkpoint),
    ("claim", text::claim),
    ("event", indelible_event::fuzz::admit),
    ("hec", indelible_receive::fuzz::hec),
    ("journal_copy", text::journal_copy),
    ("kubernetes", indelible_receive::fuzz::kubernetes),
    ("manifest", text::manifest),
    ("map_proof", text::map_proof),
    ("name", text::name),
    ("note", text::note),
    ("otlp", indelible_receive::fuzz::otlp),
    ("part", indelible_event::fuzz::parts),
    ("platform", ledger::platform),
    ("policy", text::policy),
    ("proof", ledger::proof),
    ("receipts", text::receipts),
    ("record", ledger::record),
    ("redaction", text::redaction),
    ("rows", rows::rows),
    ("segment", segment::segment),
    ("syslog", indelible_receive::fuzz::syslog),
    ("tlog_proof", text::tlog_proof),
];

/// Runs the case of that name.
///
/// # Panics
///
/// If there is none, or if what must hold does not.
pub fn run(name: &str, bytes: &[u8]) {
    let (_, case) = CASES.iter().find(|(known, _)| *known == name).expect("a case of that name");
    case(bytes);
}
