//! Seeded audit events, for tests and measurements.
//!
//! Event `i` is a function of the seed and of `i` alone: any run of events can be written in any order, by
//! any number of threads, straight into any system, and written again later to compare. The events are
//! valid audit.3 lines in canonical form, so that what is sent is what is kept. Nobody real is in them.
//!
//! What they hold: 16 operations of 8 products over 17 categories, 5,000 users and 8,000 addresses used as
//! unevenly as in life, two random UUIDs and a random trace id each. [`Generator::floor`] says how many bytes
//! an event holds at least, as the information in the random draws that made it.
//!
//! Needles: one event in [`RARE_EVERY`] is by a user who does nothing else, searching for a word that stands
//! nowhere else. There are [`RARE`] such users and words, taken in turn.

mod draw;
mod operations;
mod template;
#[cfg(test)]
mod tests;

use indelible_event::parts::members;

use draw::{Choice, Draws, UUID_BITS, size_bits, size_bytes};
use operations::{OPERATIONS, PRODUCTS, RESULTS, SEARCH};
use template::{Piece, Slot, Template, Variable, template};

/// How many rare users, and how many rare words, there are.
pub const RARE: u64 = 20;
/// One event in this many is a needle.
pub const RARE_EVERY: u64 = 50_000;

const USERS: usize = 5_000;
const SESSIONS: usize = 4;
const ADDRESSES: usize = 8_000;
const DATA: usize = 20_000;
const LOGIC: usize = 5_000;
const SECRETS: usize = 200;
const WORDS: usize = 2_000;
const HOSTS: usize = 8;
const BALANCERS: usize = 4;
/// Microseconds from one event to the next, before the random delay.
const STEP_US: u64 = 20_000;

/// How an event names its organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribution {
    /// By `orgId` only, as a producer does whose credential is bound to it.
    Credential,
    /// By a claim in `organizations` as well, as a platform producer does. The claim is not kept, so what is
    /// sent is longer than what is stored.
    Claims,
}

/// What decides the events.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The same seed gives the same events.
    pub seed: u64,
    /// Number of organizations, at least one; users belong to them in turn.
    pub organizations: usize,
    /// How an event names its organization.
    pub attribution: Attribution,
    /// Time of the first event, in microseconds since 1970, UTC.
    pub start_us: i64,
}

impl Default for Settings {
    /// Seed 1, one organization, no claims, from 2026-01-05 00:00 on.
    fn default() -> Settings {
        Settings { seed: 1, organizations: 1, attribution: Attribution::Credential, start_us: 1_767_571_200_000_000 }
    }
}

/// Writes events; made once (about 30 ms), then shared among threads.
#[derive(Debug)]
pub struct Generator {
    settings: Settings,
    templates: Vec<Template>,
    template: Choice,
    planted: Template,
    users: Vec<User>,
    user: Choice,
    organizations: Vec<String>,
    addresses: Vec<String>,
    address: Choice,
    callers: Vec<String>,
    caller_addresses: Vec<String>,
    data: Vec<String>,
    data_choice: Choice,
    logic: Vec<String>,
    logic_choice: Choice,
    secrets: Vec<String>,
    words: Vec<String>,
    word: Choice,
}

#[derive(Debug)]
struct User {
    uid: [u8; 36],
    organization: usize,
    agent: usize,
    sids: [[u8; 36]; SESSIONS],
    token_ids: [[u8; 36]; SESSIONS],
}

/// The least number of bytes that can hold an event, and what they are spent on.
#[derive(Debug, Clone)]
pub struct Floor {
    /// Each independent draw and the bits of information it brings to a mean event.
    pub parts: Vec<(String, f64)>,
}

impl Floor {
    /// Bytes per event: the Shannon entropy of all draws, taken as independent.
    pub fn bytes(&self) -> f64 {
        self.parts.iter().map(|(_, bits)| bits).sum::<f64>() / 8.0
    }
}

impl Generator {
    /// Prepares every table; the random draws come later, event by event.
    pub fn new(settings: Settings) -> Generator {
        let claims = settings.attribution == Attribution::Claims;
        let mut templates = Vec::new();
        let mut weights = Vec::new();
        for operation in &OPERATIONS {
            for (front, weight) in [(true, operation.front), (false, operation.back)] {
                for (result, share) in RESULTS.iter().filter(|_| weight > 0.0) {
                    templates.push(template(operation, front, result, claims));
                    weights.push(weight * share);
                }
            }
        }
        // One stream of draws, in this order, makes everything that is the same for all events.
        let mut draws = Draws::new(settings.seed, u64::MAX);
        let organization_count = settings.organizations.max(1);
        let users = (0..USERS + RARE as usize).map(|n| User::draw(&mut draws, n % organization_count)).collect();
        let words = words(&mut draws);
        Generator {
            template: Choice::new(&weights),
            templates,
            planted: template(&OPERATIONS[SEARCH], true, RESULTS[0].0, claims),
            users,
            user: Choice::zipf(USERS, 1.0),
            organizations: (1..=organization_count).map(|n| format!("ri.indelible..organization.o{n}")).collect(),
            addresses: (0..ADDRESSES).map(address).collect(),
            address: Choice::zipf(ADDRESSES, 1.0),
            callers: PRODUCTS.iter().map(|(product, version)| format!("{product}/{version}")).collect(),
            caller_addresses: (0..PRODUCTS.len() * HOSTS)
                .map(|n| format!("10.20.{}.{}", n / HOSTS, n % HOSTS + 11))
                .collect(),
            data: rids(&mut draws, "data..table", DATA),
            data_choice: Choice::zipf(DATA, 0.9),
            logic: rids(&mut draws, "logic..board", LOGIC),
            logic_choice: Choice::zipf(LOGIC, 0.9),
            secrets: rids(&mut draws, "vault..secret", SECRETS),
            words,
            word: Choice::zipf(WORDS, 0.8),
            settings,
        }
    }

    /// What the events were made from.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The organizations' RIDs.
    pub fn organizations(&self) -> &[String] {
        &self.organizations
    }

    /// The canonical parts, infrastructure and content, of event `index`. Generated lines are canonical, so that taking them
    /// apart is enough.
    #[allow(clippy::expect_used, reason = "the lines are ours")]
    pub fn parts(&self, index: u64) -> (Vec<u8>, Vec<u8>) {
        let mut line = Vec::new();
        self.write(&mut line, index);
        let (mut infrastructure, mut content) = (vec![b'{'], vec![b'{']);
        for member in members(line.trim_ascii_end()) {
            let (key, value) = member.expect("a generated line is canonical");
            let part = match &*key {
                "requestFields" | "resultFields" | "entities" | "users" | "extra" => &mut content,
                _ => &mut infrastructure,
            };
            if part.len() > 1 {
                part.push(b',');
            }
            part.extend_from_slice(format!("\"{key}\":").as_bytes());
            part.extend_from_slice(value);
            if key == "host" {
                part.extend_from_slice(br#","intake":{"producer":"generator","source":"http"}"#);
            }
        }
        infrastructure.push(b'}');
        content.push(b'}');
        (infrastructure, content)
    }

    /// Appends event `index` as one line, with its newline.
    pub fn write(&self, out: &mut Vec<u8>, index: u64) {
        let mut draws = Draws::new(self.settings.seed, index);
        let ids = [draws.uuid(), draws.uuid()];
        let rare = rare(index);
        let template = match rare {
            Some(_) => &self.planted,
            None => &self.templates[self.template.pick(&mut draws)],
        };
        let mut values = [0_u64; Variable::COUNT];
        for &variable in &template.variables {
            values[variable as usize] = self.draw(variable, &mut draws);
        }
        if let Some(number) = rare {
            values[Variable::User as usize] = USERS as u64 + number;
        }
        if values[Variable::Data1 as usize] == values[Variable::Data0 as usize] {
            values[Variable::Data1 as usize] = (values[Variable::Data1 as usize] + 1) % DATA as u64;
        }
        if values[Variable::Logic1 as usize] == values[Variable::Logic0 as usize] {
            values[Variable::Logic1 as usize] = (values[Variable::Logic1 as usize] + 1) % LOGIC as u64;
        }
        let of = |variable: Variable| values[variable as usize] as usize;
        let user = &self.users[of(Variable::User)];
        for piece in &template.pieces {
            let slot = match piece {
                Piece::Text(text) => {
                    out.extend_from_slice(text);
                    continue;
                }
                Piece::Slot(slot) => slot,
            };
            match slot {
                Slot::LogEntryId => out.extend_from_slice(&uuid_text(ids[0])),
                Slot::EventId => out.extend_from_slice(&uuid_text(ids[1])),
                Slot::TraceId => {
                    let mut text = [0; 16];
                    hex(&values[Variable::Trace as usize].to_be_bytes(), &mut text);
                    out.extend_from_slice(&text);
                }
                Slot::Time => {
                    let since_start = index * STEP_US + values[Variable::Delay as usize];
                    write_time(out, self.settings.start_us + since_start as i64);
                }
                Slot::Uid => out.extend_from_slice(&user.uid),
                Slot::Agent => out.extend_from_slice(AGENTS[user.agent].as_bytes()),
                Slot::Organization => out.extend_from_slice(self.organizations[user.organization].as_bytes()),
                Slot::Sid => out.extend_from_slice(&user.sids[of(Variable::Session)]),
                Slot::TokenId => out.extend_from_slice(&user.token_ids[of(Variable::Session)]),
                Slot::Address => out.extend_from_slice(self.addresses[of(Variable::Address)].as_bytes()),
                Slot::Balancer => out.push(b'4' + of(Variable::Balancer) as u8),
                Slot::Host => out.push(b'1' + of(Variable::Host) as u8),
                Slot::Caller => out.extend_from_slice(self.callers[of(Variable::Caller)].as_bytes()),
                Slot::CallerAddress => {
                    let place = of(Variable::Caller) * HOSTS + of(Variable::CallerHost);
                    out.extend_from_slice(self.caller_addresses[place].as_bytes());
                }
                Slot::Resource(variable) => {
                    let pool = match variable {
                        Variable::Logic0 | Variable::Logic1 => &self.logic,
                        Variable::Secret => &self.secrets,
                        _ => &self.data,
                    };
                    out.extend_from_slice(pool[of(*variable)].as_bytes());
                }
                Slot::Words => {
                    out.extend_from_slice(self.words[of(Variable::Word0)].as_bytes());
                    out.push(b' ');
                    match rare {
                        Some(number) => out.extend_from_slice(self.rare_word(number).as_bytes()),
                        None => out.extend_from_slice(self.words[of(Variable::Word1)].as_bytes()),
                    }
                    out.push(b' ');
                    out.extend_from_slice(self.words[of(Variable::Word2)].as_bytes());
                }
                Slot::Filename => {
                    out.extend_from_slice(self.words[of(Variable::Word0)].as_bytes());
                    out.push(b'-');
                    out.extend_from_slice(self.words[of(Variable::Word1)].as_bytes());
                    out.extend_from_slice(b".csv");
                }
                Slot::Size => out.extend_from_slice(values[Variable::Size as usize].to_string().as_bytes()),
            }
        }
    }

    /// `count` events from `first` on, as NDJSON.
    pub fn batch(&self, first: u64, count: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(count as usize * 900);
        (first..first + count).for_each(|index| self.write(&mut out, index));
        out
    }

    /// `logEntryId` of event `index`.
    pub fn log_entry_id(&self, index: u64) -> String {
        text(&uuid_text(Draws::new(self.settings.seed, index).uuid()))
    }

    /// The uid of rare user `number` (below [`RARE`]).
    pub fn rare_user(&self, number: u64) -> String {
        text(&self.users[USERS + (number % RARE) as usize].uid)
    }

    /// Rare word `number` (below [`RARE`]): the only events that hold it are the needles of the same number.
    pub fn rare_word(&self, number: u64) -> String {
        format!("quetzal{:02}", number % RARE)
    }

    /// How many of the first `events` events are needles of this number.
    pub fn rare_count(&self, number: u64, events: u64) -> u64 {
        (0..events.div_ceil(RARE_EVERY))
            .filter(|n| n % RARE == number && n * RARE_EVERY + RARE_EVERY / 2 < events)
            .count() as u64
    }

    /// Mean length of the first 20,000 events with their newlines, in bytes.
    pub fn mean_bytes(&self) -> f64 {
        self.batch(0, 20_000).len() as f64 / 20_000.0
    }

    /// How little an event could be stored in, if one knew everything about the generator but its draws.
    pub fn floor(&self) -> Floor {
        let mut parts = vec![("operation, caller kind and result".to_owned(), self.template.bits())];
        for variable in 0..Variable::COUNT {
            let mut bits = 0.0;
            let mut name = String::new();
            for (template, share) in self.templates.iter().zip(self.template.shares()) {
                for shown in template.variables.iter().filter(|shown| **shown as usize == variable) {
                    name = format!("{shown:?}");
                    bits += share * self.bits(*shown);
                }
            }
            if bits > 0.0 {
                parts.push((name, bits));
            }
        }
        Floor { parts }
    }

    fn draw(&self, variable: Variable, draws: &mut Draws) -> u64 {
        let picked = match variable {
            Variable::LogEntry | Variable::Event => return 0, // drawn first, see `write`
            Variable::Trace => return draws.next(),
            Variable::Size => return size_bytes(draws),
            Variable::Delay => draws.below(STEP_US as usize),
            Variable::User => self.user.pick(draws),
            Variable::Session => draws.below(SESSIONS),
            Variable::Address => self.address.pick(draws),
            Variable::Balancer => draws.below(BALANCERS),
            Variable::Host | Variable::CallerHost => draws.below(HOSTS),
            Variable::Caller => draws.below(PRODUCTS.len()),
            Variable::Data0 | Variable::Data1 => self.data_choice.pick(draws),
            Variable::Logic0 | Variable::Logic1 => self.logic_choice.pick(draws),
            Variable::Secret => draws.below(SECRETS),
            Variable::Word0 | Variable::Word1 | Variable::Word2 => self.word.pick(draws),
        };
        picked as u64
    }

    /// Information in one draw of `variable`.
    fn bits(&self, variable: Variable) -> f64 {
        let uniform = |count: usize| (count as f64).log2();
        match variable {
            Variable::LogEntry | Variable::Event => UUID_BITS,
            Variable::Trace => 64.0,
            Variable::Size => size_bits(),
            Variable::Delay => uniform(STEP_US as usize),
            Variable::User => self.user.bits(),
            Variable::Session => uniform(SESSIONS),
            Variable::Address => self.address.bits(),
            Variable::Balancer => uniform(BALANCERS),
            Variable::Host | Variable::CallerHost => uniform(HOSTS),
            Variable::Caller => uniform(PRODUCTS.len()),
            Variable::Data0 | Variable::Data1 => self.data_choice.bits(),
            Variable::Logic0 | Variable::Logic1 => self.logic_choice.bits(),
            Variable::Secret => uniform(SECRETS),
            Variable::Word0 | Variable::Word1 | Variable::Word2 => self.word.bits(),
        }
    }
}

/// Which needle event `index` is, if it is one.
fn rare(index: u64) -> Option<u64> {
    (index % RARE_EVERY == RARE_EVERY / 2).then_some(index / RARE_EVERY % RARE)
}

impl User {
    fn draw(draws: &mut Draws, organization: usize) -> User {
        User {
            uid: uuid_text(draws.uuid()),
            organization,
            agent: draws.below(AGENTS.len()),
            sids: std::array::from_fn(|_| uuid_text(draws.uuid())),
            token_ids: std::array::from_fn(|_| uuid_text(draws.uuid())),
        }
    }
}

const AGENTS: [&str; 8] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "python-requests/2.32.5",
    "platform-sdk/1.111.0",
    "platform-cli/3.18.2",
    "okhttp/5.1.0",
];

/// Made-up words of three open syllables; none holds a `q`, which the rare words begin with.
fn words(draws: &mut Draws) -> Vec<String> {
    const CONSONANTS: &[u8] = b"bdfgklmnprstvz";
    const VOWELS: &[u8] = b"aeiou";
    (0..WORDS)
        .map(|_| {
            (0..6)
                .map(|place| {
                    let letters = if place % 2 == 0 { CONSONANTS } else { VOWELS };
                    char::from(letters[draws.below(letters.len())])
                })
                .collect()
        })
        .collect()
}

fn rids(draws: &mut Draws, kind: &str, count: usize) -> Vec<String> {
    (0..count).map(|_| format!("ri.{kind}.{}", text(&uuid_text(draws.uuid())))).collect()
}

/// The n-th address: from the ranges set aside for benchmarks and documentation, one in ten IPv6.
fn address(n: usize) -> String {
    // An odd factor walks through all 131,072 addresses of 198.18.0.0/15 before it repeats.
    let scattered = n * 52_711 % (1 << 17);
    match n % 10 {
        9 => format!("2001:db8:{:x}::{:x}", scattered >> 4, (scattered & 15) + 1),
        _ => format!("198.{}.{}.{}", 18 + (scattered >> 16), (scattered >> 8) & 255, scattered & 255),
    }
}

fn text(ascii: &[u8]) -> String {
    String::from_utf8_lossy(ascii).into_owned()
}

fn hex(bytes: &[u8], out: &mut [u8]) {
    const PAIRS: [[u8; 2]; 256] = {
        let digits = b"0123456789abcdef";
        let mut pairs = [[0; 2]; 256];
        let mut byte = 0;
        while byte < 256 {
            pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
            byte += 1;
        }
        pairs
    };
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&PAIRS[usize::from(*byte)]);
    }
}

fn uuid_text(uuid: [u8; 16]) -> [u8; 36] {
    let mut out = [b'-'; 36];
    for (bytes, place) in [(0..4, 0..8), (4..6, 9..13), (6..8, 14..18), (8..10, 19..23), (10..16, 24..36)] {
        hex(&uuid[bytes], &mut out[place]);
    }
    out
}

/// Writes a time as RFC 3339 in UTC, without trailing zeros in the fraction.
fn write_time(out: &mut Vec<u8>, micros: i64) {
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a civil date, in years that begin in March so that the leap day comes last.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);

    let mut text = *b"0000-00-00T00:00:00.000000";
    let mut put = |place: usize, width: usize, mut number: i64| {
        for digit in text[place..place + width].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    };
    put(0, 4, year);
    put(5, 2, month);
    put(8, 2, day);
    put(11, 2, second / 3_600);
    put(14, 2, second / 60 % 60);
    put(17, 2, second % 60);
    put(20, 6, fraction);
    let zeros = text.iter().rev().take(6).take_while(|digit| **digit == b'0').count();
    let end = if zeros == 6 { 19 } else { text.len() - zeros };
    out.extend_from_slice(&text[..end]);
    out.push(b'Z');
}
