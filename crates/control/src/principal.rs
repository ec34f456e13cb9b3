//! Who calls the API, and what they may do where.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indelible_event::pseudonym::PseudonymKey;
use indelible_event::{OperatorScope, Organization, Scope};

use crate::issued::Use;
use crate::operation::Operation;

/// Who presents a token.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Stable id.
    pub id: Arc<str>,
    /// Name for people.
    pub name: Arc<str>,
    /// Id of the token it presents, which is no secret.
    pub token_id: Arc<str>,
    /// The adapter through which goes what it sends that is no event, by name.
    pub adapter: Option<Arc<str>>,
    /// Id of who answers for it: whoever made the first of the tokens that led to this one, or itself.
    pub(crate) root: Arc<str>,
    pub(crate) expires_at_us: Option<i64>,
    pub(crate) used: Arc<Use>,
    pub(crate) platform: BTreeSet<Operation>,
    pub(crate) organizations: BTreeMap<Organization, BTreeSet<Operation>>,
}

/// The principal may not do this. Says the same for what is forbidden and what does not exist.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The operation is missing everywhere.
    #[error("this token may not do {0}; ask an administrator for a token with that operation")]
    Operation(Operation),
    /// The operation is missing on this organization, or there is no such organization.
    #[error("no organization {organization} on which this token may do {operation}")]
    Organization {
        /// The organization asked for.
        organization: Organization,
        /// The operation asked for.
        operation: Operation,
    },
}

/// Where a producer's events may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribution {
    /// All go to this organization; naming another is an error.
    One(Organization),
    /// The event says; only these.
    Some(BTreeSet<Organization>),
    /// The event says; also organizations not seen before.
    Any,
}

impl Principal {
    /// Whether the operator's reach includes `operation`.
    ///
    /// # Errors
    /// When it does not.
    pub fn require_platform(&self, operation: Operation) -> Result<(), Denied> {
        if self.platform.contains(&operation) { Ok(()) } else { Err(Denied::Operation(operation)) }
    }

    /// Whether `operation` is allowed on `organization`.
    ///
    /// # Errors
    /// When it is not, or the organization does not exist.
    pub fn require(&self, operation: Operation, organization: &Organization) -> Result<(), Denied> {
        match self.organizations.get(organization) {
            Some(operations) if operations.contains(&operation) => Ok(()),
            _ => Err(Denied::Organization { organization: organization.clone(), operation }),
        }
    }

    /// What may be read with `operation`: `organization` if given, else everything this principal may read.
    ///
    /// # Errors
    /// When that is nothing.
    pub fn scope(&self, operation: Operation, organization: Option<&Organization>) -> Result<Scope, Denied> {
        let organizations: Vec<Organization> = match organization {
            Some(organization) => {
                self.require(operation, organization)?;
                vec![organization.clone()]
            }
            None => self
                .organizations
                .iter()
                .filter(|(_, allowed)| allowed.contains(&operation))
                .map(|(o, _)| o.clone())
                .collect(),
        };
        if organizations.is_empty() && !self.platform.contains(&Operation::OperatorAdminister) {
            return Err(Denied::Operation(operation));
        }
        Ok(Scope::new(organizations))
    }

    /// The operator's view of `organizations`, each with the key of its pseudonyms if the operator is shown those: the
    /// infrastructure part of their entries. This is the only way to it.
    ///
    /// # Errors
    /// When this principal has no such reach.
    pub fn observe(&self, organizations: Vec<(Organization, Option<PseudonymKey>)>) -> Result<OperatorScope, Denied> {
        self.require_platform(Operation::OperatorObserve)?;
        Ok(OperatorScope::new(organizations))
    }

    /// Where events of this principal may go.
    ///
    /// # Errors
    /// When it may not emit at all.
    pub fn attribution(&self) -> Result<Attribution, Denied> {
        if self.platform.contains(&Operation::AuditEmit) {
            return Ok(Attribution::Any);
        }
        let mut allowed: BTreeSet<Organization> = self
            .organizations
            .iter()
            .filter(|(_, operations)| operations.contains(&Operation::AuditEmit))
            .map(|(o, _)| o.clone())
            .collect();
        match (allowed.len(), allowed.pop_first()) {
            (_, None) => Err(Denied::Operation(Operation::AuditEmit)),
            (1, Some(only)) => Ok(Attribution::One(only)),
            (_, Some(first)) => {
                allowed.insert(first);
                Ok(Attribution::Some(allowed))
            }
        }
    }
}
