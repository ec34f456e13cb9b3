//! The three reviews a customer makes of an audit log: *security*, *oversight of one person*, *usage*.
//!
//! They ask the log and nothing else: what counts as unusual is measured against everybody in the same
//! log, never against a name. Each security step lists those who stand out the most, with three columns
//! that read alike everywhere: `uid`; `usual`, the median of all that did the same; and `times_usual`.
//! From [`OUTLIER`] times the usual on, somebody should ask.

use std::fmt;

/// From this many times the usual on, a row of the security review is a finding.
pub const OUTLIER: i64 = 20;

/// A set of questions to the log that answer a larger one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Its name.
    pub title: String,
    /// The larger question.
    pub question: &'static str,
    /// What to ask, in order.
    pub steps: Vec<Step>,
}

/// One question of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub title: &'static str,
    /// What it asks, in plain words.
    pub asks: &'static str,
    /// The same for the machine.
    pub ask: Ask,
    /// How to read the answer.
    pub reading: &'static str,
    /// The organization it is limited to; everything the caller may read where there is none.
    pub organization: Option<String>,
}

/// A question as the command line takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// `indelible search QUERY --count`
    Count(String),
    /// `indelible sql STATEMENT`
    Sql(String),
}

impl Step {
    /// The command that gives the answer, as one types it into a shell.
    pub fn command(&self) -> String {
        let scope = self.organization.as_ref().map(|rid| format!(" --organization {rid}")).unwrap_or_default();
        match &self.ask {
            Ask::Count(query) => format!("indelible search{scope} '{query}' --count"),
            Ask::Sql(statement) => format!("indelible sql{scope} \"{statement}\""),
        }
    }
}

impl fmt::Display for Review {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}: {}", self.title, self.question)?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(out, "\n{}. {}", number + 1, step.title)?;
            writeln!(out, "{}\n", wrapped(step.asks))?;
            for line in step.command().lines() {
                writeln!(out, "    {line}")?;
            }
            writeln!(out, "\n{}", wrapped(step.reading))?;
        }
        Ok(())
    }
}

/// The text in lines of at most 100 characters, where its words allow it.
fn wrapped(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    let mut width = 0;
    for word in text.split(' ') {
        if width > 0 {
            let fits = width + 1 + word.len() <= 100;
            lines.push(if fits { ' ' } else { '\n' });
            width = if fits { width + 1 } else { 0 };
        }
        lines.push_str(word);
        width += word.len();
    }
    lines
}

/// Sign-ins that nobody sanctioned, mass deletion, exports at odd hours, token generation out of proportion.
pub fn security(organization: Option<&str>) -> Review {
    let steps = [
        Step::count(
            "Refused sign-in checks",
            "How often was a password or a token refused?",
            "category:authenticationCheck -result:SUCCESS",
            "A number to compare with last week's. People mistype and strangers guess, so it is never zero; what matters is what follows a refusal.",
        ),
        Step::sql(
            "Sign-ins after many refusals",
            "Which successful sign-ins came within two hours of many refused ones for the same account?",
            GUESSED,
            "Somebody who mistypes is refused once or twice, from the address they then sign in from. Many refusals from many addresses, then success from an address with one sign-in ever, is a guessed password: take the uid to the oversight review.",
        ),
        Step::sql(
            "Exports at odd hours",
            "Who took out data at hours of the day at which they hardly ever work?",
            ODD_EXPORTS,
            "Odd is measured by each person's own habit: an hour counts as theirs if they were active in it on three days or more, so night shifts and other time zones raise no alarm. Usual is what an account exports on a day on which it exports at all. One late export is life; dozens, and gigabytes, in one night are not.",
        ),
        Step::sql(
            "Mass deletion",
            "Who deleted far more on one day than people do who delete?",
            DELETIONS,
            "A clean-up job deletes a few files every night, a data steward a few a day. Hundreds from one project within hours is a loss until its owner says otherwise.",
        ),
        Step::sql(
            "Permission changes at odd hours",
            "Who changed permissions at hours of the day at which they hardly ever work?",
            ODD_PERMISSIONS,
            "Compare with the deletions above: rights that are taken from colleagues the evening before a project disappears are part of the same story.",
        ),
        Step::sql(
            "Token generation out of proportion",
            "Who generated far more tokens on one day than accounts do that generate tokens?",
            TOKENS,
            "Builds mint a few tokens a day, engineers one now and then. An account that mints a hundred is handing out access, or somebody hands it out for them.",
        ),
        Step::sql(
            "Tokens used from everywhere",
            "Whose programs call from far more addresses than programs do?",
            ADDRESSES,
            "A program runs in one place, a script where its author sits. If the account of the step before leads here too, its tokens are in other hands: revoke them all.",
        ),
    ];
    Review::new("Security", "was anything done that nobody sanctioned?", organization, steps)
}

/// Everything about one person, whose `uid` comes from the security review or from elsewhere.
///
/// A single quote in `uid` ends up doubled in the statements, so it stays a value.
pub fn oversight(uid: &str, organization: Option<&str>) -> Review {
    let of = |statement: &str| statement.replace("UID", &uid.replace('\'', "''"));
    let steps = [
        Step::count(
            "Everything they did",
            "How many events are there of this person?",
            &of("uid:\"UID\""),
            "Without --count, and with --format json, the same command prints every event as it was delivered: the raw material of this review.",
        ),
        Step::sql(
            "Where they were",
            "From which addresses did they come, with how many programs, on how many days, when first and last?",
            &of(PLACES),
            "Office, home, telephone: most people have a few addresses that come back for days. One with a single session, many events, and no day before or after deserves a question; so do addresses by the hundred.",
        ),
        Step::sql(
            "Day by day",
            "What did they do on each day, and between which times (UTC)?",
            &of(DAYS),
            "Look for the day that is not like the others: in its hours, in its counts, in what was refused.",
        ),
        Step::sql(
            "In which projects",
            "Which projects did they touch, when first and last, and what did they take out or delete?",
            &of(PROJECTS),
            "Projects of their work run through the whole period. Projects that appear for one night only, and are exported from, are not their work.",
        ),
        Step::sql(
            "Who else touched the same",
            "Who else touched what they took out, deleted or changed the permissions of?",
            &of(OTHERS),
            "These people can say whether it was agreed, and who is missing something now.",
        ),
        Step::count(
            "What was refused to them",
            "How often was something refused to them, or failed?",
            &of("uid:\"UID\" -result:SUCCESS -result:PARTIAL"),
            "Refusals are the traces of somebody who does not know their way around.",
        ),
        Step::count(
            "What others did for them",
            "How often did a service act on their behalf?",
            &of("category:onBehalfOf \"UID\""),
            "Reports they ordered. Their uid stands inside the event here, not at its head, so a search by uid alone misses these.",
        ),
    ];
    Review::new(
        &format!("Oversight of {uid}"),
        "what did this person do, and whom does it concern?",
        organization,
        steps,
    )
}

/// Users, actions by category and product, failures.
pub fn usage(organization: Option<&str>) -> Review {
    let steps = [
        Step::sql(
            "Users per day",
            "How many people and programs used the platform, and each product, on each day?",
            USERS,
            "Weekends show. Users are counted once a day, however often they sign in.",
        ),
        Step::sql(
            "Actions by category and product",
            "What is the platform used for?",
            ACTIONS,
            "An event of several categories counts in each of them, and one that belongs to two organizations in each of those. Categories mean the same in every product, so the columns can be compared.",
        ),
        Step::sql(
            "Failures",
            "Which operations fail or are refused most often?",
            FAILURES,
            "Refusals are people at closed doors: broken links, missing rights, guesses. Errors are the platform's own, or files that are not there any more.",
        ),
    ];
    Review::new("Usage", "who uses what, how often, and how often does it fail?", organization, steps)
}

impl Review {
    fn new(
        title: &str,
        question: &'static str,
        organization: Option<&str>,
        steps: impl IntoIterator<Item = Step>,
    ) -> Self {
        let steps = steps.into_iter().map(|step| Step { organization: organization.map(str::to_owned), ..step });
        Review { title: title.to_owned(), question, steps: steps.collect() }
    }
}

impl Step {
    fn count(title: &'static str, asks: &'static str, query: &str, reading: &'static str) -> Self {
        Step { title, asks, ask: Ask::Count(query.to_owned()), reading, organization: None }
    }

    fn sql(title: &'static str, asks: &'static str, statement: &str, reading: &'static str) -> Self {
        Step { title, asks, ask: Ask::Sql(statement.to_owned()), reading, organization: None }
    }
}

const GUESSED: &str = "\
with entered as (select uid, time, origin from events
  where has_category('userLogin') and result = 'SUCCESS'),
refused as (select uid, time, origin from events
  where has_category('authenticationCheck') and result <> 'SUCCESS'),
places as (select origin, count(*) as sign_ins from entered group by 1),
guessed as (select e.uid, e.time, e.origin, count(*) as refusals, count(distinct r.origin) as addresses
  from entered e join refused r on r.uid = e.uid and r.time between e.time - interval '2 hours' and e.time
  group by 1, 2, 3)
select uid, time, origin, sign_ins as sign_ins_from_there, refusals, addresses,
  median(refusals) over () as usual, refusals / median(refusals) over () as times_usual
from guessed join places using (origin) order by refusals desc limit 5";

const ODD_EXPORTS: &str = "\
with habits as (select uid, date_part('hour', time) as hour from events
  group by 1, 2 having count(distinct date_trunc('day', time)) >= 3),
acts as (select uid, time, date_part('hour', time) as hour,
    cast(json_get(resultFields, 'downloadedSize') as bigint) as bytes
  from events where has_category('dataExport') and result = 'SUCCESS'),
days as (select count(*) as acts from acts group by uid, date_trunc('day', time)),
odd as (select uid, min(time) as first, max(time) as last, sum(bytes) / 1000000 as megabytes, count(*) as exports
  from acts left anti join habits using (uid, hour) group by 1)
select odd.*, usual, exports / usual as times_usual
from odd cross join (select median(acts) as usual from days) order by exports desc limit 5";

const ODD_PERMISSIONS: &str = "\
with habits as (select uid, date_part('hour', time) as hour from events
  group by 1, 2 having count(distinct date_trunc('day', time)) >= 3),
acts as (select uid, time, date_part('hour', time) as hour
  from events where has_category('managementPermissions') and result = 'SUCCESS'),
days as (select count(*) as acts from acts group by uid, date_trunc('day', time)),
odd as (select uid, min(time) as first, max(time) as last, count(*) as changes
  from acts left anti join habits using (uid, hour) group by 1)
select odd.*, usual, changes / usual as times_usual
from odd cross join (select median(acts) as usual from days) order by changes desc limit 5";

const DELETIONS: &str = "\
with days as (select uid, date_trunc('day', time) as day, min(time) as first, max(time) as last,
    count(distinct json_get(requestFields, 'deletedResources[0].context[0].value')) as projects,
    count(*) as deletions
  from events where has_category('dataDelete') and result = 'SUCCESS' group by 1, 2)
select uid, first, last, projects, deletions,
  median(deletions) over () as usual, deletions / median(deletions) over () as times_usual
from days order by deletions desc limit 5";

const TOKENS: &str = "\
with days as (select uid, date_trunc('day', time) as day, count(*) as tokens
  from events where has_category('tokenGeneration') and result = 'SUCCESS' group by 1, 2)
select uid, day, tokens, median(tokens) over () as usual, tokens / median(tokens) over () as times_usual
from days order by tokens desc limit 5";

const ADDRESSES: &str = "\
with programs as (select uid, count(distinct tokenId) as tokens, count(distinct origin) as addresses
  from events where has_category('apiGatewayRequest') group by 1)
select *, median(addresses) over () as usual, addresses / median(addresses) over () as times_usual
from programs order by addresses desc limit 5";

const PLACES: &str = "\
select origin, count(distinct userAgent) as programs, count(distinct date_trunc('day', time)) as days,
  count(distinct sid) as sessions, count(*) as events, min(time) as first, max(time) as last,
  count(*) over () as all_addresses
from events where uid = 'UID' and result = 'SUCCESS'
group by 1 order by events desc limit 10";

const DAYS: &str = "\
select date_trunc('day', time) as day, min(time) as first, max(time) as last,
  count(distinct sid) as sessions,
  count(*) filter (where has_category('dataLoad')) as reads,
  count(*) filter (where has_category('dataExport') and result = 'SUCCESS') as exports,
  count(*) filter (where has_category('dataDelete')) as deletions,
  count(*) filter (where has_category('managementPermissions')) as permissions,
  count(*) filter (where has_category('tokenGeneration')) as tokens,
  count(*) filter (where result in ('UNAUTHORIZED', 'ERROR')) as refused
from events where uid = 'UID' group by 1 order by 1";

const PROJECTS: &str = "\
with touched as (select time, categories, coalesce(
    json_get(requestFields, 'accessedMetaDataResources[0].context[0].value'),
    json_get(requestFields, 'loadedResources[0].context[0].value'),
    json_get(requestFields, 'downloadedResources[0].context[0].value'),
    json_get(requestFields, 'deletedResources[0].context[0].value')) as project
  from events where uid = 'UID' and result = 'SUCCESS')
select project, min(time) as first, max(time) as last, count(*) as events,
  count(*) filter (where has_category('dataExport')) as exports,
  count(*) filter (where has_category('dataDelete')) as deletions
from touched where project is not null group by 1 order by first limit 20";

const OTHERS: &str = "\
with theirs as (select distinct unnest(entities) as resource from events where uid = 'UID'
  and (has_category('dataExport') or has_category('dataDelete') or has_category('managementPermissions'))),
touched as (select uid, time, unnest(entities) as resource from events where uid <> 'UID')
select uid, count(distinct resource) as resources, count(*) as events, max(time) as last
from touched join theirs using (resource) group by 1 order by 2 desc limit 10";

const USERS: &str = "\
select date_trunc('day', time) as day, count(distinct uid) as users, count(distinct sid) as sessions,
  count(distinct uid) filter (where product = 'multipass') as multipass,
  count(distinct uid) filter (where product = 'compass') as compass,
  count(distinct uid) filter (where product = 'blobster') as blobster
from events where result = 'SUCCESS' group by 1 order by 1";

const ACTIONS: &str = "\
select category, count(*) as actions, count(distinct uid) as users,
  count(*) filter (where product = 'multipass') as multipass,
  count(*) filter (where product = 'compass') as compass,
  count(*) filter (where product = 'blobster') as blobster
from (select uid, product, unnest(categories) as category from events)
group by 1 order by 2 desc";

const FAILURES: &str = "\
with operations as (select product, name, count(*) as calls,
    count(*) filter (where result = 'UNAUTHORIZED') as refused,
    count(*) filter (where result = 'ERROR') as failed
  from events group by 1, 2)
select *, round(100.0 * (refused + failed) / calls, 1) as percent
from operations where refused + failed > 0 order by percent desc limit 10";
