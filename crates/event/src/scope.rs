//! Whose entries a reader may see, and how much of each.

use crate::Organization;

/// How much of an entry a reader may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Both parts.
    Entry,
    /// The infrastructure part only: the operator's view.
    Infrastructure,
}

/// A reader's right: some organizations and one [`Part`].
///
/// Authorization alone makes scopes; every read of audit data takes one and can reach nothing outside it. An empty
/// list of organizations reaches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    organizations: Vec<Organization>,
    part: Part,
}

impl Scope {
    /// A scope over `organizations`, in any order, repeats allowed.
    ///
    /// For the code that authorizes a principal, and for tests. Nothing else may call this.
    pub fn new(mut organizations: Vec<Organization>, part: Part) -> Self {
        organizations.sort_unstable();
        organizations.dedup();
        Self { organizations, part }
    }

    /// The organizations, sorted, without repeats.
    pub fn organizations(&self) -> &[Organization] {
        &self.organizations
    }

    /// How much of each entry may be seen.
    pub fn part(&self) -> Part {
        self.part
    }

    /// Whether entries of `organization` may be seen.
    pub fn contains(&self, organization: &Organization) -> bool {
        self.organizations.binary_search(organization).is_ok()
    }
}

#[cfg(test)]
mod tests;
