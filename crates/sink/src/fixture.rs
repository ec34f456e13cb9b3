//! Events for tests.

use crate::entry::{Batch, Entry, Log};

/// The log all fixtures are of.
pub(crate) fn log() -> Log {
    Log {
        organization: "ri.indelible..organization.acme".to_owned(),
        origin: "platform.example/3f9a/1".to_owned(),
        generation: 1,
    }
}

/// An entry of the given canonical parts.
pub(crate) fn entry(seq: u64, infrastructure: &str, content: &str) -> Entry {
    Entry {
        seq,
        received_at_us: 1_767_600_000_000_000 + seq as i64,
        infrastructure: infrastructure.into(),
        content: content.into(),
    }
}

/// `count` events of one log, the first with `seq` 1, each with content of its own.
pub(crate) fn batch(count: u64) -> Batch {
    Batch { log: log(), entries: (1..=count).map(event).collect() }
}

/// An event that looks like most.
pub(crate) fn event(seq: u64) -> Entry {
    let infrastructure = format!(
        r#"{{"categories":["dataLoad"],"eventId":"5f0c9b52-7a5e-4c8b-9f57-2b1c3d4e5f60","host":"node-1","intake":{{"producer":"p1","source":"http"}},"logEntryId":"00000000-0000-4000-8000-{seq:012}","name":"LOAD_DATA","origin":"203.0.113.7","producerType":"SERVER","product":"compass","productVersion":"1.2","result":"SUCCESS","time":"2026-01-05T08:00:00.123456789Z","traceId":"4bf92f3577b34da6a3ce929d0e0e4736","type":"audit.3","uid":"ann","userAgent":"curl/8"}}"#
    );
    let content = format!(
        r#"{{"entities":["ri.data.{seq}"],"requestFields":{{"loadedResources":[{{"n":{seq},"text":"a|b=c\\\"\nüñ 🚀"}}]}},"users":[{{"uid":"ann"}}]}}"#
    );
    entry(seq, &infrastructure, &content)
}
