//! An adapter tried on samples, offline: what each record became, and what its author should look at.
//!
//! Nothing here judges by a rule of its own: events are admitted as a server admits them, and whether free text gets into
//! the infrastructure part is found out by planting some: a sentence in place of a text, and a word in place of each word
//! of a text, for programs that take a text apart. For programs that let through only what has some form, a text that stood
//! in a column and is gone when something else is in its place came from there. What the samples do not show is not found,
//! nor is what the program writes in other characters than it read, such as a hash.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use indelible_event::{Intake, Limits, Scratch, admit};
use vrl::value::{ObjectMap, Value};

use crate::adapter::{Adapter, Converter, Options};
use crate::header::Input;
use crate::json;
use crate::reader::Unreadable;
use crate::refused::{Code, Refused};

/// Kinds of events, reasons and patterns a report lists; what is beyond is counted only.
const LISTED_MAX: usize = 1_000;

/// Records into which text is planted: one of each kind of event, and one for each text seen in a column.
const PLANTED_RECORDS_MAX: usize = 400;

/// Largest record into which text is planted, in bytes.
const PLANTED_BYTES_MAX: usize = 64 << 10;

/// How often text is planted at one place of the records, and how often if a text that stands there stands in a column too,
/// and it is not known yet that it came from there.
const PLANTED_TIMES_MAX: u32 = 4;
const PLANTED_OPEN_MAX: u32 = 32;

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

/// Columns that hold a word of the format, or what the host makes: nothing of a record stands in them.
const CLOSED: [&str; 6] = ["type", "time", "categories", "result", "producerType", "logEntryId"];

/// Characters from which on a text is looked for inside a column; a shorter one has to be a word of it.
const TELLING_CHARS: usize = 3;

/// Ids of events that are compared.
const IDS_MAX: usize = 100_000;

/// Share of refused records above which a trial is not good.
const REFUSED_SHARE_MAX: f64 = 0.02;

/// An adapter on trial.
pub struct Trial<'a> {
    adapter: &'a Adapter,
    converter: Converter<'a>,
    scratch: Scratch,
    report: Report,
    /// Whether refused records are held against a file.
    expects: bool,
    /// The first record of each kind of event, and the first in which a text is seen in a column.
    samples: BTreeMap<(String, usize), Vec<u8>>,
    /// Which kinds these are of, and which flows seem to be in them.
    sampled: BTreeSet<String>,
    visible: BTreeSet<Flow>,
    /// The record of each `eventId`, as a hash.
    ids: HashMap<String, u64>,
    /// Records whose `eventId` another one had, and the first such id.
    shared_ids: u64,
    shared_id: Option<String>,
    /// Places of the records where values were seen that look like sentences.
    sentences: BTreeSet<String>,
    /// Flows of a few words of a text, or of a text of some form, not of any text.
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
    /// Different records gave events with one `eventId`.
    SharedId {
        /// One such id.
        id: String,
        /// How many records had an id that another one had before.
        records: u64,
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
            Finding::SharedId { id, records } => write!(
                f,
                "same eventId: {records} records have the eventId of another one, such as {id}; sourceId is the id of one record, \
                 that of a group or a request is a traceId"
            ),
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
            expects: false,
            samples: BTreeMap::new(),
            sampled: BTreeSet::new(),
            visible: BTreeSet::new(),
            ids: HashMap::new(),
            shared_ids: 0,
            shared_id: None,
            sentences: BTreeSet::new(),
            parts: BTreeSet::new(),
        }
    }

    /// Takes records without a time too, as [`Converter::dating_undated`] does.
    pub fn dating_undated(mut self) -> Self {
        self.converter = self.converter.dating_undated();
        self
    }

    /// The records are held against what is expected of them, which may be to be refused: their share says nothing.
    pub fn expecting(mut self) -> Self {
        self.expects = true;
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
        let (mut is_new, mut kind, mut columns) = (false, String::new(), Columns(Vec::new()));
        for event in events {
            let Ok(Value::Object(event)) = json::parse_event(event) else { continue };
            columns.add(&event);
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
            self.compare_id(text("eventId"), &record);
            is_new |= self.sampled.len() < LISTED_MAX && self.sampled.insert(name.clone());
            kind = name;
        }
        let is_small = self.samples.len() < PLANTED_RECORDS_MAX && record.len() <= PLANTED_BYTES_MAX;
        if self.adapter.input() == Input::Json && is_small {
            is_new |= self.shows_something_new(&content, &columns);
            if is_new {
                self.samples.insert((kind, self.samples.len()), record.to_vec());
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

    /// Notes whether another record has given an event with this id.
    fn compare_id(&mut self, id: String, record: &[u8]) {
        let mut hasher = DefaultHasher::new();
        record.hash(&mut hasher);
        let record = hasher.finish();
        match self.ids.get(&id) {
            Some(of) if *of != record => {
                self.shared_ids += 1;
                self.shared_id.get_or_insert(id);
            }
            None if self.ids.len() < IDS_MAX => {
                self.ids.insert(id, record);
            }
            _ => {}
        }
    }

    /// Whether a text of the record stands in a column in which none from its place was seen before.
    fn shows_something_new(&mut self, record: &Value, columns: &Columns) -> bool {
        let before = self.visible.len();
        walk(record, &mut Vec::new(), &mut |path, text| {
            for column in columns.showing(text) {
                let flow = Flow { column: column.to_owned(), place: shown(path) };
                if self.visible.len() < LISTED_MAX {
                    self.visible.insert(flow);
                }
            }
        });
        self.visible.len() > before
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
        if let Some(id) = self.shared_id.take() {
            self.report.findings.push(Finding::SharedId { id, records: self.shared_ids });
        }
        if !self.expects && self.report.refused as f64 > self.report.records as f64 * REFUSED_SHARE_MAX {
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

    /// Plants at each place of the samples that holds something, one at a time, and notes which columns show it.
    fn plant(&mut self) {
        let mut planted: BTreeMap<String, u32> = BTreeMap::new();
        for record in std::mem::take(&mut self.samples).into_values() {
            let Ok(value) = json::parse(&record) else { continue };
            let before = Columns::of(&self.converter.convert(&record, 0).unwrap_or_default());
            let mut places = Vec::new();
            walk(&value, &mut Vec::new(), &mut |path, text| places.push((path.to_vec(), text.to_owned())));
            for (path, text) in places {
                let place = shown(&path);
                let flow = |column| Flow { column, place: place.clone() };
                let long = words(&text).into_iter().map(|word| &text[word]).filter(|word| word.len() >= TELLING_CHARS);
                let mut seen = long.chain([text.as_str()]).flat_map(|text| before.showing(text));
                let is_open = seen.any(|column| !self.report.flows.contains(&flow(column.to_owned())));
                let known = planted.len() < LISTED_MAX * 4 || planted.contains_key(&place);
                let times = planted.entry(place.clone()).or_default();
                if !known || *times >= if is_open { PLANTED_OPEN_MAX } else { PLANTED_TIMES_MAX } {
                    continue;
                }
                *times += 1;
                let events = self.planted(&value, &path, SENTENCE);
                let whole: BTreeSet<Flow> = events.iter().flat_map(|event| marked(event)).map(flow).collect();
                self.parts.retain(|flow| !whole.contains(flow));
                self.report.flows.extend(whole);
                let of_some_form = before.lost(&text, &events).into_iter().map(|column| (column, 1));
                for (column, words) in of_some_form.into_iter().chain(self.planted_words(&value, &path, &before)) {
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

    /// The events when `text` is planted where `path` leads; none if the record is refused then.
    fn planted(&mut self, record: &Value, path: &[Step], text: &str) -> Vec<String> {
        let mut changed = record.clone();
        replace(&mut changed, path, text);
        let mut line = String::new();
        json::write(&mut line, &changed);
        self.converter.convert(line.as_bytes(), 0).unwrap_or_default()
    }

    /// The columns that show single words of the text where `path` leads, and how many: what no white space parts, such as
    /// an address, is one.
    fn planted_words(&mut self, record: &Value, path: &[Step], before: &Columns) -> BTreeMap<String, usize> {
        let text = reach(record, path).and_then(Value::to_str).unwrap_or_default().to_owned();
        let mut shown: BTreeMap<String, BTreeSet<Option<usize>>> = BTreeMap::new();
        for range in words(&text).into_iter().take(PLANTED_WORDS_MAX) {
            let word = &text[range.clone()];
            let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
            let space_before = text[..range.start].rfind(char::is_whitespace);
            let mut changed = text.clone();
            changed.replace_range(range.clone(), if is_number { NUMBER } else { WORD });
            let events = self.planted(record, path, &changed);
            let lost = if events.is_empty() { BTreeSet::new() } else { before.lost(word, &events) };
            for column in events.iter().flat_map(|event| marked(event)).chain(lost) {
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

/// The infrastructure part of the events of a record.
struct Columns(Vec<Column>);

/// One column of one event.
struct Column {
    name: String,
    /// Its value in small letters, and the letters and digits of that.
    value: String,
    squeezed: String,
}

impl Columns {
    fn of(events: &[String]) -> Self {
        let mut columns = Self(Vec::new());
        for event in events {
            if let Ok(Value::Object(event)) = json::parse_event(event) {
                columns.add(&event);
            }
        }
        columns
    }

    fn add(&mut self, event: &ObjectMap) {
        let is_open = |name: &str| !CONTENT.contains(&name) && !CLOSED.contains(&name);
        for (name, value) in event.iter().filter(|(name, _)| is_open(name)) {
            let mut text = String::new();
            json::write(&mut text, value);
            let value = text.to_lowercase();
            self.0.push(Column { name: name.to_string(), squeezed: squeezed(&value), value });
        }
    }

    /// The columns in which `text` stands, whatever was made of its marks and capitals.
    fn showing(&self, text: &str) -> impl Iterator<Item = &str> {
        let text = squeezed(text);
        let is_short = text.chars().count() < TELLING_CHARS;
        let shows = move |column: &Column| match is_short {
            // It is made of the whole record, but for a UUID of the record's own.
            _ if column.name == "eventId" => column.squeezed == text,
            true => !text.is_empty() && words(&column.value).into_iter().any(|word| column.value[word] == text),
            false => column.squeezed.contains(&text),
        };
        self.0.iter().filter(move |column| shows(column)).map(|column| column.name.as_str())
    }

    /// The columns that showed `text` and do not in `events`, which came of something else in its place. A column that is not
    /// there any more counts if it held nothing else; where there are no events, because the record is refused, every column
    /// that showed a text that is not short.
    fn lost(&self, text: &str, events: &[String]) -> BTreeSet<String> {
        let after = Self::of(events);
        let whole = squeezed(text);
        let is_told = |name: &str| match events.is_empty() {
            true => whole.chars().count() >= TELLING_CHARS,
            false => {
                let was_all = |column: &Column| column.name == name && column.squeezed == whole;
                after.0.iter().any(|column| column.name == name) || self.0.iter().any(was_all)
            }
        };
        let still: BTreeSet<&str> = after.showing(text).collect();
        self.showing(text).filter(|name| !still.contains(name) && is_told(name)).map(str::to_owned).collect()
    }
}

/// The letters and digits of a text, small.
fn squeezed(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    for c in text.chars().filter(|c| c.is_alphanumeric()) {
        match c.is_ascii() {
            true => squeezed.push(c.to_ascii_lowercase()),
            false => squeezed.extend(c.to_lowercase()),
        }
    }
    squeezed
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

/// Calls `found` for each text and each number inside `value`. A record is as deep as it may be, so the recursion is bounded.
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
        Value::Integer(_) | Value::Float(_) => found(path, &value.to_string_lossy()),
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
