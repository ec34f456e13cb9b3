//! The fields of samples, and which of them looks like what.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vrl::value::Value;

use super::words::words;
use super::{Guess, Sure};
use crate::time::Clock;

/// Values of a field that are kept.
const VALUES_MAX: usize = 256;

/// Fields that are looked at.
const FIELDS_MAX: usize = 2_000;

/// Depth of the fields that are looked at.
const DEPTH_MAX: usize = 6;

/// Different numbers of a field that tells how something ended.
const CODES_MAX: usize = 64;

/// How the last word of a name ends that says that a secret stands there; with and without an `s` behind it.
const SECRETS: [&str; 16] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passwort",
    "pwd",
    "passphrase",
    "passcode",
    "apikey",
    "privatekey",
    "authorization",
    "cookie",
    "credential",
    "jwt",
    "bearer",
    "otp",
];

/// Words in the name of an id that several records may have.
const SHARED: &str = "group correlation trace span transaction batch parent";

/// What the samples hold at one path.
#[derive(Debug, Default)]
pub(super) struct Field {
    /// The keys that lead there; `[0]` is the first element of an array.
    pub(super) path: Vec<String>,
    /// The words of all keys, and of the last one.
    all: Vec<String>,
    last: Vec<String>,
    /// How many samples have something else there than null and the empty text.
    pub(super) count: usize,
    /// Different values as text; many more are not kept.
    pub(super) values: BTreeSet<String>,
    overflown: bool,
    /// How many of them are texts, numbers, truth values.
    texts: usize,
    integers: usize,
    booleans: usize,
}

/// The fields of samples by their paths.
pub(super) struct Fields {
    fields: BTreeMap<Vec<String>, Field>,
    records: usize,
}

impl Fields {
    pub(super) fn of(records: &[Value]) -> Self {
        let mut fields = Self { fields: BTreeMap::new(), records: records.len() };
        for record in records {
            fields.add(record, &mut Vec::new());
        }
        fields
    }

    fn add(&mut self, value: &Value, path: &mut Vec<String>) {
        match value {
            Value::Object(object) if path.len() < DEPTH_MAX => {
                for (key, value) in object {
                    // What cannot be named in plain words, in a program and in a table, is left to the author.
                    if !key.chars().all(|c| c.is_alphanumeric() || " _-.:/@$#+()".contains(c)) {
                        continue;
                    }
                    path.push(key.to_string());
                    self.add(value, path);
                    path.pop();
                }
            }
            Value::Array(items) if path.len() < DEPTH_MAX => {
                if let Some(first) = items.first() {
                    path.push("[0]".to_owned());
                    self.add(first, path);
                    path.pop();
                }
            }
            Value::Object(_) | Value::Array(_) | Value::Null => {}
            value => {
                if self.fields.len() >= FIELDS_MAX && !self.fields.contains_key(path.as_slice()) {
                    return;
                }
                let field = self.fields.entry(path.clone()).or_insert_with(|| Field::at(path));
                field.take(value);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Field> {
        self.fields.values()
    }

    /// The field with the best score, if any is above zero; never one that holds a secret.
    fn best(&self, score: impl Fn(&Field) -> i64) -> Option<(&Field, i64)> {
        let open = self.iter().filter(|field| !field.is_secret());
        let scored = open.map(|field| (field, score(field))).filter(|(_, score)| *score > 0);
        // Of equals the first and the one nearer to the top.
        scored.max_by_key(|(field, score)| (*score, -(field.path.len() as i64)))
    }

    fn share(&self, field: &Field) -> i64 {
        (field.count * 100 / self.records.max(1)) as i64
    }

    fn guess(&self, member: &'static str, (field, _): (&Field, i64), named: bool, valued: bool, looks: &str) -> Guess {
        let share = self.share(field);
        let sure = match (named, valued) {
            (true, true) if share >= 90 => Sure::Sure,
            (true, true) | (true, false) => Sure::Likely,
            _ => Sure::Guessed,
        };
        let mut why = Vec::new();
        if named {
            why.push("its name says so".to_owned());
        }
        if valued {
            why.push(looks.to_owned());
        }
        why.push(format!("in {share} % of the records"));
        Guess { member, field: field.shown(), sure, why: why.join(", ") }
    }

    /// Whether the records stand in the envelopes of Splunk's HEC, whose time is that of the envelope.
    fn is_enveloped(&self) -> bool {
        let envelope = ["time", "host", "source", "sourcetype", "index", "event", "fields"];
        let is_event = |path: &[String]| path.len() > 1 && path[0] == "event";
        self.fields.keys().all(|path| path.first().is_some_and(|key| envelope.contains(&key.as_str())))
            && self.fields.keys().any(|path| is_event(path))
    }

    /// When it happened.
    pub(super) fn time(&self) -> Option<(&Field, Guess)> {
        let ranks = "time timestamp datetime date created published occurred ts at when epoch";
        let found = self.best(|field| {
            let named = field.rank(ranks);
            let valued = field.is_time(named > 0);
            if !valued
                || field.has(
                    "updated expires expiration expire last modified ingested processed parse end until start valid",
                )
            {
                return 0;
            }
            let outside = if self.is_enveloped() && field.path.len() == 1 { 110 } else { 0 };
            named * 10 + self.share(field) * 2 - field.path.len() as i64 * 5 + if named > 0 { 100 } else { 0 } - outside
        })?;
        Some((found.0, self.guess("time", found, found.0.rank(ranks) > 0, true, "its values are times")))
    }

    /// What was done.
    pub(super) fn name(&self) -> Option<(&Field, Guess)> {
        // Names that say it by themselves; then those that many things have.
        let telling = "action eventtype eventname operation operationname actionname event activity activitytype methodname method verb \
                       actiontype atype operationtype activityname op";
        let vague = "type name kind category key";
        let place = |list: &str, field: &Field| {
            let last: String = field.last.concat();
            let joined: String = field.all.iter().rev().take(2).rev().map(String::as_str).collect();
            let place = list.split_whitespace().position(|name| name == last || name == joined);
            place.map_or(0, |place| (list.split_whitespace().count() - place) as i64)
        };
        let is_told = |field: &Field| place(telling, field) > 0;
        let rank = |field: &Field| match place(telling, field) {
            0 => place(vague, field),
            place => 5 + place,
        };
        let repeats = |field: &Field| field.overflown || field.values.len() < field.count;
        let fits = |field: &Field| {
            let of_something = "actor user target client resource device location geo agent principal auth owner author entity token metadata header headers response parent group http";
            field.texts == field.count && !field.has_before_last(of_something) && field.is_name()
        };
        let found = self.best(|field| {
            let many = field.values.len() * 10 > field.count * 8 && field.count > 10;
            if !fits(field) || (many && !is_told(field)) {
                return 0;
            }
            let told = if is_told(field) && self.share(field) >= 50 { 50 } else { 0 };
            let fixed = if field.values.len() == 1 && self.records > 3 { 40 } else { 0 };
            told + rank(field) * 10 + self.share(field) - field.path.len() as i64 * 3 - fixed
        })?;
        let named = rank(found.0) > 0;
        let mut guess =
            self.guess("name", found, named, repeats(found.0), "its values are names, some of them in several records");
        // What says by its name that it is the operation, and was not taken, may be it all the same.
        let passed_over =
            !is_told(found.0) && self.iter().any(|field| is_told(field) && !field.has_before_last("http response"));
        if passed_over {
            guess.sure = guess.sure.min(Sure::Likely);
        }
        Some((found.0, guess))
    }

    /// The kind of thing an operation was done with, if the name of the operation is only a verb.
    pub(super) fn qualifier(&self, name: &Field) -> Option<&Field> {
        let bare = name.values.iter().filter(|value| words(value).len() <= 1).count();
        if bare * 2 < name.values.len() {
            return None;
        }
        let found = self.best(|field| {
            let kind = field.last.last().is_some_and(|word| ["type", "kind", "class"].contains(&word.as_str()));
            let about = field.has("resource entity target object mount item service auditable");
            let service = field.last.concat() == "service" || field.last.concat() == "servicename";
            if field.path == name.path || !field.is_name() || field.texts < field.count || field.values.len() > 100 {
                return 0;
            }
            let score = if (kind && about) || service { 50 } else { 0 };
            if score == 0 { 0 } else { score + self.share(field) - field.path.len() as i64 }
        });
        found.map(|(field, _)| field).filter(|field| self.share(field) >= 30)
    }

    /// Who did it.
    pub(super) fn uid(&self) -> Option<(&Field, Guess)> {
        let who = "actor user username principal operator author caller initiator login identity who by performed subject display";
        let found = self.best(|field| {
            let not = "target affected agent org organization team group location type kind ip role country city device token impersonated new old";
            if field.rank(who) == 0 || field.has(not) || field.booleans > 0 || field.is_time(true) || field.is_address() || field.is_sentence() {
                return 0;
            }
            let last = field.last.last().map_or("", String::as_str);
            let kind = match last {
                "email" | "mail" | "upn" => 40,
                "username" | "login" | "actor" | "user" | "principal" | "operator" => 35,
                "name" | "path" => 20,
                "id" | "uid" | "uuid" => 15,
                _ => 5,
            };
            let mails = if field.most(|value| value.contains('@') && !value.contains(' ')) { 30 } else { 0 };
            kind + mails + self.share(field) + field.rank(who) - field.path.len() as i64 * 2
        })?;
        let mails = found.0.most(|value| value.contains('@'));
        Some((found.0, self.guess("uid", found, true, mails, "its values are mail addresses")))
    }

    /// From which address.
    pub(super) fn origin(&self) -> Option<(&Field, Guess)> {
        let found = self.best(|field| {
            if !field.is_address() || field.has("server dest destination target") {
                return 0;
            }
            let named = field.rank("ip address addr client remote source origin");
            10 + named * 3 + self.share(field) - field.path.len() as i64 * 2
        })?;
        let named = found.0.rank("ip address addr client remote source origin") > 0;
        Some((found.0, self.guess("origin", found, named, true, "its values are addresses")))
    }

    /// With which program.
    pub(super) fn user_agent(&self) -> Option<(&Field, Guess)> {
        let looks = |value: &str| {
            value.starts_with("Mozilla/")
                || value.starts_with("curl/")
                || value.contains("python-requests")
                || value.contains("okhttp")
        };
        let named = |field: &Field| {
            let last: String = field.last.concat();
            last.ends_with("useragent")
                || last == "ua"
                || last == "rawuseragent"
                || (last == "agent" && field.has("user"))
        };
        let found = self.best(|field| {
            let evidence = i64::from(named(field)) * 50 + i64::from(field.most(looks)) * 50;
            if evidence == 0 || field.texts < field.count {
                0
            } else {
                evidence + self.share(field) - field.path.len() as i64
            }
        })?;
        Some((
            found.0,
            self.guess("userAgent", found, named(found.0), found.0.most(looks), "its values are user agents"),
        ))
    }

    /// Whose log it is.
    pub(super) fn tenant(&self) -> Option<(&Field, Guess)> {
        let ranks = "tenant organization org customer workspace company enterprise namespace account";
        let found = self.best(|field| {
            let few = field.values.len() <= (field.count / 2).max(3) && !field.overflown;
            let not =
                "actor user target name type url path email service plan role country auth response request group";
            if field.rank(ranks) == 0
                || field.has(not)
                || field.booleans > 0
                || !few
                || field.is_sentence()
                || field.is_time(true)
            {
                return 0;
            }
            let id = i64::from(field.last.last().is_some_and(|word| word == "id" || word == "uuid")) * 10;
            field.rank(ranks) * 5 + id + self.share(field) - field.path.len() as i64 * 5
        })?;
        Some((found.0, self.guess("tenant", found, true, false, "")))
    }

    /// The record's own id.
    pub(super) fn source_id(&self) -> Option<(&Field, Guess)> {
        let found = self.best(|field| {
            let last = field.last.last().map_or("", String::as_str);
            let whole = field.path.len() == 1 && ["id", "uuid", "_id"].contains(&field.path[0].as_str());
            let own = whole
                || ((last == "id" || last == "uuid") && field.has("event log entry record audit message request"));
            let unique = field.overflown || field.values.len() == field.count;
            if !own
                || !unique
                || field.is_sentence()
                || field.has("actor user target session org organization")
                || field.has(SHARED)
            {
                return 0;
            }
            i64::from(whole) * 30 + self.share(field) - field.path.len() as i64 * 10
        })?;
        let several = found.0.count > 1;
        let mut guess = self.guess("sourceId", found, true, several, "no value stands twice");
        // Several records may tell of one request.
        if found.0.has("request") {
            guess.sure = guess.sure.min(Sure::Likely);
        }
        Some((found.0, guess))
    }

    /// What holds the records together that belong to one operation.
    pub(super) fn trace_id(&self) -> Option<(&Field, Guess)> {
        let group = |field: &Field| field.has("group batch") && field.has("event log entry record audit activity");
        let known = self.id("traceId", "trace correlation request transaction", "id");
        known.or_else(|| {
            let found = self.best(|field| {
                let is_id = field.last.last().is_some_and(|word| word == "id" || word == "uuid");
                if is_id && group(field) && !field.is_sentence() {
                    self.share(field) - field.path.len() as i64 * 2
                } else {
                    0
                }
            })?;
            Some((found.0, self.guess("traceId", found, true, false, "")))
        })
    }

    /// A column that holds an id of some kind, by the words of its name.
    pub(super) fn id(&self, member: &'static str, ranks: &str, also: &str) -> Option<(&Field, Guess)> {
        let found = self.best(|field| {
            let named = field.rank(ranks) > 0 && (also.is_empty() || field.has(also));
            if !named
                || field.booleans > 0
                || field.is_sentence()
                || field.is_time(true)
                || field.has("expires ttl type count policies user")
            {
                return 0;
            }
            field.rank(ranks) * 5 + self.share(field) - field.path.len() as i64 * 2
        })?;
        Some((found.0, self.guess(member, found, true, false, "")))
    }

    /// How it ended.
    pub(super) fn result(&self) -> Option<(&Field, Guess, Ending)> {
        let ranks = "result outcome success succeeded status decision allowed granted ok passed error errors code";
        let ending = |field: &Field| {
            if field.booleans == field.count && field.has("success succeeded allowed granted ok result passed") {
                return Some(Ending::Told);
            }
            if field.texts == field.count && field.most(is_ending) {
                return Some(Ending::Told);
            }
            let codes = field.integers > 0
                && field.most(|value| value.parse().is_ok_and(|code: i64| (100..600).contains(&code)));
            if codes && field.has("status code") {
                return Some(Ending::Told);
            }
            if field.is_exit_code() {
                return Some(Ending::Code);
            }
            let last = field.last.first().map_or("", String::as_str);
            (last == "error" && field.path.len() <= 2 && field.texts == field.count).then_some(Ending::Error)
        };
        let found = self.best(|field| {
            let Some(ending) = ending(field).filter(|_| field.rank(ranks) > 0) else { return 0 };
            // The text of an error is there only when something went wrong.
            let share = match ending {
                Ending::Error => 60,
                Ending::Code => self.share(field) - 20,
                Ending::Told => self.share(field),
            };
            field.rank(ranks) * 3 + share - field.path.len() as i64 * 3
        })?;
        let ending = ending(found.0).unwrap_or(Ending::Told);
        let looks = match ending {
            Ending::Code => "0 is taken for success and all else for errors",
            _ => "its values tell success from failure",
        };
        let mut guess = self.guess("result", found, true, true, looks);
        if ending == Ending::Code {
            guess.sure = guess.sure.min(Sure::Likely);
        }
        Some((found.0, guess, ending))
    }

    /// What it was about: fields that name things, by the parent they share.
    pub(super) fn subjects(&self, taken: &[&[String]]) -> BTreeMap<Vec<String>, BTreeSet<String>> {
        let mut found: BTreeMap<Vec<String>, BTreeSet<String>> = BTreeMap::new();
        for field in self.iter() {
            let about = field.has("target targets resource resources object entity item file document repo repository project bucket table page record path subject affected zone database");
            let last = field.last.last().map_or("", String::as_str);
            let naming = [
                "id",
                "ids",
                "name",
                "path",
                "arn",
                "uuid",
                "email",
                "key",
                "url",
                "repository",
                "repo",
                "project",
                "file",
                "target",
                "resource",
                "object",
                "entity",
                "bucket",
                "table",
                "details",
            ];
            let fits =
                about && naming.contains(&last) && field.texts > 0 && !field.is_time(true) && !field.is_sentence();
            let of_request =
                field.is_secret() || field.has("actor user session ip header headers agent auth response type ua");
            if !fits || of_request || taken.contains(&field.path.as_slice()) || found.len() >= 16 {
                continue;
            }
            let Some((key, parent)) = field.path.split_last() else { continue };
            let parent: Vec<String> = parent.iter().take_while(|key| *key != "[0]").cloned().collect();
            if key != "[0]" {
                found.entry(parent).or_default().insert(key.clone());
            }
        }
        found
    }
}

/// How the field that tells the end of an operation is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its value says success or failure.
    Told,
    /// It holds an error when there was one.
    Error,
    /// It is 0 for success and another number for an error.
    Code,
}

fn is_ending(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let known = [
        "success",
        "succeeded",
        "successful",
        "ok",
        "pass",
        "passed",
        "allow",
        "allowed",
        "permit",
        "granted",
        "fail",
        "failed",
        "failure",
        "error",
        "deny",
        "denied",
        "forbidden",
        "unauthorized",
        "rejected",
        "blocked",
        "true",
        "false",
        "yes",
        "no",
        "complete",
        "completed",
        "partial",
    ];
    known.contains(&value.as_str())
}

impl Field {
    fn at(path: &[String]) -> Self {
        let keys: Vec<&String> = path.iter().filter(|key| *key != "[0]").collect();
        Self {
            path: path.to_vec(),
            all: keys.iter().flat_map(|key| words(key)).collect(),
            last: keys.last().map(|key| words(key)).unwrap_or_default(),
            ..Self::default()
        }
    }

    fn take(&mut self, value: &Value) {
        let text = value.to_string_lossy().into_owned();
        if text.is_empty() {
            return;
        }
        self.count += 1;
        match value {
            Value::Integer(_) | Value::Float(_) => self.integers += 1,
            Value::Boolean(_) => self.booleans += 1,
            _ => self.texts += 1,
        }
        if self.values.len() < VALUES_MAX {
            self.values.insert(text);
        } else if !self.values.contains(&text) {
            self.overflown = true;
        }
    }

    /// Whether its name says that it holds a secret: `session_token`, `idToken`, `authorization`, `password.value`, and not
    /// `token_id`, `token_type`.
    pub(super) fn is_secret(&self) -> bool {
        let named = self.all.iter().rev().find(|word| !["value", "raw", "text", "plain"].contains(&word.as_str()));
        let ends = |end: &&str| named.is_some_and(|word| word.strip_suffix('s').unwrap_or(word).ends_with(*end));
        let is_key = named.is_some_and(|word| word == "key")
            && self.has("api access private secret signing encryption auth authentication session shared master ssh");
        self.texts > 0 && (is_key || SECRETS.iter().any(ends))
    }

    /// Whether it stands in an array.
    pub(super) fn is_in_array(&self) -> bool {
        self.path.iter().any(|key| key == "[0]")
    }

    /// The path as a program writes it, without the record before it.
    pub(super) fn shown(&self) -> String {
        path(&self.path).trim_start_matches('.').to_owned()
    }

    /// How early in the list the first of its words stands that is a word of the last key or the one before; zero: none.
    fn rank(&self, list: &str) -> i64 {
        let list: Vec<&str> = list.split(' ').collect();
        let near = self.last.iter().chain(self.all.iter().rev().skip(self.last.len()).take(2));
        let place = near.filter_map(|word| list.iter().position(|known| known == word)).min();
        place.map_or(0, |place| (list.len() - place) as i64)
    }

    fn has(&self, list: &str) -> bool {
        self.all.iter().any(|word| list.split(' ').any(|known| known == word))
    }

    fn has_before_last(&self, list: &str) -> bool {
        let before = self.all.len().saturating_sub(1);
        self.all.iter().take(before).any(|word| list.split(' ').any(|known| known == word))
    }

    /// Whether four of five different values are so.
    fn most(&self, is: impl Fn(&str) -> bool) -> bool {
        let so = self.values.iter().filter(|value| is(value)).count();
        !self.values.is_empty() && so * 5 >= self.values.len() * 4
    }

    /// Whether the values are times; numbers count only where the name says so.
    fn is_time(&self, named: bool) -> bool {
        let clock = Clock { year: None, zone: TimeZone::UTC, now: Timestamp::UNIX_EPOCH };
        let plausible = |time: Timestamp| (631_152_000..4_102_444_800).contains(&time.as_second());
        self.most(|value| {
            let number = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let long = value.len() >= 10;
            long && (named || !number) && clock.text(value).is_some_and(plausible)
        })
    }

    /// Whether the values are numbers that tell how something ended, 0 among them, which is success.
    fn is_exit_code(&self) -> bool {
        let named = self.last.last().is_some_and(|word| {
            ["result", "status", "code", "rc", "retcode", "errno", "returncode", "exitcode"].contains(&word.as_str())
        });
        let other = "country area postal zip type currency language http event action operation";
        let whole = |value: &String| value.parse::<i64>().is_ok();
        named
            && self.integers == self.count
            && !self.has(other)
            && self.values.contains("0")
            && self.values.len() <= CODES_MAX
            && self.values.iter().all(whole)
    }

    fn is_address(&self) -> bool {
        self.most(|value| {
            let bare = value.trim_start_matches('[').split(']').next().unwrap_or_default();
            let host = bare.rsplit_once(':').filter(|(host, _)| !host.contains(':')).map_or(bare, |(host, _)| host);
            host.parse::<IpAddr>().is_ok()
        })
    }

    fn is_sentence(&self) -> bool {
        self.values.iter().any(|value| value.split_whitespace().count() > 3)
    }

    /// Whether the values can be names of operations.
    fn is_name(&self) -> bool {
        let name = |value: &str| {
            value.len() <= 100
                && value.split_whitespace().count() <= 6
                && value.contains(|c: char| c.is_alphabetic())
                && !value.contains(['@', '{', '\n'])
        };
        let id = |value: &str| value.len() >= 16 && value.bytes().filter(u8::is_ascii_digit).count() * 3 > value.len();
        !self.is_time(true)
            && !self.is_address()
            && self.most(name)
            && !self.most(id)
            && !self.most(|value| value.starts_with("http"))
    }
}

/// A path as a program writes it: `.a."b c"[0]`.
pub(super) fn path(keys: &[String]) -> String {
    let mut out = String::new();
    for key in keys {
        if key == "[0]" {
            out.push_str(key);
            continue;
        }
        out.push('.');
        let simple = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !key.starts_with(|c: char| c.is_ascii_digit());
        if simple {
            out.push_str(key);
        } else {
            crate::json::write_string(&mut out, key);
        }
    }
    out
}
