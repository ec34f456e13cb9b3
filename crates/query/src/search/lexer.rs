//! Cuts a search into tokens. Knows quotes, escapes and wildcards, and nothing of fields.

use super::SearchError;
use crate::pattern::{Part, Pattern};

/// A piece of the search with the place it came from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    /// Characters from the start of the search, not bytes: what an editor shows.
    pub(super) at: usize,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Open,
    Close,
    And,
    Or,
    Not,
    /// `name:`, with a value, a comparison or a parenthesis to follow.
    Field(String),
    /// `>`, `>=`, `<`, `<=` or `=` straight after a field.
    Operator(Operator),
    /// A word or a quoted phrase.
    Value(Pattern),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Exactly,
}

impl Operator {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Operator::Less => "<",
            Operator::AtMost => "<=",
            Operator::Greater => ">",
            Operator::AtLeast => ">=",
            Operator::Exactly => "=",
        }
    }
}

/// Tokens of `text`, in order.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SearchError> {
    let mut lexer = Lexer { rest: text, at: 0, tokens: Vec::new() };
    while lexer.token()? {}
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    rest: &'a str,
    at: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn token(&mut self) -> Result<bool, SearchError> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
        let at = self.at;
        match self.peek() {
            None => return Ok(false),
            Some('(') => self.single(Kind::Open),
            Some(')') => self.single(Kind::Close),
            Some('-') if !self.after_field() => self.single(Kind::Not),
            Some('>' | '<' | '=') if self.after_field() => {
                let operator = self.operator();
                self.push(at, Kind::Operator(operator));
            }
            Some('"') => {
                let phrase = self.phrase()?;
                self.push(at, Kind::Value(phrase));
            }
            Some(_) => self.word(),
        }
        Ok(true)
    }

    /// Whether a value must follow here, so that `-` and `>` belong to it.
    fn after_field(&self) -> bool {
        matches!(
            self.tokens.last(),
            Some(Token { kind: Kind::Field(name), at })
                if *at + name.chars().count() + 1 == self.at
        ) || matches!(
            self.tokens.last(),
            Some(Token { kind: Kind::Operator(operator), at })
                if *at + operator.as_str().len() == self.at
        )
    }

    fn operator(&mut self) -> Operator {
        let first = self.bump();
        let equals = self.peek() == Some('=');
        if equals && first != Some('=') {
            self.bump();
        }
        match (first, equals) {
            (Some('<'), false) => Operator::Less,
            (Some('<'), true) => Operator::AtMost,
            (Some('>'), false) => Operator::Greater,
            (Some('>'), true) => Operator::AtLeast,
            _ => Operator::Exactly,
        }
    }

    /// A quoted phrase: `*` is a wildcard as elsewhere, `\` takes the meaning from `"`, `*` and `\`.
    fn phrase(&mut self) -> Result<Pattern, SearchError> {
        let start = self.at;
        self.bump();
        let mut pattern = Builder::default();
        loop {
            match self.bump() {
                None => {
                    return Err(SearchError::new(
                        start,
                        "this quote is never closed",
                        "add the closing \" or write \\\" for a quote that belongs to the text",
                    ));
                }
                Some('"') => return Ok(pattern.finish(true)),
                Some('*') => pattern.any(),
                Some('\\') if matches!(self.peek(), Some('"' | '*' | '\\')) => {
                    let escaped = self.bump();
                    escaped.into_iter().for_each(|c| pattern.literal(c));
                }
                Some(c) => pattern.literal(c),
            }
        }
    }

    /// A word ends at white space, a parenthesis or a quote. The first `:` after a name makes it a field.
    fn word(&mut self) {
        let start = self.at;
        let after_field = self.after_field();
        let mut pattern = Builder::default();
        let mut raw = String::new();
        while let Some(c) = self.peek() {
            if c.is_whitespace() || matches!(c, '(' | ')' | '"') {
                break;
            }
            self.bump();
            match c {
                ':' if !after_field && is_field_name(&raw) => {
                    self.push(start, Kind::Field(raw));
                    return;
                }
                '*' => pattern.any(),
                '\\' if matches!(self.peek(), Some('"' | '*' | '\\' | '(' | ')' | ':')) => {
                    raw.push(c);
                    let escaped = self.bump();
                    escaped.into_iter().for_each(|c| pattern.literal(c));
                }
                c => pattern.literal(c),
            }
            raw.push(c);
        }
        let kind = match raw.as_str() {
            "OR" if !after_field => Kind::Or,
            "AND" if !after_field => Kind::And,
            "NOT" if !after_field => Kind::Not,
            _ => Kind::Value(pattern.finish(false)),
        };
        self.push(start, kind);
    }

    fn single(&mut self, kind: Kind) {
        let at = self.at;
        self.bump();
        self.push(at, kind);
    }

    fn push(&mut self, at: usize, kind: Kind) {
        self.tokens.push(Token { at, kind });
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        if next.is_some() {
            self.at += 1;
            self.rest = chars.as_str();
        }
        next
    }
}

/// Letters, digits and the signs a path in a map may hold, starting with a letter.
fn is_field_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | '$' | '@'))
}

#[derive(Default)]
struct Builder {
    parts: Vec<Part>,
}

impl Builder {
    fn literal(&mut self, c: char) {
        match self.parts.last_mut() {
            Some(Part::Literal(text)) => text.push(c),
            _ => self.parts.push(Part::Literal(c.to_string())),
        }
    }

    fn any(&mut self) {
        if self.parts.last() != Some(&Part::Any) {
            self.parts.push(Part::Any);
        }
    }

    fn finish(self, quoted: bool) -> Pattern {
        Pattern { parts: self.parts, quoted }
    }
}
