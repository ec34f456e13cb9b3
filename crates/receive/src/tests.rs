//! How tests show records.

use std::fmt;

use crate::{Failure, Payload, Record, fuzz};

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

/// What often stands at the begin of what each protocol reads.
const OPENINGS: [&str; 10] = [
    "",
    "\n\u{7}\u{12}\u{5}\u{12}\u{3}*\u{1}",
    r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":""#,
    "<13>1 - h a - - [x a=\"",
    "\u{3}4 <1>a",
    "<13>Mar  7 09:08:07 h a: ",
    "CEF:0|v|p|1|s|n|5|a=",
    r#"{"event":"#,
    "{\"create\":{}}\n{",
    r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":["#,
];

proptest::proptest! {
    #[test]
    fn whatever_comes_is_met(opening in 0..OPENINGS.len(), rest in proptest::collection::vec(proptest::num::u8::ANY, 0..120)) {
        let bytes = [OPENINGS[opening].as_bytes(), &rest].concat();
        for case in [fuzz::otlp, fuzz::syslog, fuzz::cef, fuzz::hec, fuzz::bulk, fuzz::kubernetes] {
            case(&bytes);
        }
    }
}
