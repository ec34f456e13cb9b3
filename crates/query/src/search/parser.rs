//! Reads tokens into a [`Node`], fields resolved and values typed.

use indelible_event::Part;

use super::lexer::{Kind as Lexeme, Operator, Token, tokens};
use super::time::{Interval, Nanos};
use super::{SEARCH_BYTES_MAX, SEARCH_DEPTH_MAX, SEARCH_TERMS_MAX, SearchError, time};
use crate::cidr::Network;
use crate::fields::{self, Field, INTAKE, Kind, USER};
use crate::pattern::Pattern;

/// A search, understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// Everything.
    All,
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Term(Term),
}

/// One condition. A value is there and meets it, or the condition does not hold: nothing is unknown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Term {
    /// Name and maps hold this text.
    Anywhere(Pattern),
    /// The field has a value.
    Has(Target),
    /// The value as a whole, without regard to case; of a list, any element.
    Text(Target, Pattern),
    /// The value exactly as written.
    Exactly(Target, String),
    /// The organization's RID, or the last part of it.
    Organization(Pattern),
    /// An address inside this network.
    Network(Target, Network),
    /// A whole number.
    Whole(Target, Bounds<i64>),
    /// A number in a map.
    Number(Target, Bounds<f64>),
    /// From the first, up to but without the second.
    Time { received: bool, start: Option<Nanos>, end: Option<Nanos> },
}

/// What a term asks about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    Column(&'static Field),
    /// A member of the struct `intake`.
    Intake(&'static str, Kind),
    /// A member of the users.
    User(&'static str),
    /// A path inside a map.
    Path(&'static Field, String),
}

/// A range; a bound says whether it belongs to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds<T> {
    pub(crate) low: Option<(T, bool)>,
    pub(crate) high: Option<(T, bool)>,
}

/// Reads `text` for a reader of `part`; relative times count from `now`.
pub(crate) fn parse(text: &str, part: Part, now: Nanos) -> Result<Node, SearchError> {
    if text.len() > SEARCH_BYTES_MAX {
        return Err(SearchError::new(
            0,
            format!("the search is {} bytes long", text.len()),
            format!("shorten it to {SEARCH_BYTES_MAX} bytes"),
        ));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, next: 0, end: text.chars().count(), terms: 0, part, now, group: None };
    if parser.tokens.is_empty() {
        return Ok(Node::All);
    }
    let node = parser.any_of(0)?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.error("this parenthesis closes nothing", "remove it or quote it")),
    }
}

/// Resolves a field's name for a reader of `part`.
pub(crate) fn target(name: &str, part: Part) -> Result<Target, SearchError> {
    let (head, path) = name.split_once('.').unwrap_or((name, ""));
    let unknown = || unknown_field(name, part);
    let field = fields::find(head);
    let intake = |member: &str| INTAKE.iter().find(|(known, _)| known.eq_ignore_ascii_case(member));
    if let (None, Some(&(member, kind))) = (field, intake(name)) {
        return Ok(Target::Intake(member, kind));
    }
    let field = field.ok_or_else(unknown)?;
    if field.content && part == Part::Infrastructure {
        return Err(SearchError::new(
            0,
            format!("`{name}` is of the content part, which the operator's view does not hold"),
            "search fields of the infrastructure part, such as name, uid or origin",
        ));
    }
    match field.kind {
        _ if !name.contains('.') => Ok(Target::Column(field)),
        Kind::Map if !path.is_empty() => Ok(Target::Path(field, path.to_owned())),
        Kind::Intake => intake(path).map(|&(member, kind)| Target::Intake(member, kind)).ok_or_else(unknown),
        Kind::Users => {
            let member = USER.iter().find(|member| member.eq_ignore_ascii_case(path));
            member.map(|member| Target::User(member)).ok_or_else(unknown)
        }
        _ => Err(unknown()),
    }
}

fn unknown_field(name: &str, part: Part) -> SearchError {
    let known =
        fields::columns(part).flat_map(|field| std::iter::once(field.name).chain(field.aliases.iter().copied()));
    let near = fields::alternatives(&fields::nearest(name.split('.').next().unwrap_or(name), known));
    let remedy = match (near, part) {
        (Some(near), Part::Entry) => format!("did you mean {near}? To search for the text, quote it"),
        (None, Part::Entry) => {
            "to search for the text, quote it; a field inside the maps is written requestFields.NAME".to_owned()
        }
        (Some(near), Part::Infrastructure) => format!("did you mean {near}?"),
        (None, Part::Infrastructure) => {
            "search fields of the infrastructure part, such as name, uid or origin".to_owned()
        }
    };
    SearchError::new(0, format!("there is no field `{name}`"), remedy)
}

struct Parser<'a> {
    tokens: &'a [Token],
    next: usize,
    end: usize,
    terms: usize,
    part: Part,
    now: Nanos,
    /// The field before the parenthesis we are in, as in `result:(ERROR OR PARTIAL)`.
    group: Option<Target>,
}

impl Parser<'_> {
    fn any_of(&mut self, depth: usize) -> Result<Node, SearchError> {
        let mut nodes = vec![self.all_of(depth)?];
        while self.take(&Lexeme::Or) {
            nodes.push(self.all_of(depth)?);
        }
        Ok(one_or(nodes, Node::Or))
    }

    fn all_of(&mut self, depth: usize) -> Result<Node, SearchError> {
        let mut nodes = vec![self.negated(depth)?];
        loop {
            match self.peek() {
                None | Some(Lexeme::Or | Lexeme::Close) => return Ok(one_or(nodes, Node::And)),
                Some(Lexeme::And) => self.next += 1,
                Some(_) => {}
            }
            nodes.push(self.negated(depth)?);
        }
    }

    fn negated(&mut self, depth: usize) -> Result<Node, SearchError> {
        if depth > SEARCH_DEPTH_MAX {
            return Err(self.error(
                format!("parentheses and negations are nested deeper than {SEARCH_DEPTH_MAX}"),
                "write the search flatter",
            ));
        }
        if self.take(&Lexeme::Not) {
            return Ok(Node::Not(Box::new(self.negated(depth + 1)?)));
        }
        self.primary(depth)
    }

    fn primary(&mut self, depth: usize) -> Result<Node, SearchError> {
        let at = self.at();
        match self.advance() {
            Some(Lexeme::Open) => self.parenthesis(at, depth),
            Some(Lexeme::Value(pattern)) => {
                self.count(at)?;
                match self.group.clone() {
                    Some(target) => self.condition(at, target, None, &pattern),
                    None if pattern.is_any() => Ok(Node::All),
                    None if self.part == Part::Infrastructure => Err(SearchError::new(
                        at,
                        "text alone is looked for in the content too, which the operator's view does not hold",
                        format!("name a field of the infrastructure part, such as `name:*{pattern}*`"),
                    )),
                    None => Ok(Node::Term(Term::Anywhere(pattern))),
                }
            }
            Some(Lexeme::Field(name)) => self.field(at, &name, depth),
            Some(other) => {
                let found = match other {
                    Lexeme::Close => ")",
                    Lexeme::And => "AND",
                    Lexeme::Or => "OR",
                    Lexeme::Operator(operator) => operator.as_str(),
                    _ => "-",
                };
                Err(SearchError::new(
                    at,
                    format!("a term is missing before `{found}`"),
                    format!("write one there, or \"{found}\" in quotes to search for it"),
                ))
            }
            None => Err(SearchError::new(
                at,
                "the search ends where a term is missing",
                "write one more term or remove the last word",
            )),
        }
    }

    fn parenthesis(&mut self, at: usize, depth: usize) -> Result<Node, SearchError> {
        let node = self.any_of(depth + 1)?;
        if self.take(&Lexeme::Close) {
            return Ok(node);
        }
        Err(SearchError::new(at, "this parenthesis is never closed", "add the closing )"))
    }

    fn field(&mut self, at: usize, name: &str, depth: usize) -> Result<Node, SearchError> {
        if self.group.is_some() {
            return Err(SearchError::new(
                at,
                format!("`{name}:` stands inside the values of another field"),
                "close the parenthesis before it, or quote it",
            ));
        }
        if name.eq_ignore_ascii_case("has") {
            return self.has(at);
        }
        let target = self.target(at, name)?;
        if self.take(&Lexeme::Open) {
            self.group = Some(target);
            let node = self.parenthesis(at, depth);
            self.group = None;
            return node;
        }
        let operator = match self.peek() {
            Some(&Lexeme::Operator(operator)) => {
                self.next += 1;
                Some(operator)
            }
            _ => None,
        };
        let value_at = self.at();
        match self.advance() {
            Some(Lexeme::Value(pattern)) => {
                self.count(at)?;
                self.condition(value_at, target, operator, &pattern)
            }
            _ => Err(SearchError::new(
                value_at,
                format!("`{name}:` has no value"),
                format!("write one straight after it, or `has:{name}` for any value"),
            )),
        }
    }

    fn has(&mut self, at: usize) -> Result<Node, SearchError> {
        let value_at = self.at();
        let Some(Lexeme::Value(pattern)) = self.advance() else {
            return Err(SearchError::new(
                at,
                "`has:` names no field",
                "write a field straight after it, such as `has:uid`",
            ));
        };
        self.count(at)?;
        let target = self.target(value_at, &pattern.to_string())?;
        Ok(Node::Term(Term::Has(target)))
    }

    fn target(&self, at: usize, name: &str) -> Result<Target, SearchError> {
        target(name, self.part).map_err(|error| SearchError { at, ..error })
    }

    /// The condition that `operator` and `pattern` put on `target`.
    fn condition(
        &self,
        at: usize,
        target: Target,
        operator: Option<Operator>,
        pattern: &Pattern,
    ) -> Result<Node, SearchError> {
        if pattern.is_any() && operator.is_none() {
            return Ok(Node::Term(Term::Has(target)));
        }
        let kind = match &target {
            Target::Column(field) => field.kind,
            Target::Intake(_, kind) => *kind,
            Target::User(_) => Kind::Text,
            Target::Path(..) => Kind::Map,
        };
        let term = match kind {
            Kind::Time | Kind::Received => self.time(at, kind == Kind::Received, operator, pattern)?,
            Kind::Number => Term::Whole(
                target,
                bounds(operator, pattern).ok_or_else(|| {
                    SearchError::new(
                        at,
                        format!("`{pattern}` is not a whole number"),
                        "write one, such as 100, >=100 or 100..199",
                    )
                })?,
            ),
            Kind::Organization if operator == Some(Operator::Exactly) => exactly(target, pattern),
            Kind::Organization if operator.is_none() => Term::Organization(pattern.clone()),
            _ => return self.text(at, kind, target, operator, pattern),
        };
        Ok(Node::Term(term))
    }

    fn text(
        &self,
        at: usize,
        kind: Kind,
        target: Target,
        operator: Option<Operator>,
        pattern: &Pattern,
    ) -> Result<Node, SearchError> {
        let in_map = matches!(target, Target::Path(..));
        let is_range = pattern.literal().is_some_and(|text| text.contains("..")) && !pattern.quoted;
        let term = match operator {
            Some(Operator::Exactly) => exactly(target, pattern),
            None if in_map && is_range => match bounds(None, pattern) {
                Some(bounds) => Term::Number(target, bounds),
                None => Term::Text(target, pattern.clone()),
            },
            None if matches!(kind, Kind::Origin | Kind::Address) => match pattern.literal().and_then(Network::parse) {
                Some(network) => Term::Network(target, network),
                None => Term::Text(target, pattern.clone()),
            },
            None => Term::Text(target, pattern.clone()),
            Some(_) if in_map => match bounds(operator, pattern) {
                Some(bounds) => Term::Number(target, bounds),
                None => {
                    return Err(SearchError::new(
                        at,
                        format!("`{pattern}` is not a number"),
                        "inside the maps only numbers have an order",
                    ));
                }
            },
            Some(operator) => {
                return Err(SearchError::new(
                    at,
                    format!("`{}` needs a number or a time, and this field is text", operator.as_str()),
                    "use `*` for a beginning, such as 1.2*",
                ));
            }
        };
        Ok(Node::Term(term))
    }

    fn time(
        &self,
        at: usize,
        received: bool,
        operator: Option<Operator>,
        pattern: &Pattern,
    ) -> Result<Term, SearchError> {
        let wrong = || {
            SearchError::new(
                at,
                format!("`{pattern}` is not a time"),
                "write 2021-04-16, 2021-04-16T10:00:00Z, -7d, today or a range 2021-04-16..2021-04-18",
            )
        };
        let text = pattern.literal().ok_or_else(wrong)?;
        let read = |text: &str| time::parse(text, self.now).ok_or_else(wrong);
        let term = |start, end| Term::Time { received, start, end };
        if operator.is_none()
            && let Some((first, last)) = text.split_once("..")
        {
            let bound = |text: &str| (!text.is_empty()).then(|| read(text)).transpose();
            let (first, last): (Option<Interval>, Option<Interval>) = (bound(first)?, bound(last)?);
            if first.is_none() && last.is_none() {
                return Err(wrong());
            }
            return Ok(term(first.map(|first| first.start), last.map(|last| last.end)));
        }
        let Interval { start, end } = read(text)?;
        Ok(match operator {
            None if text.starts_with('-') => term(Some(start), None),
            None | Some(Operator::Exactly) => term(Some(start), Some(end)),
            Some(Operator::Less) => term(None, Some(start)),
            Some(Operator::AtMost) => term(None, Some(end)),
            Some(Operator::Greater) => term(Some(end), None),
            Some(Operator::AtLeast) => term(Some(start), None),
        })
    }

    fn count(&mut self, at: usize) -> Result<(), SearchError> {
        self.terms += 1;
        if self.terms <= SEARCH_TERMS_MAX {
            return Ok(());
        }
        Err(SearchError::new(
            at,
            format!("there are more than {SEARCH_TERMS_MAX} terms"),
            "use wildcards, or SQL with a list",
        ))
    }

    fn peek(&self) -> Option<&Lexeme> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |token| token.at)
    }

    fn advance(&mut self) -> Option<Lexeme> {
        let kind = self.peek().cloned();
        self.next += usize::from(kind.is_some());
        kind
    }

    fn take(&mut self, kind: &Lexeme) -> bool {
        let found = self.peek() == Some(kind);
        self.next += usize::from(found);
        found
    }

    fn error(&self, message: impl Into<String>, remedy: impl Into<String>) -> SearchError {
        SearchError::new(self.at(), message, remedy)
    }
}

fn one_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match nodes.len() {
        1 => nodes.remove(0),
        _ => many(nodes),
    }
}

fn exactly(target: Target, pattern: &Pattern) -> Term {
    Term::Exactly(target, pattern.to_string())
}

/// `n`, `n..m`, `n..`, `..m` or a comparison with `n`.
fn bounds<T: std::str::FromStr + Copy>(operator: Option<Operator>, pattern: &Pattern) -> Option<Bounds<T>> {
    let text = pattern.literal()?;
    let bounds = |low, high| Some(Bounds { low, high });
    if operator.is_none()
        && let Some((low, high)) = text.split_once("..")
    {
        let bound = |text: &str| match text {
            "" => Some(None),
            text => text.parse().ok().map(|value| Some((value, true))),
        };
        let (low, high) = (bound(low)?, bound(high)?);
        return (low.is_some() || high.is_some()).then_some(Bounds { low, high });
    }
    let value: T = text.parse().ok()?;
    match operator {
        None | Some(Operator::Exactly) => bounds(Some((value, true)), Some((value, true))),
        Some(Operator::Less) => bounds(None, Some((value, false))),
        Some(Operator::AtMost) => bounds(None, Some((value, true))),
        Some(Operator::Greater) => bounds(Some((value, false)), None),
        Some(Operator::AtLeast) => bounds(Some((value, true)), None),
    }
}
