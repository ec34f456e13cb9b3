//! A parsed line as a flat list of nodes, in arrays that are kept from line to line.
//!
//! Nodes refer to the line by offset. What the line does not hold in canonical form (strings with escapes, numbers
//! written another way) is rewritten into the arena. Objects whose members are not sorted as sent get a list of them in
//! order. Everything else can be copied as it stands.

use crate::fault::Fault;
use crate::json::DEPTH_MAX;
use crate::json::number::{self, NumberFault};
use crate::json::write::{compare_keys, plain_length, write_escaped};
use crate::{Limits, RefusalCode};

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// With its article, for a message.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::False | Kind::True => "a boolean",
            Kind::Number => "a number",
            Kind::String => "a string",
            Kind::Array => "a list",
            Kind::Object => "an object",
        }
    }
}

/// Index of a node. The event itself is node 0.
pub(crate) type Id = u32;

#[derive(Debug, Clone, Copy)]
struct Node {
    /// Strings: inside the quotes. Numbers and literals: the text. Containers: brackets included.
    start: u32,
    /// Scattered containers have no text; for an object whose members are not sorted this is where in `orders` their
    /// list begins, its length first, and otherwise `SORTED`.
    end: u32,
    /// The node after this one and all inside of it.
    next: Id,
    kind: Kind,
    place: Place,
}

/// Where the canonical text of a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the line, as it stands.
    Line,
    /// In the arena: a string unescaped, a number canonical.
    Arena,
    /// A container that has to be put together.
    Scattered,
}

const NO_VALUE: &str = "a JSON value is expected here; NaN, Infinity and single quotes are not JSON";

const SORTED: u32 = u32::MAX;

/// The buffers of a parsed line.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    nodes: Vec<Node>,
    orders: Vec<Id>,
    arena: Vec<u8>,
    /// Keys of the objects being parsed, innermost last.
    open_keys: Vec<Id>,
}

/// A line and its tape.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document<'a> {
    line: &'a str,
    tape: &'a Tape,
}

impl Tape {
    /// Parses `line`, one JSON object. The members of the event itself are neither ordered nor compared: the caller
    /// sorts them into slots.
    pub(crate) fn parse<'a>(&'a mut self, line: &'a str, limits: &Limits) -> Result<Document<'a>, Fault> {
        self.nodes.clear();
        self.orders.clear();
        self.arena.clear();
        self.open_keys.clear();
        let mut parser = Parser {
            line,
            bytes: line.as_bytes(),
            at: 0,
            fields: 0,
            fields_max: limits.fields,
            depth_max: limits.depth.min(DEPTH_MAX),
            departures: 0,
            tape: self,
        };
        parser.blank();
        if parser.peek() != Some(b'{') {
            return Err(parser.unexpected("an event is one JSON object"));
        }
        parser.object(0)?;
        parser.blank();
        if parser.at < line.len() {
            return Err(parser.unexpected("something follows the event; send one event a line"));
        }
        Ok(Document { line, tape: self })
    }
}

struct Parser<'a, 't> {
    line: &'a str,
    bytes: &'a [u8],
    at: usize,
    fields: usize,
    fields_max: usize,
    depth_max: usize,
    /// How often the line was not canonical so far. A container during which this stood still is canonical.
    departures: usize,
    tape: &'t mut Tape,
}

impl Parser<'_, '_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips white space.
    #[inline]
    fn blank(&mut self) {
        if self.peek().is_some_and(|byte| byte <= b' ') {
            let blanks = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            self.at += self.bytes[self.at..].iter().take_while(blanks).count();
            self.departures += 1;
        }
    }

    #[inline]
    fn push(&mut self, kind: Kind, place: Place, start: usize, end: usize) -> Id {
        let id = self.tape.nodes.len() as Id;
        // Limits keep a line below 4 GiB, so offsets fit.
        self.tape.nodes.push(Node { start: start as u32, end: end as u32, next: id + 1, kind, place });
        id
    }

    #[inline(always)]
    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        // Most values are strings.
        if self.peek() == Some(b'"') { self.string().map(|_| ()) } else { self.other_value(depth) }
    }

    fn other_value(&mut self, depth: usize) -> Result<(), Fault> {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal(b"true", Kind::True),
            Some(b'f') => self.literal(b"false", Kind::False),
            Some(b'n') => self.literal(b"null", Kind::Null),
            _ => Err(self.unexpected(NO_VALUE)),
        }
    }

    fn literal(&mut self, text: &[u8], kind: Kind) -> Result<(), Fault> {
        if !self.bytes[self.at..].starts_with(text) {
            return Err(self.unexpected(NO_VALUE));
        }
        let start = self.at;
        self.at += text.len();
        self.push(kind, Place::Line, start, self.at);
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let scanned = number::scan(&self.bytes[start..]).map_err(number_fault)?;
        self.at += scanned.length;
        if scanned.is_plain {
            self.push(Kind::Number, Place::Line, start, self.at);
            return Ok(());
        }
        self.odd_number(start)
    }

    /// Canonicalises the number from `start` to `at`.
    #[inline(never)]
    fn odd_number(&mut self, start: usize) -> Result<(), Fault> {
        let from = self.tape.arena.len();
        let text = &self.line[start..self.at];
        number::canonicalise(text, &mut self.tape.arena).map_err(number_fault)?;
        if self.tape.arena[from..] == *text.as_bytes() {
            self.tape.arena.truncate(from);
            self.push(Kind::Number, Place::Line, start, self.at);
        } else {
            self.departures += 1;
            self.push(Kind::Number, Place::Arena, from, self.tape.arena.len());
        }
        Ok(())
    }

    /// Parses the string whose quote is next.
    #[inline(always)]
    fn string(&mut self) -> Result<Id, Fault> {
        let start = self.at + 1;
        let end = start + plain_length(&self.bytes[start..]);
        self.at = end;
        if self.peek() != Some(b'"') {
            return self.escaped_string(start);
        }
        self.at += 1;
        Ok(self.push(Kind::String, Place::Line, start, end))
    }

    /// Goes on with a string that began at `start` and meets something other than a quote at `at`.
    #[inline(never)]
    fn escaped_string(&mut self, start: usize) -> Result<Id, Fault> {
        self.departures += 1;
        let from = self.tape.arena.len();
        self.tape.arena.extend_from_slice(&self.bytes[start..self.at]);
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(_) => {
                    return Err(self.unexpected("a string holds a control character; escape it as \\u00xx"));
                }
                None => return Err(self.unexpected("a string has no end")),
            }
            let plain = plain_length(&self.bytes[self.at..]);
            self.tape.arena.extend_from_slice(&self.bytes[self.at..self.at + plain]);
            self.at += plain;
        }
        self.at += 1;
        Ok(self.push(Kind::String, Place::Arena, from, self.tape.arena.len()))
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let byte = match self.bytes.get(self.at + 1) {
            Some(b'u') => return self.unicode_escape(),
            Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            _ => return Err(self.unexpected("a string holds an escape JSON does not know")),
        };
        self.tape.arena.push(byte);
        self.at += 2;
        Ok(())
    }

    fn unicode_escape(&mut self) -> Result<(), Fault> {
        let unit = self.code_unit()?;
        let scalar = match unit {
            0xd800..=0xdbff if self.bytes[self.at..].starts_with(b"\\u") => match self.code_unit()? {
                low @ 0xdc00..=0xdfff => 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00),
                _ => return Err(lone_surrogate()),
            },
            _ => unit,
        };
        let c = char::from_u32(scalar).ok_or_else(lone_surrogate)?;
        self.tape.arena.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    /// The four hexadecimal digits after `\u`.
    fn code_unit(&mut self) -> Result<u32, Fault> {
        let mut unit = 0;
        for offset in 2..6 {
            let digit = self.bytes.get(self.at + offset).and_then(|&digit| (digit as char).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected("\\u wants four hexadecimal digits"));
            };
            unit = unit * 16 + digit;
        }
        self.at += 6;
        Ok(unit)
    }

    #[inline(never)]
    fn array(&mut self, depth: usize) -> Result<(), Fault> {
        let id = self.enter(Kind::Array, depth)?;
        let departures = self.departures;
        self.blank();
        if self.peek() == Some(b']') {
            self.leave(id, departures);
            return Ok(());
        }
        let mut index = 0;
        loop {
            self.value(depth + 1).map_err(|fault| fault.at_index(index))?;
            index += 1;
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected("a comma or the end of the list is expected here")),
            }
            self.blank();
        }
        self.leave(id, departures);
        Ok(())
    }

    #[inline(never)]
    fn object(&mut self, depth: usize) -> Result<(), Fault> {
        let id = self.enter(Kind::Object, depth)?;
        let departures = self.departures;
        let first = self.tape.open_keys.len();
        let mut is_sorted = true;
        self.blank();
        if self.peek() == Some(b'}') {
            self.leave(id, departures);
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a field name in quotes is expected here"));
            }
            let key = self.string()?;
            self.fields += 1;
            if self.fields > self.fields_max {
                let message = format!("more than {} fields; split the event", self.fields_max);
                return Err(Fault::new(RefusalCode::TooManyFields, message));
            }
            if depth > 0 {
                if is_sorted && let Some(&previous) = self.tape.open_keys[first..].last() {
                    is_sorted = compare_keys(self.text(previous), self.text(key)).is_lt();
                }
                self.tape.open_keys.push(key);
            }
            self.blank();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("a colon is expected here"));
            }
            self.at += 1;
            self.blank();
            if let Err(fault) = self.value(depth + 1) {
                return Err(fault.at_key(self.text(key)));
            }
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.unexpected("a comma or the end of the object is expected here")),
            }
            self.blank();
        }
        let order = if is_sorted { SORTED } else { self.order(first)? };
        self.tape.open_keys.truncate(first);
        self.leave(id, departures);
        if !is_sorted {
            self.departures += 1;
            let node = &mut self.tape.nodes[id as usize];
            (node.place, node.end) = (Place::Scattered, order);
        }
        Ok(())
    }

    /// Sorts the open keys from `first` on, refuses one that comes twice, and answers where in `orders` they are.
    #[inline(never)]
    fn order(&mut self, first: usize) -> Result<u32, Fault> {
        let Tape { nodes, orders, arena, open_keys } = &mut *self.tape;
        let text = |key: Id| text(self.bytes, arena, &nodes[key as usize]);
        let keys = &mut open_keys[first..];
        keys.sort_unstable_by(|&a, &b| compare_keys(text(a), text(b)));
        if let Some(pair) = keys.windows(2).find(|pair| text(pair[0]) == text(pair[1])) {
            return Err(duplicate_key().at_key(text(pair[0])));
        }
        let order = orders.len();
        orders.push(keys.len() as u32);
        orders.extend_from_slice(keys);
        Ok(order as u32)
    }

    fn enter(&mut self, kind: Kind, depth: usize) -> Result<Id, Fault> {
        if depth >= self.depth_max {
            let message = format!("nested deeper than {} levels; flatten the value", self.depth_max);
            return Err(Fault::new(RefusalCode::TooDeep, message));
        }
        let id = self.push(kind, Place::Line, self.at, self.at);
        self.at += 1;
        Ok(id)
    }

    /// Takes the closing bracket.
    fn leave(&mut self, id: Id, departures_before: usize) {
        self.at += 1;
        let next = self.tape.nodes.len() as Id;
        let node = &mut self.tape.nodes[id as usize];
        node.next = next;
        if self.departures == departures_before {
            node.end = self.at as u32;
        } else {
            (node.place, node.end) = (Place::Scattered, SORTED);
        }
    }

    fn text(&self, id: Id) -> &[u8] {
        text(self.bytes, &self.tape.arena, &self.tape.nodes[id as usize])
    }

    #[cold]
    fn unexpected(&self, expected: &'static str) -> Fault {
        Fault::new(RefusalCode::InvalidJson, format!("invalid JSON at byte {}: {expected}", self.at))
    }
}

#[cold]
pub(crate) fn duplicate_key() -> Fault {
    Fault::new(RefusalCode::DuplicateKey, "the field stands twice in one object; send it once")
}

#[cold]
fn lone_surrogate() -> Fault {
    Fault::new(RefusalCode::LoneSurrogate, "a \\u escape names half of a surrogate pair; write both halves or U+FFFD")
}

#[cold]
fn number_fault(fault: NumberFault) -> Fault {
    match fault {
        NumberFault::Syntax => {
            Fault::new(RefusalCode::InvalidJson, "not a JSON number; write digits as in -12, 0.5 or 1e3")
        }
        NumberFault::OutOfRange => {
            Fault::new(RefusalCode::NumberOutOfRange, "the number is beyond 2^53-1; send it as a string")
        }
        NumberFault::NotExact => Fault::new(
            RefusalCode::NumberNotExact,
            "the number has more digits than a double keeps; send it as a string",
        ),
    }
}

#[inline]
fn text<'a>(line: &'a [u8], arena: &'a [u8], node: &Node) -> &'a [u8] {
    let place = if node.place == Place::Arena { arena } else { line };
    &place[node.start as usize..node.end as usize]
}

impl<'a> Document<'a> {
    #[inline]
    fn node(self, id: Id) -> &'a Node {
        &self.tape.nodes[id as usize]
    }

    #[inline]
    pub(crate) fn kind(self, id: Id) -> Kind {
        self.node(id).kind
    }

    /// The text of a string, unescaped, or of a number, canonical.
    #[inline]
    pub(crate) fn text(self, id: Id) -> &'a [u8] {
        text(self.line.as_bytes(), &self.tape.arena, self.node(id))
    }

    /// Whether a string was sent with escapes, so that it may hold any character.
    #[inline]
    pub(crate) fn is_escaped(self, id: Id) -> bool {
        self.node(id).place == Place::Arena
    }

    /// Null, an empty list or an empty object.
    #[inline]
    pub(crate) fn is_empty(self, id: Id) -> bool {
        let node = self.node(id);
        node.kind == Kind::Null || (node.kind >= Kind::Array && node.next == id + 1)
    }

    /// Keys and values of an object, in the order of the line.
    #[inline]
    pub(crate) fn members(self, id: Id) -> impl Iterator<Item = (Id, Id)> {
        let end = self.node(id).next;
        let mut at = id + 1;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let key = at;
            at = self.node(key + 1).next;
            Some((key, key + 1))
        })
    }

    /// Keys and values of an object, in canonical order.
    pub(crate) fn sorted_members(self, id: Id) -> impl Iterator<Item = (Id, Id)> {
        let node = self.node(id);
        let order = if node.place == Place::Scattered { node.end } else { SORTED };
        let keys = if order == SORTED {
            &[]
        } else {
            let count = self.tape.orders[order as usize] as usize;
            &self.tape.orders[order as usize + 1..][..count]
        };
        let as_sent = (order == SORTED).then(|| self.members(id));
        keys.iter().map(|&key| (key, key + 1)).chain(as_sent.into_iter().flatten())
    }

    /// The value of the member of object `id` called `name`.
    pub(crate) fn member(self, id: Id, name: &str) -> Option<Id> {
        self.members(id).find(|&(key, _)| self.text(key) == name.as_bytes()).map(|(_, value)| value)
    }

    /// Elements of an array.
    #[inline]
    pub(crate) fn elements(self, id: Id) -> impl Iterator<Item = Id> {
        let end = self.node(id).next;
        let mut at = id + 1;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let element = at;
            at = self.node(element).next;
            Some(element)
        })
    }

    /// Appends the canonical text of a value.
    pub(crate) fn write(self, id: Id, out: &mut Vec<u8>) {
        let node = self.node(id);
        match (node.kind, node.place) {
            (Kind::String, Place::Line) => {
                let (start, end) = (node.start as usize - 1, node.end as usize + 1);
                out.extend_from_slice(&self.line.as_bytes()[start..end]);
            }
            (Kind::String, _) => {
                out.push(b'"');
                write_escaped(out, self.text(id));
                out.push(b'"');
            }
            (Kind::Array, Place::Scattered) => {
                out.push(b'[');
                for (index, element) in self.elements(id).enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    self.write(element, out);
                }
                out.push(b']');
            }
            (Kind::Object, Place::Scattered) => self.write_members(self.sorted_members(id), out),
            _ => out.extend_from_slice(self.text(id)),
        }
    }

    /// Appends an object of `members`, which come in canonical order.
    pub(crate) fn write_members(self, members: impl Iterator<Item = (Id, Id)>, out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, (key, value)) in members.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            self.write(key, out);
            out.push(b':');
            self.write(value, out);
        }
        out.push(b'}');
    }
}
