//! Offline verification of an archive: a folder in, a report out. No network, no account, no trust in the operator. An archive in
//! any other bucket is read through a [`Source`].
//!
//! What is checked, in this order, is written in `docs/formats/archive.md` so that a second verifier can be made from
//! the page alone. Nothing is believed before the hash that covers it was checked, and a log file whose hash is wrong is
//! not even opened.
//!
//! Memory is bounded by two runs in work and the manifests of two logs, whatever the size of the archive.

mod chain;
mod generations;
pub(crate) mod genesis;
mod jobs;
mod keys;
mod platform;
mod platform_log;
mod report;
mod run;
mod since;
mod stack;
mod walk;

use std::path::Path;
use std::sync::Arc;

use indelible_ledger::ContentKeys;
use indelible_merkle::{Note, VerifierKey};

use crate::source::{FolderSource, Source};

pub(crate) use run::hash_file;

pub use platform_log::PlatformReport;
pub(crate) use report::FINDINGS_MAX;
pub use report::{Closed, Finding, FindingCode, LogReport, Outcome, Problem, Report, Trust};

/// How to verify.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Keys the reader holds. Where there are any, everything must be signed by one of them; the public key counts, under
    /// whatever name it is given, and each log must have signed under its own origin.
    pub keys: Vec<VerifierKey>,
    /// Checkpoints the reader kept from earlier. Each log must still be there, be at least as long, and have had that root
    /// at that size.
    pub since: Vec<Note>,
    /// Without a key the outcome is [`Outcome::Unknown`], because the archive then only agrees with itself.
    pub strict: bool,
    /// A server may be writing to the archive: objects of runs that are not there to their end yet are not reported.
    pub in_use: bool,
    /// Keys of encrypted content. Without a key the content is left aside: the leaves follow from its stored hashes.
    pub content_keys: Option<Arc<ContentKeys>>,
    /// Threads to work with; 0 takes two, or one where there is but one processor.
    pub threads: usize,
}

/// How far a verification is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Entries verified so far.
    pub entries: u64,
    /// Bytes of log files and hashes read so far.
    pub bytes: u64,
    /// Bytes of all objects.
    pub bytes_total: u64,
}

/// Verifies the archive in the folder `path`. `progress` is called from several threads, after each run.
pub fn verify(path: &Path, options: &Options, progress: &(dyn Fn(Progress) + Sync)) -> Report {
    verify_source(&FolderSource::new(path), options, progress)
}

/// As [`verify`], of an archive anywhere.
pub fn verify_source(archive: &dyn Source, options: &Options, progress: &(dyn Fn(Progress) + Sync)) -> Report {
    jobs::verify(archive, options, progress)
}

#[cfg(test)]
mod tests;
