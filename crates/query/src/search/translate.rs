//! Turns a search into an expression of the engine.
//!
//! Two aims pull in different directions: a value matches in any case, yet an id must be found through Bloom filters,
//! which know it only as stored. They meet in [`spellings`]: values that are ids by their form have few spellings, so
//! plain equality with each of them is the same condition.

use datafusion::common::ScalarValue;
use datafusion::functions::core::expr_fn::{coalesce, get_field};
use datafusion::functions_nested::expr_fn::array_has;
use datafusion::logical_expr::{Expr, ident, lit};
use indelible_event::Organization;

use super::time::Nanos;
use super::{Bounds, Node, Target, Term};
use crate::fields::{Field, INTAKE, Kind};
use crate::pattern::{Matcher, Pattern, Scratch};
use crate::sql::json_get;
use crate::term::{Place, Test, term};
use crate::view::View;

/// The columns a search for an origin asks.
const ORIGINS: [&str; 3] = ["origin", "origins", "sourceOrigin"];

/// The rows of `view` that `node` holds for.
pub(crate) fn translate(node: &Node, view: &View) -> Expr {
    let each = |nodes: &[Node]| nodes.iter().map(|node| translate(node, view)).collect();
    match node {
        Node::All => lit(true),
        Node::And(nodes) => balanced(each(nodes), Expr::and),
        Node::Or(nodes) => balanced(each(nodes), Expr::or),
        // Null and false are both "does not hold".
        Node::Not(node) => translate(node, view).is_not_true(),
        Node::Term(term) => condition(term, view),
    }
}

fn condition(condition: &Term, view: &View) -> Expr {
    match condition {
        Term::Anywhere(pattern) => anywhere(pattern),
        Term::Has(target) => has(target),
        Term::Text(target, pattern) => text(target, pattern),
        Term::Exactly(target, text) => exactly(target, text),
        Term::Organization(pattern) => organization(pattern, view),
        Term::Network(target, network) => {
            any_of(columns(target).map(|column| term(ident(column), Place::Value, Test::Inside(*network))))
        }
        Term::Whole(target, bounds) => whole(value(target), bounds),
        Term::Number(Target::Path(field, path), bounds) => {
            term(ident(field.name), Place::Path(path.clone()), Test::Between(*bounds))
        }
        Term::Number(..) => lit(false),
        Term::Time { received, start, end } => {
            let from = start.map(|start| not_before(*received, start));
            let until = end.map(|end| before(*received, end));
            balanced(from.into_iter().chain(until).collect(), Expr::and)
        }
    }
}

/// Name and the two maps. Of readers who may not see the maps it is not asked.
fn anywhere(pattern: &Pattern) -> Expr {
    let in_name = term(ident("name"), Place::Value, Test::Matches(Matcher::anywhere(pattern)));
    any_of([in_name, in_map("requestFields", pattern), in_map("resultFields", pattern)].into_iter())
}

fn in_map(column: &str, pattern: &Pattern) -> Expr {
    let matcher = Matcher::anywhere(&pattern.json_escaped());
    term(ident(column), Place::Value, Test::Matches(matcher))
}

fn has(target: &Target) -> Expr {
    match target {
        Target::Column(field) if field.kind == Kind::Origin => {
            any_of(ORIGINS.iter().map(|column| ident(*column).is_not_null()))
        }
        Target::Column(_) | Target::Intake(..) => value(target).is_not_null(),
        Target::User(member) => term(ident("users"), Place::Member(Some(member)), Test::Exists),
        Target::Path(field, path) => term(ident(field.name), Place::Path(path.clone()), Test::Exists),
    }
}

fn text(target: &Target, pattern: &Pattern) -> Expr {
    let matches = || Test::Matches(Matcher::whole(pattern));
    match target {
        Target::Path(field, path) => term(ident(field.name), Place::Path(path.clone()), matches()),
        Target::User(member) => term(ident("users"), Place::Member(Some(member)), matches()),
        Target::Column(field) if field.kind == Kind::Map => in_map(field.name, pattern),
        Target::Column(field) if field.kind == Kind::Users => term(ident(field.name), Place::Member(None), matches()),
        Target::Column(field) if field.kind == Kind::Intake => {
            let members = INTAKE.iter().filter(|(_, kind)| *kind == Kind::Text);
            any_of(members.map(|(member, kind)| term(value(&Target::Intake(member, *kind)), Place::Value, matches())))
        }
        Target::Column(Field { kind: Kind::Text, name, .. }) => match pattern.literal().and_then(spellings) {
            Some(spellings) if spellings.len() == 1 => {
                any_of(spellings.into_iter().map(|text| ident(*name).eq(lit(text))))
            }
            Some(spellings) => ident(*name).in_list(spellings.into_iter().map(lit).collect(), false),
            None => term(ident(*name), Place::Value, matches()),
        },
        Target::Column(Field { kind: Kind::List, name, .. }) => match pattern.literal().and_then(spellings) {
            Some(spellings) => any_of(spellings.into_iter().map(|text| array_has(ident(*name), lit(text)))),
            None => term(ident(*name), Place::Value, matches()),
        },
        Target::Column(_) => any_of(columns(target).map(|column| term(ident(column), Place::Value, matches()))),
        Target::Intake(..) => term(value(target), Place::Value, matches()),
    }
}

fn exactly(target: &Target, text: &str) -> Expr {
    let is = || Test::Is(text.to_owned());
    match target {
        Target::Path(field, path) => term(ident(field.name), Place::Path(path.clone()), is()),
        Target::User(member) => term(ident("users"), Place::Member(Some(member)), is()),
        Target::Column(field) => match field.kind {
            Kind::Text | Kind::Organization => ident(field.name).eq(lit(text)),
            Kind::List => array_has(ident(field.name), lit(text)),
            Kind::Users => term(ident(field.name), Place::Member(None), is()),
            Kind::Intake => lit(false),
            _ => any_of(columns(target).map(|column| term(ident(column), Place::Value, is()))),
        },
        Target::Intake(..) => value(target).eq(lit(text)),
    }
}

/// Columns that hold what `target` asks for.
fn columns(target: &Target) -> impl Iterator<Item = &'static str> {
    let own = match target {
        Target::Column(field) if field.kind == Kind::Origin => None,
        Target::Column(field) | Target::Path(field, _) => Some(field.name),
        Target::Intake(..) => Some("intake"),
        Target::User(_) => Some("users"),
    };
    let origins = if own.is_none() { &ORIGINS[..] } else { &[] };
    own.into_iter().chain(origins.iter().copied())
}

/// The value itself, as text or number.
pub(crate) fn value(target: &Target) -> Expr {
    match target {
        Target::Intake(member, _) => get_field(ident("intake"), *member),
        Target::Column(field) => ident(field.name),
        Target::Path(field, path) => json_get().call(vec![ident(field.name), lit(path.as_str())]),
        Target::User(_) => ident("users"),
    }
}

fn whole(number: Expr, bounds: &Bounds<i64>) -> Expr {
    let low = bounds.low.map(|(low, inside)| {
        let number = number.clone();
        if inside { number.gt_eq(lit(low)) } else { number.gt(lit(low)) }
    });
    let high = bounds.high.map(|(high, inside)| {
        let number = number.clone();
        if inside { number.lt_eq(lit(high)) } else { number.lt(lit(high)) }
    });
    match (bounds.low, bounds.high) {
        (Some((low, true)), Some((high, true))) if low == high => number.eq(lit(low)),
        _ => balanced(low.into_iter().chain(high).collect(), Expr::and),
    }
}

/// The organization is decided here and now, among those the reader may see.
fn organization(pattern: &Pattern, view: &View) -> Expr {
    let matcher = Matcher::whole(pattern);
    let scratch = &mut Scratch::default();
    let mut matches = |organization: &&Organization| {
        let rid = organization.as_str();
        let locator = rid.splitn(5, '.').last().unwrap_or(rid);
        matcher.is_match(rid, scratch) || matcher.is_match(locator, scratch)
    };
    let found: Vec<&Organization> = view.organizations().iter().filter(&mut matches).collect();
    if found.len() == view.organizations().len() {
        return lit(true);
    }
    one_of("organization", &found)
}

/// Rows of `organizations`.
fn one_of(column: &str, organizations: &[&Organization]) -> Expr {
    let rids = organizations.iter().map(|organization| lit(organization.as_str()));
    match organizations {
        [] => lit(false),
        _ => ident(column).in_list(rids.collect(), false),
    }
}

/// Rows at or after `start`.
pub(crate) fn not_before(received: bool, start: Nanos) -> Expr {
    let micros = |nanos: Nanos| lit(timestamp(nanos));
    let (whole, below) = (start.div_euclid(1_000), start.rem_euclid(1_000));
    match (received, below) {
        (false, 0) => ident("time").gt_eq(micros(whole)),
        (true, 0) => ident("received_at").gt_eq(micros(whole)),
        // Kept to the microsecond, so only a later one is not before.
        (true, _) => ident("received_at").gt(micros(whole)),
        (false, _) => {
            let nanos = coalesce(vec![ident("timeNanos"), lit(0i16)]);
            let same = ident("time").eq(micros(whole)).and(nanos.gt_eq(lit(below as i16)));
            ident("time").gt(micros(whole)).or(same)
        }
    }
}

/// Rows before `end`. Not the negation of the above: bounds of files are compared with `<`, not with a negation.
pub(crate) fn before(received: bool, end: Nanos) -> Expr {
    let micros = |nanos: Nanos| lit(timestamp(nanos));
    let (whole, below) = (end.div_euclid(1_000), end.rem_euclid(1_000));
    match (received, below) {
        (false, 0) => ident("time").lt(micros(whole)),
        (true, 0) => ident("received_at").lt(micros(whole)),
        (true, _) => ident("received_at").lt_eq(micros(whole)),
        (false, _) => {
            let nanos = coalesce(vec![ident("timeNanos"), lit(0i16)]);
            let same = ident("time").eq(micros(whole)).and(nanos.lt(lit(below as i16)));
            ident("time").lt(micros(whole)).or(same)
        }
    }
}

/// Clamped, so that the instant after the last one stays beyond every value.
fn timestamp(micros: Nanos) -> ScalarValue {
    let micros = micros.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
    ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()))
}

/// Every spelling in which a value that equals `text` in any case can be stored, if they are few: a text without
/// letters has one; ids in hexadecimal (UUIDs, trace ids) are written in lower or in upper case; RIDs as they are or
/// in lower case. Of other texts there are too many: `None`.
fn spellings(text: &str) -> Option<Vec<String>> {
    let has_letters = text.chars().any(char::is_alphabetic);
    let is_hexadecimal = text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let mut spellings = vec![text.to_owned()];
    if has_letters && !is_hexadecimal && !Organization::is_valid(&text.to_lowercase()) {
        return None;
    }
    if has_letters {
        spellings.push(text.to_lowercase());
    }
    if has_letters && is_hexadecimal {
        spellings.push(text.to_uppercase());
    }
    spellings.sort();
    spellings.dedup();
    Some(spellings)
}

fn any_of(conditions: impl Iterator<Item = Expr>) -> Expr {
    balanced(conditions.collect(), Expr::or)
}

/// Joins in a balanced tree, so that hundreds of terms do not nest hundreds deep. Nothing joined holds for everything.
fn balanced(mut conditions: Vec<Expr>, join: fn(Expr, Expr) -> Expr) -> Expr {
    while conditions.len() > 1 {
        let mut pairs = conditions.into_iter();
        let mut joined = Vec::new();
        while let Some(first) = pairs.next() {
            joined.push(match pairs.next() {
                Some(second) => join(first, second),
                None => first,
            });
        }
        conditions = joined;
    }
    conditions.pop().unwrap_or_else(|| lit(true))
}
