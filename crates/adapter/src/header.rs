//! The comment that opens an adapter file: what it reads, and the tables its program looks things up in.
//!
//! The tables are Markdown, so that the page a person reads and the data the program uses are one text.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indelible_event::catalogue;
use vrl::value::{KeyString, ObjectMap, Value};

use crate::AdapterError;
use crate::json;

/// Columns of a table that hold categories, with commas between.
const CATEGORY_COLUMNS: [&str; 2] = ["category", "categories"];

/// What a record of the source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// One JSON object.
    Json,
    /// One line of text.
    Text,
}

/// What the opening comment of an adapter file declares.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) input: Input,
    /// Where a JSON document keeps an array of records: paths of keys.
    pub(crate) records: Vec<Vec<String>>,
    /// The CSV column, or the string member of an object, that holds the record as JSON text.
    pub(crate) embedded: Option<String>,
    /// The documentation, Markdown.
    pub(crate) docs: String,
    pub(crate) tables: Arc<Tables>,
}

impl Header {
    /// The header of an adapter that needs no program.
    pub(crate) fn plain(name: &str, docs: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: "1".to_owned(),
            input: Input::Json,
            records: Vec::new(),
            embedded: None,
            docs: docs.to_owned(),
            tables: Arc::default(),
        }
    }

    /// The title of the documentation, else the name.
    pub(crate) fn title(&self) -> &str {
        self.docs.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(&self.name)
    }

    pub(crate) fn parse(source: &str) -> Result<Self, AdapterError> {
        let mut lines = source
            .lines()
            .map_while(|line| line.strip_prefix('#'))
            .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
        let mut values = BTreeMap::new();
        for line in lines.by_ref().take_while(|line| !line.is_empty()) {
            let (key, value) =
                line.split_once(':').ok_or_else(|| fault(format!("write `key: value` in the header, not {line:?}")))?;
            if values.insert(key.trim(), value.trim()).is_some() {
                return Err(fault(format!("the header names {:?} twice", key.trim())));
            }
        }
        let docs = lines.collect::<Vec<_>>().join("\n");

        let name = values
            .remove("adapter")
            .ok_or_else(|| fault("the file must begin with the comment `# adapter: <name>`"))?;
        let simple = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(simple) {
            return Err(fault("an adapter's name is at most 64 of the characters a-z 0-9 _ -"));
        }
        let version = values.remove("version").unwrap_or("1");
        let input = match values.remove("input") {
            Some("json") | None => Input::Json,
            Some("text") => Input::Text,
            Some(other) => {
                return Err(fault(format!("input is `json` or `text`, not {other:?}")));
            }
        };
        let records = list(values.remove("records")).map(|path| path.split('.').map(str::to_owned).collect()).collect();
        let embedded = values.remove("embedded").map(str::to_owned);
        if let Some(key) = values.keys().next() {
            return Err(fault(format!(
                "the header key {key:?} is not known; use adapter, version, input, records, embedded"
            )));
        }
        Ok(Self {
            name: name.to_owned(),
            version: version.to_owned(),
            input,
            records,
            embedded,
            tables: Arc::new(Tables::parse(&docs)?),
            docs,
        })
    }
}

fn list(value: Option<&str>) -> impl Iterator<Item = &str> {
    value.unwrap_or_default().split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn fault(message: impl Into<String>) -> AdapterError {
    AdapterError::Header { message: message.into() }
}

/// The tables of an adapter's documentation, each named by the heading above it.
#[derive(Debug, Default)]
pub(crate) struct Tables(BTreeMap<String, Table>);

/// Rows found by the first column. A key may hold `*` for any run of characters.
#[derive(Debug, Default)]
pub(crate) struct Table {
    exact: std::collections::HashMap<String, usize>,
    patterns: Vec<(Vec<String>, usize)>,
    rows: Vec<Value>,
    /// The first cell of each row.
    firsts: Vec<String>,
    /// Which rows were found since the adapter was made.
    used: Vec<AtomicBool>,
    keys: Vec<String>,
    /// Whether the program looks something up in it; if not, it is there for people only.
    asked: AtomicBool,
}

impl Tables {
    pub(crate) fn get(&self, name: &str) -> Option<&Table> {
        self.0.get(name)
    }

    /// The tables by their headings, in the order of the headings.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Table)> {
        self.0.iter().map(|(heading, table)| (heading.as_str(), table))
    }

    /// What the documentation says a member of the event is taken from: the column *from the record* of a table with a
    /// row for it.
    pub(crate) fn documented(&self, member: &str) -> Option<&str> {
        self.0.values().find_map(|table| {
            let row = table.rows.get(*table.exact.get(member)?)?.as_object()?;
            row.get("from the record")?.to_str()
        })
    }

    /// Refuses rows that name a category there is not, in tables that the program asks: an event that reaches such a row
    /// would be refused.
    pub(crate) fn check_categories(&self) -> Result<(), AdapterError> {
        let asked = self.0.iter().filter(|(_, table)| table.asked.load(Ordering::Relaxed));
        for (heading, table) in asked {
            table.check_categories().map_err(|message| fault(format!("table {heading:?}: {message}")))?;
        }
        Ok(())
    }

    fn parse(docs: &str) -> Result<Self, AdapterError> {
        let mut tables = BTreeMap::new();
        let mut heading = String::new();
        let mut lines = docs.lines().peekable();
        while let Some(line) = lines.next() {
            if let Some(title) = line.strip_prefix('#') {
                title.trim_start_matches('#').trim().clone_into(&mut heading);
            }
            let ruled = lines.peek().is_some_and(|next| next.starts_with("|-"));
            if !line.starts_with('|') || !ruled {
                continue;
            }
            lines.next();
            let columns = cells(line);
            let mut table = Table::default();
            while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
                table.add(&columns, cells(row)).map_err(|message| fault(format!("table {heading:?}: {message}")))?;
            }
            if tables.insert(heading.clone(), table).is_some() {
                return Err(fault(format!("two tables stand under {heading:?}")));
            }
        }
        Ok(Self(tables))
    }
}

impl Table {
    /// Marks it as one that the program asks.
    pub(crate) fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    fn check_categories(&self) -> Result<(), String> {
        for (row, first) in self.rows.iter().zip(&self.firsts) {
            let cells = CATEGORY_COLUMNS.iter().filter_map(|column| row.as_object()?.get(*column)?.to_str());
            let mut names = cells.flat_map(|cell| cell.split(',')).map(str::trim).filter(|name| !name.is_empty());
            if let Some(unknown) = names.find(|name| catalogue::category(name).is_none()) {
                return Err(format!(
                    "the row {:?} names the category {:?}, which there is not; docs/reference/categories.md lists them",
                    json::short(first),
                    json::short(unknown)
                ));
            }
        }
        Ok(())
    }

    fn add(&mut self, columns: &[String], cells: Vec<String>) -> Result<(), String> {
        if cells.len() != columns.len() {
            return Err(format!(
                "a row has {} cells, its table {} columns: {}",
                cells.len(),
                columns.len(),
                cells.join(" | ")
            ));
        }
        let row = self.rows.len();
        let mut values = ObjectMap::new();
        for (column, cell) in columns.iter().zip(&cells).skip(1) {
            if !cell.is_empty() {
                values.insert(KeyString::from(column.as_str()), Value::from(cell.as_str()));
            }
        }
        self.rows.push(Value::Object(values));
        self.firsts.push(cells[0].clone());
        self.used.push(AtomicBool::new(false));
        for key in cells[0].split(", ").map(str::trim) {
            self.keys.push(key.to_owned());
            if key.contains('*') {
                let pieces = key.split('*').map(str::to_owned).collect();
                self.patterns.push((pieces, row));
            } else if self.exact.insert(key.to_owned(), row).is_some() {
                return Err(format!("the key {key:?} stands twice"));
            }
        }
        Ok(())
    }

    /// The row whose key is `key`, else the first whose pattern matches it.
    pub(crate) fn find(&self, key: &str) -> Option<&Value> {
        let row = self.exact.get(key).copied().or_else(|| Some(self.patterns.get(self.pattern(key)?)?.1))?;
        // Threads share the table: written once, so that they do not take the line from each other for ever.
        let used = self.used.get(row)?;
        if !used.load(Ordering::Relaxed) {
            used.store(true, Ordering::Relaxed);
        }
        self.rows.get(row)
    }

    /// Which pattern is the first to match `key`.
    fn pattern(&self, key: &str) -> Option<usize> {
        self.patterns.iter().position(|(pieces, _)| matches(pieces, key))
    }

    /// How many rows there are, and how many of them were found since the adapter was made.
    pub(crate) fn rows_used(&self) -> (usize, usize) {
        (self.rows.len(), self.used.iter().filter(|used| used.load(Ordering::Relaxed)).count())
    }

    /// Patterns that no key can reach, each with the earlier pattern of another row that takes everything it would match.
    pub(crate) fn shadowed(&self) -> Vec<(String, String)> {
        let mut shadowed = Vec::new();
        for (place, (pieces, row)) in self.patterns.iter().enumerate() {
            // What stands for `*` is in no pattern, so whoever matches this key matches every key of the pattern.
            let Some(first) = self.pattern(&pieces.join("\u{1}")).filter(|first| *first < place) else { continue };
            let (by, of_row) = &self.patterns[first];
            if of_row != row {
                shadowed.push((pieces.join("*"), by.join("*")));
            }
        }
        shadowed
    }

    /// The keys in the order of the page.
    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }
}

/// Whether `text` is the pieces in order with anything between them.
pub(crate) fn matches(pieces: &[String], text: &str) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return false;
    };
    let Some((last, middle)) = rest.split_last() else {
        return text == first;
    };
    let Some(mut text) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for piece in middle {
        match text.find(piece.as_str()) {
            Some(at) => text = &text[at + piece.len()..],
            None => return false,
        }
    }
    text.ends_with(last.as_str())
}

/// The cells of a Markdown table row, without code marks; `\|` is a bar.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim().trim_start_matches('|');
    let line = line.strip_suffix('|').unwrap_or(line);
    line.replace("\\|", "\u{1}").split('|').map(|cell| cell.trim().replace('`', "").replace('\u{1}', "|")).collect()
}
