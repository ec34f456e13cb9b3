//! The rows, one after another: each in its place, in its form, with its leaf, and as much of it as the claim asks for.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use indelible_merkle::{Frontier, Hash};

use super::files::problem;
use super::{Stop, wrong};
use crate::bundle::row::{BundleRow, RowFault, RowFormat, Shown};
use crate::bundle::statement::{Claim, Filter, Statement};
use crate::bundle::{LEAVES, ROW_BYTES_MAX, csv, json, parquet};
use crate::verify::FindingCode;

/// Rows between two reports of progress.
const PROGRESS_ROWS: u64 = 10_000;

/// What the rows came to.
pub(super) struct Checked {
    /// The tree from its beginning to the last row.
    pub(super) frontier: Frontier,
    /// Rows read.
    pub(super) entries: u64,
    /// Rows shown whole.
    pub(super) matches: u64,
    /// Rows that would be, were their content not redacted.
    pub(super) redacted: u64,
}

/// Reads all rows and leaves. `before` are the subtrees before the first row.
pub(super) fn check(
    path: &Path,
    statement: &Statement,
    before: &[Hash],
    progress: &dyn Fn(u64, u64),
) -> Result<Checked, Stop> {
    let claim = &statement.claim;
    let name = claim.rows.file();
    let rows = File::open(path.join(name)).map_err(|error| problem(path, name, &error))?;
    let leaves = File::open(path.join(LEAVES)).map_err(|error| problem(path, LEAVES, &error))?;
    // The number of hashes was compared.
    let frontier = Frontier::from_roots(claim.first, before).unwrap_or_default();
    let mut checker = Checker {
        path,
        claim,
        may_withhold: statement.redacted > 0,
        progress,
        leaves: BufReader::new(leaves),
        frontier,
        next: claim.first,
        received_us: i64::MIN,
        matches: 0,
        redacted: 0,
        scratch: Vec::new(),
    };
    match claim.rows {
        RowFormat::Jsonl => checker.lines(rows, json::read)?,
        RowFormat::Csv => checker.csv(rows)?,
        RowFormat::Parquet => checker.parquet(rows)?,
    }
    checker.finish()
}

struct Checker<'a> {
    path: &'a Path,
    claim: &'a Claim,
    /// Whether the statement says of rows that they are redacted.
    may_withhold: bool,
    progress: &'a dyn Fn(u64, u64),
    leaves: BufReader<File>,
    frontier: Frontier,
    next: u64,
    received_us: i64,
    matches: u64,
    redacted: u64,
    scratch: Vec<u8>,
}

/// Reads the row in a line.
type ReadLine = for<'l> fn(&'l [u8], &mut Vec<u8>) -> Result<BundleRow<'l>, RowFault>;

impl Checker<'_> {
    /// The finding about the row that is next.
    fn wrong(&self, code: FindingCode, message: impl Into<String>) -> Stop {
        wrong(code, self.claim.rows.file(), Some((self.next, self.next)), message)
    }

    fn lines(&mut self, rows: impl Read, read: ReadLine) -> Result<(), Stop> {
        self.rest_of_lines(BufReader::with_capacity(256 << 10, rows), read)
    }

    fn csv(&mut self, rows: File) -> Result<(), Stop> {
        let mut rows = BufReader::with_capacity(256 << 10, rows);
        let header = self.line(&mut rows)?;
        if header != Some(csv::header().into_bytes()) {
            return Err(self.wrong(FindingCode::BadRow, "the header is not that of rows"));
        }
        self.rest_of_lines(rows, csv::read)
    }

    fn rest_of_lines(&mut self, mut rows: BufReader<impl Read>, read: ReadLine) -> Result<(), Stop> {
        let mut scratch = Vec::new();
        while let Some(line) = self.line(&mut rows)? {
            let row = match line.strip_suffix(b"\n") {
                Some(line) => read(line, &mut scratch),
                None => Err("it has no end, or is longer than a row can be".into()),
            };
            self.row(row)?;
        }
        Ok(())
    }

    /// The next line with its newline; without one if the file ends before, or the line is too long.
    fn line(&mut self, rows: &mut BufReader<impl Read>) -> Result<Option<Vec<u8>>, Stop> {
        let mut line = Vec::new();
        let read = rows.by_ref().take(ROW_BYTES_MAX as u64).read_until(b'\n', &mut line);
        read.map_err(|error| problem(self.path, self.claim.rows.file(), &error))?;
        Ok((!line.is_empty()).then_some(line))
    }

    fn parquet(&mut self, rows: File) -> Result<(), Stop> {
        // Who signed the file may have made it to bring down whoever reads it.
        let read = catch_unwind(AssertUnwindSafe(|| {
            let batches = parquet::batches(rows).map_err(|error| self.wrong(FindingCode::BadRow, error))?;
            for batch in batches {
                let batch = batch.map_err(|error| self.wrong(FindingCode::BadRow, error.to_string()))?;
                parquet::rows(&batch, |row| self.row(row))?;
            }
            Ok(())
        }));
        read.unwrap_or_else(|_| Err(self.wrong(FindingCode::BadRow, "reading it came to an unforeseen end")))
    }

    fn row(&mut self, row: Result<BundleRow<'_>, RowFault>) -> Result<(), Stop> {
        let row = row.map_err(|fault| self.wrong(FindingCode::BadRow, fault))?;
        if self.next > self.claim.last {
            return Err(self.wrong(FindingCode::BadRow, "there are more rows than entries"));
        }
        if row.seq != self.next {
            return Err(self.wrong(FindingCode::BadRow, format!("there is entry {}", row.seq)));
        }
        if !self.may_be(&row.shown) {
            return Err(self.wrong(FindingCode::BadRow, "a row of this kind has no place in this bundle"));
        }
        let leaf = row.leaf(self.claim.organization.as_str(), &mut self.scratch);
        let mut stored = Hash::ZERO;
        if let Err(error) = self.leaves.read_exact(&mut stored.0) {
            if error.kind() != std::io::ErrorKind::UnexpectedEof {
                return Err(problem(self.path, LEAVES, &error));
            }
            return Err(wrong(FindingCode::ChangedObject, LEAVES, Some((self.next, self.next)), "ends too early"));
        }
        if leaf != stored {
            let message = "the row and the leaf hash of the entry do not belong together";
            return Err(self.wrong(FindingCode::OtherEntry, message));
        }
        self.check_time(&row)?;
        self.check_filter(&row)?;
        self.frontier.push(leaf);
        self.matches += u64::from(matches!(row.shown, Shown::Full { .. }));
        let withheld = self.claim.withholds(&row.shown);
        self.redacted += u64::from(withheld.map_err(|error| self.wrong(FindingCode::BadRow, error))?);
        self.next += 1;
        let done = self.next - self.claim.first;
        if done.is_multiple_of(PROGRESS_ROWS) {
            (self.progress)(done, self.claim.entries());
        }
        Ok(())
    }

    /// Which kinds of rows stand where.
    fn may_be(&self, shown: &Shown<'_>) -> bool {
        let edge = self.next == self.claim.first || self.next == self.claim.last;
        match shown {
            Shown::Full { .. } => true,
            Shown::Stub { .. } => self.may_withhold || matches!(self.claim.filter, Some(Filter::Complete(_))),
            Shown::Leaf(_) => matches!(self.claim.filter, Some(Filter::Trusted(_))),
            Shown::Boundary { .. } => self.claim.window_us.is_some() && edge,
        }
    }

    /// Time does not go back, and the rows are those of the window with one on each side.
    fn check_time(&mut self, row: &BundleRow<'_>) -> Result<(), Stop> {
        let received = row.received_at_us();
        if received.is_some_and(|received| received < self.received_us) {
            return Err(self.wrong(FindingCode::BadRow, "receivedAt goes back"));
        }
        self.received_us = received.unwrap_or(self.received_us);
        let Some((from, to)) = self.claim.window_us else { return Ok(()) };
        let is_boundary = matches!(row.shown, Shown::Boundary { .. });
        let before = is_boundary && received.is_some_and(|received| received < from);
        let after = is_boundary && received.is_some_and(|received| received >= to);
        let inside = !is_boundary && received.is_none_or(|received| (from..to).contains(&received));
        let (is_first, is_last) = (self.next == self.claim.first, self.next == self.claim.last);
        let message = match () {
            () if !(inside || (before && is_first) || (after && is_last)) => "it is on the wrong side of the window",
            () if is_first && !before && self.claim.first > 0 => "the entry before the window is not shown",
            () if is_last && !after && self.claim.last + 1 < self.claim.size => {
                "the entry after the window is not shown"
            }
            () => return Ok(()),
        };
        Err(self.wrong(FindingCode::OutsideWindow, message))
    }

    /// What the filter looks for is shown, and nothing else is.
    fn check_filter(&self, row: &BundleRow<'_>) -> Result<(), Stop> {
        let (Some(predicate), Some(infrastructure)) = (self.claim.predicate(), row.infrastructure()) else {
            return Ok(());
        };
        let holds = predicate.holds(infrastructure).map_err(|error| self.wrong(FindingCode::BadRow, error))?;
        match (holds, matches!(row.shown, Shown::Full { .. })) {
            (true, false) if !(self.may_withhold && matches!(row.shown, Shown::Stub { .. })) => {
                Err(self.wrong(FindingCode::MissingMatch, "the filter finds it, and its content is left out"))
            }
            (false, true) => {
                Err(self.wrong(FindingCode::OtherMatch, "the filter does not find it, and it is shown as found"))
            }
            _ => Ok(()),
        }
    }

    fn finish(mut self) -> Result<Checked, Stop> {
        if self.next <= self.claim.last {
            return Err(self.wrong(FindingCode::BadRow, "the rows end before it"));
        }
        let rest = self.leaves.fill_buf().map_err(|error| problem(self.path, LEAVES, &error))?;
        if !rest.is_empty() {
            return Err(wrong(FindingCode::ChangedObject, LEAVES, None, "goes on behind the last entry"));
        }
        let Self { frontier, next, claim, matches, redacted, .. } = self;
        Ok(Checked { frontier, entries: next - claim.first, matches, redacted })
    }
}
