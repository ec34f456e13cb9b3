//! The fields of an entry as users name them, what kind of value each holds, and which name comes nearest to a wrong
//! one.

use indelible_event::scope::Part;

/// What a search term may ask of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One string.
    Text,
    /// The organization: its RID, or the last part of it.
    Organization,
    /// A list of strings.
    List,
    /// The three columns that hold network addresses, asked together.
    Origin,
    /// One column that holds one or more network addresses.
    Address,
    /// The list of users.
    Users,
    /// A map as canonical JSON text.
    Map,
    /// The struct `intake`.
    Intake,
    /// A whole number.
    Number,
    /// `time`, with the nanoseconds beside it.
    Time,
    /// `received_at`.
    Received,
}

/// A column of the tables `events` and `entries`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    /// The column.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether it is of the content part.
    pub(crate) content: bool,
    /// Other names the search understands.
    pub(crate) aliases: &'static [&'static str],
    /// One line for `describe` and the reference page.
    pub(crate) summary: &'static str,
}

const fn field(name: &'static str, kind: Kind, aliases: &'static [&'static str], summary: &'static str) -> Field {
    Field { name, kind, content: false, aliases, summary }
}

const fn content(name: &'static str, kind: Kind, aliases: &'static [&'static str], summary: &'static str) -> Field {
    Field { content: true, ..field(name, kind, aliases, summary) }
}

/// Every column, in the order of the log file.
pub(crate) const FIELDS: [Field; 34] = [
    field("organization", Kind::Organization, &["org"], "whose log the entry is in, a RID"),
    field("seq", Kind::Number, &["sequence"], "place in the organization's log, from 0 without gaps"),
    field("received_at", Kind::Received, &["receivedAt", "received"], "when the server stored it, our clock"),
    field("type", Kind::Text, &[], "audit.3 or audit.2; indelible.1 for control entries"),
    field("time", Kind::Time, &["timestamp", "date"], "when it happened, the producer's clock"),
    field("timeNanos", Kind::Number, &[], "nanoseconds below the microsecond of time, where there are any"),
    field("name", Kind::Text, &["action"], "name of the event"),
    field("result", Kind::Text, &["outcome"], "SUCCESS, ERROR, UNAUTHORIZED or PARTIAL"),
    field("categories", Kind::List, &["category"], "kinds of the event, from the catalogue"),
    content("requestFields", Kind::Map, &["request", "requestField"], "what was asked, JSON"),
    content("resultFields", Kind::Map, &["response", "resultField"], "what was answered, JSON"),
    content("entities", Kind::List, &["entity", "resource"], "resources named in the two maps"),
    content("users", Kind::Users, &[], "users named in the event"),
    field("uid", Kind::Text, &["user", "userId", "actor"], "who did it"),
    field("sid", Kind::Text, &["session", "sessionId"], "sign-in the call belongs to"),
    field("tokenId", Kind::Text, &["token"], "API token used"),
    field("orgId", Kind::Text, &[], "organization of uid, as the producer names it"),
    field("traceId", Kind::Text, &["trace"], "joins the events of several services"),
    field("eventId", Kind::Text, &[], "joins the lines of one event"),
    field("logEntryId", Kind::Text, &["id", "logEntry"], "identity of this entry"),
    field("sequenceId", Kind::Text, &[], "order of the lines of one event"),
    field("producerType", Kind::Text, &[], "SERVER or CLIENT"),
    field("product", Kind::Text, &["app", "application"], "product that wrote the event"),
    field("productVersion", Kind::Text, &["version"], "its version"),
    field("service", Kind::Text, &[], "service instance"),
    field("host", Kind::Text, &["hostname"], "host that wrote the event"),
    field("stack", Kind::Text, &[], "stack it was produced on"),
    field("environment", Kind::Text, &["env"], "environment it was produced in"),
    field("userAgent", Kind::Text, &["agent", "ua"], "user agent of the caller"),
    field(
        "origin",
        Kind::Origin,
        &["ip", "address"],
        "address of the caller, as claimed; a search asks origins and sourceOrigin too",
    ),
    field("origins", Kind::Address, &[], "addresses from request headers, as claimed"),
    field("sourceOrigin", Kind::Address, &[], "peer address of the connection, the verified one"),
    content("extra", Kind::Map, &[], "unknown top-level fields and those of audit.2, JSON"),
    field("intake", Kind::Intake, &[], "who sent the event to the server"),
];

/// Members of the struct `intake`, with their kinds.
pub(crate) const INTAKE: [(&str, Kind); 5] = [
    ("producer", Kind::Text),
    ("producerEpoch", Kind::Number),
    ("producerSeq", Kind::Number),
    ("source", Kind::Text),
    ("adapter", Kind::Text),
];

/// Members of an element of `users`.
pub(crate) const USER: [&str; 6] = ["uid", "userName", "firstName", "lastName", "groups", "realm"];

/// The columns a reader of `part` may see.
pub(crate) fn columns(part: Part) -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(move |field| part == Part::Entry || !field.content)
}

/// The field of this name or alias, in any case.
pub(crate) fn find(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| {
        field.name.eq_ignore_ascii_case(name) || field.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    })
}

/// At most three of `known` that `name` may have been meant for: those with the fewest slips, else those that begin
/// like it.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let slips_max = wanted.chars().count().max(3) / 3;
    let rank = |candidate: &'a str| {
        let lower = candidate.to_lowercase();
        let slips = distance(&wanted, &lower);
        let begins = lower.len().min(wanted.len()) >= 3 && (lower.starts_with(&wanted) || wanted.starts_with(&lower));
        let rank = if slips <= slips_max { slips } else { usize::MAX };
        (rank < usize::MAX || begins).then_some((rank, candidate))
    };
    let mut near: Vec<(usize, &str)> = known.filter_map(rank).collect();
    near.sort_unstable();
    near.dedup();
    let best = near.first().map_or(0, |(rank, _)| *rank);
    near.into_iter().take_while(|(rank, _)| *rank == best).take(3).map(|(_, name)| name).collect()
}

/// Insertions, deletions, replacements and swaps of neighbours between the two. Long texts count as far apart.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(40).collect();
    let b: Vec<char> = b.chars().take(40).collect();
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut steps = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                steps = steps.min(before[j - 1] + 1);
            }
            row.push(steps);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

/// `a`, `b` or `c`, each between backquotes; `None` of nothing.
pub(crate) fn alternatives(names: &[&str]) -> Option<String> {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let (last, first) = quoted.split_last()?;
    Some(if first.is_empty() { last.clone() } else { format!("{} or {last}", first.join(", ")) })
}
