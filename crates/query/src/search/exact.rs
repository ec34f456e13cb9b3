//! Searches that anybody can do again who sees the infrastructure part of every entry: exact values, all of which must hold.

use indelible_event::Part;

use super::{Node, SearchError, Target, Term, parse};
use crate::fields::{Field, Kind};

/// A field of the infrastructure part is a value, without regard to the case of ASCII letters; or is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactTerm {
    /// Whether it must not be so.
    pub negated: bool,
    /// The member of the infrastructure part; `categories` is met by any of its elements.
    pub field: &'static str,
    /// The value, ASCII.
    pub value: String,
}

/// The terms of the search `query`, if it consists of such terms alone; `None` if it looks at anything else, or in another way.
///
/// # Errors
/// When the search cannot be understood.
pub fn exact_terms(query: &str) -> Result<Option<Vec<ExactTerm>>, SearchError> {
    // No term that counts from the present is exact.
    let terms = match parse(query, Part::Entry, 0)? {
        Node::And(nodes) => nodes.iter().map(exact_term).collect(),
        node => exact_term(&node).map(|term| vec![term]),
    };
    Ok(terms)
}

fn exact_term(node: &Node) -> Option<ExactTerm> {
    match node {
        Node::Not(node) => exact_term(node).map(|term| ExactTerm { negated: !term.negated, ..term }),
        Node::Term(Term::Text(Target::Column(field), pattern)) => {
            let Field { name, kind: Kind::Text | Kind::List, content: false, .. } = field else { return None };
            let value = pattern.literal().filter(|value| value.is_ascii())?;
            Some(ExactTerm { negated: false, field: name, value: value.to_owned() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(query: &str, expected: Option<&[(bool, &str, &str)]>) {
        let terms = exact_terms(query).unwrap();
        let found: Option<Vec<_>> =
            terms.as_ref().map(|terms| terms.iter().map(|term| (term.negated, term.field, &*term.value)).collect());
        assert_eq!(found.as_deref(), expected, "{query}");
    }

    #[test]
    fn exact_values_of_the_infrastructure_part_are_told_from_everything_else() {
        check("uid:ann", Some(&[(false, "uid", "ann")]));
        check("user:Ann", Some(&[(false, "uid", "Ann")]));
        check(
            "category:dataExport -result:\"SUCCESS\"",
            Some(&[(false, "categories", "dataExport"), (true, "result", "SUCCESS")]),
        );
        check("NOT -uid:a AND product:x", Some(&[(false, "uid", "a"), (false, "product", "x")]));
        check("(uid:a) (product:x)", Some(&[(false, "uid", "a"), (false, "product", "x")]));
        for other in [
            "",
            "*",
            "word",
            "uid:a*",
            "uid:=Ann",
            "uid:ä",
            "uid:a OR uid:b",
            "uid:(a OR b)",
            "-(uid:a product:x)",
            "has:uid",
            "entities:x",
            "requestFields.n:5",
            "users.uid:a",
            "origin:10.0.0.1",
            "time:2021-04-16",
            "seq:5",
            "organization:acme",
            "intake.producer:p",
            "uid:a word",
        ] {
            check(other, None);
        }
        assert!(exact_terms("nofield:x").is_err());
    }
}
