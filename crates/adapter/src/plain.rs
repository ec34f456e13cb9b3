//! Lines that are events already: audit.3, and audit.2 as written by services or exported to a dataset.
//!
//! They go through as they are, member by member, so that the server judges what the source wrote. Only a missing
//! `logEntryId` is added, and the organization where the import names one.

use indelible_event::Organization;

use crate::header::Header;
use crate::identity::Occurrence;
use crate::refused::{Code, Refused};
use crate::{identity, json};

/// Names of the columns of an audit.2 dataset, and of the fields they hold.
const DATASET_NAMES: [(&str, &str); 5] = [
    ("request_params", "requestParams"),
    ("result_params", "resultParams"),
    ("token_id", "tokenId"),
    ("trace_id", "traceId"),
    ("ip", "origin"),
];

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plain {
    Audit2,
    Audit3,
}

impl Plain {
    pub(crate) const ALL: [Self; 2] = [Self::Audit2, Self::Audit3];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Audit2 => "audit2",
            Self::Audit3 => "audit3",
        }
    }

    fn docs(self) -> &'static str {
        match self {
            Self::Audit2 => include_str!("plain/audit2.md"),
            Self::Audit3 => include_str!("plain/audit3.md"),
        }
    }

    pub(crate) fn header(self) -> Header {
        Header::plain(self.name(), self.docs())
    }

    fn type_name(self) -> &'static str {
        match self {
            Self::Audit2 => "audit.2",
            Self::Audit3 => "audit.3",
        }
    }

    pub(crate) fn convert(
        self,
        record: &[u8],
        occurrence: Occurrence,
        organization: Option<&Organization>,
    ) -> Result<Vec<String>, Refused> {
        let mut members = json::members(record)?;
        self.check_type(&members)?;
        if self == Self::Audit2 {
            for (name, _) in &mut members {
                if let Some((_, field)) = DATASET_NAMES.iter().find(|(column, _)| *column == name.as_str()) {
                    (*field).clone_into(name);
                }
            }
        }
        let mut line = String::with_capacity(record.len() + 128);
        let mut add = |name: &str, value: &str| {
            line.push(if line.is_empty() { '{' } else { ',' });
            json::write_string(&mut line, name);
            line.push(':');
            line.extend(value.chars().filter(|c| !matches!(c, '\n' | '\r')));
        };
        let mut has_id = false;
        for (name, value) in &members {
            let absent = *value == "null";
            has_id |= name == "logEntryId" && !absent;
            let replaced = name == "organizations" && organization.is_some();
            if !replaced && (name != "logEntryId" || !absent) {
                add(name, value);
            }
        }
        if !has_id {
            let id = identity::derive("logEntryId", self.name(), "", record, occurrence, 0);
            add("logEntryId", &format!("\"{id}\""));
        }
        if let Some(organization) = organization {
            add("organizations", &format!("[{{\"id\":\"{organization}\",\"reason\":\"chosen at import\"}}]"));
        }
        line.push('}');
        Ok(vec![line])
    }

    fn check_type(self, members: &[(String, &str)]) -> Result<(), Refused> {
        let wanted = self.type_name();
        let found = members.iter().find(|(name, _)| name == "type").map_or("", |(_, value)| value.trim_matches('"'));
        if found == wanted {
            return Ok(());
        }
        let hint = match Self::ALL.into_iter().find(|other| other.type_name() == found) {
            Some(other) => format!("; the adapter {} reads such lines", other.name()),
            None => String::new(),
        };
        Err(Refused::new(Code::NotThisKind, format!("type is {:?}, not {wanted:?}{hint}", json::short(found))))
    }
}
