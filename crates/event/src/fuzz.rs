//! What must hold for any bytes; the entry points of fuzzing and of the property tests.

use crate::parts::{self, Delivery, Row};
use crate::{Admitted, Intake, Limits, Scratch};

const INTAKE: Intake<'static> =
    Intake { producer: "fuzz", producer_epoch: None, producer_seq: None, source: "test", adapter: None };

/// Admits `line`. If it is accepted, then its parts are canonical JSON of known columns, they survive the way through
/// columns, and what is delivered of it is admitted again as the same parts.
///
/// # Panics
///
/// If one of these does not hold.
pub fn admit(line: &[u8]) {
    let mut first = Scratch::default();
    let Ok(event) = crate::admit(&mut first, line, &Limits::default(), &INTAKE, || [0x5a; 16]) else { return };
    check_columns(&event);
    let mut merged = Vec::new();
    let delivered = parts::merge(event.infrastructure, event.content, &Delivery::default(), &mut merged);
    assert_eq!(delivered, Ok(()));
    let mut second = Scratch::default();
    let again = crate::admit(&mut second, &merged, &Limits::default(), &INTAKE, || [0xff; 16]);
    assert_eq!(again.as_ref().err(), None, "what was delivered is refused");
    let Ok(again) = again else { return };
    assert_eq!(text(again.infrastructure), text(event.infrastructure));
    assert_eq!(text(again.content), text(event.content));
    assert_eq!(again.log_entry_id, event.log_entry_id);
    assert!(!again.log_entry_id_made);
}

/// Reads `bytes` as a part.
pub fn parts(bytes: &[u8]) {
    let _ = parts::members(bytes).count();
    let _ = parts::elements(bytes).count();
    let _ = parts::string(bytes);
    let _ = parts::string_list(bytes).count();
    let _ = Row::read(bytes, b"{}");
    let _ = Row::read(br#"{"time":"2000-01-01T00:00:00Z","type":"audit.3"}"#, bytes);
    let _ = parts::merge(bytes, bytes, &Delivery::default(), &mut Vec::new());
}

fn check_columns(event: &Admitted<'_>) {
    let row = Row::read(event.infrastructure, event.content);
    assert!(row.is_ok(), "the parts are no row");
    let Ok(row) = row else { return };
    let (mut infrastructure, mut content) = (Vec::new(), Vec::new());
    parts::write_infrastructure(&row, &mut infrastructure);
    parts::write_content(&row, &mut content);
    assert_eq!(text(&infrastructure), text(event.infrastructure));
    assert_eq!(text(&content), text(event.content));
    let intake = &event.infrastructure[event.intake_at.clone()];
    assert!(intake.starts_with(b"\"intake\":{") && intake.ends_with(b"},"));
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
