//! The named permissions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! operations {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal,)*) => {
        /// A named permission on an organization, or on the platform.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        pub enum Operation {
            $($(#[doc = $doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name, as in tokens and documentation.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl FromStr for Operation {
            type Err = UnknownOperation;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($name => Ok(Self::$variant),)* _ => Err(UnknownOperation(text.to_owned())) }
            }
        }
    };
}

operations! {
    /// Emit events into the organization's log.
    AuditEmit = "audit:emit",
    /// Search the log and read single entries and their proofs.
    AuditSearch = "audit:search",
    /// Run SQL over the log.
    AuditSql = "audit:sql",
    /// Read checkpoints and tiles.
    AuditVerify = "audit:verify",
    /// List the organization's log files and fetch their contents.
    AuditExportView = "audit-export:view",
    /// Export the log to tables.
    AuditExportOrchestrate = "audit-export:orchestrate-v3",
    /// Create, change, try and remove sinks of the organization, and see how they are.
    AuditSinkAdminister = "audit-sink:administer",
    /// Make tokens and clients for the organization.
    OrganizationAdminister = "organization:administer",
    /// Create organizations, seal the archive, make tokens with the operator's reach.
    OperatorAdminister = "operator:administer",
    /// See the infrastructure part of every organization's entries.
    OperatorObserve = "operator:observe",
    /// Ask to see whole entries of one organization for a while, with its approval.
    OperatorInvestigate = "operator:investigate",
}

impl Operation {
    /// What may be granted with the operator's reach.
    pub const OF_PLATFORM: &[Self] =
        &[Self::OperatorAdminister, Self::OperatorObserve, Self::OperatorInvestigate, Self::AuditEmit];

    /// What the administrator of the first start may do with the operator's reach. To investigate is granted to somebody by
    /// name.
    pub const OF_ADMINISTRATOR: &[Self] = &[Self::OperatorAdminister, Self::OperatorObserve, Self::AuditEmit];

    /// What the administrator of an organization may do in it.
    pub const OF_ORGANIZATION: &[Self] = &[
        Self::AuditEmit,
        Self::AuditSearch,
        Self::AuditSql,
        Self::AuditVerify,
        Self::AuditExportView,
        Self::AuditExportOrchestrate,
        Self::AuditSinkAdminister,
        Self::OrganizationAdminister,
    ];
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No operation has this name.
#[derive(Debug, thiserror::Error)]
#[error("unknown operation {0:?}; the operations are: {list}", list = Operation::ALL.iter().map(|o| o.as_str()).collect::<Vec<_>>().join(", "))]
pub struct UnknownOperation(pub String);
