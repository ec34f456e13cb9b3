//! An adapter tried on samples, offline: what each record became, and what its author should look at.
//!
//! Nothing here judges by a rule of its own: events are admitted as a server admits them, and whether free text gets into
//! the infrastructure part is found out by planting some: a sentence in place of a text, and a word in place of each word
//! of a text, for programs that take a text apart. What the samples do not show is not found: a pattern that none of them
//! matches, and one that the planted word does not match, such as that of an address.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use indelible_event::{Intake, Limits, Scratch, admit};
use vrl::value::Value;

use crate::adapter::{Adapter, Converter, Options};
use crate::header::Input;
use crate::json;
use crate::reader::Unreadable;
use crate::refused::{Code, Refused};

/// Kinds of events, reasons and patterns a report lists; what is beyond is counted only.
const LISTED_MAX: usize = 1_000;

/// Records into which text is planted, one of each kind of event.
const PLANTED_RECORDS_MAX: usize = 200;

/// Largest record into which text is planted, in bytes.
const PLANTED_BYTES_MAX: usize = 64 << 10;

/// How often text is planted at one place of the records.
const PLANTED_TIMES_MAX: u32 = 4;

/// What is planted: a sentence, because a sentence is what must not get into the infrastructure part.
const SENTENCE: &str = "planted sentence number 4711";

/// What is planted in place of a word.
const WORD: &str = "planted4711";

/// What is planted in place of a number.
const NUMBER: &str = "47114711";

/// What the sentence and the word look like in any column, whatever was made of white space and of capitals.
const MARKS: [&str; 2] = ["planted", "4711"];

/// Words of a text that are replaced, one at a time.
const PLANTED_WORDS_MAX: usize = 24;

/// Words from which on a text is a sentence.
const SENTENCE_WORDS: usize = 4;

/// The part of an event that holds what it was about; all other members are the infrastructure part.
const CONTENT: [&str; 5] = ["requestFields", "resultFields", "entities", "users", "extra"];

/// Share of refused records above which a trial is not good.
const REFUSED_SHARE_MAX: f64 = 0.02;

/// An adapter on trial.
pub struct Trial<'a> {
    adapter: &'a Adapter,
    converter: Converter<'a>,
    scratch: Scratch,
    report: Report,
    /// The first record of each kind of event.
    samples: BTreeMap<String, Vec<u8>>,
    /// Places of the records where values were seen that look like sentences.
    sentences: BTreeSet<String>,
    /// Flows of a few words of a text, not of all of it.
    parts: BTreeSet<Flow>,
}

/// What one record became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The events, one line of JSON each, or why there are none.
    pub events: Result<Vec<String>, Refused>,
}

impl Outcome {
    /// One line of JSON for a file of what is expected: the number of the record and its events, or why it was refused.
    pub fn expected(&self, record: u64) -> String {
        match &self.events {
            Ok(events) => format!("{{\"record\":{record},\"events\":[{}]}}", events.join(",")),
            Err(refused) => {
                let mut line = format!("{{\"record\":{record},\"refused\":");
                json::write_string(&mut line, &refused.to_string());
                line.push('}');
                line
            }
        }
    }
}

/// What a trial showed.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Records read.
    pub records: u64,
    /// Records refused, of these:
    pub refused: u64,
    /// Records refused though the adapter did not want to: its program failed, or a server would not take the event.
    pub faults: u64,
    /// Events made.
    pub events: u64,
    /// Events whose only category is `internal`.
    pub internal: u64,
    /// Records refused because they have no time.
    pub no_time: u64,
    /// Records that had no time and were dated to 1970, where such are taken.
    pub undated: u64,
    /// Events by category; an event with two counts in both. `passThrough` is left out.
    pub categories: BTreeMap<String, u64>,
    /// Events by name, and what became of them: the categories and the result.
    pub kinds: BTreeMap<String, BTreeMap<String, u64>>,
    /// Refused records by reason.
    pub reasons: BTreeMap<String, u64>,
    /// From which places of the records the columns of the infrastructure part take; not found out for lines of text.
    pub flows: BTreeSet<Flow>,
    /// How much of each table of the documentation the samples needed.
    pub tables: Vec<TableUse>,
    /// What the author should look at.
    pub findings: Vec<Finding>,
}

/// A place of a record that a column of the infrastructure part takes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    /// The column, such as `uid`.
    pub column: String,
    /// The path of keys with dots between; `[]` is any element of an array.
    pub place: String,
}

/// How much of a table the samples needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableUse {
    /// The heading above the table.
    pub table: String,
    /// Its rows.
    pub rows: usize,
    /// Rows that were found by `lookup`.
    pub used: usize,
}

/// Something an author should look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// A column of the infrastructure part takes whole texts from a place that holds sentences, or is named as one that does.
    FreeText(Flow),
    /// A column of the infrastructure part takes a few words of such a text.
    Part(Flow),
    /// No key can reach a pattern of a table, because an earlier one takes all it would match.
    Shadowed {
        /// The heading above the table.
        table: String,
        /// The pattern.
        pattern: String,
        /// The pattern that takes its keys.
        by: String,
    },
    /// Events of this name have no category but `internal`.
    Internal {
        /// The name.
        name: String,
        /// How many.
        events: u64,
    },
    /// More records were refused than an adapter for this log should refuse.
    Refused {
        /// Of a hundred records.
        percent: u64,
    },
}

impl Finding {
    /// Whether the adapter should not be used before this is settled.
    pub fn is_grave(&self) -> bool {
        matches!(self, Finding::FreeText(_) | Finding::Refused { .. })
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Finding::FreeText(Flow { column, place }) => write!(
                f,
                "free text: {column} takes from {place}, which holds what people write; the operator may read {column}. Take it \
                 from an id, or leave it under passThrough"
            ),
            Finding::Part(Flow { column, place }) => write!(
                f,
                "part of free text: {column} takes a word of {place}, which holds what people write; the operator may read {column}. \
                 See that the pattern lets through an id only"
            ),
            Finding::Shadowed { table, pattern, by } => {
                write!(f, "table {table}: {pattern} is never reached, because {by} stands before it; move it up")
            }
            Finding::Internal { name, events } => {
                write!(f, "internal: {name} ({events}) has no category of its own; give it a row if one fits")
            }
            Finding::Refused { percent } => {
                write!(f, "refused: {percent} % of the records; an adapter that reads this log refuses at most 2 %")
            }
        }
    }
}

impl Report {
    /// Whether the adapter can be used as it is: nothing failed, few records were refused, no finding is grave.
    pub fn is_good(&self) -> bool {
        self.records > 0 && self.faults == 0 && !self.findings.iter().any(Finding::is_grave)
    }

    /// As [`Report::is_good`] for records that are held against what is expected of them, which may be to be refused.
    pub fn is_good_as_expected(&self) -> bool {
        let free_text = self.findings.iter().any(|finding| matches!(finding, Finding::FreeText(_)));
        self.records > 0 && self.faults == 0 && !free_text
    }

    fn refuse(&mut self, refused: &Refused, fault: bool) {
        self.refused += 1;
        self.faults += u64::from(fault);
        self.no_time += u64::from(refused.code == Code::NoTime);
        count(&mut self.reasons, refused.to_string());
    }
}

/// Adds one, unless too much is listed already.
fn count(counts: &mut BTreeMap<String, u64>, key: String) {
    if counts.len() < LISTED_MAX || counts.contains_key(&key) {
        *counts.entry(key).or_default() += 1;
    }
}

impl<'a> Trial<'a> {
    /// Begins to try `adapter`.
    pub fn new(adapter: &'a Adapter, options: Options) -> Self {
        Self {
            adapter,
            converter: adapter.converter(options),
            scratch: Scratch::default(),
            report: Report::default(),
            samples: BTreeMap::new(),
            sentences: BTreeSet::new(),
            parts: BTreeSet::new(),
        }
    }

    /// Takes records without a time too, as [`Converter::dating_undated`] does.
    pub fn dating_undated(mut self) -> Self {
        self.converter = self.converter.dating_undated();
        self
    }

    /// Converts one record and has its events admitted as a server would.
    pub fn record(&mut self, record: &[u8], occurrence: u32) -> Outcome {
        self.report.records += 1;
        let converted = self.converter.convert(record, occurrence);
        self.report.undated = self.converter.undated();
        let admitted = converted.map_err(|refused| (refused.code == Code::Program, refused)).and_then(|events| {
            let judged = events.iter().try_for_each(|event| judge(&mut self.scratch, event));
            judged.map(|()| events).map_err(|refused| (true, refused))
        });
        match admitted {
            Ok(events) => {
                self.count(record, &events);
                Outcome { events: Ok(events) }
            }
            Err((fault, refused)) => {
                self.report.refuse(&refused, fault);
                Outcome { events: Err(refused) }
            }
        }
    }

    /// Counts a place of the input that gives no record.
    pub fn unreadable(&mut self, unreadable: &Unreadable) -> Outcome {
        self.report.records += 1;
        self.report.refuse(&unreadable.reason, false);
        Outcome { events: Err(unreadable.reason.clone()) }
    }

    fn count(&mut self, record: &[u8], events: &[String]) {
        self.report.events += events.len() as u64;
        // What wraps a record is no part of it.
        let Ok((record, content)) = self.converter.parse(record) else { return };
        for event in events {
            let Ok(Value::Object(event)) = json::parse_event(event) else { continue };
            let text = |member: &str| event.get(member).and_then(Value::to_str).unwrap_or_default().to_owned();
            let categories: Vec<&str> = event
                .get("categories")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::to_str)
                .collect();
            let named: Vec<&str> = categories.into_iter().filter(|category| *category != "passThrough").collect();
            named.iter().for_each(|category| count(&mut self.report.categories, (*category).to_owned()));
            let internal = named.iter().all(|category| *category == "internal");
            self.report.internal += u64::from(internal);
            let name = text("name");
            if self.report.kinds.len() < LISTED_MAX || self.report.kinds.contains_key(&name) {
                let became = self.report.kinds.entry(name.clone()).or_default();
                *became.entry(format!("{} {}", named.join("+"), text("result"))).or_default() += 1;
            }
            let wanted = self.samples.len() < PLANTED_RECORDS_MAX && record.len() <= PLANTED_BYTES_MAX;
            if wanted && !self.samples.contains_key(&name) {
                self.samples.insert(name, record.to_vec());
            }
        }
        if self.sentences.len() < LISTED_MAX {
            walk(&content, &mut Vec::new(), &mut |path, text| {
                if text.split_whitespace().count() >= SENTENCE_WORDS && self.sentences.len() < LISTED_MAX {
                    self.sentences.insert(shown(path));
                }
            });
        }
    }

    /// Ends the trial: looks at the tables, and finds out from where the infrastructure part takes.
    pub fn finish(mut self) -> Report {
        for (heading, table) in self.adapter.tables().iter() {
            // A table that the program never asks is documentation only.
            let (rows, used) = table.rows_used();
            if used == 0 {
                continue;
            }
            self.report.tables.push(TableUse { table: heading.to_owned(), rows, used });
            let shadowed = table.shadowed().into_iter().take(LISTED_MAX);
            self.report.findings.extend(shadowed.map(|(pattern, by)| Finding::Shadowed {
                table: heading.to_owned(),
                pattern,
                by,
            }));
        }
        let internal = self.report.kinds.iter().filter_map(|(name, became)| {
            let events = became.iter().filter(|(what, _)| what.starts_with("internal ")).map(|(_, times)| times).sum();
            (events > 0).then(|| Finding::Internal { name: name.clone(), events })
        });
        self.report.findings.extend(internal.collect::<Vec<_>>());
        if self.report.refused as f64 > self.report.records as f64 * REFUSED_SHARE_MAX {
            let percent = (self.report.refused * 100).div_ceil(self.report.records.max(1));
            self.report.findings.push(Finding::Refused { percent });
        }
        if self.adapter.input() == Input::Json {
            self.plant();
            let telling = self.report.flows.iter().filter(|flow| self.is_free_text(flow)).cloned();
            let found = telling.map(|flow| match self.parts.contains(&flow) {
                true => Finding::Part(flow),
                false => Finding::FreeText(flow),
            });
            self.report.findings.extend(found.collect::<Vec<_>>());
        }
        self.report.findings.sort();
        self.report
    }

    /// Plants at each place of the samples that holds text, one at a time, and notes which columns show it.
    fn plant(&mut self) {
        let mut planted: BTreeMap<String, u32> = BTreeMap::new();
        for record in std::mem::take(&mut self.samples).into_values() {
            let Ok(value) = json::parse(&record) else { continue };
            let mut places = Vec::new();
            walk(&value, &mut Vec::new(), &mut |path, _| places.push(path.to_vec()));
            for path in places {
                let place = shown(&path);
                let known = planted.len() < LISTED_MAX * 4 || planted.contains_key(&place);
                let times = planted.entry(place.clone()).or_default();
                if !known || *times >= PLANTED_TIMES_MAX {
                    continue;
                }
                *times += 1;
                let flow = |column| Flow { column, place: place.clone() };
                let whole: BTreeSet<Flow> = self.planted(&value, &path, SENTENCE).into_iter().map(flow).collect();
                self.parts.retain(|flow| !whole.contains(flow));
                self.report.flows.extend(whole);
                for (column, words) in self.planted_words(&value, &path) {
                    let flow = flow(column);
                    let is_new = self.report.flows.insert(flow.clone());
                    if words >= SENTENCE_WORDS {
                        self.parts.remove(&flow);
                    } else if is_new {
                        self.parts.insert(flow);
                    }
                }
            }
        }
    }

    /// The columns that show `text` when it is planted where `path` leads.
    fn planted(&mut self, record: &Value, path: &[Step], text: &str) -> BTreeSet<String> {
        let mut changed = record.clone();
        replace(&mut changed, path, text);
        let mut line = String::new();
        json::write(&mut line, &changed);
        let events = self.converter.convert(line.as_bytes(), 0).unwrap_or_default();
        events.iter().flat_map(|event| marked(event)).collect()
    }

    /// The columns that show single words of the text where `path` leads, and how many: what no white space parts, such as
    /// an address, is one.
    fn planted_words(&mut self, record: &Value, path: &[Step]) -> BTreeMap<String, usize> {
        let text = reach(record, path).and_then(Value::to_str).unwrap_or_default().to_owned();
        let words = words(&text);
        let mut shown: BTreeMap<String, BTreeSet<Option<usize>>> = BTreeMap::new();
        for word in words.iter().take(PLANTED_WORDS_MAX).filter(|_| words.len() > 1) {
            let is_number = text[word.clone()].bytes().all(|byte| byte.is_ascii_digit());
            let space_before = text[..word.start].rfind(char::is_whitespace);
            let mut changed = text.clone();
            changed.replace_range(word.clone(), if is_number { NUMBER } else { WORD });
            for column in self.planted(record, path, &changed) {
                shown.entry(column).or_default().insert(space_before);
            }
        }
        shown.into_iter().map(|(column, places)| (column, places.len())).collect()
    }

    /// Whether a flow brings free text into a column that may hold none. The name of an operation and the user agent are
    /// words of the source by their nature.
    fn is_free_text(&self, flow: &Flow) -> bool {
        if flow.column == "userAgent" {
            return false;
        }
        let key = flow.place.rsplit('.').next().unwrap_or_default().trim_end_matches("[]").to_ascii_lowercase();
        let telling = [
            "message",
            "msg",
            "description",
            "reason",
            "comment",
            "comments",
            "note",
            "notes",
            "text",
            "title",
            "subject",
            "body",
            "content",
            "query",
            "sql",
            "command",
            "commandline",
            "summary",
            "prompt",
            "filename",
            "path",
            "password",
            "secret",
        ];
        telling.contains(&key.as_str()) || (flow.column != "name" && self.sentences.contains(&flow.place))
    }
}

/// Whether a server would take the event.
fn judge(scratch: &mut Scratch, event: &str) -> Result<(), Refused> {
    let intake =
        Intake { producer: "trial", producer_epoch: None, producer_seq: None, source: "http", adapter: Some("trial") };
    match admit(scratch, event.as_bytes(), &Limits::default(), &intake, || [0; 16]) {
        Ok(_) => Ok(()),
        Err(refusal) => Err(Refused::new(Code::Program, format!("a server would refuse the event: {refusal}"))),
    }
}

/// The columns of the infrastructure part of an event that show what was planted.
fn marked(event: &str) -> Vec<String> {
    let Ok(Value::Object(event)) = json::parse_event(event) else { return Vec::new() };
    let shows = |value: &Value| {
        let mut text = String::new();
        json::write(&mut text, value);
        text.make_ascii_lowercase();
        MARKS.iter().all(|mark| text.contains(mark)) || text.contains(NUMBER)
    };
    // A time holds no text, but shows a number.
    let may_show = |column: &str| !CONTENT.contains(&column) && column != "time";
    let columns = event.iter().filter(|(column, value)| may_show(column) && shows(value));
    columns.map(|(column, _)| column.to_string()).collect()
}

/// One step from a value to a value inside.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

fn shown(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Key(key) if out.is_empty() => out.push_str(key),
            Step::Key(key) => {
                out.push('.');
                out.push_str(key);
            }
            Step::Index(_) => out.push_str("[]"),
        }
    }
    out
}

/// Calls `found` for each text inside `value`. A record is as deep as it may be, so the recursion is bounded.
fn walk(value: &Value, path: &mut Vec<Step>, found: &mut impl FnMut(&[Step], &str)) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                path.push(Step::Key(key.to_string()));
                walk(value, path, found);
                path.pop();
            }
        }
        Value::Array(array) => {
            for (index, value) in array.iter().enumerate() {
                path.push(Step::Index(index));
                walk(value, path, found);
                path.pop();
            }
        }
        value => {
            if let Some(text) = value.to_str() {
                found(path, text);
            }
        }
    }
}

/// Where the words of a text stand: its longest runs of letters and digits.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut begin = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_alphanumeric(), begin) {
            (true, None) => begin = Some(at),
            (false, Some(from)) => {
                words.push(from..at);
                begin = None;
            }
            _ => {}
        }
    }
    words
}

/// The value where `path` leads.
fn reach<'v>(value: &'v Value, path: &[Step]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.as_object()?.get(key.as_str()),
        Step::Index(index) => value.as_array()?.get(*index),
    })
}

/// Puts `text` where `path` leads.
fn replace(value: &mut Value, path: &[Step], text: &str) {
    let inside = match (path.split_first(), &mut *value) {
        (Some((Step::Key(key), rest)), Value::Object(object)) => {
            object.get_mut(key.as_str()).map(|inside| (inside, rest))
        }
        (Some((Step::Index(index), rest)), Value::Array(array)) => array.get_mut(*index).map(|inside| (inside, rest)),
        _ => None,
    };
    match inside {
        Some((inside, rest)) => replace(inside, rest, text),
        None => *value = Value::from(text),
    }
}

#[cfg(test)]
mod tests;
