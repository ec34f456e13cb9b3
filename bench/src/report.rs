//! The result file: everything needed to judge a figure and to take it again.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Results of one run, in Markdown.
#[derive(Debug, Default)]
pub(crate) struct Report {
    head: Vec<(String, String)>,
    verdicts: Vec<[String; 5]>,
    sections: Vec<Section>,
}

/// One measure: a table and what to know when reading it.
#[derive(Debug)]
pub(crate) struct Section {
    title: String,
    notes: Vec<String>,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Section {
    pub(crate) fn new(title: impl Into<String>, columns: &[&'static str]) -> Section {
        Section { title: title.into(), notes: Vec::new(), columns: columns.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        eprintln!("  {}", cells.join(" | "));
        self.rows.push(cells);
    }
}

/// What a target asks of a figure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

impl Report {
    pub(crate) fn head(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        eprintln!("{name}: {value}");
        self.head.push((name.to_owned(), value));
    }

    pub(crate) fn section(&mut self, section: Section) {
        self.sections.push(section);
    }

    /// Holds a figure against its target.
    pub(crate) fn verdict(&mut self, measure: &str, what: &str, figure: f64, aim: Aim, shown: &str) {
        let (met, aim) = match aim {
            Aim::AtLeast(least) => (figure >= least, format!(">= {}", number(least))),
            Aim::AtMost(most) => (figure <= most, format!("<= {}", number(most))),
        };
        let met = if met { "yes" } else { "no" };
        self.verdicts.push([measure.into(), what.into(), shown.into(), aim, met.into()]);
    }

    /// Says that a measure could not be taken, and why.
    pub(crate) fn missing(&mut self, measure: &str, reason: &str) {
        eprintln!("{measure} was not measured: {reason}");
        self.verdicts.push([measure.into(), reason.into(), "-".into(), "-".into(), "not measured".into()]);
    }

    pub(crate) fn markdown(&self, title: &str) -> String {
        let mut out = format!("# {title}\n\n");
        for (name, value) in &self.head {
            let _ = writeln!(out, "- {name}: {value}");
        }
        if !self.verdicts.is_empty() {
            out.push_str("\n## Targets\n\n");
            let verdicts: Vec<Vec<String>> = self.verdicts.iter().map(|row| row.to_vec()).collect();
            table(&mut out, &["#", "figure", "measured", "target", "met"], &verdicts);
        }
        for section in &self.sections {
            let _ = writeln!(out, "\n## {}\n", section.title);
            table(&mut out, &section.columns, &section.rows);
            for note in &section.notes {
                let _ = write!(out, "\n{note}\n");
            }
        }
        out
    }

    /// Writes `FOLDER/YYYY-MM-DD-WHAT.md`; a run of the same day and kind replaces it.
    pub(crate) fn write(&self, folder: &Path, date: &str, what: &str) -> Result<PathBuf> {
        let path = folder.join(format!("{date}-{what}.md"));
        fs::create_dir_all(folder)?;
        let text = self.markdown(&format!("Measured {date}: {what}"));
        fs::write(&path, &text).with_context(|| format!("write {}", path.display()))?;
        Ok(path)
    }
}

fn table(out: &mut String, columns: &[&str], rows: &[Vec<String>]) {
    let _ = writeln!(out, "| {} |", columns.join(" | "));
    let _ = writeln!(out, "|{}", "---|".repeat(columns.len()));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
}

/// A figure with as many digits as mean something.
pub(crate) fn number(value: f64) -> String {
    let whole = format!("{value:.0}");
    match value.abs() {
        size if size >= 1_000.0 => {
            let digits = whole.trim_start_matches('-');
            let grouped: Vec<&str> = (0..digits.len())
                .rev()
                .step_by(3)
                .map(|end| &digits[end.saturating_sub(2)..=end])
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect();
            format!("{}{}", if value < 0.0 { "-" } else { "" }, grouped.join(","))
        }
        size if size >= 100.0 || value == value.trunc() => whole,
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_digits_that_mean_something() {
        let check = |value: f64, expected: &str| assert_eq!(number(value), expected);
        check(1_234_567.8, "1,234,568");
        check(250_000.0, "250,000");
        check(999.4, "999");
        check(45.04, "45.0");
        check(0.7, "0.70");
        check(1.0, "1");
        check(-4_321.0, "-4,321");
    }
}
