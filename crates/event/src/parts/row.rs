//! The two parts as typed columns, and back: a bijection.

use std::borrow::Cow;

use super::reader::{Reader, string, utf8};
use super::{Malformed, write_string};
use crate::Time;
use crate::json::write::write_count;

/// A column that holds one string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Text {
    /// `name`
    Name,
    /// `result`
    Result,
    /// `uid`
    Uid,
    /// `sid`
    Sid,
    /// `tokenId`
    TokenId,
    /// `orgId`
    OrgId,
    /// `traceId`
    TraceId,
    /// `eventId`
    EventId,
    /// `logEntryId`
    LogEntryId,
    /// `sequenceId`
    SequenceId,
    /// `producerType`
    ProducerType,
    /// `product`
    Product,
    /// `productVersion`
    ProductVersion,
    /// `service`
    Service,
    /// `host`
    Host,
    /// `stack`
    Stack,
    /// `environment`
    Environment,
    /// `userAgent`
    UserAgent,
    /// `origin`
    Origin,
    /// `sourceOrigin`
    SourceOrigin,
    /// `requestFields`, canonical JSON, content part
    RequestFields,
    /// `resultFields`, canonical JSON, content part
    ResultFields,
    /// `extra`, canonical JSON, content part
    Extra,
}

impl Text {
    /// How many there are.
    pub const COUNT: usize = 23;

    /// Every column of one string, in the order of the log file among themselves, `as usize` being the index here.
    pub const ALL: [Text; Text::COUNT] = [
        Text::Name,
        Text::Result,
        Text::Uid,
        Text::Sid,
        Text::TokenId,
        Text::OrgId,
        Text::TraceId,
        Text::EventId,
        Text::LogEntryId,
        Text::SequenceId,
        Text::ProducerType,
        Text::Product,
        Text::ProductVersion,
        Text::Service,
        Text::Host,
        Text::Stack,
        Text::Environment,
        Text::UserAgent,
        Text::Origin,
        Text::SourceOrigin,
        Text::RequestFields,
        Text::ResultFields,
        Text::Extra,
    ];

    /// The column's name, which is the field's.
    pub fn name(self) -> &'static str {
        match self {
            Text::Name => "name",
            Text::Result => "result",
            Text::Uid => "uid",
            Text::Sid => "sid",
            Text::TokenId => "tokenId",
            Text::OrgId => "orgId",
            Text::TraceId => "traceId",
            Text::EventId => "eventId",
            Text::LogEntryId => "logEntryId",
            Text::SequenceId => "sequenceId",
            Text::ProducerType => "producerType",
            Text::Product => "product",
            Text::ProductVersion => "productVersion",
            Text::Service => "service",
            Text::Host => "host",
            Text::Stack => "stack",
            Text::Environment => "environment",
            Text::UserAgent => "userAgent",
            Text::Origin => "origin",
            Text::SourceOrigin => "sourceOrigin",
            Text::RequestFields => "requestFields",
            Text::ResultFields => "resultFields",
            Text::Extra => "extra",
        }
    }

    /// Whether the value is canonical JSON text rather than a plain string.
    pub fn is_json(self) -> bool {
        matches!(self, Text::RequestFields | Text::ResultFields | Text::Extra)
    }

    /// The column called `name`.
    pub fn from_name(name: &str) -> Option<Text> {
        Some(match name {
            "name" => Text::Name,
            "result" => Text::Result,
            "uid" => Text::Uid,
            "sid" => Text::Sid,
            "tokenId" => Text::TokenId,
            "orgId" => Text::OrgId,
            "traceId" => Text::TraceId,
            "eventId" => Text::EventId,
            "logEntryId" => Text::LogEntryId,
            "sequenceId" => Text::SequenceId,
            "producerType" => Text::ProducerType,
            "product" => Text::Product,
            "productVersion" => Text::ProductVersion,
            "service" => Text::Service,
            "host" => Text::Host,
            "stack" => Text::Stack,
            "environment" => Text::Environment,
            "userAgent" => Text::UserAgent,
            "origin" => Text::Origin,
            "sourceOrigin" => Text::SourceOrigin,
            "requestFields" => Text::RequestFields,
            "resultFields" => Text::ResultFields,
            "extra" => Text::Extra,
            _ => return None,
        })
    }
}

/// A column that holds a list of strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    /// `categories`
    Categories,
    /// `origins`
    Origins,
    /// `entities`, content part
    Entities,
}

/// An element of the column `users`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User<'a> {
    /// The user's id.
    pub uid: Cow<'a, str>,
    /// Login name.
    pub user_name: Option<Cow<'a, str>>,
    /// First name.
    pub first_name: Option<Cow<'a, str>>,
    /// Last name.
    pub last_name: Option<Cow<'a, str>>,
    /// Groups; none and absent are the same.
    pub groups: Vec<Cow<'a, str>>,
    /// Where the user is known.
    pub realm: Option<Cow<'a, str>>,
}

/// The column `intake`: who really sent the event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intake<'a> {
    /// The producer credential.
    pub producer: Cow<'a, str>,
    /// The producer's epoch.
    pub producer_epoch: Option<u64>,
    /// The producer's sequence number.
    pub producer_seq: Option<u64>,
    /// The way in, such as `http` or `syslog`.
    pub source: Cow<'a, str>,
    /// The adapter that made the event of a foreign record.
    pub adapter: Option<Cow<'a, str>>,
}

/// The columns of one entry, wherever they lie: [`Row`] reads them from canonical bytes, the archive from Arrow arrays.
pub trait Columns {
    /// `type`
    fn kind(&self) -> &str;
    /// `time` with `timeNanos`
    fn time(&self) -> Time;
    /// A column of one string; `None` is absent.
    fn text(&self, column: Text) -> Option<&str>;
    /// A column of strings; empty is absent.
    fn list(&self, column: List) -> impl Iterator<Item = Cow<'_, str>>;
    /// `users`; empty is absent.
    fn users(&self) -> impl Iterator<Item = User<'_>>;
    /// `intake`
    fn intake(&self) -> Option<Intake<'_>>;
}

/// The columns of one entry, borrowed from its canonical parts.
///
/// A part not at hand is passed as `{}` and leaves its columns absent.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    kind: Cow<'a, str>,
    time: Time,
    texts: [Option<Cow<'a, str>>; Text::COUNT],
    categories: Option<&'a str>,
    origins: Option<&'a str>,
    entities: Option<&'a str>,
    users: Option<&'a str>,
    intake: Option<Intake<'a>>,
}

impl<'a> Row<'a> {
    /// Reads both parts. Fails on a field that is not a column, a value of another type than the column's, or an
    /// absent `type` or `time`.
    pub fn read(infrastructure: &'a [u8], content: &'a [u8]) -> Result<Row<'a>, Malformed> {
        let mut row = Row {
            kind: Cow::Borrowed(""),
            time: Time::MIN,
            texts: [const { None }; Text::COUNT],
            categories: None,
            origins: None,
            entities: None,
            users: None,
            intake: None,
        };
        let mut has_time = false;
        let mut infrastructure = Reader::over_text(utf8(infrastructure)?);
        while let Some((key, value)) = infrastructure.next_member().transpose()? {
            match &*key {
                "type" => row.kind = string(value)?,
                "time" => {
                    row.time = Time::parse(&string(value)?).map_err(|_| Malformed { at: 0 })?;
                    has_time = true;
                }
                "categories" => row.categories = Some(checked_strings(value)?),
                "origins" => row.origins = Some(checked_strings(value)?),
                "intake" => row.intake = Some(read_intake(value)?),
                name => match Text::from_name(name) {
                    Some(column) if !column.is_json() => row.texts[column as usize] = Some(string(value)?),
                    _ => return Err(Malformed { at: 0 }),
                },
            }
        }
        if row.kind.is_empty() || !has_time {
            return Err(Malformed { at: 0 });
        }
        let mut content = Reader::over_text(utf8(content)?);
        while let Some((key, value)) = content.next_member().transpose()? {
            match &*key {
                "entities" => row.entities = Some(checked_strings(value)?),
                "users" => {
                    let mut users = Reader::over_text(value);
                    while let Some(user) = users.next_element().transpose()? {
                        read_user(user)?;
                    }
                    row.users = Some(value);
                }
                name => match Text::from_name(name) {
                    Some(column) if column.is_json() => row.texts[column as usize] = Some(Cow::Borrowed(value)),
                    _ => return Err(Malformed { at: 0 }),
                },
            }
        }
        Ok(row)
    }
}

impl Columns for Row<'_> {
    fn kind(&self) -> &str {
        &self.kind
    }

    fn time(&self) -> Time {
        self.time
    }

    fn text(&self, column: Text) -> Option<&str> {
        self.texts[column as usize].as_deref()
    }

    fn list(&self, column: List) -> impl Iterator<Item = Cow<'_, str>> {
        let raw = match column {
            List::Categories => self.categories,
            List::Origins => self.origins,
            List::Entities => self.entities,
        };
        raw.into_iter().flat_map(strings).flatten()
    }

    fn users(&self) -> impl Iterator<Item = User<'_>> {
        self.users.into_iter().flat_map(elements).filter_map(|user| read_user(user.ok()?).ok())
    }

    fn intake(&self) -> Option<Intake<'_>> {
        self.intake.clone()
    }
}

fn elements(raw: &str) -> impl Iterator<Item = Result<&str, Malformed>> {
    let mut reader = Reader::over_text(raw);
    std::iter::from_fn(move || reader.next_element())
}

fn strings(raw: &str) -> impl Iterator<Item = Result<Cow<'_, str>, Malformed>> {
    elements(raw).map(|element| string(element?))
}

/// `raw`, once each of its elements is known to be a string.
fn checked_strings(raw: &str) -> Result<&str, Malformed> {
    for text in strings(raw) {
        text?;
    }
    Ok(raw)
}

fn read_user(raw: &str) -> Result<User<'_>, Malformed> {
    let mut user = User::default();
    let mut members = Reader::over_text(raw);
    while let Some((key, value)) = members.next_member().transpose()? {
        match &*key {
            "uid" => user.uid = string(value)?,
            "userName" => user.user_name = Some(string(value)?),
            "firstName" => user.first_name = Some(string(value)?),
            "lastName" => user.last_name = Some(string(value)?),
            "groups" => user.groups = strings(value).collect::<Result<_, _>>()?,
            "realm" => user.realm = Some(string(value)?),
            _ => return Err(Malformed { at: 0 }),
        }
    }
    Ok(user)
}

pub(super) fn read_intake(raw: &str) -> Result<Intake<'_>, Malformed> {
    let mut intake = Intake::default();
    let mut members = Reader::over_text(raw);
    while let Some((key, value)) = members.next_member().transpose()? {
        match &*key {
            "producer" => intake.producer = string(value)?,
            "producerEpoch" => intake.producer_epoch = Some(read_count(value)?),
            "producerSeq" => intake.producer_seq = Some(read_count(value)?),
            "source" => intake.source = string(value)?,
            "adapter" => intake.adapter = Some(string(value)?),
            _ => return Err(Malformed { at: 0 }),
        }
    }
    Ok(intake)
}

fn read_count(raw: &str) -> Result<u64, Malformed> {
    raw.parse().map_err(|_| Malformed { at: 0 })
}

/// Appends the canonical infrastructure part of `row`.
pub fn write_infrastructure(row: &impl Columns, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    object.list("categories", row.list(List::Categories));
    object.texts(row, &[Text::Environment, Text::EventId, Text::Host]);
    if let Some(intake) = row.intake() {
        write_intake(object.key("intake"), &intake);
    }
    object.texts(row, &[Text::LogEntryId, Text::Name, Text::OrgId, Text::Origin]);
    object.list("origins", row.list(List::Origins));
    object.texts(
        row,
        &[
            Text::ProducerType,
            Text::Product,
            Text::ProductVersion,
            Text::Result,
            Text::SequenceId,
            Text::Service,
            Text::Sid,
            Text::SourceOrigin,
            Text::Stack,
        ],
    );
    let time = object.key("time");
    time.push(b'"');
    row.time().write(time);
    time.push(b'"');
    object.texts(row, &[Text::TokenId, Text::TraceId]);
    object.string("type", row.kind());
    object.texts(row, &[Text::Uid, Text::UserAgent]);
    object.close();
}

/// Appends the canonical content part of `row`.
pub fn write_content(row: &impl Columns, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    object.list("entities", row.list(List::Entities));
    object.texts(row, &[Text::Extra, Text::RequestFields, Text::ResultFields]);
    let mut users = row.users().peekable();
    if users.peek().is_some() {
        write_array(object.key("users"), users, write_user);
    }
    object.close();
}

fn write_user(out: &mut Vec<u8>, user: User<'_>) {
    let mut object = Object::open(out);
    object.optional("firstName", user.first_name.as_deref());
    object.list("groups", user.groups.into_iter());
    object.optional("lastName", user.last_name.as_deref());
    object.optional("realm", user.realm.as_deref());
    object.string("uid", &user.uid);
    object.optional("userName", user.user_name.as_deref());
    object.close();
}

pub(crate) fn write_intake(out: &mut Vec<u8>, intake: &Intake<'_>) {
    let mut object = Object::open(out);
    object.optional("adapter", intake.adapter.as_deref());
    object.string("producer", &intake.producer);
    object.count("producerEpoch", intake.producer_epoch);
    object.count("producerSeq", intake.producer_seq);
    object.string("source", &intake.source);
    object.close();
}

fn write_array<T>(out: &mut Vec<u8>, elements: impl Iterator<Item = T>, write: impl Fn(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (index, element) in elements.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, element);
    }
    out.push(b']');
}

/// Writes an object whose keys the caller gives in canonical order.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> Object<'a> {
    fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, is_empty: true }
    }

    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        self.out.extend_from_slice(if self.is_empty { b"\"" } else { b",\"" });
        self.is_empty = false;
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    fn string(&mut self, key: &str, value: &str) {
        write_string(self.key(key), value);
    }

    fn optional(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.string(key, value);
        }
    }

    fn count(&mut self, key: &str, value: Option<u64>) {
        if let Some(value) = value {
            write_count(self.key(key), value);
        }
    }

    fn texts(&mut self, row: &impl Columns, columns: &[Text]) {
        for &column in columns {
            match row.text(column) {
                Some(value) if column.is_json() => self.key(column.name()).extend_from_slice(value.as_bytes()),
                value => self.optional(column.name(), value),
            }
        }
    }

    fn list<'b>(&mut self, key: &str, values: impl Iterator<Item = Cow<'b, str>>) {
        let mut values = values.peekable();
        if values.peek().is_some() {
            write_array(self.key(key), values, |out, value| write_string(out, &value));
        }
    }

    fn close(self) {
        self.out.push(b'}');
    }
}
