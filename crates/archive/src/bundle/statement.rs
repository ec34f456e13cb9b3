//! What a bundle claims: the text of its file `bundle`.

use std::fmt::Write as _;

use indelible_event::Organization;
use indelible_merkle::{Hash, Note, NoteError, VerifierKey};

use super::filter::Predicate;
use super::row::{RowFault, RowFormat, Shown};
use super::{CHECKPOINT, GENESIS, GENESIS_PROOF, LEAVES, MAP_PROOF, PLATFORM_PROOF, POLICY, RANGE_PROOF, SINCE_PROOF};
use crate::lines::{BadLine, Lines};
use crate::manifest::{NamedObject, origin_parts};
use crate::rows::SEQ_MAX;

const FORMAT: &str = "indelible/bundle/v1";

/// Longest statement in bytes, signature included.
pub(super) const STATEMENT_BYTES_MAX: usize = 64 << 10;

/// Longest filter in bytes: as long as a search may be, and all of it quoted.
const FILTER_BYTES_MAX: usize = 40 << 10;

/// What a bundle is about: everything that is known before the first row is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose entries.
    pub organization: Organization,
    /// `<platform>/<label>/<generation>`: the log, and the name under which all is signed.
    pub origin: String,
    /// The public key of the log, under the origin as name.
    pub key: VerifierKey,
    /// When the bundle was made, microseconds since 1970 UTC.
    pub made_us: i64,
    /// Leaves of the tree that the bundle's checkpoint is of.
    pub size: u64,
    /// Root of that tree.
    pub root: Hash,
    /// `seq` of the first row.
    pub first: u64,
    /// `seq` of the last row.
    pub last: u64,
    /// The entries received from the first on and before the second, microseconds since 1970 UTC: the rows are all of
    /// them, and the entry on each side, where there is one.
    pub window_us: Option<(i64, i64)>,
    /// What was looked for among the rows.
    pub filter: Option<Filter>,
    /// How the rows are written.
    pub rows: RowFormat,
}

/// What was looked for, and how it can be known that nothing was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// It looks at the infrastructure part alone, which every row shows: the reader does it again.
    Complete(Predicate),
    /// It was done by the server, whose word has to do; a line of text.
    Trusted(String),
}

/// A bundle's claim together with what was found and the files that prove it. Nothing of it is to be believed before the
/// note's signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What the bundle is about.
    pub claim: Claim,
    /// Rows that are shown whole.
    pub matches: u64,
    /// Rows that would be, and are shown without their content, because it is redacted: so says whoever signs.
    pub redacted: u64,
    /// All files of the bundle but this one, sorted by name.
    pub files: Vec<NamedObject>,
}

/// Bytes are not the statement of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Longer than [`STATEMENT_BYTES_MAX`].
    #[error("the statement of a bundle is at most {STATEMENT_BYTES_MAX} bytes long, this has {0}")]
    TooLong(usize),
    /// Not a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A line is missing, or is not as it is written.
    #[error(transparent)]
    Line(#[from] BadLine),
    /// The lines are good and contradict each other.
    #[error("the statement contradicts itself: {0}")]
    Contradiction(&'static str),
    /// It is a statement, written in another way than the one way there is.
    #[error("the statement has lines too many, or numbers with zeros ahead")]
    NotCanonical,
}

impl Claim {
    /// Platform, label and generation.
    pub(crate) fn parts(&self) -> (&str, &str, u32) {
        origin_parts(&self.origin).unwrap_or(("", "", 0))
    }

    /// Rows, boundary rows included.
    pub fn entries(&self) -> u64 {
        self.last - self.first + 1
    }

    /// Whether every row is shown with enough of it to do the filter again.
    pub(super) fn predicate(&self) -> Option<&Predicate> {
        match &self.filter {
            Some(Filter::Complete(predicate)) => Some(predicate),
            _ => None,
        }
    }

    /// Whether the row is one that would be shown whole, were its content not redacted.
    ///
    /// # Errors
    /// When its infrastructure part cannot be read.
    pub(super) fn withholds(&self, shown: &Shown<'_>) -> Result<bool, RowFault> {
        match (shown, self.predicate()) {
            (Shown::Stub { infrastructure, .. }, Some(predicate)) => {
                predicate.holds(infrastructure).map_err(RowFault::from)
            }
            (Shown::Stub { .. }, None) => Ok(true),
            _ => Ok(false),
        }
    }

    fn check(&self) -> Result<(), BundleError> {
        let contradiction = |what| Err(BundleError::Contradiction(what));
        if origin_parts(&self.origin).is_none() {
            return Err(BadLine("origin").into());
        }
        if self.key.name() != self.origin {
            return contradiction("the key's name is not the origin");
        }
        if self.size > SEQ_MAX + 1 || self.first > self.last || self.last >= self.size {
            return contradiction("the entries are not in a tree of that size");
        }
        if self.window_us.is_some_and(|(from, to)| from >= to) {
            return contradiction("the window of time ends before it begins");
        }
        match &self.filter {
            Some(Filter::Trusted(text)) if !is_filter_text(text) => Err(BadLine("filter").into()),
            _ => Ok(()),
        }
    }
}

/// Whether `text` can stand as the filter of a bundle: one line, not empty, at most 40 KiB.
pub(super) fn is_filter_text(text: &str) -> bool {
    !text.is_empty() && text.len() <= FILTER_BYTES_MAX && !text.chars().any(char::is_control)
}

impl Statement {
    /// The text to be signed.
    pub fn text(&self) -> String {
        let claim = &self.claim;
        let mut text = format!("{FORMAT}\n");
        let mut line = |name: &str, value: std::fmt::Arguments<'_>| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{name} {value}");
        };
        line("organization", format_args!("{}", claim.organization));
        line("origin", format_args!("{}", claim.origin));
        line("key", format_args!("{}", claim.key));
        line("made", format_args!("{}", claim.made_us));
        line("size", format_args!("{}", claim.size));
        line("root", format_args!("{}", claim.root));
        line("entries", format_args!("{}-{}", claim.first, claim.last));
        if let Some((from, to)) = claim.window_us {
            line("received", format_args!("{from}-{to}"));
        }
        match &claim.filter {
            Some(Filter::Complete(predicate)) => {
                line("filter", format_args!("{predicate}"));
                line("predicate", format_args!("complete"));
            }
            Some(Filter::Trusted(filter)) => {
                line("filter", format_args!("{filter}"));
                line("predicate", format_args!("trusted"));
            }
            None => {}
        }
        line("matches", format_args!("{}", self.matches));
        if self.redacted > 0 {
            line("redacted", format_args!("{}", self.redacted));
        }
        line("rows", format_args!("{}", claim.rows.name()));
        for NamedObject { name, facts } in &self.files {
            line("file", format_args!("{name} {} {}", facts.bytes, hex::encode(facts.sha256)));
        }
        text
    }

    /// Reads a statement and the note it stands in, from bytes of unknown origin. Signatures are not checked.
    ///
    /// # Errors
    /// See [`BundleError`].
    pub fn parse(bytes: &[u8]) -> Result<(Statement, Note), BundleError> {
        if bytes.len() > STATEMENT_BYTES_MAX {
            return Err(BundleError::TooLong(bytes.len()));
        }
        let note = Note::from_bytes(bytes)?;
        let statement = Self::parse_text(note.text())?;
        if note.to_string().as_bytes() == bytes { Ok((statement, note)) } else { Err(BundleError::NotCanonical) }
    }

    fn parse_text(text: &str) -> Result<Statement, BundleError> {
        let mut lines = Lines::of(text, FORMAT)?;
        let organization = lines.value("organization")?;
        let origin = lines.value("origin")?;
        let key = lines.value("key")?;
        let made_us = micros(lines.value("made")?, "made")?;
        let size = lines.value("size")?;
        let root = lines.value("root")?;
        let (first, last) = lines.pair("entries", '-')?;
        let window_us = match lines.begins("received") {
            true => {
                let (from, to) = lines.pair("received", '-')?;
                Some((micros(from, "received")?, micros(to, "received")?))
            }
            false => None,
        };
        let filter = if lines.begins("filter") { Some(Filter::read(&mut lines)?) } else { None };
        let matches = lines.value("matches")?;
        let redacted = if lines.begins("redacted") { lines.value("redacted")? } else { 0 };
        let rows = lines.value("rows")?;
        let claim = Claim { organization, origin, key, made_us, size, root, first, last, window_us, filter, rows };
        claim.check()?;
        let mut files = Vec::new();
        while lines.any() {
            let (name, facts) = lines.object("file")?;
            files.push(NamedObject { name: name.to_owned(), facts });
            if files.len() > names(rows).len() {
                return Err(BundleError::NotCanonical);
            }
        }
        let statement = Statement { claim, matches, redacted, files };
        statement.check_files()?;
        // Also catches every second way to write a number.
        if statement.text() == text { Ok(statement) } else { Err(BundleError::NotCanonical) }
    }

    /// Every file that a bundle has, once, in order, and no other.
    fn check_files(&self) -> Result<(), BundleError> {
        let mut found = self.files.iter().map(|file| file.name.as_str()).peekable();
        for name in names(self.claim.rows) {
            if found.next_if_eq(&name).is_none() && name != SINCE_PROOF {
                return Err(BundleError::Contradiction("it does not name the files a bundle has, in their order"));
            }
        }
        let Some(leaves) = self.files.iter().find(|file| file.name == LEAVES) else {
            return Err(BundleError::Contradiction("it names no leaves"));
        };
        if found.next().is_some() {
            return Err(BundleError::Contradiction("it names files that a bundle does not have"));
        }
        if leaves.facts.bytes != self.claim.entries().saturating_mul(Hash::BYTES as u64) {
            return Err(BundleError::Contradiction("there are more or fewer leaves than entries"));
        }
        if self.matches.saturating_add(self.redacted) > self.claim.entries() {
            return Err(BundleError::Contradiction("more entries match than there are"));
        }
        Ok(())
    }
}

impl Filter {
    fn read(lines: &mut Lines<'_>) -> Result<Filter, BundleError> {
        let text = lines.text("filter")?;
        match lines.text("predicate")? {
            "complete" => Ok(Filter::Complete(text.parse().map_err(|_| BadLine("filter"))?)),
            "trusted" => Ok(Filter::Trusted(text.to_owned())),
            _ => Err(BadLine("predicate").into()),
        }
    }

    /// The filter as text.
    pub fn text(&self) -> String {
        match self {
            Filter::Complete(predicate) => predicate.to_string(),
            Filter::Trusted(text) => text.clone(),
        }
    }
}

fn micros(us: u64, line: &'static str) -> Result<i64, BadLine> {
    i64::try_from(us).map_err(|_| BadLine(line))
}

/// The files of a bundle beside the statement, in order of their names; [`SINCE_PROOF`] may be missing.
pub(super) fn names(rows: RowFormat) -> [&'static str; 10] {
    [
        CHECKPOINT,
        GENESIS,
        GENESIS_PROOF,
        LEAVES,
        MAP_PROOF,
        PLATFORM_PROOF,
        POLICY,
        RANGE_PROOF,
        rows.file(),
        SINCE_PROOF,
    ]
}

#[cfg(test)]
mod tests;
