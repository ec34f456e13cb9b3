//! Roles: named sets of operations, which people are granted.

use std::fmt;
use std::str::FromStr;

use crate::Operation;

macro_rules! roles {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal, $reach:ident, $operations:expr;)*) => {
        /// A named set of operations, on an organization or with the operator's reach.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Role {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Role {
            /// Every role.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name, as in grants and documentation.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it allows.
            pub fn operations(self) -> &'static [Operation] {
                match self { $(Self::$variant => $operations,)* }
            }

            /// Whether it is granted with the operator's reach, and not on one organization.
            pub fn is_of_platform(self) -> bool {
                match self { $(Self::$variant => matches!(Reach::$reach, Reach::Platform),)* }
            }
        }

        impl FromStr for Role {
            type Err = UnknownRole;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($name => Ok(Self::$variant),)* _ => Err(UnknownRole(text.to_owned())) }
            }
        }
    };
}

enum Reach {
    Organization,
    Platform,
}

roles! {
    /// Everything on the organization, and who else may do what there.
    OrganizationAdministrator = "organization-administrator", Organization, Operation::OF_ORGANIZATION;
    /// Reads the log in every way.
    Analyst = "analyst", Organization,
        &[Operation::AuditSearch, Operation::AuditSql, Operation::AuditVerify, Operation::AuditExportView];
    /// Reads the log and checks it.
    Reviewer = "reviewer", Organization, &[Operation::AuditSearch, Operation::AuditVerify];
    /// Emits events.
    Producer = "producer", Organization, &[Operation::AuditEmit];
    /// Sees the infrastructure part of every organization's entries.
    OperatorObserver = "operator-observer", Platform, &[Operation::OperatorObserve];
    /// The same, and may ask to see whole entries of an organization.
    OperatorInvestigator = "operator-investigator", Platform,
        &[Operation::OperatorObserve, Operation::OperatorInvestigate];
    /// Runs the platform. To investigate is granted apart.
    PlatformAdministrator = "platform-administrator", Platform, Operation::OF_ADMINISTRATOR;
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No role has this name.
#[derive(Debug, thiserror::Error)]
#[error("unknown role {0:?}; the roles are: {list}", list = Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", "))]
pub struct UnknownRole(pub String);
