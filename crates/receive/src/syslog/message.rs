//! The parts of a syslog message.

use std::borrow::Cow;

/// Names of the facilities, by number.
pub(super) const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];
/// Names of the severities, by number.
pub(super) const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
/// Largest priority.
const PRIORITY_MAX: u16 = 191;
/// Longest name of a program; longer words before a colon are text.
const APP_BYTES_MAX: usize = 64;

const MONTHS: [&[u8]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// Which rules a message follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 5424.
    Rfc5424,
    /// A priority or a time, as RFC 3164 describes.
    Rfc3164,
    /// A line without a header.
    Bare,
}

impl Format {
    /// As it stands in a record.
    pub fn name(self) -> &'static str {
        match self {
            Format::Rfc5424 => "rfc5424",
            Format::Rfc3164 => "rfc3164",
            Format::Bare => "bare",
        }
    }
}

/// An element of structured data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its id.
    pub id: &'a [u8],
    /// Its parameters as names and values, without escapes. A name may stand several times.
    pub parameters: Vec<(&'a [u8], Cow<'a, [u8]>)>,
}

/// A syslog message, taken apart. What it does not have is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// All of it.
    pub line: &'a [u8],
    /// Its rules.
    pub format: Format,
    /// Eight times the facility, plus the severity.
    pub priority: Option<u8>,
    /// The number that some devices put before the time.
    pub sequence: &'a [u8],
    /// As written.
    pub time: &'a [u8],
    /// The name of a zone that some devices put behind the time.
    pub zone: &'a [u8],
    /// The host.
    pub host: &'a [u8],
    /// The program.
    pub app: &'a [u8],
    /// Its process.
    pub proc_id: &'a [u8],
    /// The kind of message.
    pub msg_id: &'a [u8],
    /// Structured data.
    pub structured: Vec<Element<'a>>,
    /// What it says, a byte order mark included.
    pub message: &'a [u8],
}

impl<'a> Message<'a> {
    /// Takes a message apart. Never fails: what does not look like a header is text.
    pub fn parse(line: &'a [u8]) -> Self {
        let (priority, rest) = match priority(line) {
            Some((priority, rest)) => (Some(priority), rest),
            None => (None, line),
        };
        let mut message = Message {
            line,
            format: Format::Bare,
            priority,
            sequence: b"",
            time: b"",
            zone: b"",
            host: b"",
            app: b"",
            proc_id: b"",
            msg_id: b"",
            structured: Vec::new(),
            message: rest,
        };
        if message.rfc5424(rest).is_none() {
            message.rfc3164(rest);
        }
        message
    }

    /// What it says, without a byte order mark and the space around it.
    pub fn text(&self) -> &'a [u8] {
        self.message.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.message).trim_ascii()
    }

    /// Parameters of its structured data.
    pub(super) fn fields(&self) -> usize {
        self.structured.iter().map(|element| element.parameters.len() + 1).sum()
    }

    /// `1 TIME HOST APP PROCID MSGID DATA [SP MSG]`; changes nothing if it is not that.
    fn rfc5424(&mut self, rest: &'a [u8]) -> Option<()> {
        let rest = rest.strip_prefix(b"1 ")?;
        let (time, rest) = word(rest)?;
        if time != b"-" && !time[0].is_ascii_digit() {
            return None;
        }
        let (host, rest) = word(rest)?;
        let (app, rest) = word(rest)?;
        let (proc_id, rest) = word(rest)?;
        let (msg_id, rest) = word(rest)?;
        let (structured, rest) = structured_data(rest)?;
        let message = match rest {
            [] => rest,
            [b' ', message @ ..] => message,
            _ => return None,
        };
        let value = |word: &'a [u8]| if word == b"-" { &b""[..] } else { word };
        self.format = Format::Rfc5424;
        self.time = value(time);
        self.host = value(host);
        self.app = value(app);
        self.proc_id = value(proc_id);
        self.msg_id = value(msg_id);
        self.structured = structured;
        self.message = message;
        Some(())
    }

    /// `[SEQUENCE: ] [TIME] [HOST] [APP[PROCID]:] MSG`
    fn rfc3164(&mut self, rest: &'a [u8]) {
        let start = rest.trim_ascii_start();
        let (sequence, after) = sequence(start);
        let rest = match time(after) {
            Some(Found { time, zone, rest }) => {
                self.sequence = sequence;
                self.time = time;
                self.zone = zone;
                rest.trim_ascii_start()
            }
            None => start,
        };
        if self.priority.is_some() || !self.time.is_empty() {
            self.format = Format::Rfc3164;
        }
        if self.format == Format::Bare {
            return;
        }
        self.message = rest;
        if is_payload(rest) {
            return;
        }
        // Without a time there is no host either.
        let has_tag = self.tag(rest).is_some();
        if has_tag || self.time.is_empty() {
            return;
        }
        if let Some((host, rest)) = word(rest).filter(|(host, _)| is_host(host)) {
            let rest = rest.trim_ascii_start();
            self.host = host;
            self.message = rest;
            if !is_payload(rest) {
                self.tag(rest);
            }
        }
    }

    /// `APP[PROCID]: ` or `APP: `; changes nothing if there is none.
    fn tag(&mut self, rest: &'a [u8]) -> Option<()> {
        let end = rest.iter().take(APP_BYTES_MAX + 1).position(|byte| matches!(byte, b'[' | b':' | b' '))?;
        let (app, after) = rest.split_at(end);
        if app.is_empty() {
            return None;
        }
        let (proc_id, after) = match after {
            [b'[', inside @ ..] => {
                let end = inside.iter().position(|byte| *byte == b']')?;
                let (proc_id, after) = inside.split_at(end);
                let is_id = !proc_id.is_empty() && proc_id.iter().all(u8::is_ascii_graphic);
                if !is_id {
                    return None;
                }
                let after = &after[1..];
                (proc_id, after.strip_prefix(b":").unwrap_or(after))
            }
            [b':', after @ ..] => (&b""[..], after),
            _ => return None,
        };
        if !matches!(after.first(), None | Some(b' ')) {
            return None;
        }
        self.app = app;
        self.proc_id = proc_id;
        self.message = after.strip_prefix(b" ").unwrap_or(after);
        Some(())
    }
}

/// What opens like this is a message, not the name of a host or of a program.
fn is_payload(text: &[u8]) -> bool {
    text.starts_with(b"CEF:") || text.starts_with(b"{") || text.starts_with(b"@cee:")
}

fn is_host(word: &[u8]) -> bool {
    word.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_:%/".contains(byte))
}

/// `<N>` and what follows.
fn priority(line: &[u8]) -> Option<(u8, &[u8])> {
    let rest = line.strip_prefix(b"<")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=3).contains(&digits) || rest.get(digits) != Some(&b'>') {
        return None;
    }
    let priority = rest[..digits].iter().fold(0, |priority, digit| priority * 10 + u16::from(digit - b'0'));
    (priority <= PRIORITY_MAX).then(|| (priority as u8, &rest[digits + 1..]))
}

/// The bytes before the next space, at least one, and those behind it.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b' ')?;
    (end > 0).then(|| (&text[..end], &text[end + 1..]))
}

/// `-`, or elements, and what follows.
fn structured_data(text: &[u8]) -> Option<(Vec<Element<'_>>, &[u8])> {
    if let Some(rest) = text.strip_prefix(b"-") {
        return Some((Vec::new(), rest));
    }
    let (mut elements, mut rest) = (Vec::new(), text);
    while let Some(inside) = rest.strip_prefix(b"[") {
        let (element, after) = element(inside)?;
        elements.push(element);
        rest = after;
    }
    (!elements.is_empty()).then_some((elements, rest))
}

/// `ID NAME="VALUE" ...]` and what follows.
fn element(text: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (id, mut rest) = name(text)?;
    let mut parameters = Vec::new();
    loop {
        match rest {
            [b']', after @ ..] => return Some((Element { id, parameters }, after)),
            [b' ', after @ ..] => {
                let (name, after) = name(after)?;
                let after = after.strip_prefix(b"=\"")?;
                let (value, after) = quoted(after)?;
                parameters.push((name, value));
                rest = after;
            }
            _ => return None,
        }
    }
}

/// The name of an element or a parameter.
fn name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| matches!(byte, b'=' | b' ' | b']' | b'"'))?;
    (end > 0).then(|| text.split_at(end))
}

/// A value up to its closing quote, without escapes, and what follows the quote.
fn quoted(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let mut end = 0;
    let mut has_escapes = false;
    loop {
        match text.get(end)? {
            b'"' => break,
            b'\\' if matches!(text.get(end + 1), Some(b'"' | b'\\' | b']')) => {
                has_escapes = true;
                end += 2;
            }
            _ => end += 1,
        }
    }
    let (value, rest) = (&text[..end], &text[end + 1..]);
    if !has_escapes {
        return Some((Cow::Borrowed(value), rest));
    }
    let mut plain = Vec::with_capacity(value.len());
    let mut bytes = value.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match bytes.peek() {
            Some(&next) if byte == b'\\' && matches!(next, b'"' | b'\\' | b']') => {
                plain.push(next);
                bytes.next();
            }
            _ => plain.push(byte),
        }
    }
    Some((Cow::Owned(plain), rest))
}

/// Digits before a colon, and what follows; nothing where there are none.
fn sequence(text: &[u8]) -> (&[u8], &[u8]) {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match text.get(digits..) {
        Some([b':', b' ', rest @ ..]) if digits > 0 => (&text[..digits], rest.trim_ascii_start()),
        _ => (b"", text),
    }
}

/// A time at the start of a text.
struct Found<'a> {
    time: &'a [u8],
    zone: &'a [u8],
    rest: &'a [u8],
}

fn time(text: &[u8]) -> Option<Found<'_>> {
    // Some devices say so that their clock is not set, or was not asked.
    let text = text.strip_prefix(b"*").or_else(|| text.strip_prefix(b".")).unwrap_or(text);
    iso(text).or_else(|| month_first(text))
}

/// `2024-03-07T09:08:07.123+01:00` or with a space in the middle.
fn iso(text: &[u8]) -> Option<Found<'_>> {
    let (start, _) = text.split_first_chunk::<19>()?;
    let shape = b"dddd-dd-ddTdd:dd:dd";
    let fits = start.iter().zip(shape).all(|(byte, wanted)| match wanted {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't' | b' '),
        wanted => byte == wanted,
    });
    if !fits {
        return None;
    }
    let end = text[19..].iter().position(|byte| *byte == b' ').map_or(text.len(), |end| 19 + end);
    let (time, rest) = text.split_at(end);
    let time = time.strip_suffix(b":").unwrap_or(time);
    let tail = &time[19..];
    let is_tail = tail.iter().all(|byte| byte.is_ascii_digit() || b".,+-:Zz".contains(byte));
    is_tail.then_some(Found { time, zone: b"", rest })
}

/// `Mar  7 09:08:07`, with a year before or behind the time of day, with a zone before a colon.
fn month_first(text: &[u8]) -> Option<Found<'_>> {
    let (month, after) = text.split_at_checked(3)?;
    if !MONTHS.contains(&&month.to_ascii_lowercase()[..]) {
        return None;
    }
    let after = after.strip_prefix(b" ")?.trim_ascii_start();
    let (day, after) = word(after)?;
    let is_day = day.len() <= 2 && day.iter().all(u8::is_ascii_digit);
    if !is_day {
        return None;
    }
    let after = match word(after) {
        Some((year, after)) if is_year(year) => after,
        _ => after,
    };
    let length = time_of_day(after)?;
    let end = text.len() - after.len() + length;
    let (time, rest) = text.split_at(end);
    if let Some(rest) = rest.strip_prefix(b":") {
        return Some(Found { time, zone: b"", rest });
    }
    let rest = match rest {
        [] => return Some(Found { time, zone: b"", rest }),
        [b' ', rest @ ..] => rest,
        _ => return None,
    };
    let (next, behind) = word(rest).unwrap_or((rest, b""));
    if is_year(next) {
        let end = end + 1 + next.len();
        return Some(Found { time: &text[..end], zone: b"", rest: behind });
    }
    if let Some(year) = next.strip_suffix(b":").filter(|year| is_year(year)) {
        let end = end + 1 + year.len();
        return Some(Found { time: &text[..end], zone: b"", rest: behind });
    }
    let is_zone = |zone: &&[u8]| (2..=5).contains(&zone.len()) && zone.iter().all(u8::is_ascii_uppercase);
    match next.strip_suffix(b":").filter(is_zone).filter(|zone| *zone != b"CEF") {
        Some(zone) => Some(Found { time, zone, rest: behind }),
        None => Some(Found { time, zone: b"", rest }),
    }
}

fn is_year(word: &[u8]) -> bool {
    word.len() == 4 && word.iter().all(u8::is_ascii_digit) && matches!(&word[..2], b"19" | b"20")
}

/// The length of `hh:mm:ss` and its fraction.
fn time_of_day(text: &[u8]) -> Option<usize> {
    let (start, rest) = text.split_first_chunk::<8>()?;
    let fits = start.iter().zip(b"dd:dd:dd").all(|(byte, wanted)| match wanted {
        b'd' => byte.is_ascii_digit(),
        wanted => byte == wanted,
    });
    let fraction = match rest {
        [b'.' | b',', digits @ ..] => 1 + digits.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    fits.then_some(8 + fraction)
}
