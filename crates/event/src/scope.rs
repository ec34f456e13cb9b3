//! Whose entries a reader may see, and how much of each.
//!
//! There are two rights to read and two types for them. A [`Scope`] reaches whole entries; an [`OperatorScope`] reaches
//! their infrastructure part. What reads content asks for a [`Scope`], so it cannot be handed the other:
//!
//! ```compile_fail
//! use indelible_event::{OperatorScope, Scope};
//! fn read_content(_: &Scope) {}
//! fn observe(scope: &OperatorScope) {
//!     read_content(scope);
//! }
//! ```
//!
//! and no function makes one of the other:
//!
//! ```compile_fail
//! use indelible_event::{OperatorScope, Scope};
//! fn widen(scope: OperatorScope) -> Scope {
//!     scope.into()
//! }
//! ```
//!
//! What serves both, such as the query engine, takes a [`Reach`] and asks it for the [`Part`]:
//!
//! ```
//! use indelible_event::{OperatorScope, Part, Reach, Scope};
//! fn part(reach: &impl Reach) -> Part {
//!     reach.part()
//! }
//! assert_eq!(part(&Scope::new(Vec::new())), Part::Entry);
//! assert_eq!(part(&OperatorScope::new(Vec::new())), Part::Infrastructure);
//! ```

use std::collections::BTreeMap;

use crate::Organization;
use crate::pseudonym::PseudonymKey;

/// How much of an entry a reader may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Both parts.
    Entry,
    /// The infrastructure part only: the operator's view.
    Infrastructure,
}

/// A right to read: some organizations, and how much of their entries. Only the two types of this module are one.
pub trait Reach: sealed::Sealed {
    /// The organizations, sorted, without repeats.
    fn organizations(&self) -> &[Organization];

    /// Whether entries of `organization` may be seen.
    fn contains(&self, organization: &Organization) -> bool {
        self.organizations().binary_search(organization).is_ok()
    }

    /// How much of each entry may be seen.
    fn part(&self) -> Part;

    /// The key under which the reader is shown pseudonyms of this organization's people, sessions and tokens; `None`
    /// if it is shown them as they are.
    fn pseudonyms(&self, organization: &Organization) -> Option<&PseudonymKey>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Scope {}
    impl Sealed for super::OperatorScope {}
}

/// A reader's right over the whole entries of some organizations.
///
/// Authorization alone makes scopes; every read of audit data takes one and can reach nothing outside it. An empty
/// list of organizations reaches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    organizations: Vec<Organization>,
}

impl Scope {
    /// A scope over `organizations`, in any order, repeats allowed.
    ///
    /// For the code that authorizes a principal, for what the server reads of itself, and for tests.
    pub fn new(mut organizations: Vec<Organization>) -> Self {
        organizations.sort_unstable();
        organizations.dedup();
        Self { organizations }
    }

    /// The organizations, sorted, without repeats.
    pub fn organizations(&self) -> &[Organization] {
        &self.organizations
    }

    /// Whether entries of `organization` may be seen.
    pub fn contains(&self, organization: &Organization) -> bool {
        self.organizations.binary_search(organization).is_ok()
    }
}

impl Reach for Scope {
    fn organizations(&self) -> &[Organization] {
        &self.organizations
    }

    fn part(&self) -> Part {
        Part::Entry
    }

    fn pseudonyms(&self, _: &Organization) -> Option<&PseudonymKey> {
        None
    }
}

/// The operator's right over the infrastructure part of the entries of some organizations, and nothing else of them.
#[derive(Debug, Clone)]
pub struct OperatorScope {
    organizations: Vec<Organization>,
    pseudonyms: BTreeMap<Organization, PseudonymKey>,
}

impl OperatorScope {
    /// A scope over organizations, each once and in any order, with the key of those whose people, sessions and tokens
    /// are shown as pseudonyms.
    ///
    /// For the code that authorizes a principal, and for tests.
    pub fn new(organizations: Vec<(Organization, Option<PseudonymKey>)>) -> Self {
        let mut scope = Self { organizations: Vec::new(), pseudonyms: BTreeMap::new() };
        for (organization, key) in organizations {
            if let Some(key) = key {
                scope.pseudonyms.insert(organization.clone(), key);
            }
            scope.organizations.push(organization);
        }
        scope.organizations.sort_unstable();
        scope.organizations.dedup();
        scope
    }
}

impl Reach for OperatorScope {
    fn organizations(&self) -> &[Organization] {
        &self.organizations
    }

    fn part(&self) -> Part {
        Part::Infrastructure
    }

    fn pseudonyms(&self, organization: &Organization) -> Option<&PseudonymKey> {
        self.pseudonyms.get(organization)
    }
}

#[cfg(test)]
mod tests;
