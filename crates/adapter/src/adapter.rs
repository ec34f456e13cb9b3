//! An adapter: one file with a header and a program.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use indelible_event::Organization;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use vrl::compiler::runtime::{Runtime, Terminate};
use vrl::compiler::{CompileConfig, Program, TargetValue, compile_with_external, state};
use vrl::diagnostic::Formatter;
use vrl::value::{ObjectMap, Secrets, Value};

use crate::event::{Draft, Setting};
use crate::header::{Header, Tables};
use crate::identity::Occurrence;
use crate::plain::Plain;
use crate::reader::Framing;
use crate::refused::{Code, Refused};
use crate::time::Clock;
use crate::{Input, functions, identity, json};

/// Largest record and largest event, in bytes.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// Events one record may stand for.
pub(crate) const EVENTS_MAX: u32 = 10_000;

/// Bytes of all events of one record.
const EVENTS_BYTES_MAX: usize = 64 << 20;

/// Expressions a program may evaluate for one record.
const STEPS_MAX: u64 = 1_000_000;

/// Turns the records of one kind of foreign log into audit.3 events.
///
/// May be shared between threads; each makes its own [`Converter`].
#[derive(Debug)]
pub struct Adapter {
    header: Header,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Program(Box<Program>),
    Plain(Plain),
}

/// Where a built-in adapter comes from.
enum Source {
    Plain(Plain),
    /// The text of its file.
    Program(&'static str),
}

impl Source {
    fn find(name: &str) -> Result<Self, AdapterError> {
        let plain = Plain::ALL.into_iter().find(|plain| plain.name() == name).map(Self::Plain);
        let program = || PROGRAMS.iter().find(|(known, _)| *known == name).map(|(_, source)| Self::Program(source));
        plain.or_else(program).ok_or_else(|| AdapterError::Unknown { name: name.to_owned(), names: NAMES.join(", ") })
    }
}

/// What an adapter says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The name events carry as their adapter.
    pub name: String,
    /// The version the file states.
    pub version: String,
    /// One line that says what it reads.
    pub title: String,
}

/// An adapter could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// No built-in adapter has this name.
    #[error("there is no adapter {name:?}; choose one of {names}, or give the path of a .vrl file")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        names: String,
    },
    /// The file cannot be read.
    #[error("read adapter {path}")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The opening comment is not that of an adapter.
    #[error("adapter header: {message}")]
    Header {
        /// What is wrong and what to do.
        message: String,
    },
    /// The program does not compile.
    #[error("adapter {name} does not compile:\n{message}")]
    Compile {
        /// Which adapter.
        name: String,
        /// The compiler's words, with lines.
        message: String,
    },
}

macro_rules! builtin {
    ($($name:literal),*) => {
        const NAMES: &[&str] = &["audit2", "audit3", $($name),*];
        const PROGRAMS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../adapters/", $name, ".vrl")))),*];
    };
}
builtin![
    "auth0",
    "azure",
    "cef",
    "cloudflare",
    "cloudtrail",
    "databricks",
    "duo",
    "gcp",
    "github",
    "gitlab",
    "google_workspace",
    "kubernetes",
    "notion",
    "o365",
    "okta",
    "onepassword",
    "openssh",
    "otlp",
    "slack",
    "snowflake",
    "syslog",
    "vault",
    "windows",
    "zoom"
];

impl Adapter {
    /// The names of the built-in adapters, sorted.
    pub fn names() -> &'static [&'static str] {
        NAMES
    }

    /// The built-in adapter called `name`.
    pub fn builtin(name: &str) -> Result<Self, AdapterError> {
        match Source::find(name)? {
            Source::Plain(plain) => Ok(Self { header: plain.header(), body: Body::Plain(plain) }),
            Source::Program(source) => Self::from_source(source),
        }
    }

    /// What the built-in adapter called `name` says of itself. Its program is not compiled.
    pub fn described(name: &str) -> Result<Described, AdapterError> {
        let header = match Source::find(name)? {
            Source::Plain(plain) => plain.header(),
            Source::Program(source) => Header::parse(source)?,
        };
        Ok(Described { title: header.title().to_owned(), name: header.name, version: header.version })
    }

    /// The adapter in a file.
    pub fn from_file(path: &Path) -> Result<Self, AdapterError> {
        let source = std::fs::read_to_string(path)
            .map_err(|source| AdapterError::Io { path: path.display().to_string(), source })?;
        Self::from_source(&source)
    }

    /// The built-in adapter of this name, or the adapter in the file of this path.
    pub fn find(name_or_path: &str) -> Result<Self, AdapterError> {
        if name_or_path.ends_with(".vrl") || name_or_path.contains(std::path::MAIN_SEPARATOR) {
            Self::from_file(Path::new(name_or_path))
        } else {
            Self::builtin(name_or_path)
        }
    }

    /// The adapter whose file has this text.
    pub fn from_source(source: &str) -> Result<Self, AdapterError> {
        let header = Header::parse(source)?;
        let program = compile(&header, source)?;
        header.tables.check_categories()?;
        Ok(Self { header, body: Body::Program(Box::new(program)) })
    }

    /// The name events carry as their adapter.
    pub fn name(&self) -> &str {
        &self.header.name
    }

    /// The version the file states.
    pub fn version(&self) -> &str {
        &self.header.version
    }

    /// The documentation in the file, Markdown: which event becomes what.
    pub fn docs(&self) -> &str {
        &self.header.docs
    }

    /// What a record is.
    pub fn input(&self) -> Input {
        self.header.input
    }

    /// How records stand in a file, for [`Reader`](crate::Reader).
    pub fn framing(&self) -> Framing {
        Framing { input: self.header.input, records: self.header.records.clone(), column: self.header.embedded.clone() }
    }

    /// One line that says what the adapter reads: the title of its documentation.
    pub fn title(&self) -> &str {
        self.header.title()
    }

    /// The tables of the documentation.
    pub(crate) fn tables(&self) -> &Tables {
        &self.header.tables
    }

    /// The first column of the table under `heading` in the documentation, in its order; empty if there is no such table.
    pub fn table_keys(&self, heading: &str) -> &[String] {
        self.header.tables.get(heading).map_or(&[], |table| table.keys())
    }

    /// Begins to convert.
    pub fn converter(&self, options: Options) -> Converter<'_> {
        Converter {
            adapter: self,
            organization: options.organization,
            clock: Clock { year: options.year, zone: options.timezone, now: options.now },
            runtime: Runtime::default(),
            dates_undated: false,
            undated: 0,
        }
    }
}

fn compile(header: &Header, source: &str) -> Result<Program, AdapterError> {
    let functions = functions::all(&header.tables);
    let external = state::ExternalEnv::default();
    compile_with_external(source, &functions, &external, CompileConfig::default())
        .map(|compiled| compiled.program)
        .map_err(|diagnostics| AdapterError::Compile {
            name: header.name.clone(),
            message: Formatter::new(source, diagnostics).to_string(),
        })
}

/// What a file does not say about itself.
#[derive(Debug, Clone)]
pub struct Options {
    /// The year of times that name none; absent: the newest year that does not put the time after `now`.
    pub year: Option<i16>,
    /// The zone of times that name none.
    pub timezone: TimeZone,
    /// The organization of all events, whatever the records say.
    pub organization: Option<Organization>,
    /// The present.
    pub now: Timestamp,
}

impl Options {
    /// UTC, no year, the organization the records name.
    pub fn at(now: Timestamp) -> Self {
        Self { year: None, timezone: TimeZone::UTC, organization: None, now }
    }

    /// A zone by its name in the IANA database (`Europe/Berlin`), `UTC`, or an offset (`+02:00`).
    pub fn zone(name: &str) -> Option<TimeZone> {
        TimeZone::get(name).ok().or_else(|| crate::time::offset(name).map(TimeZone::fixed))
    }
}

/// One thread's way through an adapter.
#[derive(Debug)]
pub struct Converter<'a> {
    adapter: &'a Adapter,
    organization: Option<Organization>,
    clock: Clock,
    runtime: Runtime,
    dates_undated: bool,
    undated: u64,
}

impl Converter<'_> {
    /// Takes records without a time too: their events are dated to 1970-01-01T00:00:00Z and say `undated` under
    /// `passThrough`. Only for files whose reader was told so; without this such records are refused.
    pub fn dating_undated(self) -> Self {
        Self { dates_undated: true, ..self }
    }

    /// How many records without a time were dated to 1970 so far.
    pub fn undated(&self) -> u64 {
        self.undated
    }

    /// Turns one record into events, one line of JSON each, at least one.
    ///
    /// `occurrence` tells the record from equal ones, by their count or its place; with the record's bytes it decides the ids of
    /// the events, so that the same input gives the same ids. On an error nothing of the record is converted; the next
    /// one is not affected.
    pub fn convert(&mut self, record: &[u8], occurrence: impl Into<Occurrence>) -> Result<Vec<String>, Refused> {
        let occurrence = occurrence.into();
        if record.len() > RECORD_BYTES_MAX {
            return Err(too_large("the record"));
        }
        match &self.adapter.body {
            Body::Plain(plain) => plain.convert(record, occurrence, self.organization.as_ref()),
            Body::Program(program) => {
                let (record, value) = self.parse(record)?;
                let drafts = self.run(program, value)?;
                let is_undated = drafts.iter().any(|draft| draft.is_undated);
                let lines = self.finish(drafts, &record, occurrence)?;
                self.undated += u64::from(is_undated);
                Ok(lines)
            }
        }
    }

    /// The record's bytes, freed of a wrapper, and what the program sees of it.
    pub(crate) fn parse<'r>(&self, record: &'r [u8]) -> Result<(Cow<'r, [u8]>, Value), Refused> {
        if self.adapter.header.input == Input::Text {
            let line = Value::from(json::utf8(record)?);
            return Ok((record.into(), Value::Object(ObjectMap::from([("message".into(), line)]))));
        }
        let value = json::parse(record)?;
        let wrapped = match (&value, &self.adapter.header.embedded) {
            (Value::Object(object), Some(member)) => object.get(member.as_str()).and_then(Value::to_str),
            (value, _) => value.to_str(),
        };
        let (record, value) = match wrapped {
            Some(inner) => (Cow::Owned(inner.as_bytes().to_vec()), json::parse(inner.as_bytes())?),
            None => (Cow::Borrowed(record), value),
        };
        match value {
            Value::Object(_) => Ok((record, value)),
            _ => Err(Refused::new(Code::InvalidJson, "the record is not a JSON object")),
        }
    }

    fn run(&mut self, program: &Program, record: Value) -> Result<Vec<Draft>, Refused> {
        let mut target =
            TargetValue { value: record, metadata: Value::Object(ObjectMap::new()), secrets: Secrets::default() };
        let mut steps = 0;
        let mut control = || {
            steps += 1;
            if steps > STEPS_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        self.runtime.clear();
        let utc = vrl::compiler::TimeZone::parse("UTC").unwrap_or_default();
        self.runtime.resolve_with_control(&mut target, program, &utc, &mut control).map_err(
            |stopped| match stopped {
                Terminate::Abort(reason) => Refused::new(Code::Refused, reason.to_string()),
                Terminate::Interrupted => {
                    Refused::new(Code::Program, format!("the program took more than {STEPS_MAX} steps"))
                }
                Terminate::Error(error) => Refused::new(Code::Program, error.to_string()),
            },
        )?;
        let left = match target.value {
            Value::Array(events) => events,
            event => vec![event],
        };
        if left.is_empty() {
            return Err(Refused::new(Code::Program, "the program left no event; refuse a record with `abort \"why\"`"));
        }
        let setting = Setting {
            adapter: self.adapter.name(),
            clock: &self.clock,
            organization: self.organization.as_ref().map(Organization::as_str),
            dates_undated: self.dates_undated,
            time_from: self.adapter.header.tables.documented("time"),
        };
        left.into_iter().map(|event| Draft::new(event, &setting)).collect()
    }

    fn finish(&self, drafts: Vec<Draft>, record: &[u8], occurrence: Occurrence) -> Result<Vec<String>, Refused> {
        let name = self.adapter.name();
        let mut lines = Vec::with_capacity(drafts.len());
        let mut index = 0;
        let mut size = 0;
        for mut draft in drafts {
            let source_id = draft.source_id.take().unwrap_or_default();
            for _ in 0..draft.repeat {
                let derive = |purpose| identity::derive(purpose, name, &source_id, record, occurrence, index);
                let own = identity::uuid(&source_id).filter(|_| index == 0);
                draft.members.insert("logEntryId", derive("logEntryId").into());
                draft.members.insert("eventId", own.unwrap_or_else(|| derive("eventId")).into());
                let line = line(&draft.members);
                if line.len() > RECORD_BYTES_MAX {
                    return Err(too_large("the event made of the record"));
                }
                size += line.len();
                if index >= EVENTS_MAX || size > EVENTS_BYTES_MAX {
                    return Err(too_large("what is made of the record, all events together,"));
                }
                lines.push(line);
                index += 1;
            }
        }
        Ok(lines)
    }
}

fn too_large(what: &str) -> Refused {
    Refused::new(
        Code::TooLarge,
        format!("{what} is larger than the limit; an event has at most {RECORD_BYTES_MAX} bytes"),
    )
}

fn line(members: &BTreeMap<&'static str, Value>) -> String {
    let mut out = String::with_capacity(2048);
    for (name, value) in members {
        out.push(if out.is_empty() { '{' } else { ',' });
        json::write_string(&mut out, name);
        out.push(':');
        json::write(&mut out, value);
    }
    out.push('}');
    out
}
