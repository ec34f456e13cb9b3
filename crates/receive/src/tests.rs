//! How tests show records.

use std::fmt;

use crate::{Failure, Payload, Record};

/// A record on one line.
pub(crate) struct Shown<'r>(pub(crate) &'r Record<'r>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Record { index, payload, facts } = self.0;
        let text = String::from_utf8_lossy(payload.bytes());
        match payload {
            Payload::Event(_) => write!(f, "{index} event {text}")?,
            Payload::Object(_) => write!(f, "{index} object {text}")?,
            Payload::Line(_) => write!(f, "{index} line {text}")?,
            Payload::Refused { refusal, .. } => write!(f, "{index} refused {}: {}", refusal.code, refusal.message)?,
        }
        let facts = [
            ("time", &facts.time),
            ("host", &facts.host),
            ("source", &facts.source),
            ("kind", &facts.kind),
            ("index", &facts.index),
            ("id", &facts.id),
        ];
        for (name, fact) in facts {
            if let Some(fact) = fact {
                write!(f, " {name}={fact}")?;
            }
        }
        Ok(())
    }
}

/// Records one a line, or the failure.
pub(crate) fn shown(records: &Result<Vec<Record<'_>>, Failure>) -> String {
    match records {
        Ok(records) => {
            assert!(records.iter().enumerate().all(|(index, record)| record.index == index));
            records.iter().map(|record| format!("{}\n", Shown(record))).collect()
        }
        Err(failure) => format!("failed: {failure}"),
    }
}
